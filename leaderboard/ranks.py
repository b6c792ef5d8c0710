"""Ranges of ranks that intervals leave open; for real data alone, since simulated data have no ranks."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from .intervals import Metric

Interval = tuple[float, float]
Name = TypeVar("Name")


def rank_ranges(intervals: Mapping[Name, Interval]) -> dict[Name, tuple[int, int]]:
    """The best and the worst rank, from 1, that each name could hold given all intervals.

    One is surely better than another when its lower end lies above the other's upper end. The best rank is one more
    than the number of those surely better, the worst the number of those not surely worse, oneself included. Each
    interval is taken alone: a paired difference (`leaderboard compare`) can separate two whose ranges overlap.

    Raises:
        ValueError: the lower end of an interval lies above its upper end.
    """
    for name, (lo, hi) in intervals.items():
        if lo > hi:
            raise ValueError(f"the interval of {name} ends before it begins: [{lo}, {hi}]")
    ends: Sequence[Interval] = list(intervals.values())
    return {
        name: (1 + sum(other_lo > hi for other_lo, _ in ends), sum(other_hi >= lo for _, other_hi in ends))
        for name, (lo, hi) in intervals.items()
    }


def extent(metric: Metric) -> Interval:
    """What a metric could be, in [0, 1]: its interval, widened to both ways of imputing clips without a score.

    All of [0, 1] where there is no interval.
    """
    if metric.lo is None or metric.hi is None:
        return 0.0, 1.0
    return min(metric.lo, metric.worst, metric.best), max(metric.hi, metric.worst, metric.best)
