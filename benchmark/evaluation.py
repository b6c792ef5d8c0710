"""From scores to metrics: what is computed for every cell, over all seeds of its detector."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets.clip import Clip
from leaderboard.frames import frame_labels
from leaderboard.intervals import Metric, runs
from leaderboard.intervals import evaluate as measure
from leaderboard.metrics import OneClassError, balanced_threshold, real_quantile_threshold

from .cells import Cell
from .scoring import Part, Scores

ALARM = 0.05
"""The share of validation reals that a detector trained on reals alone may call fake."""


@dataclass(frozen=True)
class Outcome:
    """One seed of a detector: what its training reported, and its scores on validation and test set."""

    seed: int
    report: Mapping[str, Any]
    val: Scores
    test: Scores


@dataclass(frozen=True)
class Result:
    """What a cell measured."""

    metrics: Mapping[str, Metric]
    runs: Sequence[Mapping[str, float]]
    outcomes: Sequence[Outcome]


def evaluate(cell: Cell, val: Part, test: Part, outcomes: Sequence[Outcome]) -> Result:
    """All metrics of a cell, averaged over its seeds, with intervals clustered by identity.

    Raises:
        OneClassError: the test set has one class alone (the cell is named).
        ValueError: no test clip could be scored at all.
    """
    labels = np.array([clip.label for clip in test.expected])
    scores = np.stack([outcome.test.values for outcome in outcomes])
    if not np.isfinite(scores).any():
        reasons = sorted(set(outcomes[0].test.failed.values()))
        raise ValueError(f"none of the {len(labels)} test clips could be scored: {'; '.join(reasons[:3])}")
    groups = [clip.identity for clip in test.expected]
    thresholds = _thresholds(cell, val, outcomes)
    metrics = measure(labels, scores, groups, thresholds)
    local = _frame_auc(test, outcomes)
    if local is not None:
        metrics["frame_auc"] = local
    return Result(metrics, runs(labels, scores, [outcome.seed for outcome in outcomes], thresholds), outcomes)


def _thresholds(cell: Cell, val: Part, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """`acc_at_0` for logits, and `acc_at_val`: at a threshold chosen on the validation set, for each seed."""
    labels = np.array([clip.label for clip in val.expected])
    chosen: dict[str, Any] = {"acc_at_0": 0.0} if cell.row.logit else {}
    if cell.row.needs == {"real"}:
        chosen["acc_at_val"] = [real_quantile_threshold(o.val.values[labels == 0], ALARM) for o in outcomes]
    else:
        with suppress(OneClassError):  # without scored validation clips of both classes there is no threshold
            chosen["acc_at_val"] = [balanced_threshold(labels, o.val.values) for o in outcomes]
    return chosen


def _frame_auc(test: Part, outcomes: Sequence[Outcome]) -> Metric | None:
    """Localisation: pooled AUC over the frames of the fakes with known segments; None where it has no meaning.

    A fake whose frames could not be scored is left out here; it counts in the clip metrics' coverage.
    """
    clips = [clip for clip in test.clips if clip.segments and all(clip.id in o.test.local for o in outcomes)]
    if not clips:
        return None
    spans = [outcomes[0].test.local[clip.id].spans for clip in clips]
    labels = np.concatenate([frame_labels(s, _segments(c)) for s, c in zip(spans, clips, strict=True)])
    if labels.min() == labels.max():
        return None
    scores = np.stack([np.concatenate([o.test.local[c.id].values for c in clips]) for o in outcomes])
    groups = np.repeat([clip.identity for clip in clips], [len(s) for s in spans])
    return measure(labels, scores, groups, metrics=("auc",))["auc"]


def _segments(clip: Clip) -> tuple[tuple[float, float], ...]:
    return clip.segments or ()
