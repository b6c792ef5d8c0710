"""What a run prints at its end: the table of what it measured, and what it could not."""

from collections.abc import Sequence
from pathlib import Path

from detectors.tags import RANDOM
from leaderboard import records
from leaderboard.terminal import terminal_table

from .recording import NO_WEIGHTS, waits_for_weights

MOST = 10
"""Lines of a list before the rest is counted."""


def summary(texts: Sequence[str], results: Path) -> str:
    """The table of records (as JSON texts), then the clips and cells that failed, and where everything is kept."""
    found = [records.loads(text) for text in texts]
    measured = [record for record in found if record.status == "ok"]
    parts = [terminal_table(measured)] if measured else []
    waiting = [record for record in found if waits_for_weights(record)]
    others = [record for record in found if record.status != "ok" and not waits_for_weights(record)]
    parts += [_list("Cells without a number:", _reasons(others)), _waiting(waiting)]
    parts += [_list("Clips without a score (counted in coverage, never left out):", _lost(measured))]
    parts += [f"{len(measured)} of {len(found)} cells measured; records and per-clip scores are in {results}/"]
    return "\n\n".join(part for part in parts if part)


def _reasons(found: Sequence[records.Record]) -> list[str]:
    """Why cells have no number; those of one detector that have the same reason share a line."""
    cells: dict[tuple[str, str], list[str]] = {}
    for record in found:
        cells.setdefault((record.cell.detector, str(record.reason)), []).append(record.cell.id)
    return [
        f"{ids[0] if len(ids) == 1 else f'{detector} ({len(ids)} cells)'}: {reason}"
        for (detector, reason), ids in cells.items()
    ]


def _waiting(found: Sequence[records.Record]) -> str:
    """What was skipped for lack of weights, a line for a checkpoint: its encoders, their forms and controls."""
    cells: dict[str, list[records.Cell]] = {}
    for record in found:
        cells.setdefault(str(record.reason), []).append(record.cell)
    if not cells:
        return ""
    lines = []
    for reason, of in sorted(cells.items(), key=lambda item: item[1][0].id):
        names = sorted({(cell.encoder or cell.detector).removesuffix(f".{RANDOM}") for cell in of})
        lines.append(f"{', '.join(names)} ({len(of)} cells): {reason.removeprefix(NO_WEIGHTS)}")
    title = "Skipped, since their weights are not on this machine (of braven_v, --detector braven_v.random needs none):"
    return "\n  ".join([title, *lines])


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
