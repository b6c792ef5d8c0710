"""Did a number change, where there are no scores to pair? A cautious answer from the two numbers and their errors."""

from math import hypot
from statistics import NormalDist

from .delong import Change
from .intervals import Metric
from .records import Record


def unpaired(new: Record, old: Record, name: str) -> Change | None:
    """The change of a metric as if the two had nothing in common; None where an error is not known."""
    a, b = new.metrics[name], old.metrics[name]
    errors = _error(a), _error(b)
    if errors[0] is None or errors[1] is None:
        return None
    df = max(1, min(a.n_groups, b.n_groups) - 1)
    return Change(a.value - b.value, hypot(errors[0], errors[1]), df, a.n_pos + a.n_neg, a.n_groups)


def _error(metric: Metric) -> float | None:
    """Its standard error, or, near 0 and 1, where that has no meaning, half its interval in standard errors."""
    if metric.se is not None or metric.lo is None or metric.hi is None:
        return metric.se
    return (metric.hi - metric.lo) / 2 / NormalDist().inv_cdf(0.975)
