"""Where the faces of a clip are: detection in every frame, joined to tracks, kept outside the release.

A detector gives 68 points a face in the order of iBUG 300-W: jaw 0-16 (from the left edge of the picture), brows 17-26,
nose 27-35, eyes 36-47, mouth 48-67. What is done with several faces, with none and with gaps stands in docs/faces.md.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from ..errors import DatasetError


class NoDetectorError(DatasetError):
    """No face detector is installed, or its model is not the published one; the message says what to do."""


class Detector(Protocol):
    """What finds faces. `name` stays with the landmarks: it says the method, its version and its model."""

    name: str

    def faces(self, picture: np.ndarray) -> list[np.ndarray]:
        """The points `(68, 2)`, x and y in pixels, of each face in an `(H, W, 3) uint8` RGB picture."""
        ...


Maker = Callable[[], Detector]
"""What makes a detector in the process that uses it; it can be pickled."""


def installed() -> Maker:
    """What makes the detector of this machine.

    Raises:
        NoDetectorError: none is installed.
    """
    from .dlib_faces import DlibFaces, check_installed

    check_installed()
    return DlibFaces
