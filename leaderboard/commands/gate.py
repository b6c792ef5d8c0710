"""`check` and `diff`: is what is on record sound, and did a number fall?"""

import argparse
from pathlib import Path
from typing import Any

from leaderboard import scores
from leaderboard.rows import read_all
from leaderboard.sources import Cells, cells_of, opened

from .tables import problems, records_of

MOST = 20
"""Problems that are listed before the rest is counted."""


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser(
        "check",
        help="exit with 1 if a row, score file or table is stale, edited or damaged, or a run is worse than the rows",
        description="Without RESULTS_FOLDER: are rows, per-clip scores and generated files what they say they are? "
        "With one: does a run in it hold against the rows, by the regression rule?",
    )
    parser.add_argument("results", type=Path, nargs="?", metavar="RESULTS_FOLDER", help="where a run left its records")
    parser.set_defaults(run=_check)
    parser = commands.add_parser(
        "diff",
        help="compare two leaderboards or runs by the regression rule; exit with 1 if B is worse than A",
        description="Each of A and B is a leaderboard version's folder, a results folder, or a git revision. Every "
        "cell of A has to be in B, unless A or B is a results folder.",
    )
    parser.add_argument("a", metavar="A", help="before")
    parser.add_argument("b", metavar="B", help="after")
    parser.set_defaults(run=_diff)


def _check(options: argparse.Namespace) -> int:
    if options.results:
        return _gate(cells_of(options.results), cells_of(options.folder), whole=False, rows=True)
    found = problems(options.folder)
    more = [f"... and {len(found) - MOST} more"] if len(found) > MOST else []
    print("\n".join(found[:MOST] + more) if found else f"{options.folder}: rows, scores and generated files agree")
    away = 0 if found else scores.elsewhere(records_of(read_all(options.folder)), options.folder)
    if away:
        print(f"{away} cells of real data have no scores on this machine: their numbers were not computed again")
    return 1 if found else 0


def _diff(options: argparse.Namespace) -> int:
    whole = _is_version(options.a) and _is_version(options.b)
    with opened(options.a, options.folder) as old, opened(options.b, options.folder) as new:
        return _gate(new, old, whole=whole, rows=False)


def _is_version(place: str) -> bool:
    return not Path(place).is_dir() or (Path(place) / "rows").is_dir()


def _gate(new: Cells, old: Cells, *, whole: bool, rows: bool) -> int:
    from leaderboard.gate import gate, red
    from leaderboard.gate_report import report

    verdicts = gate(new, old, whole=whole, rows=rows)
    print(report(verdicts, rows=rows))
    return 1 if red(verdicts, rows=rows) else 0
