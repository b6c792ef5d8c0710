"""What a run prints at its end: the table of what it measured, and what it could not."""

from collections.abc import Sequence
from pathlib import Path

from leaderboard import records
from leaderboard.terminal import terminal_table

MOST = 10
"""Lines of a list before the rest is counted."""


def summary(texts: Sequence[str], results: Path) -> str:
    """The table of records (as JSON texts), then the clips and cells that failed, and where everything is kept."""
    found = [records.loads(text) for text in texts]
    measured = [record for record in found if record.status == "ok"]
    parts = [terminal_table(measured)] if measured else []
    parts += [_list("Cells without a number:", [f"{r.cell.id}: {r.reason}" for r in found if r.status != "ok"])]
    parts += [_list("Clips without a score (counted in coverage, never left out):", _lost(measured))]
    parts += [f"{len(measured)} of {len(found)} cells measured; records and per-clip scores are in {results}/"]
    return "\n\n".join(part for part in parts if part)


def _lost(found: Sequence[records.Record]) -> list[str]:
    """Each clip that some cell could not use, with the reason and how many cells it concerns."""
    cells: dict[tuple[str, str], int] = {}
    for record in found:
        for part in record.coverage.values():
            for clip in part["failed"]:
                key = (clip["clip"], clip["reason"])
                cells[key] = cells.get(key, 0) + 1
    return [f"{clip}: {reason} ({count} cells)" for (clip, reason), count in sorted(cells.items())]


def _list(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    more = [f"... and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return "\n  ".join([title, *lines[:MOST], *more])
