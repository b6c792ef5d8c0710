from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student

from leaderboard.delong import Change
from leaderboard.regression import ALPHA, LEAST, Judged, judge

MANY = 1e9


def moved(value, se=0.01, df=MANY):
    return Change(value, se, df, 84, 42)


def test_one_cell_of_many_identities_falls_from_2_576_standard_errors_on():
    assert judge({"a": moved(-0.02577)})["a"].word == "fell"
    assert judge({"a": moved(-0.02575)})["a"].word == "same"
    found = judge({"a": moved(-0.02575)})["a"]
    assert found.critical == pytest.approx(0.0257583, abs=1e-7)
    assert found.p == pytest.approx(2 * norm.sf(2.575))
    assert not found.alarm and judge({"a": moved(-0.03)})["a"].alarm


def test_less_than_two_tenths_of_a_point_never_counts():
    assert judge({"a": moved(-0.0019, 1e-5)})["a"].word == "same"
    assert judge({"a": moved(-0.0021, 1e-5)})["a"].word == "fell"
    still = judge({"a": moved(0.0, 0.0)})["a"]
    assert replace(still, powered=0.0) == Judged("same", False, 1.0, LEAST, 0.0)
    assert 30 / 42**2 < still.powered < 35 / 42**2


def test_few_identities_need_students_quantile():
    found = judge({"a": moved(-0.0257583, 0.01, 41)})["a"]
    assert found.word == "same"
    assert found.critical == pytest.approx(0.01 * student(41).ppf(0.995))
    assert judge({"a": moved(-0.0271, 0.01, 41)})["a"].word == "fell"


def test_what_rises_is_said_and_is_an_alarm_in_a_control_alone():
    found = judge({"a": moved(0.05), "b": moved(0.05), "c": moved(-0.05), "d": moved(0.0)}, controls=["b", "d"])
    assert [(j.word, j.alarm) for j in found.values()] == [
        ("rose", False),
        ("rose", True),
        ("fell", True),
        ("same", False),
    ]


def test_few_identities_that_all_agree_are_no_proof_and_many_are():
    assert judge({"a": moved(-0.5, 0.0, 4)})["a"].word == "same"
    assert judge({"a": moved(-0.5, 0.0, 4)})["a"].critical == np.inf
    assert judge({"a": moved(-0.5, 0.0, 4)})["a"].p == 2**-4
    assert judge({"a": moved(-0.5, 0.0, 41)})["a"].word == "fell"
    assert judge({"a": moved(-0.5, 1e-7, 4)})["a"].word == "same"


def test_a_class_with_one_identity_says_nothing():
    found = judge({"a": moved(-0.5, np.inf, 1)})["a"]
    assert (found.word, found.p, found.critical, found.powered) == ("same", 1.0, np.inf, np.inf)


def stepwise(p):
    """What Holm's procedure rejects, as it is told: from the smallest p value on, until one is too large."""
    rejected, left = set(), len(p)
    for i in sorted(range(len(p)), key=lambda i: p[i]):
        if p[i] > ALPHA / left:
            break
        rejected.add(i)
        left -= 1
    return rejected


FAMILY = st.lists(st.floats(-6, 6), min_size=1, max_size=12)


@given(FAMILY)
@settings(max_examples=150, deadline=None)
def test_words_are_those_of_holms_procedure(tees):
    changes = {f"cell{i}": moved(0.01 * t) for i, t in enumerate(tees)}
    found = list(judge(changes).values())
    rejected = stepwise([2 * norm.sf(abs(t)) for t in tees])
    for i, t in enumerate(tees):
        assert found[i].word == ("same" if i not in rejected else "fell" if t < 0 else "rose")
        assert 2 * norm.sf(abs(t)) <= found[i].p * (1 + 1e-9) <= 1 + 1e-9


@given(FAMILY, st.integers(0, 11), st.sampled_from([5.0, 41.0, MANY]))
@settings(max_examples=150, deadline=None)
def test_the_critical_drop_is_where_the_word_changes(tees, i, df):
    i %= len(tees)
    changes = {str(k): moved(0.01 * t, df=df) for k, t in enumerate(tees)}
    critical = judge(changes)[str(i)].critical
    if critical == np.inf:
        assert judge(changes | {str(i): moved(-0.9, 1e-6, df)})[str(i)].word == "same"
        return
    for factor, word in ((1.0001, "fell"), (0.9999, "same")):
        assert judge(changes | {str(i): moved(-factor * critical, df=df)})[str(i)].word == word


def test_a_powered_drop_is_called_in_80_percent_of_cases():
    rng = np.random.default_rng(0)
    others = {str(i): moved(0.003) for i in range(8)}
    for se in (0.01, 0.0002):
        still = replace(moved(0.0, se), n=10**9, n_groups=10**9)
        drops = -judge(others | {"a": still})["a"].powered + se * rng.normal(size=1000)
        called = [judge(others | {"a": replace(still, value=drop)})["a"].word == "fell" for drop in drops]
        assert np.mean(called) == pytest.approx(0.8, abs=0.04)


def test_few_identities_promise_less():
    assert judge({"a": moved(-0.01, 0.01, 41)})["a"].powered > 1.1 * (2.7 + 0.84) * 0.01
    assert judge({i: moved(0.0, 0.01, 41) for i in range(9999)})[0].powered == np.inf


def test_more_cells_need_a_larger_drop_and_no_cell_at_all_is_fine():
    alone, among = (judge({i: moved(-0.03) for i in range(n)} | {"b": moved(0.0)})["b"] for n in (0, 50))
    many = judge({i: moved(0.0) for i in range(50)} | {"b": moved(0.0)})["b"]
    assert alone.critical == pytest.approx(0.0258, abs=1e-4)
    assert alone.critical < among.critical == many.critical < 0.05
    certain = judge({i: moved(-0.09) for i in range(50)} | {"b": moved(0.0)})["b"]
    assert certain.critical == alone.critical
    assert judge({}) == {}


def test_every_change_moves_only_its_own_standard_error():
    first = judge({"a": moved(-0.01), "b": moved(0.0, 0.02)})
    assert first["b"].critical == pytest.approx(2 * first["a"].critical)
