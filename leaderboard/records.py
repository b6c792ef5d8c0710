"""Records: one JSON file a cell, with everything that its number depends on.

A record holds JSON values alone. Unknown is null; NaN and infinity are refused when writing, and files of another
schema or with missing, unknown or mistyped fields are refused when reading.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from datasets.files import write_atomic

from .intervals import Metric

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
_ID = re.compile(r"[a-z0-9_.+-]{1,200}")
_LEADING = ["clip", "identity", "label"]


class RecordError(ValueError):
    """A record cannot be read or written; the message names the file or field."""


@dataclass(frozen=True)
class Cell:
    """What was measured on what. `encoder`, `head` and `probe` are None where there is none."""

    id: str
    detector: str
    encoder: str | None
    head: str | None
    modality: str
    train: str
    test: str
    probe: str | None
    domain: Literal["in", "out"]
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Record:
    """One cell's outcome.

    Attributes:
        data: `sim` for the embedded corpus, `real` for data sets of real videos; the two never share a table.
        size: of the embedded corpus, `default` or `full`.
        status, reason: `ok`, or `skipped` or `failed` and why.
        signature: hash of everything that changes the number; None where it never got that far.
        corpus: `{seed, version}` of the embedded corpus.
        metrics: by name, as `leaderboard.intervals.evaluate` gives them; `frame_auc` for localisation.
        runs: `{seed, auc, ...}` of each seed alone.
        scores: `{path, sha256}` of the per-clip scores, the path relative to the results folder.
        manifests: `{train, val, test}` hashes.
        coverage: `{train, val, test: {found, expected, failed: [{clip, reason}]}}`.
        leakage: `{identity, source, segment: {shared, of}}` of the test set with the training set.
        fit: what training reported.
        environment, code: versions, without host, user or path.
        costs: `{encode_s, fit_s, score_s}` in seconds.
        published: `{value, source}` of the number in the literature.
    """

    cell: Cell
    data: Literal["sim", "real"]
    status: Literal["ok", "skipped", "failed"]
    reason: str | None = None
    size: str | None = None
    corpus: Mapping[str, Any] | None = None
    signature: str | None = None
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    runs: Sequence[Mapping[str, Any]] = ()
    scores: Mapping[str, Any] | None = None
    manifests: Mapping[str, Any] = field(default_factory=dict)
    coverage: Mapping[str, Any] = field(default_factory=dict)
    leakage: Mapping[str, Any] = field(default_factory=dict)
    fit: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    code: Mapping[str, Any] = field(default_factory=dict)
    costs: Mapping[str, Any] = field(default_factory=dict)
    published: Mapping[str, Any] | None = None


def plain(value: Any, where: str = "value") -> Any:
    """JSON values for numpy scalars and arrays, tuples, mappings and metrics.

    Raises:
        RecordError: NaN, an infinity, a key that is no text, or another type; `where` says which field.
    """
    if isinstance(value, Metric):
        value = value.to_json()
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise RecordError(f"{where} is {value}: unknown is None, and a record holds no NaN or infinity")
        return value
    if isinstance(value, Mapping):
        if bad := [key for key in value if not isinstance(key, str)]:
            raise RecordError(f"{where} has the key {bad[0]!r}, which is no text")
        return {key: plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    raise RecordError(f"{where} is a {type(value).__name__}, which JSON cannot hold")


def canonical(value: Any, indent: int | None = None) -> str:
    """The one text of a JSON value: sorted keys, shortest floats, no NaN; compact unless indented."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = plain(value)
    return json.dumps(text, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)


