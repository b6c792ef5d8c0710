"""Which data sets there are, and their clips. Only the embedded ones so far; all of their names begin with `sim_`."""

from dataclasses import dataclass, replace
from functools import lru_cache

from .clip import Clip
from .files import sha256_file
from .manifest import manifest_hash
from .sim import plan

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

    def clips(self, name: str, split: str) -> list[Clip]:
        """The clips of one split, as the manifest has them; nothing is generated."""
        return [clip for clip in _planned(name, self.size, self.seed) if clip.split == split]

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
def _planned(name: str, size: str, seed: int) -> tuple[Clip, ...]:
    from .sim.build import folder

    return tuple(plan.plan(name, size, seed, folder(seed)))


@lru_cache(maxsize=256)
def _hash(name: str, split: str, corpus: Corpus) -> str:
    return manifest_hash(corpus.clips(name, split))
