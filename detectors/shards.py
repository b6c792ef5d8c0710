"""Shards of features: blocks in `NAME.bin`, and in `NAME.jsonl` one line for each block that is whole.

One process writes a shard, any number read it. A block is on disk before the line that names it is written, so a crash
leaves at most bytes that no line names and a torn last line; readers pass over both. Each line has a CRC-32 of its
block and of the shape that it is read with.
"""

import io
import json
import mmap
import os
import time
import uuid
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from logging import getLogger
from pathlib import Path
from typing import Literal

import numpy as np

from datasets.files import disk_errors

from .tracks import Track

DType = Literal["<f4", "<f2"]

FLUSH_BYTES = 64 << 20
FLUSH_SECONDS = 20.0
"""A killed writer loses the clips of at most so many bytes and so many seconds."""

_ALIGN = 64
_log = getLogger("avdf")


class DamagedBlockError(Exception):
    """A block is cut short or its bytes are not those that were written; the message names shard and key."""


@dataclass(frozen=True)
class NormedTrack(Track):
    """A `(T, D)` track with the Euclidean norms of its rows, `norms` `(T,) float32`."""

    norms: np.ndarray


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the index: where the block of `key` begins, its shape `(rows, columns)`, its type and its CRC-32."""

    key: str
    offset: int
    rows: int
    columns: int
    dtype: DType
    crc: int

    @property
    def spans_at(self) -> int:
        """Where the spans begin: after the values, at a multiple of 8."""
        return _round_up(self.offset + self.rows * self.columns * int(self.dtype[-1]), 8)

    @property
    def norms_at(self) -> int:
        """Where the norms begin: after the spans."""
        return self.spans_at + 16 * self.rows

    @property
    def end(self) -> int:
        """The first byte after the block."""
        return self.norms_at + 4 * self.rows

    def checksum(self, block: bytes | memoryview) -> int:
        """CRC-32 of the block, and of the key and shape, so that a damaged line fails too."""
        head = f"{self.key} {self.rows} {self.columns} {self.dtype}"
        return zlib.crc32(block, zlib.crc32(head.encode()))


def row_norms(values: np.ndarray) -> np.ndarray:
    """Euclidean norms `(T,) float32` of the rows of `(T, D)` values, as SSR-DFD's `datasets.py` computes them."""
    return np.linalg.norm(np.asarray(values, np.float32), ord=2, axis=-1)


class ShardWriter:
    """Appends tracks to a shard of its own; a context that ends with `close`, also after an error in its body.

    Full disk: `add`, `flush` and leaving the context raise `DiskFullError`; what was flushed before stays readable.
    """

    def __init__(
        self,
        folder: Path,
        dtype: DType = "<f4",
        flush_bytes: int = FLUSH_BYTES,
        flush_seconds: float = FLUSH_SECONDS,
    ) -> None:
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:12]}"
        self.data, self.index = folder / f"{name}.bin", folder / f"{name}.jsonl"
        self._dtype, self._flush_bytes, self._flush_seconds = dtype, flush_bytes, flush_seconds
        self._streams: tuple[io.FileIO, io.FileIO] | None = None
        self._pending: list[Entry] = []
        self._flushed = (0, time.monotonic())

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def add(self, key: str, track: Track) -> None:
        """Append the features `(T, D)` of one clip; readers see them after the next `flush`.

        Raises:
            ValueError: the values are not `(T, D)` with at least one row.
            DiskFullError: this clip is not stored.
        """
        with disk_errors(self.data):
            stream, _ = self._open()
            offset = _round_up(stream.seek(0, os.SEEK_END), _ALIGN)
            entry, block = _encode(key, track, self._dtype, offset)
            stream.seek(offset)
            _write(stream, block)
        self._pending.append(entry)
        size, moment = self._flushed
        if entry.end - size >= self._flush_bytes or time.monotonic() - moment >= self._flush_seconds:
            self.flush()

    def flush(self) -> None:
        """Bring everything added so far to disk and show it to readers."""
        # Taken first: after a failed fsync the system may have dropped the pages, and a second one would succeed.
        pending, self._pending = self._pending, []
        if self._streams is None or not pending:
            return
        data, index = self._streams
        with disk_errors(self.data):
            os.fsync(data.fileno())
            self._write_lines(index, pending)
        self._flushed = (pending[-1].end, time.monotonic())

    def close(self) -> None:
        """Flush, and end the shard."""
        try:
            self.flush()
        finally:
            for stream in self._streams or ():
                stream.close()

    def _open(self) -> tuple[io.FileIO, io.FileIO]:
        if self._streams is None:
            self.data.parent.mkdir(parents=True, exist_ok=True)
            self._streams = io.FileIO(self.data, "x"), io.FileIO(self.index, "x")
        return self._streams

    @staticmethod
    def _write_lines(index: io.FileIO, entries: Iterable[Entry]) -> None:
        whole = index.tell()
        try:
            _write(index, "".join(json.dumps(asdict(entry)) + "\n" for entry in entries).encode())
            os.fsync(index.fileno())
        except OSError:
            index.truncate(whole)
            index.seek(whole)
            raise


