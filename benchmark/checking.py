"""Holds what a run measured against the rows of a leaderboard: the regression gate of `pytest benchmark --check`."""

from collections.abc import Sequence
from pathlib import Path

from leaderboard import records
from leaderboard.gate import gate, red
from leaderboard.gate_report import report
from leaderboard.records import RecordError
from leaderboard.rows import RowError
from leaderboard.sources import Measured, SourceError, cells_of

from .recording import folder_of, waits


def check(texts: Sequence[str], results: Path, rows: Path) -> tuple[str, bool]:
    """The gate's report on records (as JSON texts) whose scores are in folders of `results`, and whether it is red.

    Rows that cannot be read turn it red, and so does a run of which nothing could be compared. Cells that were skipped
    for lack of weights or data are left out: whoever has not downloaded an encoder can still hold the others.
    """
    found = [Measured(one, results / folder_of(one)) for one in map(records.loads, texts) if not waits(one)]
    try:
        verdicts = gate({one.key: one for one in found}, cells_of(rows), whole=False, rows=True)
    except (RowError, RecordError, SourceError) as error:
        return f"{error}\ngate: RED", True
    return report(verdicts, rows=True), red(verdicts, rows=True)
