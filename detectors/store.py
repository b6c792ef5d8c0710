"""The feature store: frozen features, computed once, shared by all processes that read them.

`FOLDER/SIGNATURE/` holds the shards of one encoder with everything that changes its features; see `shards`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path

import numpy as np

from .shards import DamagedBlockError, DType, Entry, NormedTrack, Shard, ShardWriter

_SIGNATURE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,+=-]{0,199}")
_log = getLogger("avdf")


@dataclass(frozen=True)
class Stored:
    """Features of one clip: `track` with `(T, D) float32` values, views that cannot be written to."""

    track: NormedTrack

    @property
    def norms(self) -> np.ndarray:
        """Euclidean norms `(T,) float32` of the rows."""
        return self.track.norms


class FeatureStore:
    """Features by encoder signature and clip key, in packed files that are mapped into memory.

    Several processes may read and write one store at once; each writer has shards of its own. Where a key was written
    twice the newest block counts, so that a rebuilt one hides its damaged predecessor. Damage is named in the log and
    counts as missing. To drop features, delete the signature's folder.

    Args:
        folder: need not exist yet.
        dtype: how values are written, `<f4` or, at half the size and with 11 significant bits, `<f2`. Results differ,
            so the caller's signature must tell them apart. Reading gives float32 from both.
    """

    def __init__(self, folder: Path, dtype: DType = "<f4") -> None:
        self.folder, self.dtype = folder, dtype
        self._parts: dict[str, _Part] = {}

    def get(self, signature: str, key: str) -> Stored | None:
        """The features of a clip, or None where they are missing or damaged; also those that others just added."""
        part = self._part(signature)
        track = part.read(key)
        if track is None:
            part.refresh()
            track = part.read(key)
        return None if track is None else Stored(track)

    def has(self, signature: str, keys: Iterable[str]) -> set[str]:
        """Which of the keys are stored in full length. Reads no features, so that `get` may still find damage."""
        part, wanted = self._part(signature), set(keys)
        part.refresh()
        return {key for key in wanted if part.find(key)}

    def writer(self, signature: str) -> ShardWriter:
        """A context whose `add(key, track)` appends features; it makes files at the first `add`."""
        return ShardWriter(self._part(signature).folder, self.dtype)

    def _part(self, signature: str) -> "_Part":
        if signature not in self._parts:
            if not _SIGNATURE.fullmatch(signature):
                raise ValueError(f"{signature!r} cannot name a folder of features; it must match {_SIGNATURE.pattern}")
            self._parts[signature] = _Part(self.folder / signature)
        return self._parts[signature]


class _Part:
    """What is stored of one signature; `_found` has for each key its blocks, the newest last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._shards: dict[Path, Shard] = {}
        self._found: dict[str, list[tuple[Shard, Entry]]] = {}

    def refresh(self) -> None:
        """Take in what was added since the last call, by whichever process."""
        for path in sorted(self.folder.glob("*.jsonl")):
            shard = self._shards.setdefault(path, Shard(path))
            for entry in shard.tail():
                blocks = self._found.setdefault(entry.key, [])
                blocks.append((shard, entry))
                blocks.sort(key=lambda block: (block[0].index.name, block[1].offset))

    def find(self, key: str) -> tuple[Shard, Entry] | None:
        """The newest block of a key that its file is long enough for."""
        blocks = self._found.get(key, [])
        while blocks:
            shard, entry = blocks[-1]
            try:
                shard.mapped(entry)
                return shard, entry
            except DamagedBlockError as error:
                self._drop(key, error)
        return None

    def read(self, key: str) -> NormedTrack | None:
        """The newest block of a key that is whole."""
        while block := self.find(key):
            try:
                return block[0].read(block[1])
            except DamagedBlockError as error:
                self._drop(key, error)
        return None

    def _drop(self, key: str, error: DamagedBlockError) -> None:
        _log.warning("%s; the features of %s count as missing", error, key)
        self._found[key].pop()
        if not self._found[key]:
            del self._found[key]
