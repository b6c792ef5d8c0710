"""Facts about the sound of one file, decoded block by block."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..clip import AUDIO_RATE, Clip
from ..trim import SILENCE
from ..video import opened

FLOOR_DB = -120.0
"""What digital silence counts as, in dB of full scale."""


@dataclass(frozen=True)
class Sound:
    """The fields of `Facts` that are about sound."""

    audio_codec: str
    sample_rate: int
    channels: int
    audio_seconds: float
    audio_kbps: float | None
    rms_db: float
    peak_db: float
    leading_silence: float
    trailing_silence: float


class _Meter:
    """Measures samples at 16 kHz as they come."""

    def __init__(self) -> None:
        self.count, self._power, self._peak = 0, 0.0, 0.0
        self._first: int | None = None
        self._after = 0

    def add(self, samples: np.ndarray) -> None:
        """Take the next samples `(n,)`."""
        loudness = np.abs(samples)
        loud = np.flatnonzero(loudness > SILENCE)
        if len(loud):
            self._first = self.count + int(loud[0]) if self._first is None else self._first
            self._after = self.count + int(loud[-1]) + 1
        self._power += float(np.square(samples, dtype=np.float64).sum())
        self._peak = max(self._peak, float(loudness.max(initial=0.0)))
        self.count += len(samples)

    @property
    def silence(self) -> tuple[float, float]:
        """Leading and trailing silence in seconds."""
        first = self.count if self._first is None else self._first
        return round(first / AUDIO_RATE, 5), round((self.count - self._after) / AUDIO_RATE, 5)

    @property
    def loudness(self) -> tuple[float, float]:
        """RMS and peak in dB of full scale."""
        return _decibels((self._power / max(self.count, 1)) ** 0.5), _decibels(self._peak)


def _decibels(amplitude: float) -> float:
    return round(max(FLOOR_DB, 20 * float(np.log10(max(amplitude, 1e-9)))), 3)


def sound_of(clip: Clip, path: Path) -> Sound | None:
    """Decode the first audio track of a file of the clip; None without one, or with nothing in it.

    Raises:
        ClipError: it cannot be opened or decoded.
    """
    import av

    with opened(clip, path, "audio") as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        meter, size = _Meter(), 0
        resampler = av.AudioResampler("fltp", None, AUDIO_RATE)
        for packet in container.demux(stream):
            size += packet.size
            for frame in packet.decode():
                _heard(meter, resampler.resample(frame))
        _heard(meter, resampler.resample(None) if meter.count else [])
        context = stream.codec_context
        return _sound(meter, size, context.name, context.sample_rate, context.channels) if meter.count else None


def _heard(meter: _Meter, blocks: list[Any]) -> None:
    for block in blocks:
        meter.add(block.to_ndarray().mean(axis=0))


def _sound(meter: _Meter, size: int, codec: str, rate: int, channels: int) -> Sound:
    seconds = meter.count / AUDIO_RATE
    return Sound(
        codec, rate, channels, round(seconds, 4), round(size * 8 / seconds / 1000, 2), *meter.loudness, *meter.silence
    )
