"""AUC of every training set on every test set, a matrix a detector, plain beside trimmed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .drawing import save
from .ranks import extent
from .records import Record
from .tables import NULL, SELF_REPORTED, Grid, Line, mark

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PROBES = (None, "trim")
_COLOURS = "PuOr"
"""ColorBrewer's diverging map, which is told apart with any colour vision: orange below 50, purple above."""
_NARROW = 6
"""With up to so many test sets, two detectors stand side by side."""
_FOOT = (
    "Framed: in domain. Blank: not measured. In brackets: 50 lies within the 95 % interval or the bounds for clips "
    "without a score.\nTrim: leading silence cut in training and test."
)
_WHITE = 0.18
"""Relative luminance below which white is read better than black."""


@dataclass(frozen=True)
class _Axis:
    """What every matrix has along its sides."""

    train: Sequence[str]
    test: Sequence[str]


def heatmap(records: Iterable[Record], data: str, path: Path) -> None:
    """Write a picture (PNG or SVG by the suffix): AUC in % of each detector by training and test set.

    Raises:
        ValueError: there are no cells of simulated (`sim`) or real data, or another suffix.
    """
    grid = Grid(tuple(r for r in records if r.data == data and r.cell.probe in _PROBES and "auc" in r.metrics))
    if not grid.records:
        raise ValueError(f"no cells of {data} data are in the rows, so that there is nothing to draw")
    train, test = ({pair[i] for pair in grid.pairs} for i in (0, 1))
    sides = _Axis(sorted(train), sorted(test, key=lambda name: (name == NULL, name)))
    beside = min(len(grid.lines), 2 if len(sides.test) <= _NARROW else 1)
    down = -(-len(grid.lines) // beside)
    told = f" {SELF_REPORTED}: self-reported." if any(mark(record) for record in grid.records) else ""

    def paint(figure: "Figure") -> None:
        panels = figure.subplots(down, 2 * beside, sharex=True, sharey=True, squeeze=False)
        spots = panels.reshape(-1, 2)
        for line, both in zip(grid.lines, spots, strict=False):
            for axes, probe in zip(both, _PROBES, strict=True):
                image = _matrix(axes, grid, sides, line, probe)
        for axes in spots[len(grid.lines) :].ravel():
            axes.set_axis_off()
        figure.suptitle(_title(grid), x=0.01, ha="left")
        figure.colorbar(image, ax=panels, shrink=min(1.0, 2 / down), aspect=30, pad=0.01, label="AUC in %")

    save(path, 1.5 + down * (0.45 + 0.24 * len(sides.train)), data, paint, _FOOT + told)


def _title(grid: Grid) -> str:
    source = grid.sources[0] if len(grid.sources) == 1 else ""
    return ", ".join(filter(None, ["AUC in %, training sets (rows) on test sets (columns)", source]))


def _matrix(axes: "Axes", grid: Grid, sides: _Axis, line: Line, probe: str | None) -> Any:
    """One matrix with its numbers; returns the image."""
    import numpy as np

    cells = {
        (y, x): record
        for y, train in enumerate(sides.train)
        for x, test in enumerate(sides.test)
        if (record := grid.get(line, (train, test), probe))
    }
    values = np.full((len(sides.train), len(sides.test)), np.nan)
    for place, record in cells.items():
        values[place] = 100 * record.metrics["auc"].value
        _write(axes, place, record)
    image = axes.imshow(values, cmap=_COLOURS, vmin=0, vmax=100, aspect="auto")
    source = f", {line.source}" if len(grid.sources) > 1 else ""
    axes.set_title(f"{line.detector}, {probe or 'plain'}{source}", fontsize=8, loc="left")
    axes.set_xticks(range(len(sides.test)), sides.test, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(sides.train)), sides.train)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image


def _write(axes: "Axes", place: tuple[int, int], record: Record) -> None:
    """A cell's number, and a frame around it in domain."""
    import matplotlib as mpl
    from matplotlib.patches import Rectangle

    (y, x), auc = place, record.metrics["auc"]
    text = f"{100 * auc.value:.1f}"
    lo, hi = extent(auc)
    if lo <= 0.5 <= hi:
        text = f"({text})"
    red, green, blue, _ = mpl.colormaps[_COLOURS](auc.value)
    dark = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 < _WHITE
    ink = "w" if dark else "k"
    axes.text(x, y, text + mark(record).strip(), ha="center", va="center", fontsize=7, color=ink)
    if record.cell.domain == "in":
        axes.add_patch(Rectangle((x - 0.45, y - 0.43), 0.9, 0.86, fill=False, ec=ink, lw=1.0))
