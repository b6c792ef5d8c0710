"""dlib's frontal detector and 68-point predictor: those of AVH-Align's preparation, for the crops of all four papers.

Source: AVH-Align (CVPR 2025) 55401ded, `deepfake_preprocess.py`: the HOG detector on pictures enlarged twice, no other
detector where it finds nothing. It keeps the last face of each frame; here faces are joined to tracks instead, which is
the same for one face. The points come from an ensemble of regression trees (Kazemi and Sullivan, CVPR 2014).

The predictor's file, `shape_predictor_68_face_landmarks.dat`, is that of dlib.net, as the package
face-recognition-models ships it. It was trained on iBUG 300-W, whose licence excludes commercial use; dlib itself is
under the Boost licence.
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..files import sha256_file
from . import NoDetectorError

PREDICTOR = "shape_predictor_68_face_landmarks.dat"
SHA256 = "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f"
LARGEST = 1280
"""Longer edge in pixels up to which pictures are searched enlarged twice; larger pictures are searched at this size."""
_HOW = "install it with `pip install 'avdf-bench[faces]'`"


def check_installed() -> None:
    """Raise NoDetectorError where dlib or its predictor is missing; nothing is loaded."""
    if find_spec("dlib") is None:
        raise NoDetectorError(f"no face detector is installed; {_HOW}")
    _predictor_file()


def _predictor_file() -> Path:
    package = find_spec("face_recognition_models")  # not imported: it needs pkg_resources, which setuptools dropped
    for folder in (package.submodule_search_locations or ()) if package else ():
        if (path := Path(folder) / "models" / PREDICTOR).is_file():
            return path
    raise NoDetectorError(f"the face detector lacks its file {PREDICTOR}; {_HOW}")


@lru_cache(maxsize=1)
def _loaded() -> tuple[Any, Any]:
    """The detector and the predictor, once in a process: the file is 100 MB."""
    import dlib

    path = _predictor_file()
    if sha256_file(path) != SHA256:
        raise NoDetectorError(f"{path} is not the published predictor (its hash differs); {_HOW} again")
    return dlib.get_frontal_face_detector(), dlib.shape_predictor(str(path))


class DlibFaces:
    """Faces that look more or less into the camera; profiles and faces under about 40 pixels are not found."""

    def __init__(self) -> None:
        import dlib

        self._detector, self._predictor = _loaded()
        self.name = f"dlib {dlib.__version__}, frontal, 68 points {SHA256[:8]}"

    def faces(self, picture: np.ndarray) -> list[np.ndarray]:
        """See `Detector`; points are whole pixels, as dlib gives them."""
        found = []
        for box in self._boxes(np.ascontiguousarray(picture)):
            shape = self._predictor(picture, box)
            found.append(np.array([(point.x, point.y) for point in shape.parts()], np.float32))
        return found

    def _boxes(self, picture: np.ndarray) -> list[Any]:
        import dlib
        from PIL import Image

        height, width = picture.shape[:2]
        if 2 * max(height, width) <= LARGEST:
            return list(self._detector(picture, 1))
        scale = LARGEST / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        searched = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
        boxes = self._detector(searched, 0)
        return [
            dlib.rectangle(*(round(edge / scale) for edge in (box.left(), box.top(), box.right(), box.bottom())))
            for box in boxes
        ]
