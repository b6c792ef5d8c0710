"""Frame labels from annotated segments, for localisation: which frames of a fake clip are fake."""

from collections.abc import Sequence

import numpy as np

FPS = 25
"""Frames per second in which segments are counted."""


def frame_labels(spans: np.ndarray, segments: Sequence[tuple[float, float]]) -> np.ndarray:
    """Labels `(N,) int64` of score rows `(N, 2)` in seconds: 1 where a segment (start, end) covers the row's frame.

    A segment covers the 25 fps frames `int(start * 25)` up to, not including, `int(end * 25)`, as in the loader of
    AV-Deepfake1M (`python/avdeepfake1m/loader.py`); one shorter than a frame may cover none. A row stands for the
    frame that its centre lies in, whatever its length.
    """
    spans = np.asarray(spans, dtype=np.float64).reshape(-1, 2)
    frame = np.floor(spans.mean(axis=1) * FPS)
    labels = np.zeros(len(frame), dtype=np.int64)
    for start, end in segments:
        labels[(frame >= int(start * FPS)) & (frame < int(end * FPS))] = 1
    return labels
