"""`render`, `accept` and the checks of what was generated."""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from datasets.files import write_atomic
from leaderboard import published, records, rows, scores
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
    merge = commands.add_parser("accept", help="merge measured records into the rows, then render")
    merge.add_argument(
        "results", type=Path, metavar="RESULTS", help="a run's results folder, or a submission's zip file"
    )
    merge.set_defaults(run=_accept)


@writing
def _render(options: argparse.Namespace) -> int:
    write_tables(options.folder)
    return 0


@writing
def _accept(options: argparse.Namespace) -> int:
    if options.results.suffix == ".zip":
        from .submissions import accept as accept_submission

        return accept_submission(options.results, options.folder)
    return accept(options.folder, options.results)


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
    return found + list(scores.problems(_records(kept), folder))


def accept(folder: Path, results: Path) -> int:
    """Merge the records of a results folder into the rows, and render; 1 if a record could not be read."""
    measured, unreadable = [], []
    for path in sorted(results.glob("[!.]*.json")):
        try:
            measured.append(records.read(path))
        except records.RecordError as error:
            unreadable.append(str(error))
    if not measured and not unreadable:
        unreadable.append(f"{results}: no records; run the benchmark first, or name its results folder")
    changed = merge(measured, results, folder, verified=True)
    failed = sum(record.status != "ok" for record in measured)
    print(f"accepted {len(changed)} new or changed cells of {len(measured)} records; {failed} failed or skipped")
    print("\n".join([f"  {name}" for name in changed]))
    print("\n".join(unreadable), file=sys.stderr)
    return 1 if unreadable else 0


def merge(measured: Sequence[Record], results: Path, folder: Path, *, verified: bool) -> list[str]:
    """Bring records and their per-clip scores into a leaderboard version, and render; the cells that changed.

    Scores come first and superfluous ones go last, so that no row is ever without its scores.

    Raises:
        RowError, RecordError: as `rows.accept` and `scores.keep`; no row was changed then.
    """
    scores.keep([record for record in measured if record.status == "ok"], results, folder)
    changed = rows.accept(measured, folder, verified=verified)
    write_tables(folder)
    scores.prune(_records(rows.read_all(folder)), folder)
    return changed


def _records(kept: Sequence[rows.Row]) -> list[Record]:
    return [record for row in kept for record in row.cells]
