"""`render`, and the checks of what was generated."""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from datasets.files import write_atomic
from leaderboard import published, rows, scores
from leaderboard.records import Record
from leaderboard.render import FILES, render

_AGAIN = "run `python -m leaderboard render`"

Run = Callable[[argparse.Namespace], int]


def writing(run: Run) -> Run:
    """The command, with a sentence and exit status 1 where a file cannot be written; files are written whole or not."""

    @wraps(run)
    def told(options: argparse.Namespace) -> int:
        try:
            return run(options)
        except BrokenPipeError:
            raise
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            print(f"{error.strerror or error}{where}; mend that and run the command again", file=sys.stderr)
            return 1

    return told


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    again = commands.add_parser("render", help="write the Markdown and CSV files from the rows")
    again.set_defaults(run=_render)


@writing
def _render(options: argparse.Namespace) -> int:
    write_tables(options.folder)
    return 0


def _expected(kept: Sequence[rows.Row]) -> dict[str, str]:
    """The text of every generated file."""
    return render(kept) | {"published.md": published.markdown()}


def _leftover(folder: Path, expected: dict[str, str]) -> list[Path]:
    """Generated files of an earlier state that no row stands behind."""
    return [folder / name for name in FILES if name not in expected and (folder / name).exists()]


def write_tables(folder: Path) -> None:
    """Write all generated files, and delete those that have no rows any more.

    Raises:
        RowError: naming each unusable row; nothing is written then.
    """
    expected = _expected(rows.read_all(folder))
    for name, text in expected.items():
        write_atomic(folder / name, text)
    for path in _leftover(folder, expected):
        path.unlink()


def problems(folder: Path) -> list[str]:
    """What `check` complains about, a sentence each; empty when rows, their scores and generated files agree."""
    try:
        kept = rows.read_all(folder)
    except rows.RowError as error:
        return str(error).splitlines()
    expected, found = _expected(kept), []
    for name, text in expected.items():
        path = folder / name
        if not path.exists():
            found.append(f"{path}: missing; {_AGAIN}")
        elif path.read_bytes() != text.encode():
            found.append(f"{path}: not what the rows give, stale or edited by hand; {_AGAIN}")
    found += [f"{path}: no row stands behind it; {_AGAIN}" for path in _leftover(folder, expected)]
    return found + list(scores.problems(records_of(kept), folder))


def records_of(kept: Sequence[rows.Row]) -> list[Record]:
    """The records of all rows."""
    return [record for row in kept for record in row.cells]
