"""The regression rule: which of several AUCs changed by more than chance and more than 0.2 points?

A change counts where it exceeds both 0.2 points and its critical multiple of the standard error, 2.576 for one cell
with many identities (two-sided, 1 %), and more for several cells: p values are corrected by Holm's method (1979, A
simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6:65-70) over all of them.

Two things differ from 2.576, both without effect when identities are many:

- The quantile is Student's, with Welch and Satterthwaite's degrees of freedom. With normal quantiles, 320 independent
  cells of 20 identities with a real and a fake each gave a false alarm in up to 4 % of runs (42 identities: 1.6 %),
  since Holm's correction asks for tails that a standard error from so few does not have; with these, 1.1 and 0.8 %.
- No p value is below 2 to the power of minus the degrees of freedom, the chance that so many coins all fall alike.
  Few identities that happen to agree have a standard error near 0, and would otherwise be called: with 8 identities,
  320 cells gave 5 % false alarms. It also decides where the standard error is 0.

`python -m leaderboard.simulation` repeats this.
"""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from .components import ROUNDING
from .delong import Change

ALPHA = 0.01
"""Chance of calling any of several unchanged cells, half of it for a fall; 2.576 standard errors for one cell."""
LEAST = 0.002
"""The smallest change that counts, as a share: 0.2 points."""
POWER = 0.8

Word = Literal["fell", "rose", "same"]
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Judged:
    """What the rule says of one cell.

    Attributes:
        word: `fell`, `rose`, or `same` where chance explains the change or it is below 0.2 points.
        alarm: it fell; or it is a control and moved at all.
        p: two-sided, corrected for the number of cells, in [0, 1].
        critical: the smallest drop that would have been called here, at this standard error and with what the other
            cells leave of Holm's correction; infinite where no drop would have been.
        powered: the true drop that is called in about 80 % of cases; infinite where none is sure to be.
    """

    word: Word
    alarm: bool
    p: float
    critical: float
    powered: float


def judge(changes: Mapping[Key, Change], controls: Collection[Key] = ()) -> dict[Key, Judged]:
    """The rule's word on each cell.

    Args:
        changes: by cell; all that were selected, since the correction is for their number.
        controls: cells that are to stay where they are: one that rises is a leak.
    """
    p = np.array([p_value(change) for change in changes.values()])
    levels = _levels(p)
    adjusted = _holm(p)
    return {
        key: _judged(change, float(adjusted[i]), float(levels[i]), key in controls)
        for i, (key, change) in enumerate(changes.items())
    }


def _judged(change: Change, p: float, level: float, control: bool) -> Judged:
    called = p <= ALPHA and abs(change.value) > LEAST
    word: Word = "same" if not called else "fell" if change.value < 0 else "rose"
    return Judged(word, word == "fell" or (control and called), p, critical(change, level), powered(change, level))


def p_value(change: Change) -> float:
    """Two-sided p value of one change, uncorrected."""
    from scipy.special import stdtr

    if abs(change.value) < ROUNDING:
        return 1.0
    t = abs(change.value) / change.se if change.se > 0 else np.inf
    return min(1.0, max(2 * float(stdtr(change.df, -t)), _surest(change)))


def critical(change: Change, level: float) -> float:
    """The smallest drop whose two-sided p value reaches `level` at this change's standard error, and 0.2 points."""
    if level < _surest(change) or not np.isfinite(change.se):
        return float("inf")
    return max(LEAST, _quantile(change.df, level) * change.se)


def _quantile(df: float, level: float) -> float:
    """How many standard errors a two-sided p value of `level` takes."""
    from scipy.special import stdtrit

    return -float(stdtrit(df, level / 2))


def powered(change: Change, level: float) -> float:
    """The true drop that reaches `critical` in about 80 % of cases; infinite where none is sure to.

    A drop is not the same for every identity and adds to the standard error. Its standard deviation over identities is
    taken to be as large as the drop itself; in simulations with normal scores it was 0.6 to 1.4 times the drop.
    """
    from scipy.special import ndtri

    least, sure = critical(change, level), float(ndtri(POWER))
    if not np.isfinite(least):
        return least
    identities = min(change.n_groups, change.df + 1)
    factor = sure + _quantile(change.df, level)
    room = 1 - factor**2 / identities
    return max(least + sure * change.se, factor * change.se / float(np.sqrt(room))) if room > 0 else float("inf")


def _surest(change: Change) -> float:
    return float(2.0**-change.df)


def _holm(p: np.ndarray) -> np.ndarray:
    """Corrected p values `(M,)`: at most `ALPHA` exactly where Holm's procedure rejects at that level."""
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, steps)
    return adjusted


def _levels(p: np.ndarray) -> np.ndarray:
    """For each cell the largest uncorrected p value `(M,)` with which it would be called, the others' being as given.

    The cells that are called without it come before it, whatever its place among them; Holm's procedure then compares
    it with `ALPHA` over the number that is left.
    """
    called = _holm(p) <= ALPHA
    others = [np.sum(_holm(np.where(np.arange(len(p)) == i, 1.0, p)) <= ALPHA) for i in np.flatnonzero(called)]
    before = np.full(len(p), int(called.sum()))
    before[called] = others
    return ALPHA / (len(p) - before)
