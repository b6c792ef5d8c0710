"""Files that grow line by line while work goes on: a process that is killed loses the last lines at most."""

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from .files import disk_errors

EVERY = 2.0
"""Seconds of work that a kill may cost."""


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a journal, JSON objects; those that a kill or a full disk cut short are passed over."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    for line in data.split(b"\n"):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            yield row


def append(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add lines, and return when they are on the disk.

    Raises:
        DiskFullError: lines may be lost, those before are kept.
    """
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with disk_errors(path), path.open("ab+") as stream:
        if stream.tell():
            stream.seek(-1, os.SEEK_END)
            text = text if stream.read(1) == b"\n" else b"\n" + text  # the last line was cut short
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


class Writer:
    """Adds lines in batches; what it holds is written when its block ends, however it ends.

    One writer at a time: callers hold a lock.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._held, self._since = path, list[Mapping[str, Any]](), time.monotonic()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write()

    def add(self, row: Mapping[str, Any]) -> None:
        """A line, on disk within `EVERY` seconds of work."""
        self._held.append(row)
        if time.monotonic() - self._since >= EVERY:
            self._write()

    def _write(self) -> None:
        rows, self._held = self._held, []
        if rows:
            append(self._path, rows)
        self._since = time.monotonic()
