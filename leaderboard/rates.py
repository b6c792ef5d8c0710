"""Rates by simulation: false alarms and power of the regression rule, coverage of the AUC's interval.

Scores are drawn from populations whose AUCs are known; everything else is the code that judges real scores.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .components import ROUNDING, clustered_spread, structural_components
from .delong import Change, change
from .intervals import evaluate
from .limits import auc_limits
from .metrics import RANKING, at_threshold, curve
from .populations import Layout, Population, pairs
from .regression import ALPHA, critical, judge, p_value, powered

FAMILIES = (1, 4, 32, 320)
LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.97)
"""AUCs of the cells of a family, in turn."""
DIGITS = "digits"
"""Instead of a correlation: old scores are rounded, so that most are tied, and new ones have noise of 1e-9."""
DROPS = (0.01, 0.02, 0.03, 0.05)
NORMAL = 1e9
"""So many degrees of freedom that Student's quantiles are normal."""


def components_of_pairs(scores: np.ndarray) -> np.ndarray:
    """Structural components `(B, G, 2)` of B sets of `(G, 2)` scores, a real and a fake of each identity."""
    real, fake = scores[..., 0], scores[..., 1]
    wins = np.sign(fake[:, :, None] - real[:, None, :]) / 2 + 0.5
    return np.stack([wins.mean(axis=1), wins.mean(axis=2)], axis=-1)


def changes_of_pairs(old: np.ndarray, new: np.ndarray) -> list[Change]:
    """`leaderboard.delong.change` of B detectors on one set `(B, G, 2)`, as `pairs` lays it out, all at once."""
    components = components_of_pairs(new) - components_of_pairs(old)
    count = old.shape[1]
    value = components[..., 1].mean(axis=1)
    parts = (components - value[:, None, None]) / count
    reals, fakes = (np.sum(parts**2, axis=1) * count / (count - 1)).T
    se = np.sqrt(np.sum(parts.sum(axis=2) ** 2, axis=1) * count / (count - 1))
    se[se < ROUNDING] = 0
    with np.errstate(invalid="ignore"):
        df = np.where(se > 0, (reals + fakes) ** 2 / (reals**2 + fakes**2) * (count - 1), count - 1)
    rows = zip(value, se, df, strict=True)
    return [Change(float(v), float(error), float(d), 2 * count, count) for v, error, d in rows]


def unchanged_family(identities: int, relation: float | str, rng: np.random.Generator) -> list[Change]:
    """Changes of the largest family's cells, each an equally good detector on the same five test sets."""
    from scipy.special import ndtri

    aucs = np.resize(LEVELS, max(FAMILIES))
    found: list[Change] = []
    for levels in np.array_split(aucs, 5):
        old, fresh = (_noise(identities, len(levels), rng) for _ in range(2))
        shift = np.sqrt(2) * ndtri(levels)[:, None, None] * [0.0, 1.0]
        if relation == DIGITS:
            before = np.round(old + shift)
            after = before + 1e-9 * fresh
        else:
            before = old + shift
            r = float(relation)
            after = r * old + np.sqrt(1 - r**2) * fresh + shift
        found += changes_of_pairs(before, after)
    return found


def _noise(identities: int, cells: int, rng: np.random.Generator) -> np.ndarray:
    """Standard normal `(cells, G, 2)`; half of the variance is common to all cells, and half of that to an identity."""
    shapes = [(1, identities, 1), (1, identities, 2), (cells, identities, 1), (cells, identities, 2)]
    return np.asarray(sum(rng.normal(size=shape) for shape in shapes)) / 2


@dataclass(frozen=True)
class Alarms:
    """Share of unchanged families, by size, in which a cell was said to have fallen: by the rule, by normal tails."""

    rule: dict[int, float]
    normal: dict[int, float]


def false_alarms(identities: int, relation: float | str, repetitions: int, rng: np.random.Generator) -> Alarms:
    """The rates over `repetitions` families of 320 cells, and over the smaller families that they consist of."""
    rates: list[dict[int, list[bool]]] = [{size: [] for size in FAMILIES} for _ in range(2)]
    for _ in range(repetitions):
        changes = unchanged_family(identities, relation, rng)
        for rate, df in zip(rates, (None, NORMAL), strict=True):
            cells = changes if df is None else [replace(c, df=df) for c in changes]
            p = np.array([p_value(c) for c in cells])
            for size, hits in rate.items():
                hits += _fallen(cells, p, size)
    rule, normal = ({size: float(np.mean(hits)) for size, hits in rate.items()} for rate in rates)
    return Alarms(rule, normal)


