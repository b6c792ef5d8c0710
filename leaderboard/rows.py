"""Rows: the truth behind the tables, one file a detector, for simulated and real data apart.

`rows/sim/<detector>.json` and `rows/real/<detector>.json` hold accepted records by cell id, and a checksum of them, so
that a row edited by hand is noticed. What training reported and the names of failed clips are left out.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datasets.files import write_atomic

from . import records
from .records import Record, RecordError
from .strict import parsed

SCHEMA = 1
DATA = ("sim", "real")
_FIELDS = {"schema", "detector", "data", "sha256", "cells"}


class RowError(ValueError):
    """A row file cannot be used; each line of the message names one and says what to do."""


@dataclass(frozen=True)
class Row:
    """Accepted records of one detector, in the order of their cell ids."""

    detector: str
    data: str
    cells: tuple[Record, ...]


def path_for(folder: Path, data: str, detector: str) -> Path:
    """Where a detector's row stands in a leaderboard version's folder."""
    return folder / "rows" / data / f"{detector}.json"


def _checksum(cells: Mapping[str, Any]) -> str:
    return hashlib.sha256(records.canonical(cells).encode()).hexdigest()


def _text(row: Row) -> str:
    cells = {record.cell.id: records.to_json(record) for record in row.cells}
    head = {"schema": SCHEMA, "detector": row.detector, "data": row.data, "sha256": _checksum(cells)}
    return records.canonical(head | {"cells": cells}, indent=1) + "\n"


def read(path: Path) -> Row:
    """The row in a file.

    Raises:
        RowError: missing, damaged, edited by hand, of another schema, or not what its name and folder say.
    """
    try:
        row = parsed(path.read_text(encoding="utf-8"))
        if not isinstance(row, dict) or row.get("schema") != SCHEMA:
            raise RecordError(f"it is no row of schema {SCHEMA}")
        if more := sorted(row.keys() - _FIELDS):
            raise RecordError(f"it has the unknown fields {', '.join(more)}")
        cells = row["cells"]
        if row["sha256"] != _checksum(cells):
            raise RecordError("its cells were changed since they were accepted")
        kept = tuple(records.from_json(cells[name]) for name in sorted(cells))
        _check(path, row, kept, sorted(cells))
    except KeyError as error:
        raise RowError(f"{path}: the field {error} is missing; {_REMEDY}") from None
    except (OSError, AttributeError, TypeError, ValueError) as error:
        raise RowError(f"{path}: {error}; {_REMEDY}") from None
    return Row(row["detector"], row["data"], kept)


_REMEDY = "restore it from version control, or delete it and accept its records again"


def _check(path: Path, row: Mapping[str, Any], cells: Iterable[Record], names: list[str]) -> None:
    """Refuse a row that is not what its place says, or holds another's cells."""
    if (row["detector"], row["data"]) != (path.stem, path.parent.name):
        raise RecordError(f"it says to be {row['data']}/{row['detector']}")
    for name, record in zip(names, cells, strict=True):
        found = (record.cell.id, record.cell.detector, record.data, record.status)
        if found != (name, row["detector"], row["data"], "ok"):
            raise RecordError(f"the cell {name} holds a record of {found}")


def read_all(folder: Path) -> list[Row]:
    """Every row of a leaderboard version's folder, simulated ones first, by detector.

    Raises:
        RowError: naming each unusable file.
    """
    rows, problems = [], []
    for path in (path for data in DATA for path in sorted((folder / "rows" / data).glob("[!.]*.json"))):
        try:
            rows.append(read(path))
        except RowError as error:
            problems.append(str(error))
    if problems:
        raise RowError("\n".join(problems))
    return rows


def accept(measured: Iterable[Record], folder: Path, *, verified: bool = True) -> list[str]:
    """Merge measured records into the rows and return the ids of the cells that are new or changed.

    A record replaces the one of the same cell; no other cell is touched. Records that are not `ok` are left out.
    `verified` says who measured: those who keep this leaderboard, or someone who submitted. Scores without code are
    never verified.

    Raises:
        RowError: a row that the records belong to cannot be read, or a cell was accepted from another size or corpus;
            nothing is written then.
    """
    groups: dict[tuple[str, str], dict[str, Record]] = defaultdict(dict)
    for record in measured:
        if record.status == "ok":
            groups[record.data, record.cell.detector][record.cell.id] = _reduced(record, verified)
    merged = {key: _merge(path_for(folder, *key), *key, cells) for key, cells in groups.items()}
    for key, (row, changed) in merged.items():
        if changed:
            write_atomic(path_for(folder, *key), _text(row))
    return sorted(name for _, changed in merged.values() for name in changed)


def _merge(path: Path, data: str, detector: str, new: Mapping[str, Record]) -> tuple[Row, list[str]]:
    old = {record.cell.id: record for record in read(path).cells} if path.exists() else {}
    for name in new.keys() & old.keys():
        if (new[name].size, new[name].corpus) != (old[name].size, old[name].corpus):
            raise RowError(
                f"{path}: {name} was accepted from size {old[name].size}, {old[name].corpus}, and would be replaced by "
                f"size {new[name].size}, {new[name].corpus}; name another leaderboard version with --folder, or delete "
                "the row first"
            )
    changed = [name for name, record in new.items() if old.get(name) != record]
    cells = {**old, **new}
    return Row(detector, data, tuple(cells[name] for name in sorted(cells))), changed


def _reduced(record: Record, verified: bool) -> Record:
    """Without what is long or may not be published: training reports, and names of clips."""
    coverage = {
        split: {key: value for key, value in counts.items() if key != "failed"}
        for split, counts in record.coverage.items()
    }
    return records.loads(
        records.dumps(replace(record, coverage=coverage, fit={}, verified=verified and bool(record.detectors)))
    )
