"""Which cells a command looks at: the rows, or the records of a run."""

import argparse
from dataclasses import replace
from pathlib import Path

from leaderboard.sources import Cells, cells_of


def add(parser: argparse.ArgumentParser) -> None:
    """Add `--results` to a command's parser."""
    words = "records of a run instead of rows, such as results/default-seed0"
    parser.add_argument("--results", type=Path, metavar="FOLDER", help=words)


def cells(options: argparse.Namespace) -> Cells:
    """Those of `--results`, which were measured here, or else the rows of `--folder`, some of them self-reported.

    Raises:
        RowError, RecordError, SourceError: as `cells_of`.
    """
    if options.results is None:
        return cells_of(options.folder)
    found = cells_of(options.results)
    return {key: replace(one, record=replace(one.record, verified=True)) for key, one in found.items()}
