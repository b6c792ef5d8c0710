"""Face and mouth crops from the landmarks of a clip, or from crops that somebody has made before.

Landmarks stand in `<stem>.landmarks.npy` beside the file, or where `python -m datasets prepare` keeps those that a face
detector made, see `Clip.landmarks`. They are `(T, 68, 2) float32`, x and y in pixels, in the 68-point order of iBUG
300-W: jaw 0-16, brows 17-26, nose 27-35, eyes 36-47, mouth 48-67. A row of NaN says that no face was found in that
frame; it takes its neighbours' positions. There is no silent centre crop: a clip without landmarks cannot be
cropped.

Precomputed crops stand in `<stem>_roi.mp4` (mouths, AV-HuBERT's convention) and `<stem>_face.mp4`, see
`Clip.precomputed`; where there is one, it is taken and landmarks are not looked at.
"""

from collections.abc import Callable

import numpy as np

from . import roi
from .clip import Clip, View

_MOUTH, _EYES = slice(48, 68), slice(36, 48)
_MOUTH_EDGE = 1.7
"""Edge of the mouth crop in distances between the eye centres."""
_FACE_EDGE = 3.2
_SMOOTHING = 12
"""Frames over which the crop's size and place are averaged (AV-HuBERT's window), so that it does not shake."""

FACE_SIZE, MOUTH_SIZE = 224, 96
"""Edges of the results in pixels, unless others are asked for."""

Cut = Callable[[int, np.ndarray], np.ndarray]
"""From a tick and the `(H, W, 3) uint8` picture shown then to what the encoder asked for."""


def cutter(clip: Clip, shown: np.ndarray, view: View, size: int | None, extent: tuple[int, int]) -> Cut:
    """What cuts the pictures of a clip one by one, from its landmarks.

    Args:
        shown: `(T,)` the source frame of each tick.
        extent: width and height of the pictures.

    Returns:
        a function that gives for "face" RGB `(size, size, 3)`, default 224; for "mouth" gray `(size, size)`, default
        96; for "mouth_roi" RGB `(96, 96, 3)`, resampled where another `size` is asked for.

    Raises:
        ClipError: no landmarks, none of the frames has a face, or they cannot be of a face in such a picture.
    """
    if view == "mouth_roi":
        return _aligned(clip, shown, size, extent)
    boxes = _boxes(clip, landmarks(clip, shown, view), view, max(extent))
    margin = _margin(boxes, extent)
    if view == "mouth":
        return lambda tick, picture: _gray(_resize(picture, boxes[tick], size or MOUTH_SIZE, margin))
    return lambda tick, picture: _resize(picture, boxes[tick], size or FACE_SIZE, margin)


def whole(size: int | None) -> Cut:
    """What gives whole pictures, resampled to `(size, size, 3)` unless `size` is None."""

    def cut(tick: int, picture: np.ndarray) -> np.ndarray:
        height, width = picture.shape[:2]
        return picture if size is None else _resize(picture, np.array([0.0, 0.0, width, height]), size)

    return cut


def landmarks(clip: Clip, shown: np.ndarray, view: View = "mouth") -> np.ndarray:
    """The points `(T, 68, 2)` of the source frames `shown` `(T,)`, gaps filled from their neighbours."""
    points, found = _read(clip, view)
    halfway = (found[1:] + found[:-1]) / 2  # up to here the earlier one is as near
    return points[found[np.searchsorted(halfway, shown)]].astype(np.float64)


def _read(clip: Clip, view: View) -> tuple[np.ndarray, np.ndarray]:
    """The landmarks `(N, 68, 2)`, and the rows `(F,)` with a face."""
    path = clip.landmarks
    try:
        points = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        if clip.prepared is not None:
            raise clip.error("no face was found in any frame when it was prepared, so it cannot be cropped") from None
        crop = clip.precomputed(view)
        instead = f" and no precomputed {view.partition('_')[0]} crop ({crop.name})" if crop else ""
        raise clip.error(f"no landmarks beside it ({path.name}){instead}, so it cannot be cropped") from None
    except (ValueError, OSError) as error:
        raise clip.error(f"its landmarks {path.name} are damaged: {error}") from error
    if points.ndim != 3 or points.shape[1:] != (68, 2):
        raise clip.error(f"its landmarks {path.name} have shape {points.shape}, expected (T, 68, 2)")
    found = np.flatnonzero(np.isfinite(points).all(axis=(1, 2)))
    if len(found) == 0:
        raise clip.error("no face in any frame")
    return points, found


def _aligned(clip: Clip, shown: np.ndarray, size: int | None, extent: tuple[int, int]) -> Cut:
    """AV-HuBERT's mouth region, see `datasets.roi`.

    Missing points are interpolated over the source's frames, as there. The window of the average is counted in ticks,
    the original's in source frames: the same for a source of 25 fps that is asked for at 25 fps.
    """
    points = roi.interpolate(_read(clip, "mouth_roi")[0], shown)
    _eye_distance(clip, points, max(extent))
    matrices = roi.transforms(points)
    places = roi.corners(points, matrices)
    fit = whole(None if size == roi.EDGE else size)
    return lambda tick, picture: fit(tick, roi.patch(picture, matrices[tick], places[tick]))


def _eye_distance(clip: Clip, points: np.ndarray, edge: int) -> float:
    """Median distance of the eyes' centres in pixels; refused where the points cannot be of a face."""
    eyes = points[:, _EYES].reshape(-1, 2, 6, 2).mean(axis=2)
    scale = np.median(np.linalg.norm(eyes[:, 0] - eyes[:, 1], axis=1))
    if not 1 <= scale <= edge or np.abs(points).max() > 4 * edge:
        raise clip.error("its landmarks are no face in this picture: eyes too near, too far apart, or far outside")
    return float(scale)


def _boxes(clip: Clip, points: np.ndarray, view: View, edge: int) -> np.ndarray:
    """Square boxes `(T, 4)` as left, top, right, bottom, in pixels."""
    from scipy.ndimage import uniform_filter1d

    scale = _eye_distance(clip, points, edge)
    centre = points[:, _MOUTH].mean(axis=1) if view == "mouth" else points[:, 17:68].mean(axis=1)
    centre = uniform_filter1d(centre, min(_SMOOTHING, len(centre)), axis=0, mode="nearest")
    half = scale * (_MOUTH_EDGE if view == "mouth" else _FACE_EDGE) / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def _margin(boxes: np.ndarray, extent: tuple[int, int]) -> int:
    """By how many pixels boxes `(T, 4)` leave the picture at most; one for all, since it shifts their rounding."""
    return int(max(0, np.ceil(-boxes[:, :2].min()), np.ceil((boxes[:, 2:] - extent).max())))


def _resize(picture: np.ndarray, box: np.ndarray, size: int, margin: int = 0) -> np.ndarray:
    """A picture's box, resampled to `(size, size, 3)`; outside the picture its edge goes on, for `margin` pixels."""
    from PIL import Image

    if margin:
        picture = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    cut = Image.fromarray(picture).resize((size, size), Image.Resampling.BILINEAR, box=tuple(box + margin))
    return np.asarray(cut)


def _gray(pictures: np.ndarray) -> np.ndarray:
    """ITU-R 601 luma of `(..., 3) uint8`, as OpenCV and Pillow compute it."""
    return (pictures @ np.array([0.299, 0.587, 0.114]) + 0.5).astype(np.uint8)
