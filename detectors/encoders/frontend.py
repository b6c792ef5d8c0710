"""Log-mel front end of the small encoders: 40 bands every 10 ms, stacked to 25 rows per second.

Parameters are those usual in speech recognition: 25 ms periodic Hann windows, 10 ms hop, HTK mel scale, triangles of
unit height. Level and offset are kept: neither pre-emphasis nor normalisation is applied.
"""

from functools import cache

import numpy as np

from datasets.clip import AUDIO_RATE, FPS, Clip

WINDOW, HOP, FFT = 400, 160, 512
BANDS, LOWEST, HIGHEST = 40, 60.0, 7600.0
STACK = AUDIO_RATE // FPS // HOP
"""10 ms columns in a 40 ms row."""
DIM = BANDS * STACK
FLOOR = 1e-8
"""Least band power; digital silence gives its logarithm, -18.4, in every value."""
_BLOCK = 4096
"""Columns transformed at once, so that memory does not grow with the clip."""


def sound(clip: Clip, shortest: int = STACK * HOP) -> np.ndarray:
    """The clip's 16 kHz samples `(L,) float32`, at least `shortest` of them, by default one row (40 ms).

    Raises:
        ClipError: no audio track, less of it, or undecodable.
    """
    samples = clip.audio(AUDIO_RATE)
    if samples is None:
        raise clip.error("no audio track")
    if len(samples) < shortest:
        raise clip.error(f"less than {1000 * shortest / AUDIO_RATE:g} ms of audio")
    return samples


def log_mel(samples: np.ndarray) -> np.ndarray:
    """Stacked log-mel spectrogram `(L // 640, 160) float32` of 16 kHz samples `(L,)` in [-1, 1].

    Row t covers [40 t, 40 t + 40) ms and holds four columns of 40 bands, whose windows start 0, 10, 20 and 30 ms into
    it; the last windows reach up to 15 ms beyond the row, into zeros after the end of the samples.
    """
    rows = len(samples) // (STACK * HOP)
    used = samples[: rows * STACK * HOP + WINDOW - HOP].astype(np.float32)
    padded = np.pad(used, (0, rows * STACK * HOP + WINDOW - HOP - len(used)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP] if rows else np.empty((0, WINDOW))
    columns = [_columns(windows[start : start + _BLOCK]) for start in range(0, len(windows), _BLOCK)]
    return np.concatenate([np.empty((0, BANDS), np.float32), *columns]).reshape(rows, DIM)


def _columns(windows: np.ndarray) -> np.ndarray:
    """Log band powers `(N, 40) float32` of windows `(N, 400)`."""
    spectrum = np.fft.rfft(windows * _hann(), FFT)
    power = spectrum.real**2 + spectrum.imag**2
    return np.log(np.maximum(power @ _triangles(), np.float32(FLOOR)))


@cache
def _hann() -> np.ndarray:
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


@cache
def _triangles() -> np.ndarray:
    """Mel filters `(257, 40) float32`: triangles whose corners are equally spaced on the mel scale."""
    lowest, highest = (2595 * np.log10(1 + hertz / 700) for hertz in (LOWEST, HIGHEST))
    corners = 700 * (10 ** (np.linspace(lowest, highest, BANDS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(FFT, 1 / AUDIO_RATE)
    rising, falling = corners[1:-1] - corners[:-2], corners[2:] - corners[1:-1]
    distance = bins[:, None] - corners[1:-1]
    return np.clip(1 + np.minimum(distance / rising, -distance / falling), 0, None).astype(np.float32)
