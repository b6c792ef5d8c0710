"""Face and mouth crops from the landmarks beside a clip.

They stand in `<stem>.landmarks.npy`, `(T, 68, 2) float32`, x and y in pixels, in the 68-point order of iBUG
300-W: jaw 0-16, brows 17-26, nose 27-35, eyes 36-47, mouth 48-67. A row of NaN says that no face was found in that
frame; it takes its neighbours' positions. There is no silent centre crop: a clip without landmarks cannot be
cropped.
"""

import numpy as np

from .clip import Clip, View

_MOUTH, _EYES = slice(48, 68), slice(36, 48)
_MOUTH_EDGE = 1.7
"""Edge of the mouth crop in distances between the eye centres."""
_FACE_EDGE = 3.2
_SMOOTHING = 12
"""Frames over which the crop's size and place are averaged (AV-HuBERT's window), so that it does not shake."""


def crop(clip: Clip, pictures: np.ndarray, shown: np.ndarray, view: View, size: int | None) -> np.ndarray:
    """The view of `(T, H, W, 3) uint8` pictures that an encoder asked for; `shown` `(T,)` are their source frames.

    Returns:
        "full": RGB, `(T, H, W, 3)`, or `(T, size, size, 3)`; "face": RGB `(T, size, size, 3)`, default 224;
        "mouth": gray `(T, size, size)`, default 96.

    Raises:
        ClipError: no landmarks, or none of the frames has a face.
    """
    if view == "full":
        height, width = pictures.shape[1:3]
        whole = np.tile([0.0, 0.0, width, height], (len(pictures), 1))
        return pictures if size is None else _resize(pictures, whole, size)
    boxes = _boxes(clip, landmarks(clip, shown), view, max(pictures.shape[1:3]))
    if view == "mouth":
        return _gray(_resize(pictures, boxes, size or 96))
    return _resize(pictures, boxes, size or 224)


def landmarks(clip: Clip, shown: np.ndarray) -> np.ndarray:
    """The sidecar's points `(T, 68, 2)` of the source frames `shown` `(T,)`, gaps filled from their neighbours."""
    path = clip.landmarks
    try:
        points = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise clip.error(f"no landmarks beside it ({path.name}), so it cannot be cropped") from None
    except (ValueError, OSError) as error:
        raise clip.error(f"its landmarks {path.name} are damaged: {error}") from error
    if points.ndim != 3 or points.shape[1:] != (68, 2):
        raise clip.error(f"its landmarks {path.name} have shape {points.shape}, expected (T, 68, 2)")
    found = np.flatnonzero(np.isfinite(points).all(axis=(1, 2)))
    if len(found) == 0:
        raise clip.error("no face in any frame")
    nearest = found[np.abs(found[None] - shown[:, None]).argmin(axis=1)]
    return points[nearest].astype(np.float64)


def _boxes(clip: Clip, points: np.ndarray, view: View, edge: int) -> np.ndarray:
    """Square boxes `(T, 4)` as left, top, right, bottom, in pixels; refused where they cannot be of a face."""
    from scipy.ndimage import uniform_filter1d

    eyes = points[:, _EYES].reshape(-1, 2, 6, 2).mean(axis=2)
    scale = np.median(np.linalg.norm(eyes[:, 0] - eyes[:, 1], axis=1))
    if not 1 <= scale <= edge or np.abs(points).max() > 4 * edge:
        raise clip.error("its landmarks are no face in this picture: eyes too near, too far apart, or far outside")
    centre = points[:, _MOUTH].mean(axis=1) if view == "mouth" else points[:, 17:68].mean(axis=1)
    centre = uniform_filter1d(centre, min(_SMOOTHING, len(centre)), axis=0, mode="nearest")
    half = scale * (_MOUTH_EDGE if view == "mouth" else _FACE_EDGE) / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def _resize(pictures: np.ndarray, boxes: np.ndarray, size: int) -> np.ndarray:
    """Each picture's box, resampled to `(size, size)`; outside the picture its edge goes on."""
    from PIL import Image

    margin = int(max(0, np.ceil(-boxes[:, :2].min()), np.ceil((boxes[:, 2:] - pictures.shape[2:0:-1]).max())))
    if margin:
        pictures = np.pad(pictures, ((0, 0), (margin, margin), (margin, margin), (0, 0)), mode="edge")
    cut = [
        np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BILINEAR, box=tuple(box + margin)))
        for picture, box in zip(pictures, boxes, strict=True)
    ]
    return np.stack(cut)


def _gray(pictures: np.ndarray) -> np.ndarray:
    """ITU-R 601 luma of `(..., 3) uint8`, as OpenCV and Pillow compute it."""
    return (pictures @ np.array([0.299, 0.587, 0.114]) + 0.5).astype(np.uint8)
