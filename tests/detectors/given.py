"""Encoders by the name of their form, and clips whose media are given: as arrays, or in files without loss."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from clips import clip_of
from datasets.clip import Clip
from datasets.errors import ClipError
from detectors.encoders.frozen import Frozen
from detectors.protocols import Context
from detectors.registry import registry
from detectors.tags import RANDOM, form, split


def unloaded(name: str, seed: int | None = None) -> Frozen:
    """An encoder by the full name of its form; `random` draws its weights with seed 0, or with `seed`."""
    base, tags = split(name)
    entry = registry().encoders[base]
    return entry.cls(form(entry.card, tags), (seed or 0) if RANDOM in tags else None)


def made(name: str, seed: int | None = None) -> Frozen:
    """`unloaded`, and loaded."""
    encoder = unloaded(name, seed)
    encoder.load(Context())
    return encoder


def put_weights(name: str, root: Path, checkpoint: Path) -> Frozen:
    """The encoder of a form, loaded from a copy of this file or folder where its published weights belong."""
    encoder = unloaded(name)
    assert encoder.card.weights is not None
    place = root / encoder.card.weights.file
    place.parent.mkdir(parents=True, exist_ok=True)
    (shutil.copytree if checkpoint.is_dir() else shutil.copyfile)(checkpoint, place)
    encoder.load(Context())
    return encoder


@dataclass(frozen=True)
class GivenClip:
    """Behaves as `Clip` does towards encoders; what is None is missing. `pictures` `(T, H, W, 3)` are every view."""

    samples: np.ndarray | None = None
    pictures: np.ndarray | None = None
    skip: int = 0
    id: str = "given"

    @property
    def start(self) -> float:
        return self.skip / 25

    def skipping(self, frames: int) -> "GivenClip":
        return replace(self, skip=frames)

    def audio(self, rate: int = 16_000) -> np.ndarray | None:
        assert rate == 16_000
        return None if self.samples is None else _read_only(self.samples[640 * self.skip :])

    def frames(self, fps: int = 25, view: str = "full", size: int | None = None) -> np.ndarray:
        assert (fps, size) == (25, None) and view in ("full", "face", "mouth_roi")
        if self.pictures is None:
            raise self.error("no video track")
        return _read_only(self.pictures[self.skip :])

    def stream(
        self, fps: int = 25, view: str = "full", size: int | None = None, block: int = 64
    ) -> Iterator[np.ndarray]:
        pictures = self.frames(fps, view, size)
        for start in range(0, len(pictures), block):
            yield pictures[start : start + block].copy()

    def count(self, fps: int = 25) -> int:
        return len(self.frames(fps))

    def error(self, reason: str) -> ClipError:
        return ClipError(self.id, "given.mp4", reason)


def _read_only(values: np.ndarray) -> np.ndarray:
    """As from the decoder's cache."""
    values = values.view()
    values.setflags(write=False)
    return values


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(round(16_000 * seconds))).astype(np.float32)


def pictures(count: int, seed: int = 0, size: tuple[int, int] = (96, 96)) -> np.ndarray:
    """Pictures `(count, H, W, 3)` of noise, each with a brightness of its own."""
    rng = np.random.default_rng(seed)
    return (rng.integers(0, 128, (count, *size, 3)) + rng.integers(0, 128, (count, 1, 1, 3))).astype(np.uint8)


def given(seconds: float, seed: int = 0, size: tuple[int, int] = (96, 96)) -> GivenClip:
    """A clip with both streams of this length."""
    return GivenClip(noise(seconds, seed), pictures(round(25 * seconds), seed, size), id=f"given{seed}")


def in_files(
    folder: Path, samples: np.ndarray | None, full: np.ndarray | None, mouths: np.ndarray | None = None
) -> Clip:
    """A clip of real files, whose media are exactly these: 16 kHz samples `(L,)` or `(C, L)` and pictures, also of a
    precomputed mouth crop."""
    folder.mkdir(parents=True)
    _write(folder / "clip.mkv", full, samples)
    if mouths is not None:
        _write(folder / "clip_roi.mp4", mouths, None)
    return clip_of(folder / "clip.mkv")


def _write(path: Path, shown: np.ndarray | None, samples: np.ndarray | None) -> None:
    with av.open(str(path), "w") as container:
        if shown is not None:
            video = container.add_stream("libx264rgb", rate=25)
            video.height, video.width, video.pix_fmt = *shown.shape[1:3], "rgb24"
            video.options = {"qp": "0"}
        if samples is not None:
            layout = "mono" if samples.ndim == 1 else "stereo"
            sound = container.add_stream("pcm_f32le", rate=16_000, layout=layout)
            values = np.ascontiguousarray(np.atleast_2d(samples).T.reshape(1, -1))
            heard = av.AudioFrame.from_ndarray(values, format="flt", layout=layout)
            heard.sample_rate, heard.pts, heard.time_base = 16_000, 0, Fraction(1, 16_000)
        if shown is not None:
            for picture in shown:
                container.mux(video.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
            container.mux(video.encode(None))
        if samples is not None:
            container.mux(sound.encode(heard))
            container.mux(sound.encode(None))
