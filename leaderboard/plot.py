"""The leaderboard's picture: AUC by pair, plain beside trimmed, with intervals."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .drawing import save
from .records import Record
from .tables import Grid, Line, Pair

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_KINDS = ((None, "plain", "#c44e52", "o"), ("trim", "leading silence trimmed", "#4c72b0", "s"))
_COLUMNS = 3


def plot(records: Iterable[Record], data: str, path: Path) -> None:
    """Write a picture (PNG or SVG by the suffix) of the out-of-domain cells of simulated (`sim`) or real data.

    One panel a pair, one line a detector: AUC in % with its 95 % interval, plain and under `trim`.

    Raises:
        ValueError: no such cells are there, or another suffix.
    """
    whole = Grid(tuple(record for record in records if record.data == data))
    grid = whole.where(probe=None, domain="out")
    if not grid.pairs:
        raise ValueError(f"no out-of-domain cells of {data} data are in the rows, so that there is nothing to draw")
    down = -(-len(grid.pairs) // _COLUMNS)

    def paint(figure: "Figure") -> None:
        panels = figure.subplots(down, _COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, pair in zip(panels, grid.pairs, strict=False):
            _panel(axes, whole, grid.lines, pair)
        for axes in panels[len(grid.pairs) :]:
            axes.set_axis_off()
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False)
        figure.suptitle(f"Out-of-domain AUC in %, {grid.lines[0].source or 'real data'}", x=0.01, ha="left")

    save(path, 0.9 + down * (0.6 + 0.2 * len(grid.lines)), data, paint, "" if data == "sim" else "AUC in %")


def _panel(axes: "Axes", grid: Grid, lines: Sequence[Line], pair: Pair) -> None:
    """One pair: a line a detector, two marks each."""
    axes.axvline(50, color="0.6", lw=0.8, ls=":")
    for shift, (probe, label, colour, marker) in zip((-0.14, 0.14), _KINDS, strict=True):
        for height, line in enumerate(lines):
            record = grid.get(line, pair, probe)
            if record is None or "auc" not in record.metrics:
                continue
            auc = record.metrics["auc"]
            y, name = height + shift, label if height == 0 else None
            if auc.lo is not None and auc.hi is not None:
                axes.plot([100 * auc.lo, 100 * auc.hi], [y, y], color=colour, lw=1.2, alpha=0.6)
            axes.plot([100 * auc.value], [y], marker, color=colour, ms=3.5, label=name, ls="none")
    axes.set_title(f"{pair[0]} → {pair[1]}", fontsize=8)
    axes.set_yticks(range(len(lines)), [line.detector for line in lines])
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_xlim(15, 101)
    axes.spines[["top", "right"]].set_visible(False)
