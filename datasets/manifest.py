"""Manifests: what a data set holds, one JSON line a clip after a header line.

The manifest is exact everywhere: it holds nothing that depends on the machine, but for the time of each file, which
its hash leaves out. Hashes of files stand in a file of their own beside it.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from sys import intern
from typing import Any

from .clip import Clip
from .errors import DatasetError
from .files import write_atomic

SCHEMA = 1
_LOCAL = {"root", "sha256", "skip", "retimed", "prepared"}
_BY_FILE = ("bytes", "modified")
"""About the file and not about the clip: another copy of the same data set may differ, so the hash leaves them out."""
_RARE = ("category", "split_from", "clicks", "sound", "extra", "track", *_BY_FILE)
"""Fields that are only written where they say something."""
_FIELDS = tuple(f.name for f in fields(Clip) if f.name not in _LOCAL and f.name not in _RARE)
_NEEDED = tuple(
    f.name for f in fields(Clip) if f.default is MISSING and f.default_factory is MISSING and f.name not in _LOCAL
)
_SPANS = ("segments", "segments_audio", "segments_video")
_TEXTS = ("id", "dataset", "split", "path", "method", "identity", "source", "pair", "category", "split_from", "sound")
_ALWAYS = ("id", "dataset", "split", "path")
_COUNTS = ("bytes", "modified", "track")


def to_row(clip: Clip) -> dict[str, Any]:
    """The manifest's row of a clip: every field that is the same on all machines."""
    row = {name: getattr(clip, name) for name in _FIELDS}
    return row | {name: getattr(clip, name) for name in _RARE if getattr(clip, name) not in (None, {})}


def dumps(clips: Iterable[Clip], header: Mapping[str, Any] | None = None) -> str:
    """A manifest's text; the same clips give the same bytes. `header` has what is said of the set as a whole."""
    lines = [json.dumps({"schema": SCHEMA, "kind": "avdf-bench manifest", **(header or {})}, ensure_ascii=False)]
    lines += [_line(to_row(clip)) for clip in clips]
    return "\n".join(lines) + "\n"


def _line(row: Mapping[str, Any]) -> str:
    line = json.dumps(row, ensure_ascii=False)
    return line if is_text(line) else json.dumps(row)


def is_text(value: str) -> bool:
    """Whether a text can be written: JSON's escapes may name halves of letters, which no encoding has."""
    try:
        return value.isascii() or bool(value.encode())
    except UnicodeEncodeError:
        return False


def manifest_hash(clips: Iterable[Clip]) -> str:
    """SHA-256 of the manifest's text without sizes and times of files."""
    rows = [{name: value for name, value in to_row(clip).items() if name not in _BY_FILE} for clip in clips]
    lines = [dumps(())] + [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def write_manifest(path: Path, clips: Iterable[Clip], header: Mapping[str, Any] | None = None) -> None:
    """Write a manifest whole."""
    write_atomic(path, dumps(clips, header))


def read_header(path: Path) -> dict[str, Any]:
    """The first line of a manifest.

    Raises:
        DatasetError: the file is missing, unreadable or no manifest of this schema.
    """
    return _header(path, next(_lines(path), ""))


def read_manifest(path: Path, root: Path) -> list[Clip]:
    """The clips of a manifest, their files under `root`.

    Raises:
        DatasetError: the file is missing, of another schema, or a line is damaged (the line is named).
    """
    lines = _lines(path)
    _header(path, next(lines, ""))
    return [_clip(path, number, line, root) for number, line in enumerate(lines, 2)]


def _lines(path: Path) -> Iterator[str]:
    """The lines one by one: a manifest may have half a gigabyte."""
    try:
        with path.open(encoding="utf-8", newline="\n") as stream:
            yield from (line.removesuffix("\n") for line in stream)
    except FileNotFoundError:
        raise DatasetError(f"no manifest at {path}") from None
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is damaged: {error}; import or generate the data set again") from None
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}") from error


def _header(path: Path, line: str) -> dict[str, Any]:
    header = _parse(path, 1, line) if line else {}
    if header.get("schema") != SCHEMA:
        raise DatasetError(f"{path} is not a manifest of schema {SCHEMA}; import or generate the data set again")
    return header


def _parse(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DatasetError(
            f"{path}, line {number}: not JSON ({error}); is the file truncated? Import or generate it again"
        ) from None
    if not isinstance(row, dict):
        raise DatasetError(f"{path}, line {number}: expected a JSON object")
    return row


def _clip(path: Path, number: int, line: str, root: Path) -> Clip:
    row = _parse(path, number, line)
    try:
        _check(row)
        for name in _TEXTS:  # each text once in memory: clips share splits and people, and often id and path
            if isinstance(row.get(name), str):
                row[name] = intern(row[name])
        for name in _SPANS:
            if row.get(name) is not None:
                row[name] = tuple(_span(pair) for pair in row[name])
        if row.get("clicks") is not None:
            row["clicks"] = tuple((int(frame), float(x), float(y)) for frame, x, y in row["clicks"])
        return Clip(root=root, **row)
    except (TypeError, ValueError, OverflowError) as error:
        raise DatasetError(f"{path}, line {number}: {error}") from None


def _check(row: dict[str, Any]) -> None:
    """Raise a ValueError for a row that cannot be trusted."""
    if missing := [name for name in _NEEDED if name not in row]:
        raise ValueError(f"lacks {', '.join(missing)}")
    for name in ("path", "sound"):
        inside = str(row.get(name))  # as text: a manifest may have a million rows
        if inside.startswith("/") or ".." in inside.split("/") or "\0" in inside:
            raise ValueError(f"the path {inside!r} leads out of the data set's folder")
    if _LOCAL & row.keys() or any(row[name] not in (0, 1, None) for name in ("label", "label_video", "label_audio")):
        raise ValueError(f"a label other than 0 and 1, or one of the fields {sorted(_LOCAL)}")
    for name in _TEXTS:
        value = row.get(name)
        if not (isinstance(value, str) and is_text(value)) and (name in _ALWAYS or value is not None):
            raise ValueError(f"{name} is {value!r} and no text")
    for name in _COUNTS:
        if row.get(name) is not None and (type(row[name]) is not int or row[name] < 0):
            raise ValueError(f"{name} is {row[name]!r} and no number of at least 0")
    if row.get("duration") is not None:
        _seconds(row["duration"])
    if not isinstance(row.get("extra", {}), dict):
        raise ValueError("extra is no object")


def _span(pair: Any) -> tuple[float, float]:
    start, end = pair
    return _seconds(start), _seconds(end)


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not math.isfinite(float(value)):
        raise ValueError(f"{value!r} is no number of seconds")
    return float(value)
