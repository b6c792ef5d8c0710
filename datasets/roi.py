"""The mouth region that AV-HuBERT's preparation cuts, which AV-HuBERT, BRAVEn and Auto-AVSR were trained on.

Each picture is turned, scaled and moved until five points of the face that hardly move in speech lie where they do in
a mean face of 256×256 pixels; 96×96 pixels round the mouth are then taken. Rules and constants are those of
facebookresearch/av_hubert 258fb50e, `avhubert/preparation/align_mouth.py`, as AV-HuBERT and AVH-Align call it.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

STABLE = (33, 36, 39, 42, 45)
"""Below the nose, and the corners of the eyes, in the 68-point order."""
MEAN_FACE = np.array(
    [
        [128.87017961, 137.30253356],
        [92.52245553, 94.36876014],
        [112.77241724, 94.9436087],
        [145.52511509, 94.53499862],
        [166.67710071, 93.56562296],
    ]
)
"""Where they lie in the mean face, `(5, 2)` as x and y: 20words_mean_face.npy of mpc001/auto_avsr (Apache-2.0)."""
CANVAS = 256
"""Edge of the picture that the mean face lies in."""
EDGE = 96
"""Edge of the patch."""
WINDOW = 12
"""Frames whose points are averaged: the present one and those that follow it."""
_MOUTH = slice(48, 68)


def interpolate(points: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """The points `(T, ..., 2)` at `frames` `(T,)` from `(N, ..., 2)`, of which rows with a NaN were not found.

    They are interpolated linearly between the nearest rows before and after; the first and the last found row stand
    for all that lie outside. At least one row has to be found.
    """
    found = np.flatnonzero(np.isfinite(points).all(axis=tuple(range(1, points.ndim))))
    values = points[found].astype(np.float64).reshape(len(found), -1)
    columns = [np.interp(frames, found, column) for column in values.T]
    return np.stack(columns, axis=-1).reshape(len(frames), *points.shape[1:])


def transforms(points: np.ndarray, mean_face: np.ndarray = MEAN_FACE) -> np.ndarray:
    """What maps each picture to the canvas: `(T, 2, 3)`, applied to columns (x, y, 1), for points `(T, 68, 2)`.

    Each is the similarity that brings the stable points, averaged over the present and the next 11 frames, nearest to
    `mean_face` `(5, 2)` in the least squares. The last 11 frames have no whole window and take the last transform; a
    clip shorter than the window has one for all. Entries are not finite where the stable points all coincide.
    """
    window = min(WINDOW, len(points))
    stable = np.lib.stride_tricks.sliding_window_view(points[:, STABLE], window, axis=0).mean(axis=-1)
    ahead = np.minimum(np.arange(len(points)), len(stable) - 1)
    return similarities(stable, mean_face)[ahead]


def similarities(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The turns, scalings and shifts `(N, 2, 3)` that map points `(N, K, 2)` nearest to `target` `(K, 2)`.

    Points of the plane are taken as complex numbers: turning and scaling is then one factor, found by least squares.
    """
    here, there = points @ [1, 1j], target @ [1, 1j]
    centre, aim = here.mean(axis=1), there.mean()
    spread = here - centre[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):  # points that coincide: the caller sees that it is not finite
        factor = (spread.conj() @ (there - aim)) / (np.abs(spread) ** 2).sum(axis=1)
    shift = aim - factor * centre
    rows = [factor.real, -factor.imag, shift.real, factor.imag, factor.real, shift.imag]
    return np.stack(rows, axis=-1).reshape(-1, 2, 3)


def corners(points: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """Left and top of each patch on the canvas, `(T, 2) int`, for points `(T, 68, 2)` as found, not averaged.

    The centre is the mean of the mouth's points, moved with the picture.
    """
    mouth = points[:, _MOUTH].mean(axis=1)  # of a linear map, so the mean can be taken first
    return corner(np.einsum("tij,tj->ti", matrices[:, :, :2], mouth) + matrices[:, :, 2], (CANVAS, CANVAS))


def corner(centres: np.ndarray, extent: "Sequence[int]", edge: int = EDGE) -> np.ndarray:
    """Left and top `(T, 2) int` of patches round centres `(T, 2)` in a picture of this width and height.

    A patch that would leave the picture is moved back to its border, however far. (The original means to raise "too
    much bias" where that is more than 5 pixels, but asks after it has moved the patch, and so never does.)
    """
    half = edge // 2
    inside = np.minimum(np.maximum(centres, half), np.asarray(extent) - half)
    return np.rint(inside).astype(int) - half


def patch(picture: np.ndarray, matrix: np.ndarray, place: np.ndarray, edge: int = EDGE) -> np.ndarray:
    """The patch `(edge, edge, 3) uint8` at `place` (left, top) of the canvas that `matrix` `(2, 3)` maps a picture to.

    Bilinear between the nearest four pixels, black outside the `(H, W, 3) uint8` picture, and cut off to whole
    grey levels, as the original's scikit-image call. Only the patch is computed, not the canvas.
    """
    from scipy.ndimage import affine_transform

    back = np.linalg.inv(matrix[:, :2])
    start = back @ (place - matrix[:, 2])
    ends = start + np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) * (edge - 1) @ back.T
    low = np.clip(np.floor(ends.min(axis=0)).astype(int) - 1, 0, None)
    high = np.maximum(np.ceil(ends.max(axis=0)).astype(int) + 2, low + 1)
    seen = picture[low[1] : high[1], low[0] : high[0]]
    if seen.size == 0:
        return np.zeros((edge, edge, 3), np.uint8)
    values = [
        affine_transform(
            seen[..., channel] / 255,
            back[::-1, ::-1],  # rows before columns
            (start - low)[::-1],
            (edge, edge),
            order=1,
            mode="grid-constant",
        )
        for channel in range(3)
    ]
    return (np.stack(values, axis=-1) * 255).astype(np.uint8)
