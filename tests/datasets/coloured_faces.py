"""A detector of coloured squares, and clips that show them: where faces are is known, and they come and go at will."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from datasets.clip import Clip

RED, BLUE = (220, 30, 30), (30, 30, 220)
Square = tuple[tuple[int, int, int], int, int, int]
"""Colour, left, top and edge in pixels."""
_UNIT = np.stack(np.meshgrid(np.linspace(0, 1, 17), np.linspace(0, 1, 4)), axis=-1).reshape(68, 2)


def points(left: float, top: float, edge: float) -> np.ndarray:
    """The 68 points of a square: eyes and mouth where a face has them, the others spread over it."""
    unit = _UNIT.copy()
    unit[36:42], unit[42:48], unit[48:68] = (0.3, 0.4), (0.7, 0.4), (0.5, 0.75)
    unit[[36, 39]], unit[[42, 45]], unit[33] = [(0.25, 0.4), (0.35, 0.4)], [(0.65, 0.4), (0.75, 0.4)], (0.5, 0.6)
    return (unit * edge + (left, top)).astype(np.float32)


class ColouredFaces:
    """Finds a red and a blue square."""

    name = "coloured squares 1"

    def faces(self, picture: np.ndarray) -> list[np.ndarray]:
        """The points of each square that is seen."""
        found = []
        for channel in (2, 0):  # blue first: the order says nothing
            others = np.delete(picture.astype(int), channel, axis=2).max(axis=2)
            seen = np.argwhere(picture[..., channel] - others > 90)
            if len(seen):
                (top, left), (bottom, right) = seen.min(axis=0), seen.max(axis=0)
                found.append(points(left, top, max(bottom - top, right - left) + 1))
        return found


def film(path: Path, frames: Sequence[Sequence[Square]], fps: int = 25, extent: tuple[int, int] = (128, 96)) -> Path:
    """A video that shows these squares in each frame, on gray."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = *extent, "yuv444p"
        stream.options = {"crf": "4", "preset": "ultrafast"}
        for squares in frames:
            picture = np.full((extent[1], extent[0], 3), 120, np.uint8)
            for colour, left, top, edge in squares:
                picture[top : top + edge, left : left + edge] = colour
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def clip_at(root: Path, path: str, **known: object) -> Clip:
    """A clip of a data set whose files are under `root`."""
    nothing = dict.fromkeys(("label_video", "label_audio", "method", "identity", "source"))
    status = (root / path).stat()
    fields = nothing | {"label": 0, "bytes": status.st_size, "modified": status.st_mtime_ns} | known
    return Clip(id=path, dataset="favc", split="", root=root, path=path, **fields)
