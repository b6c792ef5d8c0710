"""Facts about the sound of one file, decoded block by block."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..clip import AUDIO_RATE, Clip
from ..container import decoding, opened
from ..container import sound_of as track_of
from ..sound import frames, resampled
from ..trim import SILENCE

_FAILED = "audio cannot be decoded"
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


def sound_of(clip: Clip) -> Sound | None:
    """Decode the sound of a clip; None where it has no audio track.

    Raises:
        ClipError: it cannot be opened or decoded, or there is nothing in it.
    """
    coded = _coded(clip, clip.file) or (_coded(clip, clip.root / clip.sound) if clip.sound else None)
    if coded is None:
        return None
    meter = _Meter()
    with decoding(clip, _FAILED):
        for samples in resampled(frames(clip), AUDIO_RATE):
            meter.add(samples)
    codec, rate, channels, size = coded
    seconds = meter.count / AUDIO_RATE
    kbps = round(size * 8 / seconds / 1000, 2) if seconds else None
    return Sound(codec, rate, channels, round(seconds, 4), kbps, *meter.loudness, *meter.silence)


def _coded(clip: Clip, path: Path) -> tuple[str, int, int, int] | None:
    """Codec, rate, channels and bytes of the audio track of a file; None without one."""
    with opened(clip, path, _FAILED) as container:
        stream = track_of(container)
        if stream is None:
            return None
        size = sum(packet.size for packet in container.demux(stream))
        context = stream.codec_context
        return context.name, context.sample_rate, context.channels, size
