"""Check the statistics by simulation: `python -m leaderboard.simulation`.

Prints Markdown tables of the regression rule's false alarms and power, and of how often the 95 % interval of an AUC
holds the true one. All rates are in %; each table says how far they are from exact.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from itertools import product

import numpy as np

from .markdown import table
from .metrics import RANKING
from .populations import POPULATIONS, Population, pairs, published
from .rates import DIGITS, DROPS, FAMILIES, THRESHOLDS, coverage, false_alarms, metrics_coverage, power

RELATIONS: tuple[float | str, ...] = (0.5, 0.9, 0.99, 0.999, DIGITS)
AUCS = (0.5, 0.7, 0.9, 0.95, 0.97, 0.99, 0.999)
LEVELS = (0.5, 0.7, 0.9, 0.97)
METRICS = (*RANKING, *THRESHOLDS)
HIGH = 0.9
"""From this AUC on, reals can be mistaken."""

Section = Callable[[int, int], Iterator[list[str]]]
"""Lines of a table, from the number of repetitions and the seed."""


def false_alarm_rows(repetitions: int, seed: int) -> Iterator[list[str]]:
    """A line for each number of identities and relation of old and new scores."""
    for i, (identities, relation) in enumerate(product((8, 20, 42), RELATIONS)):
        found = false_alarms(identities, relation, repetitions, np.random.default_rng((seed, i)))
        rates = [f"{100 * rate[size]:.2f}" for rate in (found.rule, found.normal) for size in FAMILIES]
        yield [str(identities), str(relation), *rates]


def power_rows(repetitions: int, seed: int) -> Iterator[list[str]]:
    """A line for each test set, AUC and correlation of old and new scores."""
    tests = [pairs(42), *published()]
    for i, (test, auc, correlation) in enumerate(product(tests, (0.7, 0.9), (0.9, 0.99))):
        found = power(test, Population(""), auc, correlation, repetitions, np.random.default_rng((seed, i)))
        rates = [f"{100 * rate[drop]:.0f}" for rate in (found.alone, found.among) for drop in DROPS]
        promised = [f"{100 * d:.1f} ({100 * k:.0f})" for d, k in zip(found.promised, found.kept, strict=True)]
        yield [test.name, f"{100 * auc:.0f}", str(correlation), *rates, *promised]


def coverage_rows(repetitions: int, seed: int) -> Iterator[list[str]]:
    """A line for each test set and population: coverage and mean width by AUC."""
    tests = [*(pairs(n) for n in (5, 8, 12, 20, 42)), *published()]
    for i, (test, population) in enumerate(product(tests, POPULATIONS)):
        rng = np.random.default_rng((seed, i))
        known = [None if population.mistaken and auc < HIGH else auc for auc in AUCS]
        found = [coverage(test, population, auc, repetitions, rng) if auc else None for auc in known]
        yield [
            test.name,
            population.name,
            *("" if c is None else f"{100 * c.share:.1f} ({100 * c.width:.2g})" for c in found),
        ]


def metrics_rows(repetitions: int, seed: int) -> Iterator[list[str]]:
    """A line for each number of identities, population and AUC: coverage by metric."""
    for i, (n, population, auc) in enumerate(product((20, 42), POPULATIONS[:4], LEVELS)):
        found = metrics_coverage(pairs(n), population, auc, repetitions, np.random.default_rng((seed, i)))
        shares = [f"{100 * c.share:.1f} ({100 * c.given:.0f})" if c.given else "" for c in found.values()]
        yield [f"{n} identities", population.name, f"{100 * auc:g}", *shares]


_SETS = len(published())
PARTS: dict[str, tuple[str, list[str], Section, int]] = {
    "false-alarms": (
        "Families of cells of which none changed, and in which one was said to have fallen, by the number of cells",
        ["identities", "correlation", *(f"rule, {n}" for n in FAMILIES), *(f"normal tails, {n}" for n in FAMILIES)],
        false_alarm_rows,
        3 * len(RELATIONS),
    ),
    "power": (
        "Drops of the AUC that are called, as the only cell and as one of 320; and the drop promised to be called in "
        "80 % of cases or more, with the share of such drops that was",
        [
            *("test set", "AUC", "correlation"),
            *(f"alone, {100 * d:.0f} points" for d in DROPS),
            *(f"of 320, {100 * d:.0f} points" for d in DROPS),
            *("promised alone", "promised of 320"),
        ],
        power_rows,
        4 * (1 + _SETS),
    ),
    "coverage": (
        "Coverage of the 95 % interval, by true AUC, and its mean width in points",
        ["test set", "scores", *(f"{100 * auc:g}" for auc in AUCS)],
        coverage_rows,
        (5 + _SETS) * len(POPULATIONS),
    ),
    "metrics": (
        "Coverage of the 95 % intervals of all metrics, with the share of repetitions that had one",
        ["test set", "scores", "AUC", *METRICS],
        metrics_rows,
        2 * 4 * len(LEVELS),
    ),
}


def report(part: str, repetitions: int, seed: int, *, progress: bool = True) -> str:
    """One part's table in Markdown, with its standard error."""
    from tqdm import tqdm

    title, header, rows, lines = PARTS[part]
    body = list(tqdm(rows(repetitions, seed), desc=part, total=lines, unit="line", disable=not progress))
    errors = ", ".join(f"{100 * np.sqrt(p * (1 - p) / repetitions):.2f} at {100 * p:g} %" for p in (0.01, 0.05, 0.5))
    return f"## {title}\n\n{repetitions} repetitions; standard error {errors}.\n\n{table(header, body)}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m leaderboard.simulation", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"which to print, of {', '.join(PARTS)}; all by default")
    parser.add_argument("--repetitions", type=int, default=2000, help="2000 by default, which takes about half an hour")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    for part in options.parts or PARTS:
        print(report(part, options.repetitions, options.seed), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
