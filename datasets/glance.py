"""A quick look at a data set: whether its files are still there, from a few of them, however many there are."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import library
from .errors import DatasetError
from .faces import kept
from .manifest import read_header


@dataclass(frozen=True)
class Glance:
    """What was seen.

    Attributes:
        looked: clips whose file was looked for, spread over the manifest.
        missing, changed: how many of the files are not there, or have another size than when they were imported.
        problem: why nothing could be looked at; None where it could.
    """

    looked: int
    missing: int
    changed: int
    problem: str | None = None


def glance(name: str, most: int = 300) -> Glance:
    """Look for the files of at most `most` clips of an imported data set; nothing is read but the manifest's lines."""
    try:
        root = library.root_of(name)
        read_header(library.manifest_path(name))
    except DatasetError as error:
        return Glance(0, 0, 0, str(error))
    if not root.is_dir():
        return Glance(0, 0, 0, f"{root} is not there; import {name} again from where it is now")
    rows = list(_some(library.manifest_path(name), most))
    sizes = [_size(root / str(row.get("path"))) for row in rows]
    changed = sum(size not in (None, row.get("bytes", size)) for size, row in zip(sizes, rows, strict=True))
    return Glance(len(rows), sum(size is None for size in sizes), changed)


def searched(name: str) -> int:
    """How many files were searched for faces by `prepare`, at most; lines are counted and not read."""
    try:
        return (library.home(name) / kept.JOURNAL).read_bytes().count(b"\n")
    except OSError:
        return 0


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return None


def _some(manifest: Path, most: int) -> Iterator[dict[str, Any]]:
    """Rows at places spread evenly over a manifest, each once; damaged lines are skipped."""
    seen: set[int] = set()
    try:
        with manifest.open("rb") as stream:
            stream.readline()
            begin, end = stream.tell(), os.fstat(stream.fileno()).st_size
            for number in range(most):
                stream.seek(begin + (end - begin) * number // most)
                if number:
                    stream.readline()  # the rest of a line
                if (at := stream.tell()) in seen or at >= end:
                    continue
                seen.add(at)
                yield from _row(stream.readline())
    except OSError:
        return


def _row(line: bytes) -> Iterator[dict[str, Any]]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return
    if isinstance(row, dict):
        yield row
