"""Values over time, and what a detector says of one clip."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Track:
    """Values over time, for features and for scores.

    Attributes:
        values: `(N, D)` or `(N,)` float32.
        spans: `(N, 2)` float64, start and end of each row in seconds of the original clip.
    """

    values: np.ndarray
    spans: np.ndarray

    def __post_init__(self) -> None:
        if self.spans.shape != (len(self.values), 2):
            raise ValueError(
                f"a track of {len(self.values)} rows needs spans of shape ({len(self.values)}, 2), "
                f"got {self.spans.shape}"
            )

    def __len__(self) -> int:
        return len(self.values)


def frame_spans(count: int, fps: float, start: float = 0.0) -> np.ndarray:
    """Spans `(count, 2)` of consecutive frames at `fps` per second, the first beginning at `start` seconds."""
    edges = start + np.arange(count + 1) / fps
    return np.stack([edges[:-1], edges[1:]], axis=1)


@dataclass(frozen=True)
class Scored:
    """A detector's answer for one clip.

    Attributes:
        score: higher means fake; raw (unbounded), never a clipped or squashed probability.
        local: frame scores `(N,)` where the detector has them, fake-positive too.
        parts: named sub-scores, such as those of single modalities.
    """

    score: float
    local: Track | None = None
    parts: dict[str, float] = field(default_factory=dict)
