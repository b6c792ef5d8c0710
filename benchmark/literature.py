"""What the papers report for a cell, where it is exactly theirs, and why it does not compare where it is not."""

from collections.abc import Iterable
from typing import Any

from datasets import protocols
from datasets.errors import DatasetError
from datasets.registry import Real
from leaderboard import published

from .cells import Cell


def literature(cell: Cell) -> dict[str, Any] | None:
    """The published value in [0, 1] and its source, or `notes` why there is none to compare with, by protocol.

    None where the protocols are the papers' and there is no such number. Published numbers are those of linear probes
    on SSR-DFD's pairs, without a probe.
    """
    notes = {name: why for name in (cell.train, cell.test) if (why := not_comparable(name))}
    if notes:
        return {"value": None, "source": None, "notes": notes}
    row = cell.row
    if row.head != "linear" or row.tags or cell.probe:
        return None
    return published.linear_probe(row.scope, cell.train, cell.test)


def not_comparable(name: str) -> str | None:
    """Why the numbers of a protocol do not compare with published ones; None where they do."""
    try:
        return protocols.get(name).comparable or _incomplete(Real().drawn(name).lists)
    except DatasetError as error:
        return str(error)


def _incomplete(lists: Iterable[protocols.Coverage]) -> str | None:
    """What of the published lists is not here, or is another version."""
    said = [_shortfall(one) for one in lists if one.note or one.found < one.listed]
    return ", ".join(said) or None


def _shortfall(one: protocols.Coverage) -> str:
    lost = f"{one.found:,} of {one.listed:,} clips are here" if one.found < one.listed else None
    return f"{one.name}: {' and '.join(filter(None, [lost, one.note]))}"
