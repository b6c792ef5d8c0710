"""Manifests: what a data set holds, one JSON line a clip after a header line.

The manifest is exact everywhere: it holds nothing that depends on the machine. Hashes of generated files, which
may differ between machines, stand in a file of their own beside it.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path, PurePosixPath
from typing import Any

from .clip import Clip
from .errors import DatasetError
from .files import write_atomic

SCHEMA = 1
_LOCAL = {"root", "sha256", "skip"}
_FIELDS = tuple(f.name for f in fields(Clip) if f.name not in _LOCAL)
_SPANS = ("segments", "segments_audio", "segments_video")


def to_row(clip: Clip) -> dict[str, Any]:
    """The manifest's row of a clip: every field that is the same on all machines."""
    return {name: getattr(clip, name) for name in _FIELDS}


def dumps(clips: Iterable[Clip]) -> str:
    """A manifest's text; the same clips give the same bytes."""
    lines = [json.dumps({"schema": SCHEMA, "kind": "avdf-bench manifest"})]
    lines += [json.dumps(to_row(clip), ensure_ascii=False) for clip in clips]
    return "\n".join(lines) + "\n"


def manifest_hash(clips: Iterable[Clip]) -> str:
    """SHA-256 of the manifest's text."""
    return hashlib.sha256(dumps(clips).encode()).hexdigest()


def write_manifest(path: Path, clips: Iterable[Clip]) -> None:
    """Write a manifest whole."""
    write_atomic(path, dumps(clips))


def read_manifest(path: Path, root: Path) -> list[Clip]:
    """The clips of a manifest, their files under `root`.

    Raises:
        DatasetError: the file is missing, of another schema, or a line is damaged (the line is named).
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise DatasetError(f"no manifest at {path}") from None
    if not lines or _parse(path, 1, lines[0]).get("schema") != SCHEMA:
        raise DatasetError(f"{path} is not a manifest of schema {SCHEMA}; import or generate the data set again")
    return [_clip(path, number, line, root) for number, line in enumerate(lines[1:], 2)]


def _parse(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DatasetError(f"{path}, line {number}: not JSON ({error}); is the file truncated?") from None
    if not isinstance(row, dict):
        raise DatasetError(f"{path}, line {number}: expected a JSON object")
    return row


def _clip(path: Path, number: int, line: str, root: Path) -> Clip:
    row = _parse(path, number, line)
    inside = PurePosixPath(str(row.get("path")))
    if inside.is_absolute() or ".." in inside.parts:
        raise DatasetError(f"{path}, line {number}: the path {str(inside)!r} leads out of the data set's folder")
    if _LOCAL & row.keys() or row.get("label") not in (0, 1):
        raise DatasetError(f"{path}, line {number}: a label other than 0 and 1, or one of the fields {sorted(_LOCAL)}")
    try:
        for name in _SPANS:
            if row.get(name) is not None:
                row[name] = tuple((float(a), float(b)) for a, b in row[name])
        return Clip(root=root, **row)
    except (TypeError, ValueError) as error:
        raise DatasetError(f"{path}, line {number}: {error}") from None
