"""Holds what a run measured against the rows of a leaderboard: the regression gate of `pytest benchmark --check`."""

from collections.abc import Sequence
from pathlib import Path

from leaderboard import records
from leaderboard.gate import gate, red
from leaderboard.gate_report import report
from leaderboard.records import RecordError
from leaderboard.rows import RowError
from leaderboard.sources import Measured, SourceError, cells_of

from .recording import waits_for_weights


def check(texts: Sequence[str], results: Path, rows: Path) -> tuple[str, bool]:
    """The gate's report on records (as JSON texts) whose scores are in `results`, and whether it is red.

    Rows that cannot be read turn it red, and so does a run of which nothing could be compared. Cells that were skipped
    for lack of weights are left out: whoever has not downloaded an encoder can still hold the others.
    """
    found = [Measured(record, results) for record in map(records.loads, texts) if not waits_for_weights(record)]
    try:
        verdicts = gate({one.key: one for one in found}, cells_of(rows), whole=False, rows=True)
    except (RowError, RecordError, SourceError) as error:
        return f"{error}\ngate: RED", True
    return report(verdicts, rows=True), red(verdicts, rows=True)