class Shard:
    """A shard as a reader sees it, while another process may still append to it."""

    def __init__(self, index: Path) -> None:
        self.index, self.data = index, index.with_suffix(".bin")
        self._read = self._lines = 0
        self._map: mmap.mmap | None = None
        self._checked: set[int] = set()

    def tail(self) -> list[Entry]:
        """The entries that were added since the last call; damaged lines are named in the log and passed over."""
        try:
            if self.index.stat().st_size <= self._read:
                return []
            with self.index.open("rb") as stream:
                stream.seek(self._read)
                text = stream.read()
        except OSError as error:
            _log.warning("%s: cannot be read (%s); its features are computed again", self.index, error.strerror)
            return []
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        entries = [self._parse(line) for line in whole.split(b"\n")[:-1]]
        return [entry for entry in entries if entry]

    def _parse(self, line: bytes) -> Entry | None:
        self._lines += 1
        try:
            entry = Entry(**json.loads(line))
            numbers = (entry.offset, entry.rows, entry.columns, entry.crc)
            known = isinstance(entry.key, str) and entry.dtype in ("<f4", "<f2")
            if known and all(isinstance(number, int) and number >= 0 for number in numbers):
                return entry
        except (TypeError, ValueError):
            pass
        _log.warning("%s, line %d: damaged; the features that it names are computed again", self.index, self._lines)
        return None

    def mapped(self, entry: Entry) -> mmap.mmap:
        """The mapped file, which the block lies in.

        Raises:
            DamagedBlockError: the file is missing, unreadable or shorter than the block's end.
        """
        if self._map is None or len(self._map) < entry.end:
            try:
                with self.data.open("rb") as stream:
                    self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
                raise DamagedBlockError(f"{self.data}: cannot be read ({error})") from error
        if len(self._map) < entry.end:
            raise DamagedBlockError(
                f"{self.data}: truncated to {len(self._map)} bytes, {entry.key} ends at {entry.end}"
            )
        return self._map

    def read(self, entry: Entry) -> NormedTrack:
        """The features of an entry, read-only views of the mapped file (a copy where they are stored as float16).

        Raises:
            DamagedBlockError: also when the bytes do not have the CRC-32 of the entry; they are checked once.
        """
        buffer = self.mapped(entry)
        if entry.offset not in self._checked:
            if entry.checksum(memoryview(buffer)[entry.offset : entry.end]) != entry.crc:
                raise DamagedBlockError(f"{self.data}: the block of {entry.key} does not match its CRC-32")
            self._checked.add(entry.offset)
        values = np.frombuffer(buffer, entry.dtype, entry.rows * entry.columns, entry.offset)
        values = values.reshape(entry.rows, entry.columns).astype(np.float32, copy=False)
        spans = np.frombuffer(buffer, "<f8", 2 * entry.rows, entry.spans_at).reshape(entry.rows, 2)
        return NormedTrack(values, spans, np.frombuffer(buffer, "<f4", entry.rows, entry.norms_at))


def _encode(key: str, track: Track, dtype: DType, offset: int) -> tuple[Entry, bytes]:
    if track.values.ndim != 2 or 0 in track.values.shape:
        raise ValueError(f"{key}: features must be (T, D) with T and D at least 1, got {track.values.shape}")
    values, dtype = _compact(np.asarray(track.values, "<f4"), dtype)
    rows, columns = values.shape
    entry = Entry(key, offset, rows, columns, dtype, crc=0)
    padding = bytes(entry.spans_at - offset - values.nbytes)
    spans, norms = np.asarray(track.spans, "<f8"), row_norms(values).astype("<f4")
    block = b"".join((values.tobytes(), padding, spans.tobytes(), norms.tobytes()))
    return replace(entry, crc=entry.checksum(block)), block


def _compact(values: np.ndarray, dtype: DType) -> tuple[np.ndarray, DType]:
    """The values in `dtype`, or as they are where float16 cannot hold them."""
    with np.errstate(over="ignore"):
        packed = values.astype(dtype)
    lost = dtype == "<f2" and np.any(np.isfinite(packed) != np.isfinite(values))
    return (values, "<f4") if lost else (packed, dtype)


def _write(stream: io.FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[stream.write(rest) :]


def _round_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
