"""A picture of what was found in a clip: its frames with the points, and the mouth and face crops, over time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..clip import FPS, Clip, View
from ..files import atomic_path
from ..sim.sheet import NOTICE
from ..video import Film

COLUMNS = 6


def draw(clip: Clip, path: Path) -> None:
    """Write a contact sheet of a clip that has landmarks, as PNG.

    Raises:
        ClipError: it cannot be decoded or cropped.
    """
    import matplotlib.figure

    shown = Film(clip, clip.file).shown(FPS)
    ticks = np.linspace(0, len(shown) - 1, COLUMNS).round().astype(int)
    points = np.load(clip.landmarks, allow_pickle=False)
    figure = matplotlib.figure.Figure(figsize=(1.9 * COLUMNS, 6), layout="constrained")
    axes = figure.subplots(3, COLUMNS, squeeze=False)
    views: tuple[View, ...] = ("full", "mouth_roi", "face")
    for row, view in enumerate(views):
        for column, picture in enumerate(_at(clip, view, ticks)):
            axes[row, column].imshow(picture)
            axes[row, column].set_xticks([])
            axes[row, column].set_yticks([])
        axes[row, 0].set_ylabel({"full": "frame", "mouth_roi": "mouth_roi", "face": "face"}[view])
    for column, tick in enumerate(ticks):
        axes[0, column].plot(*points[min(shown[tick], len(points) - 1)].T, ".", markersize=1.5, color="#00e0c0")
        axes[0, column].set_title(f"{tick / FPS:.2f} s", fontsize=9)
    if clip.dataset.startswith("sim_"):
        figure.supxlabel(NOTICE, fontsize=8, style="italic")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=75, format="png")


def _at(clip: Clip, view: View, ticks: np.ndarray) -> Iterator[np.ndarray]:
    """The pictures of a view at some ticks, in their order; the others are not kept."""
    wanted, passed = list(ticks), 0
    for block in clip.stream(FPS, view):
        while wanted and wanted[0] < passed + len(block):
            yield block[wanted.pop(0) - passed].copy()
        passed += len(block)
