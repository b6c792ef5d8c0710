"""A clip with given media, for tests that decode no file."""

from dataclasses import dataclass

import numpy as np

from datasets.errors import ClipError


@dataclass(frozen=True)
class StubClip:
    """Behaves as `datasets.clip.Clip` does towards an encoder; read-only media, as from the decoder's cache."""

    samples: np.ndarray | None = None
    pictures: np.ndarray | None = None
    label: int = 0
    id: str = "stub"
    start: float = 0.0

    def audio(self, rate: int = 16_000) -> np.ndarray | None:
        assert rate == 16_000
        if self.samples is not None:
            self.samples.setflags(write=False)
        return self.samples

    def frames(self, fps: int = 25, view: str = "full", size: int | None = None) -> np.ndarray:
        assert fps == 25
        if self.pictures is None:
            raise self.error("no video track")
        self.pictures.setflags(write=False)
        return self.pictures

    def error(self, reason: str) -> ClipError:
        return ClipError(self.id, "stub.mp4", reason)


def noise(seconds: float, seed: int = 0, level: float = 0.1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (level * rng.standard_normal(round(16_000 * seconds))).astype(np.float32)


def mouths(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 48, 48), np.uint8)