def signature(parts: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of everything that a number depends on, in hexadecimal."""
    return hashlib.sha256(canonical(parts).encode()).hexdigest()


def to_json(record: Record) -> dict[str, Any]:
    """A record as JSON values, its schema version included.

    Raises:
        RecordError: a value that JSON cannot hold, or a record that contradicts itself.
    """
    _check(record)
    row = {f.name: getattr(record, f.name) for f in fields(record)}
    row["cell"] = {f.name: getattr(record.cell, f.name) for f in fields(record.cell)}
    return {"schema": SCHEMA} | {name: plain(value, name) for name, value in row.items()}


def dumps(record: Record) -> str:
    """The canonical text of a record, on one line."""
    return canonical(to_json(record))


def from_json(row: Any) -> Record:
    """The record that `to_json` gave.

    Raises:
        RecordError: another schema, or a missing, unknown or mistyped field.
    """
    if not isinstance(row, dict):
        raise RecordError(f"expected a JSON object, got a {type(row).__name__}")
    if row.get("schema") != SCHEMA:
        raise RecordError(
            f"its schema is {row.get('schema')!r} and this version reads {SCHEMA}; measure the cell again"
        )
    values = _exactly(Record, {name: value for name, value in row.items() if name != "schema"}, "record")
    cell = _exactly(Cell, values["cell"], "cell")
    try:
        metrics = {name: Metric.from_json(metric) for name, metric in values["metrics"].items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise RecordError(f"metrics: {error}") from None
    record = Record(**values | {"cell": Cell(**cell | {"seeds": tuple(cell["seeds"])}), "metrics": metrics})
    _check(record)
    return record


def loads(text: str) -> Record:
    """The record that `dumps` wrote.

    Raises:
        RecordError: no JSON, or as `from_json`.
    """
    try:
        return from_json(json.loads(text))
    except json.JSONDecodeError as error:
        raise RecordError(f"not JSON ({error}); is the file truncated?") from None


def _exactly(kind: type, row: Any, where: str) -> dict[str, Any]:
    """The fields of a dataclass, neither more nor fewer, each of the type that JSON gives it."""
    if not isinstance(row, dict):
        raise RecordError(f"{where}: expected an object, got {row!r}")
    names = {f.name for f in fields(kind)}
    if names != set(row):
        missing, unknown = sorted(names - set(row)), sorted(set(row) - names)
        raise RecordError(f"{where}: missing fields {missing}, unknown fields {unknown}")
    for f in fields(kind):
        if not _fits(row[f.name], str(f.type)):
            raise RecordError(f"{where}.{f.name} is {row[f.name]!r}, expected {f.type}")
    return row


def _fits(value: Any, kind: str) -> bool:
    if value is None:
        return "None" in kind
    if "tuple" in kind:
        return isinstance(value, list) and all(isinstance(x, int) and not isinstance(x, bool) for x in value)
    if "Sequence" in kind:
        return isinstance(value, list) and all(isinstance(x, dict) for x in value)
    return isinstance(value, dict if "Mapping" in kind or "Cell" in kind else str)


def _check(record: Record) -> None:
    """Refuse a record that contradicts itself."""
    cell = record.cell
    if not _ID.fullmatch(cell.id):
        raise RecordError(f"cell id {cell.id!r}: up to 200 of a-z 0-9 _ . + - are allowed")
    for name, value, allowed in (
        ("data", record.data, ("sim", "real")),
        ("status", record.status, ("ok", "skipped", "failed")),
        ("domain", cell.domain, ("in", "out")),
    ):
        if value not in allowed:
            raise RecordError(f"{cell.id}: {name} is {value!r}, expected one of {', '.join(allowed)}")
    if record.status == "ok" and not (record.metrics and record.signature):
        raise RecordError(f"{cell.id}: status is ok, but there are no metrics or no signature")
    if record.status != "ok" and not record.reason:
        raise RecordError(f"{cell.id}: status is {record.status} without a reason")


def path_for(folder: Path, cell_id: str) -> Path:
    """Where a cell's record stands in a results folder.

    Raises:
        RecordError: the id has a character that a file name or a shell may not like.
    """
    if not _ID.fullmatch(cell_id):
        raise RecordError(f"cell id {cell_id!r}: up to 200 of a-z 0-9 _ . + - are allowed")
    return folder / f"{cell_id}.json"


def write(folder: Path, record: Record) -> Path:
    """Write a record whole and return its path; an earlier record of the cell is replaced."""
    path = path_for(folder, record.cell.id)
    write_atomic(path, canonical(to_json(record), indent=1) + "\n")
    return path


def read(path: Path) -> Record:
    """The record in a file.

    Raises:
        RecordError: missing, damaged or of another schema; the message names the file.
    """
    try:
        return loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecordError) as error:
        raise RecordError(f"{path} is not a readable record: {error}") from None


def write_scores(folder: Path, frame: "pd.DataFrame") -> tuple[str, str]:
    """Write per-clip scores as CSV and return the file's path relative to `folder`, and its SHA-256.

    The columns are clip, identity, label, one score column a seed (empty where a clip has no score), and reason (empty
    where it has one). Scores survive the round trip exactly. The name is the hash of the content, so that equal
    scores share a file and nothing is ever overwritten with something else.

    Raises:
        RecordError: columns missing or out of order, or a clip listed twice.
    """
    columns = list(frame.columns)
    if columns[:3] != _LEADING or columns[-1] != "reason" or len(columns) < 5:
        raise RecordError(f"per-clip scores need the columns clip, identity, label, scores, reason; got {columns}")
    if frame["clip"].duplicated().any():
        raise RecordError(f"per-clip scores list {frame['clip'][frame['clip'].duplicated()].iloc[0]} twice")
    data = frame.to_csv(index=False, lineterminator="\n").encode()
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"scores/{sha256}.csv"
    write_atomic(folder / name, data)
    return name, sha256


def read_scores(path: Path, sha256: str | None = None) -> "pd.DataFrame":
    """Per-clip scores as `write_scores` wrote them, checked against their hash when it is given.

    Raises:
        RecordError: the file is missing, or its content is not what the hash says.
    """
    import pandas as pd

    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordError(f"no per-clip scores at {path}: {error.strerror}") from None
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise RecordError(
            f"{path} was changed since it was written: its SHA-256 is not {sha256}; measure the cell again"
        )
    frame = pd.read_csv(BytesIO(data), dtype=str, keep_default_na=False, na_values=[""])
    seeds = frame.columns[len(_LEADING) : -1]
    return frame.astype({"label": int} | dict.fromkeys(seeds, float))
