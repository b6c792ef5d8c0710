"""`plot`: pictures of rows, or of a run's records."""

import argparse
import sys
from pathlib import Path
from typing import Any

from detectors.registry import suggest
from leaderboard import rows
from leaderboard.records import RecordError
from leaderboard.sources import Cells, Measured, SourceError

from . import chosen

_KINDS = {
    "cells": "AUC of the out-of-domain cells with their intervals, plain beside trimmed",
    "heatmap": "AUC by training and test set, a matrix a detector, plain beside trimmed",
    "scores": "distribution of the scores of one cell's reals and fakes, and its threshold",
}


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("plot", help="draw cells, heatmap or scores as PNG or SVG")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    for kind, words in _KINDS.items():
        one = kinds.add_parser(kind, help=words, description=words[0].upper() + words[1:] + ".")
        one.add_argument("out", type=Path, metavar="OUT", help="a PNG or SVG file")
        if kind == "scores":
            one.add_argument("--cell", required=True, metavar="ID", help="such as tiny_av-linear-sim_whole_to_sim_lip")
        else:
            one.add_argument("--data", choices=rows.DATA, default="sim", help="simulated or real (default: sim)")
        chosen.add(one)
        one.set_defaults(run=_plot)


def _plot(options: argparse.Namespace) -> int:
    try:
        _draw(chosen.cells(options), options)
    except (rows.RowError, RecordError, SourceError):
        raise
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _draw(cells: Cells, options: argparse.Namespace) -> None:
    from leaderboard.distributions import distributions
    from leaderboard.heatmap import heatmap
    from leaderboard.plot import plot

    if options.kind == "scores":
        distributions(_cell(cells, options.cell), options.out)
        return
    draw = plot if options.kind == "cells" else heatmap
    draw([one.record for one in cells.values()], options.data, options.out)


def _cell(cells: Cells, name: str) -> Measured:
    """The cell of this id.

    Raises:
        ValueError: there is none; near ones are suggested.
    """
    found = [one for (_, known), one in cells.items() if known == name]
    if not found:
        near = suggest(name, {known for _, known in cells})
        listed = near if "did you mean" in near else f"; {len(cells)} are there, such as {min(cells)[1]}"
        raise ValueError(f"no cell is called {name!r} in these rows or records{listed}")
    return found[0]
