"""What a run prints at its end: the table of what it measured, and what it could not."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from detectors.tags import RANDOM
from leaderboard import records
from leaderboard.tables import not_comparable
from leaderboard.terminal import terminal_table

from .recording import NO_DATA, NO_WEIGHTS, folder_of, waits

MOST = 10
"""Lines of a list before the rest is counted."""
SUCH_AS = 2
"""Clips that are named for one reason."""
_FACES = "; `python -m datasets prepare NAME` finds faces"


def summary(texts: Sequence[str], results: Path) -> str:
    """The tables of records (as JSON texts), then the clips and cells that failed, and where everything is kept.

    Args:
        results: what `--results` names, with a folder for each corpus.
    """
    found = [records.loads(text) for text in texts]
    measured = [record for record in found if record.status == "ok"]
    parts = [terminal_table(measured)] if measured else []
    parts += [_list("Not to be held against published numbers:", _notes(measured))]
    waiting = [record for record in found if waits(record)]
    others = [record for record in found if record.status != "ok" and not waits(record)]
    parts += [_list("Cells without a number:", _reasons(others)), _without_data(waiting), _waiting(waiting)]
    parts += [_list("Clips without a score (counted in coverage, never left out):", _lost(measured))]
    folders = " and ".join(f"{results / name}/" for name in sorted({folder_of(record) for record in found}))
    parts += [f"{len(measured)} of {len(found)} cells measured; records and per-clip scores are in {folders}"]
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


def _notes(found: Sequence[records.Record]) -> list[str]:
    """Why protocols do not compare with the papers', a line each."""
    return [f"{name}: {why}" for name, why in not_comparable(found).items()]


def _without_data(found: Sequence[records.Record]) -> str:
    """What was skipped for lack of data, a line for each thing that is missing."""
    cells: dict[str, int] = {}
    for reason in (str(record.reason) for record in found if str(record.reason).startswith(NO_DATA)):
        cells[reason] = cells.get(reason, 0) + 1
    lines = [f"{reason.removeprefix(NO_DATA)} ({count} cells)" for reason, count in sorted(cells.items())]
    return "\n  ".join(["Skipped, since their data are not on this machine:", *lines]) if lines else ""


def _waiting(found: Sequence[records.Record]) -> str:
    """What was skipped for lack of weights, a line for a checkpoint: its encoders, their forms and controls."""
    cells: dict[str, list[records.Cell]] = {}
    for record in found:
        if str(record.reason).startswith(NO_WEIGHTS):
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
    """Why some cell could not use clips, which ones, and how many cells at most each concerns; most clips first."""
    cells: dict[str, Counter[str]] = {}
    for record in found:
        for part in record.coverage.values():
            for clip in part["failed"]:
                name, why = _split(clip)
                cells.setdefault(why, Counter())[name] += 1
    return [
        f"{_named(sorted(of))}: {why}{_FACES if 'no landmarks' in why else ''} ({max(of.values())} cells)"
        for why, of in sorted(cells.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _split(clip: Mapping[str, str]) -> tuple[str, str]:
    """A clip's id, with its file where that differs, and why it failed in words that it has in common with others."""
    path, _, why = clip["reason"].partition(": ")
    files = rf"\({re.escape(PurePosixPath(path).stem)}(?=[._])"  # such as its landmarks
    return clip["clip"] if clip["clip"] == path else f"{clip['clip']}: {path}", re.sub(files, "(*", why)


def _named(clips: Sequence[str]) -> str:
    """The first few of them, and how many more there are."""
    more = len(clips) - SUCH_AS
    return ", ".join(clips[:SUCH_AS]) + (f" and {more:,} more" if more > 0 else "")


def _list(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    more = [f"... and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return "\n  ".join([title, *lines[:MOST], *more])
