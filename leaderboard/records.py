"""Records: one JSON file a cell, with everything that its number depends on.

A record holds JSON values alone. Unknown is null; NaN and infinity are refused when writing. Files of an older schema
are migrated (`leaderboard.migration`); those of a newer one, or with missing, unknown or mistyped fields, are refused.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from datasets.files import write_atomic

from . import migration
from .canonical import RecordError, canonical, plain
from .intervals import Metric
from .strict import check_shapes, parsed

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 2
_ID = re.compile(r"[a-z0-9_.+-]{1,200}")
_LEADING = ["clip", "identity", "label"]


@dataclass(frozen=True)
class Cell:
    """What was measured on what. `encoder`, `head` and `probe` are None where there is none.

    Attributes:
        control: the number measures a shortcut or nothing at all (untrained weights, silence, length, untouched
            "fakes"): the regression rule holds it on both sides.
    """

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
    control: bool


@dataclass(frozen=True)
class Record:
    """One cell's outcome.

    Attributes:
        data: `sim` for the embedded corpus, `real` for data sets of real videos; the two never share a table.
        size: of the embedded corpus, `default` or `full`.
        status, reason: `ok`, or `skipped` or `failed` and why.
        protocol: version of the rules that give a number from a detector and clips; other versions do not compare.
        verified: measured by those who keep this leaderboard; otherwise self-reported.
        signature: hash of everything that changes the number; None where it never got that far.
        detectors: hash of each seed's detector alone (code, weights, card), by seed; empty where there is no code.
        corpus: `{seed, version}` of the embedded corpus.
        metrics: by name, as `leaderboard.intervals.evaluate` gives them; `frame_auc` for localisation.
        runs: `{seed, auc, ...}` of each seed alone.
        scores: `{path, sha256}` of the per-clip scores, the path relative to the results folder.
        manifests: `{train, val, test}` hashes.
        coverage: `{train, val, test: {found, expected, failed: [{clip, reason}]}}`.
        leakage: `{identity, source, segment: {shared, of}}` of the test set with the training set; None where unknown.
        fit: what training reported.
        environment, code: versions, without host, user or path.
        costs: `{encode_s, fit_s, score_s}` in seconds.
        published: `{value, source}` of the number in the literature, or with `notes`, by protocol, why none compares.
    """

    cell: Cell
    data: Literal["sim", "real"]
    status: Literal["ok", "skipped", "failed"]
    reason: str | None = None
    size: str | None = None
    corpus: Mapping[str, Any] | None = None
    protocol: int = 1
    verified: bool = False
    signature: str | None = None
    detectors: Mapping[str, Any] = field(default_factory=dict)
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
        RecordError: a schema that is not known, or a missing, unknown or mistyped field.
    """
    if not isinstance(row, dict):
        raise RecordError(f"expected a JSON object, got a {type(row).__name__}")
    row = migration.migrated(row, SCHEMA)
    values = _exactly(Record, {name: value for name, value in row.items() if name != "schema"}, "record")
    cell = _exactly(Cell, values["cell"], "cell")
    check_shapes(values)
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
    return from_json(parsed(text))


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
    if kind in ("<class 'bool'>", "<class 'int'>"):
        return str(type(value)) == kind
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
    for name, metric in record.metrics.items():
        if not 0 <= metric.value <= 1:
            raise RecordError(f"{cell.id}: {name} is {metric.value}, which is not in [0, 1]")
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
        RecordError: missing, damaged, of another schema or of another cell than the file is named after; the message
            names the file.
    """
    try:
        record = loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecordError) as error:
        raise RecordError(f"{path} is not a readable record: {error}") from None
    if path != path_for(path.parent, record.cell.id):
        raise RecordError(f"{path} holds the record of {record.cell.id}; give it its name back, or delete it")
    return record


def write_scores(folder: Path, frame: "pd.DataFrame") -> tuple[str, str]:
    """Write per-clip scores as CSV and return the file's path relative to `folder`, and its SHA-256.

    The columns are clip, identity, label, one score column a seed (empty where a clip has no score), and reason (empty
    where it has one). Scores survive the round trip exactly. The name is the hash of the content, so that equal
    scores share a file and nothing is ever overwritten with something else.

    Raises:
        RecordError: columns missing or out of order, or a clip listed twice.
    """
    _check_scores(frame)
    data = frame.to_csv(index=False, lineterminator="\n").encode()
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"scores/{sha256}.csv"
    write_atomic(folder / name, data)
    return name, sha256


def _check_scores(frame: "pd.DataFrame") -> None:
    """Refuse columns that are missing or out of order, and a clip that is listed twice."""
    columns = list(frame.columns)
    if columns[:3] != _LEADING or columns[-1] != "reason" or len(columns) < 5:
        raise RecordError(f"per-clip scores need the columns clip, identity, label, scores, reason; got {columns}")
    if frame["clip"].duplicated().any():
        raise RecordError(f"per-clip scores list {frame['clip'][frame['clip'].duplicated()].iloc[0]} twice")


def read_scores(path: Path, sha256: str | None = None) -> "pd.DataFrame":
    """Per-clip scores as `write_scores` wrote them, checked against their hash when it is given.

    Raises:
        RecordError: the file is missing, its content is not what the hash says, or it is no such table.
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
    try:
        frame = pd.read_csv(BytesIO(data), dtype=str, keep_default_na=False, na_values=[""])
        _check_scores(frame)
        frame = frame.astype({"label": int} | dict.fromkeys(frame.columns[len(_LEADING) : -1], float))
    except ValueError as error:
        raise RecordError(f"{path} holds no per-clip scores: {error}") from None
    if frame["clip"].isna().any() or frame["identity"].isna().any() or not frame["label"].isin((0, 1)).all():
        raise RecordError(f"{path}: every clip needs an id, an identity, and 0 or 1 as its label")
    return frame
