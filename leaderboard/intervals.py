"""Metrics of a test set with 95 % intervals that treat the clips of one identity as dependent.

**AUC.** Its standard error is in closed form (`leaderboard.components`), its limits are on the logit scale
(`leaderboard.limits`). In 2,000 simulations each of test sets with 20 identities to the size of AVLips (3,373 reals),
true AUC 0.5 to 0.999, with correlated clips, unequal variances and reals that score like fakes, it covered the true AUC
in 93-99 %; with 5 to 12 identities in 95-100 %, and in 92 % at worst where about 4 identities in all of the smaller
class are misranked. The percentile bootstrap covered it in 70-84 % at 0.99 with 42 identities.

**Other metrics.** Identities are resampled with replacement (2,000 times); the standard error of the resampled metric,
with a t quantile, gives an interval on the logit scale around the measured value. Simulated with 20 and 42 identities
of one real and one fake each, it covered AP in 91-98 %, EER in 96-100 %, accuracy and false positive rate in 94-98 %.
Where the bootstrap degenerates (a metric at 0 or 1, fewer than 20 identities in a class, or many resamples with one
class alone), accuracies and false positive rates have Wilson's interval, which counts identities instead of clips; AP
and EER have none. TPR at 1 % FPR has an interval only from 300 identities with a real clip on: with fewer its bootstrap
covered 60-90 % instead of 95.

`python -m leaderboard.simulation` repeats this.

**Clips without a score** are imputed twice, against the detector and in its favour; the value is the mean of both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from .components import Spread, clustered_spread, placements
from .limits import DELONG, auc_limits, logit_limits, plain_limits, wilson
from .metrics import RANKING, Curve, Ranking, at_threshold, impute

RESAMPLES = 2_000
MIN_IDENTITIES = 20
MIN_REALS_FOR_TPR = 300
MAX_ONE_CLASS = 0.05
_CHUNK = 100_000
_NO_THRESHOLDS: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True)
class Metric:
    """One number and how far to trust it.

    Attributes:
        value: in [0, 1]; the mean of `worst` and `best`.
        lo, hi: 95 % interval, None where there is no trustworthy one.
        se: standard error over identities, None where it has no meaning.
        n_pos, n_neg: fakes and reals (frames, for a frame metric), with or without a score.
        n_groups: distinct identities.
        method: how the interval was made.
        worst, best: the metric if every clip without a score were ranked wrongly, and rightly. All three values are
            equal when no score is missing; for an error rate `worst` is the higher one.
    """

    value: float
    lo: float | None
    hi: float | None
    se: float | None
    n_pos: int
    n_neg: int
    n_groups: int
    method: str
    worst: float
    best: float

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Metric":
        """The metric that `to_json` wrote.

        Raises:
            ValueError: a field is missing, unknown or of the wrong type.
        """
        kinds = {f.name: getattr(f.type, "__name__", str(f.type)) for f in fields(cls)}
        if set(row) != set(kinds):
            raise ValueError(f"a metric has the fields {sorted(kinds)}, got {sorted(row)}")
        for name, value in row.items():
            _check_field(name, value, kinds[name])
        return cls(**row)


def _check_field(name: str, value: object, kind: str) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    good = {
        "str": isinstance(value, str),
        "int": number and isinstance(value, int),
        "float": number,
        "float | None": number or value is None,
    }
    if not good[kind]:
        raise ValueError(f"{name} of a metric is {value!r}, expected {kind}")


@dataclass(frozen=True)
class _TestSet:
    """Labels, identities, and scores imputed against (`sides[0]`) and for the detector, ranked for each seed."""

    y: np.ndarray
    groups: np.ndarray
    sides: tuple[np.ndarray, ...]
    rankings: tuple[tuple[Ranking, ...], ...]

    @property
    def n_groups(self) -> int:
        return int(self.groups.max()) + 1

    def identities(self, label: int) -> int:
        """Distinct identities with a clip of this class."""
        return len(np.unique(self.groups[self.y == label]))


def _test_set(y: Sequence[int] | np.ndarray, scores: Any, groups: Sequence[Any] | np.ndarray) -> _TestSet:
    labels = np.asarray(y)
    values = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    codes = np.unique(np.asarray(groups), return_inverse=True)[1]
    if codes.shape != labels.shape:
        raise ValueError(f"{labels.shape} labels and {codes.shape} identities do not belong together")
    sides = impute(labels, values)
    rankings = tuple(tuple(Ranking.of(labels, s) for s in side) for side in sides)
    return _TestSet(labels, codes, sides, rankings)


def evaluate(
    y: Sequence[int] | np.ndarray,
    scores: Any,
    groups: Sequence[Any] | np.ndarray,
    thresholds: Mapping[str, float | Sequence[float]] = _NO_THRESHOLDS,
    *,
    metrics: Sequence[str] = tuple(RANKING),
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> dict[str, Metric]:
    """Metrics of one test set, each with its interval.

    Args:
        y: `(N,)` labels, 1 fake and 0 real.
        scores: `(N,)`, or `(S, N)` for S seeds of one detector, whose metrics are averaged within each resample;
            None, NaN or an infinity where a clip has no score.
        groups: `(N,)` identities.
        thresholds: where to cut, one threshold or one for each seed, by the name of the metric: `acc_at_...` for the
            accuracy there, `fpr_at_...` for the share of reals above; a name ends up in the result beside the ranking
            metrics.
        metrics: ranking metrics to compute, of `RANKING`.
        seed, resamples: of the bootstrap.

    Raises:
        OneClassError: the set holds fakes or reals alone.
        ValueError: lengths that differ, labels other than 0 and 1, or a threshold for an unknown metric.
    """
    data = _test_set(y, scores, groups)
    cut = {name: np.broadcast_to(np.asarray(t, dtype=np.float64), len(data.sides[0])) for name, t in thresholds.items()}
    point = _measure(data, metrics, cut, np.ones((1, len(data.y))))
    drawn = [name for name in metrics if name != "auc"]
    boot = _bootstrap(data, drawn, cut, np.random.default_rng(seed), resamples) if drawn or cut else {}
    return {name: _metric(name, data, point[name][:, 0], boot.get(name)) for name in point}


def auc_resampled(y: Any, scores: Any, groups: Any, seed: int, resamples: int) -> tuple[Metric, np.ndarray]:
    """The AUC with its plain limits, and its values `(resamples,)` over the drawn identities, NaN for one class.

    What keeps the limits from being too close to 1 would make those of a difference too wide.
    """
    data = _test_set(y, scores, groups)
    point = _measure(data, ("auc",), {}, np.ones((1, len(data.y))))["auc"]
    boot = _bootstrap(data, ("auc",), {}, np.random.default_rng(seed), resamples)["auc"].mean(axis=0)
    lo, hi, se, method = _auc(data, float(point.mean()), plain_limits)
    return replace(_metric("auc", data, point[:, 0], None), lo=lo, hi=hi, se=se, method=method), boot


def _measure(
    data: _TestSet, metrics: Sequence[str], cut: Mapping[str, np.ndarray], w: np.ndarray
) -> dict[str, np.ndarray]:
    """Each metric `(1 or 2 sides, B)` under weights `(B, N)`, averaged over seeds."""
    curves = [[ranking.curve(w) for ranking in side] for side in data.rankings]

    def ranked(metric: Callable[[Curve], np.ndarray]) -> np.ndarray:
        return np.array([np.mean([metric(c) for c in side], axis=0) for side in curves])

    result = {name: ranked(RANKING[name]) for name in metrics}
    for name, thresholds in cut.items():
        metric = at_threshold(name)
        pairs = [list(zip(side, thresholds, strict=True)) for side in data.sides]
        result[name] = np.array([np.mean([metric(data.y, s, t, w) for s, t in side], axis=0) for side in pairs])
    return result


def _bootstrap(
    data: _TestSet, metrics: Sequence[str], cut: Mapping[str, np.ndarray], rng: np.random.Generator, resamples: int
) -> dict[str, np.ndarray]:
    """Each metric `(1 or 2 sides, resamples)` over resampled identities."""
    rows = max(1, _CHUNK // len(data.y))
    chunks = []
    for start in range(0, resamples, rows):
        counts = _resampled(data.n_groups, min(rows, resamples - start), rng)
        chunks.append(_measure(data, metrics, cut, counts[:, data.groups]))
    return {name: np.concatenate([chunk[name] for chunk in chunks], axis=1) for name in chunks[0]}


def _resampled(groups: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """How often each group is drawn, `(resamples, groups) float64`, in as many draws as there are groups."""
    draws = rng.integers(0, groups, (resamples, groups)) + groups * np.arange(resamples)[:, None]
    return np.bincount(draws.ravel(), minlength=resamples * groups).reshape(resamples, groups).astype(np.float64)


def _metric(name: str, data: _TestSet, sides: np.ndarray, boot: np.ndarray | None) -> Metric:
    """A metric from its value on each side `(1 or 2,)` and resampled values `(1 or 2, B)`, which an AUC needs not."""
    value = float(sides.mean())
    lo, hi, se, method = _auc(data, value) if boot is None else _bootstrapped(name, data, value, boot.mean(axis=0))
    fakes = int(data.y.sum())
    return Metric(
        value, lo, hi, se, fakes, len(data.y) - fakes, data.n_groups, method, float(sides[0]), float(sides[-1])
    )


Interval = tuple[float | None, float | None, float | None, str]


def _auc(
    data: _TestSet, value: float, limits: Callable[[float, Spread], tuple[float, float, str]] = auc_limits
) -> Interval:
    spread = clustered_spread(data.y, data.groups, placements(data.y, np.concatenate(data.sides)))
    lo, hi, method = limits(value, spread)
    return lo, hi, spread.se if method.startswith(DELONG) else None, method


def _bootstrapped(name: str, data: _TestSet, value: float, boot: np.ndarray) -> Interval:
    fakes, reals = data.identities(1), data.identities(0)
    valid = boot[np.isfinite(boot)]
    needed = reals if name.startswith("fpr") else min(fakes, reals)
    degenerate = needed < MIN_IDENTITIES or len(valid) < (1 - MAX_ONE_CLASS) * len(boot)
    if name == "tpr_at_fpr1" and reals < MIN_REALS_FOR_TPR:
        return None, None, None, f"none: fewer than {MIN_REALS_FOR_TPR} real identities"
    if not degenerate and 0 < value < 1 and np.ptp(valid) > 0:
        # A bootstrap variance is too small by the factor (G - 1) / G for G groups.
        se = float(np.std(valid, ddof=1) * np.sqrt(data.n_groups / (data.n_groups - 1)))
        return *logit_limits(value, se, needed - 1), se, "identity bootstrap, logit t"
    if name not in RANKING or name == "tpr_at_fpr1":
        count = fakes if name in RANKING else reals if name.startswith("fpr") else data.n_groups
        return *wilson(value, count), None, "wilson, identities"
    return None, None, None, "none: bootstrap degenerate"


def runs(
    y: Sequence[int] | np.ndarray,
    scores: Any,
    seeds: Sequence[int],
    thresholds: Mapping[str, float | Sequence[float]] = _NO_THRESHOLDS,
) -> list[dict[str, float]]:
    """The metrics of each seed alone, `{"seed": ..., "auc": ..., ...}`; missing scores as in `evaluate`.

    Raises:
        OneClassError, ValueError: as `evaluate`.
    """
    data = _test_set(y, scores, np.zeros(len(y), dtype=int))
    if len(data.sides[0]) != len(seeds):
        raise ValueError(f"{len(seeds)} seeds and {len(data.sides[0])} rows of scores do not belong together")
    result = []
    for i, seed in enumerate(seeds):
        row: dict[str, float] = {"seed": int(seed)}
        for name, metric in RANKING.items():
            row[name] = float(np.mean([metric(side[i].curve())[0] for side in data.rankings]))
        for name, t in thresholds.items():
            cut = float(np.broadcast_to(np.asarray(t, dtype=np.float64), len(seeds))[i])
            row[name] = float(np.mean([at_threshold(name)(data.y, side[i], cut)[0] for side in data.sides]))
        result.append(row)
    return result


def spread(rows: Sequence[Mapping[str, float]], name: str = "auc") -> dict[str, float | None]:
    """Smallest, largest and standard deviation (n - 1) of one metric over seeds; sd is None for a single seed."""
    values = [row[name] for row in rows if row.get(name) is not None]
    if not values:
        return {"min": None, "max": None, "sd": None}
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"min": float(min(values)), "max": float(max(values)), "sd": sd}
