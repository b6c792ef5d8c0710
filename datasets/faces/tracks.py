"""Faces of single frames, joined to tracks: one for each face that stays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

OVERLAP = 0.3
"""Intersection over union from which faces of two frames are one face."""
GAP = 25
"""Frames that a face may be missing for and still be the same one."""
BRIEF = 12
"""Frames that a face beside the main one has to be found in; what is seen less often is taken for a false find."""


@dataclass
class _Track:
    points: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def last(self) -> int:
        return next(reversed(self.points))

    def size(self) -> float:
        """Mean area of its boxes."""
        return float(np.mean([np.prod(np.ptp(points, axis=0)) for points in self.points.values()]))


def join(frames: Iterable[Sequence[np.ndarray]]) -> tuple[list[np.ndarray], int]:
    """Tracks from the faces `(68, 2)` of each frame, and the number of frames T.

    A face continues the track whose last box it overlaps most, at least by `OVERLAP`, if that was seen within the last
    `GAP` frames; otherwise it begins a track.

    Returns:
        the tracks, each `(T, 68, 2) float32` with rows of NaN where the face was not found: the one found in most
        frames first, of equal ones the larger; further ones only where found in at least `BRIEF` frames.
    """
    tracks: list[_Track] = []
    count = 0
    for count, faces in enumerate(frames, 1):
        _continue(tracks, count - 1, faces)
    tracks.sort(key=lambda track: (len(track.points), track.size()), reverse=True)
    kept = tracks[:1] + [track for track in tracks[1:] if len(track.points) >= BRIEF]
    return [_rows(track, count) for track in kept], count


def _continue(tracks: list[_Track], frame: int, faces: Sequence[np.ndarray]) -> None:
    live = [track for track in tracks if frame - track.last <= GAP + 1]
    left = list(range(len(faces)))
    for track, face in _matched([track.points[track.last] for track in live], faces):
        live[track].points[frame] = faces[face]
        left.remove(face)
    tracks += [_Track({frame: faces[face]}) for face in left]


def _matched(before: Sequence[np.ndarray], now: Sequence[np.ndarray]) -> list[tuple[int, int]]:
    """Pairs of a face before and a face now, the most overlapping first; none is in two pairs."""
    overlaps = [
        (overlap(old, new), i, j)
        for i, old in enumerate(before)
        for j, new in enumerate(now)
        if overlap(old, new) >= OVERLAP
    ]
    pairs: list[tuple[int, int]] = []
    for _, i, j in sorted(overlaps, key=lambda each: -each[0]):
        if all(i != a and j != b for a, b in pairs):
            pairs.append((i, j))
    return pairs


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of the boxes round two sets of points `(N, 2)`."""
    low, high = np.maximum(a.min(axis=0), b.min(axis=0)), np.minimum(a.max(axis=0), b.max(axis=0))
    shared = float(np.prod(np.clip(high - low, 0, None)))
    whole = float(np.prod(np.ptp(a, axis=0)) + np.prod(np.ptp(b, axis=0))) - shared
    return shared / whole if whole > 0 else 0.0


def _rows(track: _Track, count: int) -> np.ndarray:
    rows = np.full((count, 68, 2), np.nan, np.float32)
    for frame, points in track.points.items():
        rows[frame] = points
    return rows
