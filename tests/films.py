"""Media files of many kinds for tests, written with PyAV: picture i is `gray(i)` all over, the sound a late tone."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

SILENCE = 0.4
"""Seconds before the tone."""
CLOCK = 90_000
OPTIONS = {
    "libx264": {"crf": "10", "preset": "veryfast", "bf": "2"},
    "libx265": {"crf": "10", "preset": "ultrafast", "x265-params": "log-level=none"},
    "libvpx": {"crf": "6", "b": "2M", "deadline": "realtime", "cpu-used": "8"},
    "libvpx-vp9": {"crf": "10", "b": "0", "deadline": "realtime", "cpu-used": "8"},
    "mpeg4": {"qscale": "2", "bf": "1"},
}


def gray(index: int) -> int:
    """The level of a picture, which says which one it is."""
    return 20 + 4 * index % 212


def flat(index: int, width: int, height: int) -> np.ndarray:
    """A picture of one gray."""
    return np.full((height, width, 3), gray(index), np.uint8)


def late_tone(seconds: float, rate: int, channels: int, silence: float = SILENCE) -> np.ndarray:
    """`(C, L) float32`: 440 Hz after `silence` seconds of zeros, as loud in every channel."""
    t = np.arange(round(seconds * rate)) / rate
    return np.tile(np.where(t < silence, 0, 0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32), (channels, 1))


def write(
    path: Path,
    video: str | None = "libx264",
    audio: str | None = "aac",
    *,
    times: Sequence[float] = tuple(index / 25 for index in range(50)),
    size: tuple[int, int] = (96, 64),
    pix_fmt: str = "yuv420p",
    picture: Callable[[int, int, int], np.ndarray] = flat,
    rate: int = 48_000,
    layout: str = "stereo",
    seconds: float = 2.0,
    delay: float = 0.0,
    prepare: Callable[[Any, Any], None] = lambda film, sound: None,
    options: dict[str, str] | None = None,
) -> Path:
    """A file with one film and one sound track, or one of both.

    Args:
        times: when each picture shows, in seconds.
        delay: seconds by which the sound's times are later than they would be.
        prepare: is given both streams before anything is written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options=options or {}) as container:
        film = container.add_stream(video, rate=25) if video else None
        sound = container.add_stream(audio, rate=rate, layout=layout) if audio else None
        if film:
            film.width, film.height, film.pix_fmt = *size, pix_fmt
            film.options = OPTIONS.get(video, {})
        if sound:
            sound.bit_rate = 128_000
        prepare(film, sound)
        packets = _pictures(film, times, size, picture) if film else []
        packets += _sound(sound, late_tone(seconds, rate, sound.codec_context.channels), delay) if sound else []
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            container.mux(packet)
    return path


def _pictures(film: Any, times: Sequence[float], size: tuple[int, int], picture: Callable) -> list[Any]:
    regular = np.allclose(np.diff(times), 1 / 25)  # some encoders only know one rate
    clock = 25 if regular else CLOCK
    film.codec_context.time_base = Fraction(1, clock)
    packets = []
    for index, time in enumerate(times):
        frame = av.VideoFrame.from_ndarray(picture(index, *size), format="rgb24").reformat(format=film.pix_fmt)
        frame.pts, frame.time_base = round(time * clock), Fraction(1, clock)
        packets += film.encode(frame)
    return packets + film.encode(None)


def _sound(sound: Any, samples: np.ndarray, delay: float) -> list[Any]:
    codec, rate = sound.codec_context, sound.rate
    step, packets = codec.frame_size or 1024, []
    resampler = av.AudioResampler(codec.format.name, codec.layout.name, rate)
    for start in range(0, samples.shape[1], step):
        part = np.ascontiguousarray(samples[:, start : start + step])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=codec.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = rate, start + round(delay * rate), Fraction(1, rate)
        for resampled in resampler.resample(frame):
            packets += sound.encode(resampled)
    return packets + sound.encode(None)
