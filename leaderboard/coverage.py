"""How often the intervals contain the truth: `python -m leaderboard.coverage`.

Draws test sets whose true metrics are known, one real and one fake clip an identity with correlated normal scores, and
counts how often the 95 % interval of `leaderboard.intervals` contains them, beside the percentile bootstrap's.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .intervals import _bootstrap, _test_set, evaluate
from .metrics import RANKING, curve


@dataclass(frozen=True)
class Design:
    """A population: true AUC, correlation within an identity, and standard deviation of the fakes (reals have 1)."""

    auc: float
    correlation: float
    sd: float

    def draw(self, identities: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Labels, scores and identities, each `(2 * identities,)`."""
        from scipy.special import ndtri

        shift = ndtri(self.auc) * np.hypot(1, self.sd)
        shared = np.sqrt(self.correlation) * rng.normal(size=(identities, 1))
        noise = shared + np.sqrt(1 - self.correlation) * rng.normal(size=(identities, 2))
        scores = noise * [1, self.sd] + [0, shift]
        return np.tile([0, 1], identities), scores.ravel(), np.repeat(np.arange(identities), 2)

    def truth(self, rng: np.random.Generator, identities: int = 300_000) -> dict[str, float]:
        """The metrics of the population, from a large draw."""
        y, s, _ = self.draw(identities, rng)
        return {name: float(metric(curve(y, s))[0]) for name, metric in RANKING.items()} | {"auc": self.auc}


@dataclass(frozen=True)
class Covered:
    """Shares of repetitions: with an interval, whose interval holds the truth, and whose percentile interval does."""

    given: float
    ours: float
    percentile: float


def coverage(
    design: Design, identities: int, repetitions: int, resamples: int, seed: int, metrics: Sequence[str]
) -> dict[str, Covered]:
    """Coverage of each metric's interval; repetitions without an interval do not count against `ours`."""
    rng = np.random.default_rng(seed)
    truth = design.truth(rng)
    hits = {name: np.zeros((repetitions, 3)) for name in metrics}
    for i in range(repetitions):
        y, s, groups = design.draw(identities, rng)
        ours = evaluate(y, s, groups, metrics=metrics, seed=i, resamples=resamples)
        boot = _bootstrap(_test_set(y, s, groups), metrics, {}, np.random.default_rng(i), resamples)
        for name in metrics:
            lo, hi = ours[name].lo, ours[name].hi
            low, high = np.nanquantile(boot[name][0], [0.025, 0.975])
            if lo is not None and hi is not None:
                hits[name][i, :2] = 1, lo <= truth[name] <= hi
            hits[name][i, 2] = low <= truth[name] <= high
    means = {name: hits[name].mean(axis=0) for name in metrics}
    return {name: Covered(m[0], m[1] / m[0] if m[0] else np.nan, m[2]) for name, m in means.items()}


def _report(result: Mapping[str, Covered]) -> Iterator[str]:
    for name, c in result.items():
        yield f"  {name:12s} {100 * c.ours:6.1f} {100 * c.percentile:11.1f} {100 * c.given:10.0f}"


def main() -> None:
    """Print the coverage over a grid of populations."""
    parser = argparse.ArgumentParser(prog="python -m leaderboard.coverage", description=__doc__.splitlines()[0])
    parser.add_argument("--identities", type=int, default=42)
    parser.add_argument("--repetitions", type=int, default=400)
    parser.add_argument("--resamples", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for correlation, sd in ((0.5, 1.0), (0.8, 1.0), (0.0, 2.0)):
        for auc in (0.5, 0.7, 0.85, 0.95, 0.99):
            design = Design(auc, correlation, sd)
            args = (options.identities, options.repetitions, options.resamples, options.seed)
            print(f"true AUC {auc}, correlation {correlation}, sd of fakes {sd}")
            print("  metric         ours  percentile  given (all in %)")
            print("\n".join(_report(coverage(design, *args, metrics=tuple(RANKING)))), flush=True)


if __name__ == "__main__":
    main()
