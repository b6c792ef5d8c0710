"""Which data sets there are, and their clips: the embedded ones, whose names begin with `sim_`, and real ones.

Real ones are known by their protocols, as `favc.ssr`; both kinds have the same methods.
"""

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from . import library
from .clip import Clip
from .errors import DatasetError
from .files import sha256_file
from .manifest import manifest_hash
from .sim import plan

if TYPE_CHECKING:
    from .protocols import Drawn

EMBEDDED = plan.NAMES


@dataclass(frozen=True)
class Corpus:
    """Which embedded corpus: `size` is "default" or "full", `seed` draws it."""

    size: str = "default"
    seed: int = 0

    @property
    def version(self) -> int:
        """The generator's version: the same version, size and seed mean the same manifests."""
        return plan.VERSION

    @property
    def data(self) -> Literal["sim", "real"]:
        """As records call it."""
        return "sim"

    @property
    def about(self) -> dict[str, Any] | None:
        """Seed and version, which records keep."""
        return {"seed": self.seed, "version": self.version}

    @property
    def folder(self) -> str:
        """The folder of its results: corpora of different sizes or seeds never overwrite each other's."""
        return f"{self.size}-seed{self.seed}"

    def lacking(self, name: str) -> str | None:
        """Why a set cannot be had on this machine; every embedded one can be made."""
        return None

    def clips(self, name: str, split: str) -> list[Clip]:
        """The clips of one split, as the manifest has them; nothing is generated."""
        from .sim.build import folder

        return [clip for clip in _planned(name, self.size, self.seed, folder(self.seed)) if clip.split == split]

    def manifest(self, name: str, split: str) -> str:
        """The manifest hash of one split, the same on every machine."""
        return _hash(name, split, self)

    def generate(self, names: list[str], *, progress: bool = True) -> None:
        """Make the files that are missing; cheap when all are there."""
        from .sim.build import ensure

        ensure(names, self.size, self.seed, progress=progress)

    def load(self, name: str, split: str) -> list[Clip]:
        """The clips of one split with the hashes of their files as they are now, so that no damage goes unseen.

        A clip whose file is missing or unreadable has no hash, and fails when it is read.
        """
        return [_hashed(clip) for clip in self.clips(name, split)]


def _hashed(clip: Clip) -> Clip:
    try:
        return replace(clip, sha256=sha256_file(clip.file))
    except OSError:
        return clip


@lru_cache(maxsize=64)
def _planned(name: str, size: str, seed: int, root: Path) -> tuple[Clip, ...]:
    return tuple(plan.plan(name, size, seed, root))


@lru_cache(maxsize=256)
def _hash(name: str, split: str, corpus: Corpus) -> str:
    return manifest_hash(corpus.clips(name, split))


@dataclass(frozen=True)
class Real:
    """Data sets of real videos that were imported on this machine, by the names of their protocols."""

    @property
    def data(self) -> Literal["sim", "real"]:
        """As records call it."""
        return "real"

    @property
    def size(self) -> str | None:
        """None: there is one of each."""
        return None

    @property
    def about(self) -> dict[str, Any] | None:
        """None: nothing is drawn."""
        return None

    @property
    def folder(self) -> str:
        """The folder of its results."""
        return "real"

    def lacking(self, name: str) -> str | None:
        """Why a protocol cannot be had on this machine, and how to change it; None where it can.

        Raises:
            DatasetError: what is known of its place is damaged.
        """
        data_set = name.partition(".")[0]
        if not library.here(data_set):
            commands = f"python -m datasets import {data_set} FOLDER, python -m datasets doctor"
            return f"{data_set} was not imported; {commands}"
        if not (root := library.root_of(data_set)).is_dir():
            return (
                f"{data_set} was imported from {root}, which is not there; mount it, or import the folder's new place"
            )
        from .lists import MissingListError
        from .protocols import UnknownProtocolError

        try:
            self.drawn(name)
        except (MissingListError, UnknownProtocolError) as error:
            return str(error)
        except DatasetError:
            return None  # it is there, and whoever reads it is told what is wrong
        return None

    def drawn(self, name: str) -> "Drawn":
        """The clips of a protocol, why others are left out, and how much of published lists is here.

        Raises:
            DatasetError: the data set was not imported, its manifest is damaged, a list of the protocol is not here,
                or two of its clips have one id.
        """
        return _drawn(name, _stamp(name))

    def splits(self, name: str) -> set[str]:
        """The splits of a protocol that hold clips.

        Raises:
            DatasetError: as `drawn`.
        """
        return {clip.split for clip in self.drawn(name).clips}

    def clips(self, name: str, split: str) -> list[Clip]:
        """The clips of one split of a protocol; all of them have a label.

        Raises:
            DatasetError: as `drawn`.
        """
        return [clip for clip in self.drawn(name).clips if clip.split == split]

    def manifest(self, name: str, split: str) -> str:
        """The manifest hash of one split: the same for all who have the same clips."""
        return _real_hash(name, split, _stamp(name))

    def generate(self, names: list[str], *, progress: bool = True) -> None:
        """Nothing: real clips are there or are not."""

    def load(self, name: str, split: str) -> list[Clip]:
        """The clips of one split with the hashes of their files as they are now; see `library.with_hashes`.

        A clip whose file is missing or unreadable has no hash, and fails when it is read.
        """
        return library.with_hashes(self.clips(name, split))


Source = Corpus | Real
Stamp = tuple[Path, int, int]
"""A manifest, its size and its time: another import is another manifest."""


def source_of(name: str, corpus: Corpus) -> Source:
    """Where the clips of a set come from: the embedded corpus, or what was imported."""
    return corpus if name in EMBEDDED else Real()


def _stamp(name: str) -> Stamp:
    path = library.manifest_path(name.partition(".")[0])
    try:
        status = path.stat()
    except FileNotFoundError:
        return path, 0, 0
    return path, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=64)
def _drawn(name: str, stamp: Stamp) -> "Drawn":
    from . import protocols

    drawn = protocols.draw(name)
    ids = Counter(clip.id for clip in drawn.clips)
    if len(ids) < len(drawn.clips):
        twice = next(clip for clip, count in ids.items() if count > 1)
        raise DatasetError(f"{name} has the clip {twice} twice; import {name.partition('.')[0]} again")
    return drawn


@lru_cache(maxsize=256)
def _real_hash(name: str, split: str, stamp: Stamp) -> str:
    return manifest_hash(Real().clips(name, split))
