"""The regression rule: which of several AUCs changed by more than chance and more than 0.2 points?

A change counts where it exceeds both 0.2 points and its critical multiple of the standard error, 2.576 for one cell
with many identities (two-sided, 1 %), and more for several cells: p values are corrected by Holm's method (1979, A
simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6:65-70) over all of them.

Two things differ from 2.576, both without effect when identities are many:

- The quantile is Student's, with Welch and Satterthwaite's degrees of freedom. Holm's correction asks for tails that a
  standard error from few identities does not have: with normal quantiles, 3 % of families of 320 unchanged cells (20
  identities with a real and a fake each, scores correlated by 0.5 with the old ones) had a cell that fell, 20 % with 8
  identities; with Student's 0.7 and 0 %. At 20 and 42 identities no family of 1, 4, 32 or 320 cells was above 0.7 %,
  whatever the correlation.
- No p value is below 2 to the power of minus the degrees of freedom, the chance that so many coins all fall alike.
  Few identities that happen to agree have a standard error near 0, and would otherwise be called. It also decides where
  the standard error is 0.

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
        powered: a true drop that is called in about 80 % of cases or more; infinite where none is sure to be.
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
    """A true drop that reaches `critical` in about 80 % of cases or more; infinite where none is sure to.

    A drop d adds to the standard error of an unchanged detector: it is not the same for every identity, and it comes in
    pairs of clips that change places. Taken as variances are d^2 / identities, as if its standard deviation over
    identities were the drop itself (in simulations with normal scores, 0.6 to 1.4 times that), and d / pairs for each
    of the two classes, as if the pairs were independent. Together that is cautious: with 42 identities, AUCs of 60 to
    95 and scores correlated by 0.9 to 0.99999, 74-100 % of such drops were called.
    """
    from scipy.special import ndtri

    least, sure = critical(change, level), float(ndtri(POWER))
    if not np.isfinite(least):
        return least
    square = (sure + _quantile(change.df, level)) ** 2
    identities = min(change.n_groups, change.df + 1)
    room = 1 - square / identities
    if room <= 0:
        return float("inf")
    swaps = square / (identities * change.n / 2)
    return max(least + sure * change.se, (swaps + float(np.sqrt(swaps**2 + room * square * change.se**2))) / room)


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
