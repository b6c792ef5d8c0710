"""A compact table of the cells that were just run, for the terminal."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import fill

from .records import Record
from .tables import NOTICE, Grid, Line, Pair, covered, line_of, percent, published

_GAP = 2
_STAR = "* some test clips have no score: the value lies midway between ranking them all wrong and all right"


def terminal_table(records: Sequence[Record], width: int = 120) -> str:
    """AUC in % by detector and pair, one block a probe, its columns split over parts at most `width` wide.

    Simulated and real data, and corpora of different sizes, stand in blocks of their own. A star marks a cell with
    clips that have no score.
    """
    blocks = [_block(list(group), width) for _, group in groupby(sorted(records, key=_place), key=_place)]
    notes = [_STAR] if any(_incomplete(record) for record in records) else []
    notes += [f"published: {source}" for source in sorted(set(map(_source, records))) if source]
    notes += [f"sim: {NOTICE}"] if any(record.data == "sim" for record in records) else []
    return "\n\n".join(blocks + [fill(note, width) for note in notes])


def _place(record: Record) -> tuple[str, str, str]:
    return record.data, line_of(record).source, record.cell.probe or ""


def _block(records: list[Record], width: int) -> str:
    data, source, probe = _place(records[0])
    title = ", ".join(filter(None, [f"AUC in % [95 % interval], {data} data", source, probe and f"probe {probe}"]))
    grid = Grid(tuple(records))
    columns = [column for pair in grid.pairs for column in _columns(grid, pair, probe or None)]
    widest = max(len(part) for column in columns for text in column for part in text.split("\n"))
    first = max(len(line.detector) for line in grid.lines)
    count = max(1, (width - first) // (widest + _GAP))
    parts = [_part(grid, columns[i : i + count]) for i in range(0, len(columns), count)]
    return "\n\n".join([title, *parts])


def _columns(grid: Grid, pair: Pair, probe: str | None) -> Iterator[list[str]]:
    """What was measured on a pair, and beside it, where there is any, what was published; each under its head."""
    head = f"{pair[0]}\n→ {pair[1]}"
    yield [head, *(_cell(grid, line, pair, probe) for line in grid.lines)]
    told = [published(grid.get(line, pair, probe)) for line in grid.lines]
    if any(told):
        yield [f"{head}\npublished", *told]


def _part(grid: Grid, columns: Sequence[Sequence[str]]) -> str:
    from tabulate import tabulate

    names = ["detector", *(line.detector for line in grid.lines)]
    header, *body = zip(names, *columns, strict=True)
    return tabulate(body, header, "simple", disable_numparse=True)


def _cell(grid: Grid, line: Line, pair: Pair, probe: str | None) -> str:
    record = grid.get(line, pair, probe)
    if record is None or "auc" not in record.metrics:
        return record.status if record else ""
    auc = record.metrics["auc"]
    wide = auc.lo is None or auc.hi is None or auc.hi - auc.lo > 0.05
    return percent(auc, 0 if wide else 1) + ("*" if _incomplete(record) else "")


def _source(record: Record) -> str:
    """Where its published number stands; empty without one."""
    return str((record.published or {}).get("source") or "")


def _incomplete(record: Record) -> bool:
    return (covered(record) or 1.0) < 1
