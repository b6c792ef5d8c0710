"""Detection metrics from labels and scores; label 1 is fake, a higher score means more fake.

Every metric is a function of a `Curve`: how many fakes and reals lie at or above each distinct score. Clips may carry
weights, `(B, N)` for B resamples at once, so that a point estimate and its bootstrap run through the same code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np


class OneClassError(ValueError):
    """A ranking metric was asked of clips of one class alone."""

    def __init__(self, fakes: int, reals: int) -> None:
        super().__init__(fakes, reals)
        self.fakes, self.reals = fakes, reals

    def __str__(self) -> str:
        return (
            f"{self.fakes} fake and {self.reals} real clips: the metric needs both classes; "
            "check the labels and the filter of this set"
        )


@dataclass(frozen=True)
class Curve:
    """Weighted counts above each threshold, for B sets of weights and K distinct scores.

    Attributes:
        tp, fp: `(B, K + 1)` fakes and reals whose score is at least the k-th highest distinct score; column 0,
            above all scores, is zero and the last column holds the class totals.
    """

    tp: np.ndarray
    fp: np.ndarray

    @property
    def n_pos(self) -> np.ndarray:
        """Total weight of the fakes, `(B,)`."""
        return self.tp[:, -1]

    @property
    def n_neg(self) -> np.ndarray:
        """Total weight of the reals, `(B,)`."""
        return self.fp[:, -1]


def checked(y: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels `(N,) int` and scores `(..., N) float64` that are fit for use.

    Raises:
        OneClassError: only one class, or no clip at all.
        ValueError: labels other than 0 and 1, a NaN score, or lengths that differ.
    """
    y, s = np.asarray(y), np.asarray(s, dtype=np.float64)
    if y.ndim != 1 or s.shape[-1:] != y.shape:
        raise ValueError(f"{y.shape} labels and {s.shape} scores do not belong together")
    if not np.isin(y, (0, 1)).all():
        raise ValueError(f"labels are 1 (fake) and 0 (real), got {np.unique(y).tolist()[:5]}")
    if np.isnan(s).any():
        raise ValueError(f"{np.isnan(s).sum()} scores are NaN; `impute` them before ranking")
    fakes = int(y.sum())
    if fakes in (0, len(y)):
        raise OneClassError(fakes, len(y) - fakes)
    return y.astype(np.int64), s


@dataclass(frozen=True)
class Ranking:
    """Clips sorted by score once, to be counted under any weights.

    Attributes:
        order: `(N,)` clips from the highest score to the lowest.
        last: `(K,)` position in `order` of the last clip of each distinct score.
        fake: `(N,) float64` labels in that order.
    """

    order: np.ndarray
    last: np.ndarray
    fake: np.ndarray

    @classmethod
    def of(cls, y: np.ndarray, s: np.ndarray) -> "Ranking":
        """The ranking of scores `(N,)` by falling score; infinite scores are ends of the scale."""
        y, s = checked(y, s)
        order = np.argsort(-s, kind="stable")
        ordered = s[order]
        last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
        return cls(order, last, y[order].astype(np.float64))

    def curve(self, w: np.ndarray | None = None) -> Curve:
        """Counts under weights `(B, N)`, or with every clip counted once (B = 1)."""
        w = np.ones((1, len(self.order))) if w is None else np.atleast_2d(np.asarray(w, dtype=np.float64))
        w = w[:, self.order]
        tp = np.cumsum(w * self.fake, axis=1)
        total = np.cumsum(w, axis=1, out=w)
        start = np.zeros((len(w), 1))
        tp, total = (np.concatenate([start, x[:, self.last]], axis=1) for x in (tp, total))
        return Curve(tp, total - tp)


def curve(y: np.ndarray, s: np.ndarray, w: np.ndarray | None = None) -> Curve:
    """The curve of labels `(N,)` and scores `(N,)`, optionally under weights `(N,)` or `(B, N)`.

    Raises:
        OneClassError, ValueError: as `checked`.
    """
    return Ranking.of(y, s).curve(w)


def roc_auc(c: Curve) -> np.ndarray:
    """Area under the ROC curve, `(B,)` in [0, 1]: the chance that a fake outscores a real, ties counting half."""
    area = np.einsum("bk,bk->b", np.diff(c.fp, axis=1), c.tp[:, 1:] + c.tp[:, :-1]) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return area / (c.n_pos * c.n_neg)


