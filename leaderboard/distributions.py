"""How the scores of real and fake clips of one cell are distributed, and where the thresholds lie."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .drawing import BLUE, VERMILION, save
from .records import Record
from .sources import Measured
from .tables import imputed, line_of, mark, percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CLASSES = ((0, "real", BLUE), (1, "fake", VERMILION))
_GOLDEN = (5**0.5 - 1) / 2


def distributions(cell: Measured, path: Path) -> None:
    """Write a picture (PNG or SVG by the suffix) of a cell's scores, a column of panels a seed.

    Above, the share of each class by score; below, every clip. The threshold chosen on validation data is drawn where
    the record has it (`threshold_at_val` of a run), and zero where scores are logits.

    Raises:
        RecordError: there are no per-clip scores.
        ValueError: the cell has no AUC, or another suffix.
    """
    record = cell.record
    if "auc" not in record.metrics:
        raise ValueError(f"{record.cell.id}: {record.status}, so that there is nothing to draw ({record.reason})")
    frame = cell.scores()
    seeds = list(frame.columns[3:-1])

    def paint(figure: "Figure") -> None:
        panels = figure.subplots(2, len(seeds), height_ratios=(3, 1), sharex="col", sharey="row", squeeze=False)
        for seed, (above, below) in zip(seeds, panels.T, strict=True):
            _panels(above, below, frame, seed)
            for value, label, style in _thresholds(record, seed):
                for axes in (above, below):
                    axes.axvline(value, color="k", lw=1.0, ls=style, label=label)
            if len(seeds) > 1:
                above.set_title(_of_seed(record, seed), fontsize=8)
        panels[0, 0].set_ylabel("clips of the class in %")
        panels[1, 0].set_yticks([0, 1], ["real", "fake"])
        figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside right upper", frameon=False)
        figure.suptitle(_title(record, frame), x=0.01, ha="left", fontsize=9)

    save(path, 3.6, record.data, paint)


def _panels(above: "Axes", below: "Axes", frame: "pd.DataFrame", seed: str) -> None:
    """Histogram and single clips of one seed."""
    scores, labels = frame[seed].to_numpy(dtype=float), frame["label"].to_numpy()
    known = np.isfinite(scores)
    bins = min(40, max(8, int(1.5 * known.sum() ** 0.5)))
    edges = np.histogram_bin_edges(scores[known], bins).tolist()
    for label, name, colour in _CLASSES:
        mine = scores[known & (labels == label)]
        share = np.full(len(mine), 100 / max(1, len(mine)))
        above.hist(mine, edges, weights=share, histtype="stepfilled", fc=(colour, 0.3), ec=colour, lw=1.2, label=name)
        spread = 0.7 * ((np.arange(len(mine)) * _GOLDEN) % 1 - 0.5)
        below.plot(mine, label + spread, "o", ms=3, mfc=(colour, 0.5), mec="none", ls="none")
    below.set_ylim(-0.5, 1.5)
    below.set_xlabel("score; higher means fake")
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)


def _thresholds(record: Record, seed: str) -> Iterator[tuple[float, str, str]]:
    """Value, name and line style of each threshold of a seed."""
    run = _run(record, seed)
    if "threshold_at_val" in run:
        yield run["threshold_at_val"], "threshold chosen\non validation data", "--"
    if "acc_at_0" in record.metrics:
        yield 0.0, "logit 0", ":"


def _run(record: Record, seed: str) -> dict[str, float]:
    return next((dict(run) for run in record.runs if f"seed{run.get('seed')}" == seed), {})


def _of_seed(record: Record, seed: str) -> str:
    auc = _run(record, seed).get("auc")
    return f"seed {seed.removeprefix('seed')}" + ("" if auc is None else f": AUC {100 * auc:.1f}")


def _title(record: Record, frame: "pd.DataFrame") -> str:
    """The cell, its AUC, and how many clips of it are drawn."""
    auc = record.metrics["auc"]
    counts = [f"{(frame['label'] == label).sum():,} {name}" for label, name in ((0, "real"), (1, "fake"))]
    missing = int((~np.isfinite(frame.iloc[:, 3:-1].to_numpy(dtype=float))).any(axis=1).sum())
    unscored = f", of which {missing:,} without a score are not drawn" if missing else ""
    reported = ", self-reported" if mark(record) else ""
    source = f" ({line_of(record).source})" if line_of(record).source else ""
    words = f"AUC {percent(auc)} %{imputed(auc)}{reported}; {' and '.join(counts)} clips{unscored}"
    return f"{record.cell.id}{source}\n{words}"
