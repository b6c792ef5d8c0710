"""Random streams, one for each purpose and name, so that a clip depends on nothing but its own name."""

from typing import TypeVar
from zlib import crc32

import numpy as np

_BUFFER = 64
Item = TypeVar("Item")


def _sequence(key: tuple[object, ...]) -> np.random.SeedSequence:
    return np.random.SeedSequence([crc32(str(part).encode()) for part in key])


def noise(*key: object) -> np.random.Generator:
    """A generator for signals and pictures; what it draws may differ in the last bit between machines."""
    return np.random.Generator(np.random.PCG64(_sequence(key)))


class Draws:
    """Exact draws for everything that the manifest depends on: raw 64-bit integers, no floating point."""

    def __init__(self, *key: object) -> None:
        self._bits = np.random.PCG64(_sequence(key))
        self._buffer: list[int] = []

    def below(self, count: int) -> int:
        """A uniform integer in [0, count)."""
        if not self._buffer:
            self._buffer = self._bits.random_raw(_BUFFER).tolist()
        return (self._buffer.pop() >> 32) * count >> 32

    def between(self, low: int, high: int) -> int:
        """A uniform integer in [low, high]."""
        return low + self.below(high - low + 1)

    def chance(self, part: int, whole: int) -> bool:
        """True `part` times in `whole`."""
        return self.below(whole) < part

    def choice(self, items: tuple[Item, ...]) -> Item:
        """One of `items`, all equally likely."""
        return items[self.below(len(items))]
