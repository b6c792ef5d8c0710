"""What is written down about a measured cell."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from datasets.clip import Clip
from datasets.registry import Source
from leaderboard import records
from leaderboard.tables import NULL

from .cells import Cell
from .environment import code, environment
from .evaluation import Outcome, Result
from .literature import literature
from .scoring import Part, coverage, leakage

VERSION = 1
"""Of the protocol: raised whenever the same detectors on the same clips would give another number."""

NO_WEIGHTS = "no weights: "
"""How the reason of a cell begins that was skipped since its encoder's checkpoint is not on this machine."""

NO_DATA = "no data: "
"""How the reason of a cell begins that was skipped since one of its data sets is not on this machine."""


@dataclass
class Costs:
    """Seconds spent on one cell; None where the result came from the store."""

    encode_s: float | None = None
    fit_s: float | None = None
    score_s: float | None = None


@dataclass(frozen=True)
class Parts:
    """The clips of one cell."""

    train: Part
    val: Part
    test: Part


@dataclass(frozen=True)
class Provenance:
    """What a number depends on, and what it cost.

    Attributes:
        signature: of everything that changes it.
        detectors: signature of each seed's detector alone, by seed.
        manifests: hashes of the train, val and test lists.
    """

    signature: str
    detectors: Mapping[str, str]
    manifests: Mapping[str, str]
    costs: Costs


def cell_of(cell: Cell) -> records.Cell:
    """The cell as records name it."""
    row = cell.row
    return records.Cell(
        id=cell.id,
        detector=row.name,
        encoder=row.scope if row.encoder else None,
        head=row.head,
        modality=row.modality,
        train=cell.train,
        test=cell.test,
        probe=cell.probe,
        domain=cell.domain,
        seeds=row.seeds,
        control=row.control or cell.test == NULL,
    )


def without_number(cell: Cell, source: Source, status: Any, reason: str) -> records.Record:
    """A record of a cell that was skipped or failed."""
    return records.Record(
        cell=cell_of(cell),
        data=source.data,
        status=status,
        reason=reason,
        size=source.size,
        corpus=source.about,
        protocol=VERSION,
        environment=environment(),
        code=code(),
    )


def waits(record: records.Record) -> bool:
    """Whether its cell was skipped since the encoder's checkpoint or a data set is not on this machine."""
    return record.status == "skipped" and str(record.reason).startswith((NO_WEIGHTS, NO_DATA))


def folder_of(record: records.Record) -> str:
    """The folder of its results, inside the one that `--results` names; as `datasets.registry.Corpus.folder`."""
    return "real" if record.data == "real" else f"{record.size}-seed{(record.corpus or {}).get('seed')}"


def measured(
    cell: Cell,
    source: Source,
    provenance: Provenance,
    result: Result,
    parts: Parts,
    results: Path,
) -> records.Record:
    """The record of a measured cell; its per-clip scores are written to the results folder."""
    path, sha256 = records.write_scores(results, _table(parts.test, result.outcomes))
    trained_on = [*parts.train.expected, *parts.val.expected]
    return records.Record(
        cell=cell_of(cell),
        data=source.data,
        status="ok",
        size=source.size,
        corpus=source.about,
        protocol=VERSION,
        signature=provenance.signature,
        detectors=provenance.detectors,
        metrics=result.metrics,
        runs=list(result.runs),
        scores={"path": path, "sha256": sha256},
        manifests=provenance.manifests,
        coverage=_coverage(parts, result.outcomes),
        leakage=leakage(trained_on, parts.test.expected) if cell.row.needs else {},
        fit={str(outcome.seed): _finite(outcome.report) for outcome in result.outcomes},
        environment=environment(),
        code=code(),
        costs=asdict(provenance.costs),
        published=literature(cell) if source.data == "real" else None,
    )


def _coverage(parts: Parts, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Of all seeds together: a clip that fails under one of them has failed."""
    test = {clip: reason for outcome in outcomes for clip, reason in outcome.test.failed.items()}
    val = {clip: reason for outcome in outcomes for clip, reason in outcome.val.failed.items()}
    return {
        "train": coverage(parts.train, dict(parts.train.failed) | _left_out(parts.train, outcomes)),
        "val": coverage(parts.val, val),
        "test": coverage(parts.test, test),
    }


def _left_out(part: Part, outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Training clips that a detector's report says it could not use, by clip id."""
    reasons: dict[str, str] = {}
    for outcome in outcomes:
        reasons |= outcome.report.get("unusable", {})
    known = {clip.id for clip in part.expected}
    return {clip: reason for clip, reason in reasons.items() if clip in known}


def _finite(value: Any) -> Any:
    """A report without NaN and infinities, which a record does not hold: a loss that is not a number is unknown."""
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float | np.floating) and not np.isfinite(value) else value


def _table(part: Part, outcomes: Sequence[Outcome]) -> Any:
    """Per-clip scores, a column a seed."""
    import pandas as pd

    failed = {clip: reason for outcome in outcomes for clip, reason in outcome.test.failed.items()}
    clips: Sequence[Clip] = part.expected
    columns: dict[str, Any] = {
        "clip": [clip.id for clip in clips],
        "identity": [clip.cluster for clip in clips],
        "label": [clip.label for clip in clips],
    }
    for outcome in outcomes:
        columns[f"seed{outcome.seed}"] = outcome.test.values
    columns["reason"] = [failed.get(clip.id, "") for clip in clips]
    return pd.DataFrame(columns)
