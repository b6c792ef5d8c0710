"""`accept`: measured or submitted cells become rows."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leaderboard import records, rows, scores
from leaderboard.records import Record
from leaderboard.sources import cells_of
from leaderboard.submissions import unpacked

from .submissions import inspected, show
from .tables import records_of, write_tables, writing


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("accept", help="merge measured records into the rows, then render")
    parser.add_argument(
        "results", type=Path, metavar="RESULTS", help="a run's results folder, or a submission's zip file"
    )
    parser.set_defaults(run=_accept)


@writing
def _accept(options: argparse.Namespace) -> int:
    if options.results.suffix == ".zip":
        return accept_submission(options.results, options.folder)
    return accept(options.folder, options.results)


def accept(folder: Path, results: Path) -> int:
    """Merge the records of a results folder into the rows, and render; 1 if a record could not be read."""
    measured, unreadable = [], []
    for path in sorted(results.glob("[!.]*.json")):
        try:
            measured.append(records.read(path))
        except records.RecordError as error:
            unreadable.append(str(error))
    if not measured and not unreadable:
        print(f"{results}: no records; run the benchmark first, or name its results folder", file=sys.stderr)
        return 1
    changed = merge(measured, results, folder, verified=True)
    failed = sum(record.status != "ok" for record in measured)
    print(f"accepted {len(changed)} new or changed cells of {len(measured)} records; {failed} failed or skipped")
    print("\n".join([f"  {name}" for name in changed]))
    print("\n".join(unreadable), file=sys.stderr)
    return 1 if unreadable else 0


def merge(measured: Sequence[Record], results: Path, folder: Path, *, verified: bool) -> list[str]:
    """Bring records and their per-clip scores into a leaderboard version, and render; the cells that changed.

    Scores of real data go to `scores.beside()` instead, with salted ids.

    Scores come first and superfluous ones go last, so that no row is ever without its scores.

    Raises:
        RowError, RecordError: as `rows.accept` and `scores.keep`; no row was changed then.
    """
    good = [record for record in measured if record.status == "ok"]
    changed = rows.accept(scores.keep(good, results, folder, scores.beside()), folder, verified=verified)
    write_tables(folder)
    scores.prune(records_of(rows.read_all(folder)), folder)
    return changed


def accept_submission(path: Path, version: Path) -> int:
    """Check a submission and bring it into a leaderboard version as self-reported; 1 if it is refused."""
    if show(str(path), inspected(path, version)):
        return 1
    verified = {record.cell.id for row in rows.read_all(version) for record in row.cells if record.verified}
    with unpacked(path) as folder:
        given = [one.record for one in cells_of(folder).values() if one.record.cell.id not in verified]
        changed = merge(given, folder, version, verified=False)
    print(f"accepted {len(changed)} new or changed cells as self-reported")
    return 0
