"""Finds the faces of a clip, frame by frame."""

from pathlib import Path

import numpy as np

from .. import hashes
from ..clip import Clip
from ..files import sha256_file, write_array
from ..video import Film
from . import Detector, kept, tracks


def find(clip: Clip, detector: Detector) -> tuple[list[np.ndarray], int]:
    """The tracks of a clip's faces, see `tracks.join`, and the number of its source frames.

    Raises:
        ClipError: the file is missing, or its video cannot be decoded.
    """
    return tracks.join(detector.faces(picture) for picture in Film(clip, clip.file).each())


def search(clip: Clip, detector: Detector, home: Path) -> kept.Faces:
    """Find the faces of a clip's file and write the landmarks of each; the caller adds the line to the journal.

    Args:
        home: the folder of the data set, see `datasets.library`.

    Raises:
        ClipError: the file is missing, or its video cannot be decoded.
        DiskFullError: the disk is full; nothing half-written is left.
    """
    try:
        path, size, modified = hashes.stamp(clip.path, clip.file)
        sha256 = clip.sha256 or sha256_file(clip.file)
    except OSError as error:
        raise clip.error(f"cannot be read: {error.strerror}") from error
    found, frames = find(clip, detector)
    for track, points in enumerate(found):
        write_array(kept.place(clip, home, track), points)
    counts = tuple(int(np.isfinite(points).all(axis=(1, 2)).sum()) for points in found)
    return kept.Faces(path, size, modified, sha256, detector.name, frames, counts)
