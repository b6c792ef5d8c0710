"""`plot`: pictures of the rows."""

import argparse
import sys
from pathlib import Path
from typing import Any

from leaderboard import rows


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser("plot", help="draw the out-of-domain cells, plain beside trimmed")
    parser.add_argument("out", type=Path, metavar="FILE", help="a PNG or SVG file")
    parser.add_argument("--data", choices=rows.DATA, default="sim", help="simulated or real rows (default: sim)")
    parser.set_defaults(run=_plot)


def _plot(options: argparse.Namespace) -> int:
    from leaderboard.plot import plot

    try:
        plot(rows.read_all(options.folder), options.data, options.out)
    except rows.RowError:
        raise
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
