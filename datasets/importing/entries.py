"""Entries of a JSON list of clips: keys that are missing, values of another type, fake segments."""

import json
import math
from collections.abc import Sequence
from typing import Any

from ..clip import Span
from ..manifest import is_text
from .findings import Findings

FPS = 25
"""Frames per second that releases count their clips in."""
TOLERANCE = 2 / FPS
"""Seconds that a fake segment may exceed its clip: released ones do by up to two frames."""


class SegmentError(Exception):
    """A list of segments that cannot be used: `code` of the finding, `detail` of why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


class Entry:
    """One object of a metadata list; which values were of another type is kept, to be one finding.

    Attributes:
        where: `file[index]`, counted from 0.
    """

    def __init__(self, where: str, values: dict[str, Any], findings: Findings) -> None:
        self.where, self.findings = where, findings
        self._values = values
        self._coerced: list[str] = []

    def text(self, key: str) -> str | None:
        """A text, None where there is none."""
        value = self._values.get(key)
        if value is None or (isinstance(value, str) and is_text(value)):
            return value or None
        self._coerced.append(f"{key} is no text but {_short(value)}")
        return str(value).encode("utf-8", "replace").decode() if isinstance(value, str | int | float) else None

    def is_null(self, key: str) -> bool:
        """Whether a key is there and says nothing."""
        return key in self._values and self._values[key] is None

    def number(self, key: str) -> float | None:
        """A finite number of at least 0, None where there is none."""
        value = self._values.get(key)
        if value is None:
            return None
        found = _finite(value)
        if isinstance(value, str | bool) or found is None or found < 0:
            self._coerced.append(f"{key} is no number but {_short(value)}")
        return found if found is not None and found >= 0 else None

    def flag(self, key: str) -> bool | None:
        """True or false, None where it is neither."""
        value = self._values.get(key)
        if isinstance(value, bool):
            return value
        found = {"true": True, "1": True, "false": False, "0": False}.get(str(value).strip().lower())
        if found is not None:
            self._coerced.append(f"{key} is neither true nor false but {_short(value)}")
        return found

    def spans(self, key: str) -> tuple[Span, ...]:
        """Fake segments in seconds, empty where there are none.

        Raises:
            SegmentError: it is no list of pairs of numbers, or one ends before it starts.
        """
        value = self._values.get(key)
        if value is None:
            return ()
        listed = _as_list(value)
        if listed is None:
            raise SegmentError("bad_segment", f"{key} is no list but {_short(value)}")
        if listed is not value:
            self._coerced.append(f"{key} is no list of pairs but {_short(value)}")
        return tuple(self._span(key, pair) for pair in listed)

    def _span(self, key: str, pair: Any) -> Span:
        if not isinstance(pair, list) or len(pair) != 2:
            raise SegmentError("bad_segment", f"{key} has {_short(pair)} instead of a start and an end")
        start, end = _finite(pair[0]), _finite(pair[1])
        if start is None or end is None or isinstance(pair[0], bool) or isinstance(pair[1], bool):
            raise SegmentError("bad_segment", f"{key} has {_short(pair)} instead of seconds")
        if end < start:
            raise SegmentError("segment_inverted", f"{key}: {start:g} to {end:g} s")
        if isinstance(pair[0], str) or isinstance(pair[1], str):
            self._coerced.append(f"{key} has text instead of numbers")
        return start, end

    def report_coerced(self, path: str) -> None:
        """A finding where values were of another type."""
        if self._coerced:
            detail = "; ".join(dict.fromkeys(self._coerced))
            self.findings.warning(
                "type_coerced", self.where, path, f"{detail}; read as what it should be, or as unknown"
            )


def entry_of(
    value: Any, where: str, findings: Findings, needed: Sequence[str], optional: Sequence[str] = ()
) -> Entry | None:
    """An entry, None where it is no object or lacks a needed key, which is a finding."""
    if not isinstance(value, dict):
        findings.error("entry_not_object", where, detail=f"{_short(value)}; the entry is left out")
        return None
    name = value.get("file")
    path = name if isinstance(name, str) else None
    missing = [key for key in needed if key not in value or (key == "file" and not path)]
    if missing:
        findings.error("missing_key", where, path, f"lacks {', '.join(missing)}; the entry is left out")
        return None
    if absent := [key for key in optional if key not in value]:
        findings.info("missing_optional_key", where, path, f"lacks {', '.join(absent)}")
    return Entry(where, value, findings)


def report_range(entry: Entry, path: str, spans: Sequence[Span], duration: float | None) -> None:
    """A finding where a segment begins before the clip, or ends more than two frames after it."""
    outside = [
        (start, end)
        for start, end in spans
        if start < 0 or (duration is not None and end > duration + TOLERANCE + 1e-6)
    ]
    if outside:
        shown = ", ".join(f"{start:g} to {end:g}" for start, end in dict.fromkeys(outside))
        length = "of unknown length" if duration is None else f"of {duration:g} s"
        entry.findings.warning(
            "segment_out_of_range", entry.where, path, f"{shown} s in a clip {length}; kept as it is"
        )


def _as_list(value: Any) -> list[Any] | None:
    """A list of pairs, also where it is written as a text, or where a single pair stands alone."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, list):
        return None
    alone = len(value) == 2 and all(isinstance(number, int | float) for number in value)
    return [value] if alone else value


def _finite(value: Any) -> float | None:
    if not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _short(value: Any) -> str:
    """What a value is, in few words."""
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else f"{value[:37]}...")
    if isinstance(value, float | bool | None) or (isinstance(value, int) and value.bit_length() < 100):
        return repr(value)
    return type(value).__name__
