"""Real mp4 files: H.264 or MPEG-4 pictures and AAC sound."""

from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import OutputContainer
from scipy import signal

from .recipe import Encoding
from .speech import RATE

FPS = 25
SOUND_RATE = 48_000
_BLOCK = 1024


def write_mp4(path: Path, pictures: np.ndarray, sound: np.ndarray | None, how: Encoding) -> None:
    """Encode `(T, H, W, 3) uint8` RGB at 25 fps with `(L,) float32` sound at 16 kHz, or without a sound track.

    One encoder thread and no macroblock tree: with them, x264 gives other bytes from run to run.
    """
    with av.open(str(path), "w", format="mp4") as container:
        video = _video_stream(container, pictures.shape[1:3], how)
        audio: av.AudioStream | None = None
        if sound is not None:
            audio = container.add_stream("aac", rate=SOUND_RATE, layout="mono")
            audio.bit_rate = how.audio_kbps * 1000
        for picture in pictures:
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode(None))
        if audio is not None and sound is not None:
            for block in _blocks(sound):
                container.mux(audio.encode(block))
            container.mux(audio.encode(None))


def _video_stream(container: OutputContainer, shape: tuple[int, ...], how: Encoding) -> av.VideoStream:
    video = cast("av.VideoStream", container.add_stream(how.codec, rate=FPS))
    video.height, video.width = shape
    video.pix_fmt = "yuv420p"
    video.thread_count = 1
    if how.codec == "libx264":
        video.options = {"crf": str(how.crf), "preset": "veryfast", "x264-params": "mbtree=0"}
    else:
        video.bit_rate = how.video_kbps * 1000
    return video


def _blocks(sound: np.ndarray) -> list[av.AudioFrame]:
    """Sound frames at 48 kHz; leading zeros stay exact zeros."""
    factor = SOUND_RATE // RATE
    resampled = signal.resample_poly(sound, factor, 1).astype(np.float32)
    resampled[: int(np.argmax(sound != 0)) * factor] = 0
    blocks = []
    for start in range(0, len(resampled), _BLOCK):
        frame = av.AudioFrame.from_ndarray(resampled[None, start : start + _BLOCK], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
        blocks.append(frame)
    return blocks
