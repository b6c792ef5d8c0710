"""What pictures of clips share: the spectrogram, and the shading of what was manipulated."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .clip import AUDIO_RATE, Span

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def spectrogram(axes: "Axes", samples: np.ndarray) -> None:
    """Power of `(L,)` samples at 16 kHz in dB, over seconds and 0 to 8 kHz."""
    axes.specgram(samples + 1e-6, NFFT=400, Fs=AUDIO_RATE, noverlap=300, vmin=-120, vmax=-45, cmap="magma")
    axes.set_yticks(range(0, 8001, 2000), [str(k) for k in range(0, 9, 2)])


def shade(axes: "Axes", spans: Iterable[Span], **style: Any) -> None:
    """Shade spans in seconds over the whole height."""
    for start, end in spans:
        axes.axvspan(start, end, linewidth=0, **style)
