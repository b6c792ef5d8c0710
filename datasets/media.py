"""Decoding: one file to mono sound and pictures, through PyAV; decoded streams are kept in the cache folder."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from .clip import AUDIO_RATE, FPS, Clip, View
from .crops import crop
from .files import cache_root, write_array

VERSION = 1
"""Raised whenever the same file would decode to other values."""
DURATION_TOLERANCE = 0.25
"""Seconds by which a stream may differ from the manifest: codecs pad, and tracks end unevenly."""
_NPY_HEADER = 128


def audio(clip: Clip, rate: int = AUDIO_RATE) -> np.ndarray | None:
    """Mono sound of a clip; see `Clip.audio`."""
    samples = _cached(clip, f"audio{rate}", lambda: _decode_audio(clip, rate))
    if len(samples) == 0:
        return None
    seen = samples[round(clip.start * rate) :]
    if len(seen) == 0:
        raise clip.error(f"no audio left after the first {clip.start:.2f} s were cut")
    return seen


def frames(clip: Clip, fps: int = FPS, view: View = "full", size: int | None = None) -> np.ndarray:
    """Pictures of a clip; see `Clip.frames`."""
    pictures = _cached(clip, f"{view}{size or ''}-{fps}", lambda: crop(clip, *_decode_video(clip, fps), view, size))
    seen = pictures[round(clip.start * fps) :]
    if len(seen) == 0:
        raise clip.error(f"no frame left after the first {clip.start:.2f} s were cut")
    return seen


def _cached(clip: Clip, name: str, decode: Callable[[], np.ndarray]) -> np.ndarray:
    """The decoded stream, memory-mapped from the cache; damaged cache files are made again."""
    path = cache_root() / "media" / f"v{VERSION}" / clip.content[:2] / f"{clip.content}-{name}.npy"
    stored = _load(path)
    if stored is None:
        stored = decode()
        write_array(path, stored)
    return stored


def _load(path: Path) -> np.ndarray | None:
    if not path.exists():
        return None
    try:
        empty = path.stat().st_size <= _NPY_HEADER  # nothing to map
        return np.load(path, mmap_mode=None if empty else "r", allow_pickle=False)
    except (ValueError, OSError):  # cut short by a bad disk
        return None


def _check_duration(clip: Clip, stream: str, seconds: float) -> None:
    if clip.duration is not None and abs(seconds - clip.duration) > DURATION_TOLERANCE:
        raise clip.error(
            f"{stream} lasts {seconds:.2f} s, the manifest says {clip.duration:.2f} s; is the file truncated?"
        )


def _words(error: Exception) -> str:
    """What went wrong, without the path that errors add: it says where this machine keeps its files."""
    return getattr(error, "strerror", None) or type(error).__name__


def _decode_audio(clip: Clip, rate: int) -> np.ndarray:
    """All sound as `(L,) float32` at `rate`; `(0,)` where the file has no audio track."""
    import av

    parts: list[np.ndarray] = []
    try:
        with av.open(str(clip.file)) as container:
            if not container.streams.audio:
                return np.zeros(0, np.float32)
            resampler = av.AudioResampler("flt", "mono", rate)
            for frame in container.decode(audio=0):
                parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
            parts += [part.to_ndarray()[0] for part in resampler.resample(None)]
    except (OSError, av.FFmpegError, ValueError) as error:
        raise clip.error(f"audio cannot be decoded: {_words(error)}") from error
    if not parts:
        raise clip.error("its audio track is empty")
    samples = np.concatenate(parts)
    _check_duration(clip, "audio", len(samples) / rate)
    return samples


def _decode_video(clip: Clip, fps: int) -> tuple[np.ndarray, np.ndarray]:
    """All pictures as `(T, H, W, 3) uint8`, sampled at `fps` by presentation time, and their source frames `(T,)`."""
    import av

    images: list[np.ndarray] = []
    times: list[float] = []
    try:
        with av.open(str(clip.file)) as container:
            if not container.streams.video:
                raise clip.error("no video track")
            stream = container.streams.video[0]
            for index, frame in enumerate(container.decode(stream)):
                images.append(frame.to_ndarray(format="rgb24"))
                rate = float(stream.average_rate or fps)
                times.append(float(frame.time) if frame.time is not None else index / rate)
    except (OSError, av.FFmpegError, ValueError) as error:
        raise clip.error(f"video cannot be decoded: {_words(error)}") from error
    if not images:
        raise clip.error("its video track is empty")
    shown = resample_index(np.asarray(times), fps)
    _check_duration(clip, "video", len(shown) / fps)
    return np.stack(images)[shown], shown


def resample_index(times: np.ndarray, fps: float) -> np.ndarray:
    """Which source frame shows at each tick of `fps`, from presentation times `(N,)` in seconds.

    The last frame is taken to last as long as the median one. A source that already runs at `fps` maps to itself,
    jitter below half a tick included.
    """
    times = times - times[0]
    step = float(np.median(np.diff(times))) if len(times) > 1 else 1 / fps
    count = max(1, round((times[-1] + step) * fps))
    ticks = (np.arange(count) + 0.5) / fps
    return np.clip(np.searchsorted(times, ticks, side="right") - 1, 0, len(times) - 1)
