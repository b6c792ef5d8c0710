"""Small real mp4 files for tests, written with PyAV independently of the corpus generator."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from datasets.clip import Clip

RATE = 16_000


def tone(seconds: float, silence: float = 0.0) -> np.ndarray:
    """A 440 Hz tone `(L,) float32` that starts after `silence` seconds of zeros."""
    t = np.arange(int(seconds * RATE)) / RATE
    return np.where(t < silence, 0, 0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)


def write_mp4(
    path: Path,
    *,
    count: int = 50,
    fps: int = 25,
    size: tuple[int, int] = (96, 64),
    audio: np.ndarray | None = None,
    video: bool = True,
) -> Path:
    """An H.264 + AAC file whose frame i is a flat gray of 4·i (mod 256); either stream can be left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps) if video else None
        sound = container.add_stream("aac", rate=RATE, layout="mono") if audio is not None else None
        if stream is not None:
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            stream.options = {"crf": "12"}
            for index in range(count):
                gray = np.full((size[1], size[0], 3), 4 * index % 256, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(gray, format="rgb24")))
            container.mux(stream.encode(None))
        if sound is not None:
            for start in range(0, len(audio), 1024):
                frame = av.AudioFrame.from_ndarray(audio[None, start : start + 1024], format="fltp", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
                container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
    return path


def clip_of(path: Path, **known: object) -> Clip:
    """A clip of a file, real and unpaired unless `known` says otherwise."""
    fields = {"label": 0, "label_video": 0, "label_audio": 0, "method": "real", "identity": "a", "source": "a"}
    return Clip(id=path.stem, dataset="test", split="test", root=path.parent, path=path.name, **(fields | known))


def write_landmarks(clip: Clip, points: np.ndarray) -> None:
    """The sidecar of a clip."""
    np.save(clip.file.with_suffix(".landmarks.npy"), points.astype(np.float32))
