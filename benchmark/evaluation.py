"""From scores to metrics: what is computed for every cell, over all seeds of its detector."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets.clip import Clip
from datasets.errors import DatasetError
from detectors.compose import in_short
from detectors.tracks import frame_spans
from leaderboard.frames import FPS, frame_labels
from leaderboard.intervals import Metric, runs
from leaderboard.intervals import evaluate as measure
from leaderboard.metrics import balanced_threshold, real_quantile_threshold

from .cells import Cell
from .scoring import Part, Scores

ALARM = 0.05
"""The share of validation reals that a detector trained on reals alone may call fake."""


class NoScoreError(DatasetError, ValueError):
    """Not one clip of a test set has a score."""


@dataclass(frozen=True)
class Outcome:
    """One seed of a detector: what its training reported, and its scores on validation and test set."""

    seed: int
    report: Mapping[str, Any]
    val: Scores
    test: Scores


@dataclass(frozen=True)
class Result:
    """What a cell measured; `runs` has each seed's metrics, and its `threshold_at_val` where there is one."""

    metrics: Mapping[str, Metric]
    runs: Sequence[Mapping[str, float]]
    outcomes: Sequence[Outcome]


def evaluate(cell: Cell, val: Part, test: Part, outcomes: Sequence[Outcome]) -> Result:
    """All metrics of a cell, averaged over its seeds, with intervals clustered by identity.

    Raises:
        OneClassError: the test set has one class alone (the cell is named).
        NoScoreError: no test clip could be scored at all.
    """
    labels = np.array([clip.label for clip in test.expected])
    scores = np.stack([outcome.test.values for outcome in outcomes])
    if not np.isfinite(scores).any():
        raise NoScoreError(f"none of the {len(labels)} test clips could be scored: {in_short(outcomes[0].test.failed)}")
    groups = [clip.cluster for clip in test.expected]
    thresholds = _thresholds(cell, val, outcomes)
    metrics = measure(labels, scores, groups, thresholds)
    local = _frame_auc(test, outcomes)
    if local is not None:
        metrics["frame_auc"] = local
    each = runs(labels, scores, [outcome.seed for outcome in outcomes], thresholds)
    for run, at_val in zip(each, thresholds.get("acc_at_val", ()), strict=False):
        run["threshold_at_val"] = at_val
    return Result(metrics, each, outcomes)


def _thresholds(cell: Cell, val: Part, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """`acc_at_0` for logits; `acc_at_val` and `fpr_at_val` at a threshold chosen on the validation set for each seed.

    Without scored validation clips of the classes that it needs there is no threshold, and no metric at it.
    """
    labels = np.array([clip.label for clip in val.expected])
    chosen: dict[str, Any] = {"acc_at_0": 0.0} if cell.row.logit else {}
    with suppress(ValueError):
        at_val = [threshold_at_val(cell.row.needs, labels, outcome.val.values) for outcome in outcomes]
        chosen |= {"acc_at_val": at_val, "fpr_at_val": at_val}
    return chosen


def threshold_at_val(needs: frozenset[str], labels: np.ndarray, scores: np.ndarray) -> float:
    """The threshold of `acc_at_val` from validation labels `(N,)` and scores `(N,)`.

    Of a detector trained on reals alone (`needs`) the quantile that a share `ALARM` of them exceeds, else the one of
    highest balanced accuracy.

    Raises:
        ValueError: no scored clip of a class that it needs.
    """
    if needs == {"real"}:
        return real_quantile_threshold(scores[labels == 0], ALARM)
    return balanced_threshold(labels, scores)


def _frame_auc(test: Part, outcomes: Sequence[Outcome]) -> Metric | None:
    """Localisation: pooled AUC over the frames of the fakes with known segments; None where it has no meaning.

    The frames of a fake without frame scores have none either, and are imputed like clips. Of re-timed clips there is
    none: their sound and their pictures tell different times, and a detector may have used both.
    """
    clips = [clip for clip in test.expected if clip.segments]
    if not clips or not any(outcome.test.local for outcome in outcomes) or any(clip.retimed for clip in clips):
        return None
    spans = [_spans(clip, outcomes) for clip in clips]
    labels = np.concatenate([frame_labels(s, clip.segments or ()) for s, clip in zip(spans, clips, strict=True)])
    if labels.min() == labels.max():
        return None
    scores = np.stack([np.concatenate([_local(c, s, o) for c, s in zip(clips, spans, strict=True)]) for o in outcomes])
    groups = np.repeat([clip.cluster for clip in clips], [len(s) for s in spans])
    return measure(labels, scores, groups, metrics=("auc",))["auc"]


def _spans(clip: Clip, outcomes: Sequence[Outcome]) -> np.ndarray:
    """The spans of a clip's frame scores, or, without any, of its frames at 25 per second."""
    found = [outcome.test.local[clip.id].spans for outcome in outcomes if clip.id in outcome.test.local]
    return found[0] if found else frame_spans(round((clip.duration or 0.0) * FPS), FPS)


def _local(clip: Clip, spans: np.ndarray, outcome: Outcome) -> np.ndarray:
    local = outcome.test.local.get(clip.id)
    return local.values if local is not None else np.full(len(spans), np.nan)
