"""What AV-HuBERT takes in: stacked log-mel rows and gray mouth crops, 25 a second each.

Source: `avhubert/hubert_dataset.py` and `avhubert/utils.py` of AV-HuBERT at 258fb50e, and AVH-Align's
`deepfake_feature_extraction.py` at 55401ded, which SSR-DFD shares. AV-HuBERT reads int16 samples, AVH-Align floats in
[-1, 1]; rows differ where a row holds digital silence or reaches beyond the end. The mel filters are those of
python_speech_features 0.6.
"""

from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

RATE, WINDOW, HOP, FFT = 16_000, 400, 160, 512
BANDS, STACK = 26, 4
EDGE = 88
"""Pixels of the crop's edge."""
_MEAN, _DEVIATION = 0.421, 0.165


def audio_rows(samples: np.ndarray) -> Tensor:
    """Log-mel rows `(T, 104) float32`, each of zero mean and unit variance, of 16 kHz samples `(L,)`.

    AVH-Align normalises the whole sound, then cuts both streams to the shorter; AV-HuBERT cuts `stacked_log_mel`
    to the pictures, or adds rows of zeros, before it normalises.

    Args:
        samples: at least one; float32 in [-1, 1] to reproduce SSR-DFD and AVH-Align, int16 for AV-HuBERT itself.
    """
    return normal_rows(stacked_log_mel(samples))


def stacked_log_mel(samples: np.ndarray) -> np.ndarray:
    """Rows of four log-mel columns each, `(T, 104) float32`; zeros stand for the columns that the last row lacks."""
    columns = log_mel(samples)
    padded = np.pad(columns, ((0, -len(columns) % STACK), (0, 0)))
    return padded.reshape(-1, STACK * BANDS)


def row_count(samples: int) -> int:
    """How many rows `audio_rows` gives for so many samples, at least one."""
    return -(-_columns(samples) // STACK)


def _columns(samples: int) -> int:
    return 1 + max(0, -(-(samples - WINDOW) // HOP))


def normal_rows(rows: np.ndarray) -> Tensor:
    """Rows `(T, 104)`, each to zero mean and unit variance; equal values, as in digital silence, to about zero."""
    values = torch.from_numpy(rows)
    return F.layer_norm(values, values.shape[1:])


def log_mel(samples: np.ndarray) -> np.ndarray:
    """Natural logarithms of 26 mel energies every 10 ms, `(N, 26) float32`, of 16 kHz samples `(L,)`, L at least 1.

    25 ms rectangular windows after a pre-emphasis of 0.97, power over 512; N is 1 up to 400 samples, otherwise
    1 + ceil((L - 400) / 160), with zeros after the end. No energy at all counts as 2.2e-16, whatever the scale.

    Raises:
        ValueError: there is no sample.
    """
    if samples.ndim != 1 or len(samples) == 0:
        raise ValueError(f"samples of shape {samples.shape}: expected (L,) with at least one")
    # In the samples' own precision, as the original: single for floats, double for integers.
    emphasised = np.append(samples[:1], samples[1:] - 0.97 * samples[:-1])
    count = _columns(len(samples))
    padded = np.zeros((count - 1) * HOP + WINDOW)
    padded[: len(samples)] = emphasised
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    energies = np.abs(np.fft.rfft(windows, FFT)) ** 2 / FFT @ mel_filters().T
    return np.log(np.where(energies == 0, np.finfo(float).eps, energies)).astype(np.float32)


@cache
def mel_filters() -> np.ndarray:
    """Triangles `(26, 257) float64` of unit height whose corners, equally spaced on the HTK mel scale, are FFT bins."""
    highest = 2595 * np.log10(1 + RATE / 2 / 700)
    hertz = 700 * (10 ** (np.linspace(0, highest, BANDS + 2) / 2595) - 1)
    corners = np.floor((FFT + 1) * hertz / RATE)
    left, centre, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    bins = np.arange(FFT // 2 + 1)
    return np.clip(np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre)), 0, None)


def gray(pictures: np.ndarray) -> np.ndarray:
    """Luma `(...) uint8` of RGB pictures `(..., 3) uint8`, in the fixed point of OpenCV 4 and 5."""
    values = pictures.astype(np.int32)
    return ((9798 * values[..., 0] + 19235 * values[..., 1] + 3735 * values[..., 2] + 16384) >> 15).astype(np.uint8)


def mouth_pictures(pictures: np.ndarray) -> Tensor:
    """The middle of gray pictures `(T, H, W) uint8`, normalised: `(T, 88, 88) float32`.

    Nothing is resized: of a picture that is no 96 x 96 mouth crop, the middle 88 x 88 pixels are taken too, as in
    the original.

    Raises:
        ValueError: the pictures are smaller than 88 x 88.
    """
    height, width = pictures.shape[1:]
    if min(height, width) < EDGE:
        raise ValueError(f"pictures of {width} x {height} pixels: at least {EDGE} x {EDGE} are needed")
    top, left = (height - EDGE) // 2, (width - EDGE) // 2
    middle = pictures[:, top : top + EDGE, left : left + EDGE] / 255
    return torch.from_numpy(((middle - _MEAN) / _DEVIATION).astype(np.float32))