def average_precision(c: Curve) -> np.ndarray:
    """Average precision, `(B,)` in [0, 1]: precision summed over the steps of recall, without interpolation.

    The definition of scikit-learn's `average_precision_score`; equal scores make one step.
    """
    above = c.tp[:, 1:] + c.fp[:, 1:]
    precision = np.divide(c.tp[:, 1:], above, out=np.zeros_like(above), where=above > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        average = np.einsum("bk,bk->b", np.diff(c.tp, axis=1), precision) / c.n_pos
    return np.where(c.n_neg > 0, average, np.nan)


def eer(c: Curve) -> np.ndarray:
    """Equal error rate, `(B,)` in [0, 1], lower is better: the root x of `1 - x - TPR(x)`.

    TPR(x) is the piecewise-linear ROC curve, so that the rate is defined between operating points too. The nearest
    operating point and ASVspoof's `compute_eer` are other definitions and give other numbers on small sets.
    """
    neg, pos = c.n_neg[:, None], c.n_pos[:, None]
    right = np.sum(c.fp * pos + c.tp * neg < neg * pos, axis=1)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        (x0, y0), (x1, y1) = ((_at(c.fp, k) / c.n_neg, _at(c.tp, k) / c.n_pos) for k in (right - 1, right))
        gap0, gap1 = 1 - x0 - y0, 1 - x1 - y1
        return x0 + (x1 - x0) * gap0 / (gap0 - gap1)


def _at(counts: np.ndarray, column: np.ndarray) -> np.ndarray:
    """`counts[b, column[b]]` for each b; out-of-range columns, of resamples with one class, are brought inside."""
    return np.take_along_axis(counts, np.clip(column, 0, counts.shape[1] - 1), axis=1)[:, 0]


def tpr_at_fpr(c: Curve, limit: float = 0.01) -> np.ndarray:
    """Largest true positive rate, `(B,)`, among the operating points with a false positive rate of at most `limit`.

    No interpolation: with fewer than `1 / limit` reals this is the share of fakes above every real.
    """
    within = np.sum(c.fp <= limit * c.n_neg[:, None] * (1 + 1e-12), axis=1)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(c.n_neg > 0, _at(c.tp, within - 1) / c.n_pos, np.nan)


RANKING: Mapping[str, Callable[[Curve], np.ndarray]] = MappingProxyType(
    {"auc": roc_auc, "ap": average_precision, "eer": eer, "tpr_at_fpr1": tpr_at_fpr}
)
"""Metrics that need no threshold, by their names in records."""


def accuracy(y: np.ndarray, s: np.ndarray, threshold: float = 0.0, w: np.ndarray | None = None) -> np.ndarray:
    """Share of clips, `(B,)`, on the right side of the threshold; fake is what scores strictly above it.

    Threshold 0 is the natural one of a logit; another is to be chosen on validation data.

    Raises:
        OneClassError, ValueError: as `checked`.
    """
    y, s = checked(y, s)
    right = ((s > threshold) == (y == 1)).astype(np.float64)
    w = np.ones((1, len(y))) if w is None else np.atleast_2d(np.asarray(w, dtype=np.float64))
    return w @ right / w.sum(axis=1)


def false_positive_rate(
    y: np.ndarray, s: np.ndarray, threshold: float = 0.0, w: np.ndarray | None = None
) -> np.ndarray:
    """Share of the real clips, `(B,)`, that score strictly above the threshold; NaN under weights without a real.

    Raises:
        OneClassError, ValueError: as `checked`.
    """
    y, s = checked(y, s)
    w = np.ones((1, len(y))) if w is None else np.atleast_2d(np.asarray(w, dtype=np.float64))
    real = w[:, y == 0]
    with np.errstate(invalid="ignore"):
        return real @ (s[y == 0] > threshold).astype(np.float64) / real.sum(axis=1)


AT_THRESHOLD: Mapping[str, Callable[..., np.ndarray]] = MappingProxyType({"acc": accuracy, "fpr": false_positive_rate})
"""Metrics at a threshold; in records `acc_at_0`, `acc_at_val` and so on, with where the threshold comes from."""


def at_threshold(name: str) -> Callable[..., np.ndarray]:
    """The metric that `acc_at_val` or the like names.

    Raises:
        ValueError: there is none.
    """
    kind = name.split("_at_")[0]
    if kind not in AT_THRESHOLD:
        raise ValueError(f"{name} is no metric at a threshold; their names begin with one of {list(AT_THRESHOLD)}")
    return AT_THRESHOLD[kind]


def impute(y: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, ...]:
    """Scores with the missing ones (NaN or infinite) replaced: `(worst, best)`, or one array if none is missing.

    Worst ranks an unscored fake below and an unscored real above everything; best the other way round.
    """
    missing = ~np.isfinite(scores)
    if not missing.any():
        return (scores,)
    wrong = np.where(y == 1, -np.inf, np.inf)
    return np.where(missing, wrong, scores), np.where(missing, -wrong, scores)


def balanced_threshold(y: np.ndarray, s: np.ndarray) -> float:
    """The threshold with the highest balanced accuracy on validation scores `(N,)`; unscored clips are left out.

    Candidates lie midway between adjacent distinct scores; of equally good ones the nearest to zero is taken (the
    lower, if two are equally near). With one distinct score no threshold separates anything, and it is that score.

    Raises:
        OneClassError: one class alone has scores.
    """
    y, s = np.asarray(y), np.asarray(s, dtype=np.float64)
    keep = np.isfinite(s)
    c = curve(y[keep], s[keep])
    levels = np.unique(s[keep])[::-1]
    if len(levels) == 1:
        return float(levels[0])
    middles = levels[1:] + (levels[:-1] - levels[1:]) / 2
    balanced = c.tp[0, 1:-1] * c.n_neg[0] + (c.n_neg[0] - c.fp[0, 1:-1]) * c.n_pos[0]
    best = middles[balanced == balanced.max()]
    return float(best[np.lexsort((best, np.abs(best)))[0]])


def real_quantile_threshold(s_real: np.ndarray, alarm: float = 0.05) -> float:
    """The threshold that a share `alarm` of the validation reals exceeds, for detectors that have seen reals alone.

    Linear interpolation between order statistics; unscored clips are left out.

    Raises:
        ValueError: no real clip has a score.
    """
    s = np.asarray(s_real, dtype=np.float64)
    s = s[np.isfinite(s)]
    if not len(s):
        raise ValueError("no real validation clip has a score, so that no threshold can be set")
    return float(np.quantile(s, 1 - alarm))
