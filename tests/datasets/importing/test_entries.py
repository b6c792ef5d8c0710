"""Values of metadata entries: what they are read as, whatever type they have."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.importing.entries import SegmentError, entry_of, report_range
from datasets.importing.findings import Findings

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@given(JSON)
@settings(max_examples=300, deadline=None)
def test_any_value_is_read_as_what_it_should_be_or_as_unknown(value: object) -> None:
    findings = Findings()
    entry = entry_of({"file": "x", "a": value}, "t[0]", findings, ("file", "a"))
    assert entry is not None and findings.all == []
    number = entry.number("a")
    assert number is None or (math.isfinite(number) and number >= 0)
    assert isinstance(entry.text("a"), str | None) and entry.text("a") != ""
    assert entry.flag("a") in (True, False, None)
    code = "bad_segment"
    try:
        spans = entry.spans("a")
        assert all(math.isfinite(start) and start <= end and math.isfinite(end) for start, end in spans)
        report_range(entry, "x", spans, number)
    except SegmentError as error:
        code = error.code
    assert code in ("bad_segment", "segment_inverted")
    entry.report_coerced("x")
    assert {finding.code for finding in findings.all} <= {"type_coerced", "segment_out_of_range"}


@pytest.mark.parametrize("value", ["236", 236.0, "236.0"])
def test_numbers_as_text(value: object) -> None:
    findings = Findings()
    entry = entry_of({"n": value}, "t[0]", findings, ("n",))
    assert entry is not None and entry.number("n") == 236
    entry.report_coerced("x")
    assert [finding.code for finding in findings.all] == (["type_coerced"] if isinstance(value, str) else [])