def _fallen(changes: Sequence[Change], p: np.ndarray, size: int) -> Iterator[bool]:
    """For each family of this size, whether the rule calls a fall; without a small p value it calls nothing."""
    for start in range(0, len(changes), size):
        if p[start : start + size].min() > ALPHA / size:
            yield False
        else:
            family = dict(enumerate(changes[start : start + size]))
            yield any(judged.word == "fell" for judged in judge(family).values())


@dataclass(frozen=True)
class Power:
    """Shares of repetitions in which a drop is called, by the drop, and the drop that the rule promises to call.

    Attributes:
        alone, among: shares called as the only cell, and as one of 320 of which no other changed.
        promised: median of `Judged.powered` where nothing changed, as the only cell and as one of 320.
        kept: share of drops of that size that are called; 0 where none is promised.
    """

    alone: dict[float, float]
    among: dict[float, float]
    promised: tuple[float, float]
    kept: tuple[float, float]


def power(
    test: Layout, population: Population, auc: float, correlation: float, repetitions: int, rng: np.random.Generator
) -> Power:
    """Power on one test set, from an AUC and a correlation of old and new scores."""
    levels = (ALPHA, ALPHA / max(FAMILIES))
    drawn = [_noises(test, population, correlation, rng) for _ in range(repetitions)]

    def changes(drop: float) -> list[Change]:
        return [_changed(test, population, noises, auc, drop) for noises in drawn]

    def called(found: Sequence[Change], level: float) -> float:
        return float(np.mean([-c.value > critical(c, level) for c in found]))

    still = changes(0.0)
    promised = [float(np.median([powered(c, level) for c in still])) for level in levels]
    rates = {drop: [called(changes(drop), level) for level in levels] for drop in DROPS}
    kept = [called(changes(drop), level) if drop < auc else 0.0 for drop, level in zip(promised, levels, strict=True)]
    alone, among = ({drop: rate[i] for drop, rate in rates.items()} for i in range(2))
    return Power(alone, among, (promised[0], promised[1]), (kept[0], kept[1]))


def _noises(
    test: Layout, population: Population, correlation: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    old, fresh = population.noise(test, rng), population.noise(test, rng)
    return old, correlation * old + np.sqrt(1 - correlation**2) * fresh


def _changed(
    test: Layout, population: Population, noises: tuple[np.ndarray, np.ndarray], auc: float, drop: float
) -> Change:
    old, new = (
        structural_components(test.y, population.scores(test, noise, level))
        for noise, level in zip(noises, (auc, auc - drop), strict=True)
    )
    return change(test.y, test.groups, new - old)


@dataclass(frozen=True)
class Coverage:
    """Share of the given intervals that hold the truth, their mean width, and in how many repetitions there was one."""

    share: float
    width: float
    given: float = 1.0


def coverage(test: Layout, population: Population, auc: float, repetitions: int, rng: np.random.Generator) -> Coverage:
    """Coverage of the 95 % interval of the AUC."""
    return _covered([_limits(test, population.draw(test, auc, rng)) for _ in range(repetitions)], auc)


def _limits(test: Layout, scores: np.ndarray) -> tuple[float, float]:
    components = structural_components(test.y, scores)
    value = float(components[test.y == 1].mean())
    lo, hi, _ = auc_limits(value, clustered_spread(test.y, test.groups, components))
    return lo, hi


def _covered(limits: Sequence[tuple[float | None, float | None]], truth: float) -> Coverage:
    known = np.array([pair for pair in limits if pair[0] is not None], dtype=float).reshape(-1, 2)
    if not len(known):
        return Coverage(float("nan"), float("nan"), 0.0)
    held = (known[:, 0] <= truth) & (truth <= known[:, 1])
    return Coverage(float(held.mean()), float(np.diff(known).mean()), len(known) / len(limits))


THRESHOLDS = {"acc_at_0": 0.0, "fpr_at_0": 0.0}


def metrics_coverage(
    test: Layout, population: Population, auc: float, repetitions: int, rng: np.random.Generator
) -> dict[str, Coverage]:
    """Coverage of the 95 % intervals of all metrics, from 400 resamples; the truth is that of 100,000 identities."""
    large = pairs(100_000)
    scores = population.draw(large, auc, rng)
    c = curve(large.y, scores)
    truth = {name: float(metric(c)[0]) for name, metric in RANKING.items()} | {"auc": auc}
    truth |= {name: float(at_threshold(name)(large.y, scores, t)[0]) for name, t in THRESHOLDS.items()}
    found = [
        evaluate(test.y, population.draw(test, auc, rng), test.groups, THRESHOLDS, seed=i, resamples=400)
        for i in range(repetitions)
    ]
    return {name: _covered([(m[name].lo, m[name].hi) for m in found], value) for name, value in truth.items()}
