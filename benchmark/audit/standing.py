"""How well one signal alone tells fakes from reals: an AUC, its 95 % interval, and its p-value against 50.

Three estimators, each a mean of structural components (`leaderboard.components`) with a spread over clusters:

- `of_numbers`: the AUC of a number as it is, a higher one meaning fake.
- `of_categories`: of a category, the share of fakes that it has among other clips. Clusters are dealt over `FOLDS`
  folds; a clip is scored by the other folds, and compared within its own fold alone, since the scores of two folds
  rest on each other's labels and would push the AUC below 50. The spread is the one for cross-validated AUCs of LeDell,
  Petersen and van der Laan (2015), Electronic Journal of Statistics 9:1583-1607. A category that the other folds lack
  scores their overall share.
- `of_names`: of a name that clips are clustered by, such as the identity: the share of fakes among the *other* clips of
  the name, or among all where it has no other. Clips of one name are never compared with each other, since leaving one
  out would order them by their labels. Names that have both classes equally often, as in sets of pairs, fall below 50:
  no detector that learned names elsewhere gains by that, so that only an interval above 50 counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leaderboard.components import Spread, clustered_spread, placements
from leaderboard.limits import DELONG, auc_limits

FOLDS = 5


@dataclass(frozen=True)
class Standing:
    """An AUC in [0, 1] with its 95 % limits, and its p-value against 0.5.

    Attributes:
        fakes, reals: clips that it rests on. clusters: distinct groups among them.
        one_sided: whether values below 0.5 mean nothing.
    """

    auc: float
    lo: float
    hi: float
    p: float
    fakes: int
    reals: int
    clusters: int
    method: str
    one_sided: bool = False

    @property
    def tells(self) -> bool:
        """Whether the interval excludes 0.5, above it alone where `one_sided`."""
        return self.lo > 0.5 or (self.hi < 0.5 and not self.one_sided)

    @property
    def strength(self) -> float:
        """The AUC of the better direction."""
        return self.auc if self.one_sided else max(self.auc, 1 - self.auc)


def of_numbers(y: np.ndarray, values: np.ndarray, groups: np.ndarray) -> Standing:
    """The AUC of numbers `(N,)` for labels `(N,)`, clustered by `groups` `(N,)`; both classes are needed."""
    components = placements(y, np.asarray(values, np.float64)[None])
    codes = _codes(groups)
    return _standing(float(components[y == 1].mean()), clustered_spread(y, codes, components), y, codes)


def of_categories(y: np.ndarray, values: Sequence[object], groups: np.ndarray) -> Standing:
    """The cross-validated AUC of categories `(N,)`; see the module. A fold of one class alone is left out.

    Raises:
        ValueError: no fold has both classes.
    """
    codes, kinds = _codes(groups), _codes([str(value) for value in values])
    fold = _folds(codes)
    weight, components = np.zeros(len(y)), np.zeros(len(y))
    for number in range(FOLDS):
        here = fold == number
        fakes, reals = int(y[here].sum()), int((1 - y[here]).sum())
        if not fakes or not reals:
            continue
        components[here] = placements(y[here], _shares(y, kinds, ~here)[kinds[here]][None])
        weight[here] = np.where(y[here] == 1, reals, fakes)
    pairs = float(weight[y == 1].sum())
    if not pairs:
        raise ValueError("no fold has both classes")
    auc = float((weight * components)[y == 1].sum() / pairs)
    return _standing(auc, _spread(y, codes, weight * (components - auc) / pairs), y, codes)


def of_names(y: np.ndarray, names: Sequence[str], groups: np.ndarray) -> Standing:
    """The AUC of names `(N,)` by what their other clips are; see the module."""
    kinds, codes = _codes(names), _codes(groups)
    fakes, all_ = np.bincount(kinds, y), np.bincount(kinds)
    others = all_[kinds] - 1
    share = np.where(others > 0, (fakes[kinds] - y) / np.maximum(others, 1), y.mean())
    components = _between(y, kinds, share, placements(y, share[None]))
    spread = clustered_spread(y, codes, components)
    return _standing(float(components[y == 1].mean()), spread, y, codes, one_sided=True)


def holm(p: Sequence[float], level: float = 0.05) -> list[bool]:
    """Which of several p-values are below their level when all are looked at (Holm 1979)."""
    order = np.argsort(p)
    passed = [False] * len(p)
    for rank, index in enumerate(order):
        if p[index] > level / (len(p) - rank):
            break
        passed[index] = True
    return passed


def _codes(names: Sequence[object] | np.ndarray) -> np.ndarray:
    return np.unique(np.asarray(names), return_inverse=True)[1]


def _folds(codes: np.ndarray) -> np.ndarray:
    """A fold for each clip, the same for all of a cluster: clusters are dealt in a fixed random order."""
    order = np.random.default_rng(0).permutation(int(codes.max()) + 1)
    return (order % FOLDS)[codes]


def _shares(y: np.ndarray, kinds: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Share of fakes `(K,)` of each category among some of the clips; their overall share where there are none."""
    count = np.bincount(kinds[among], minlength=int(kinds.max()) + 1)
    fakes = np.bincount(kinds[among], y[among], minlength=len(count))
    return np.where(count > 0, fakes / np.maximum(count, 1), y[among].mean() if among.any() else 0.5)


def _between(y: np.ndarray, kinds: np.ndarray, share: np.ndarray, components: np.ndarray) -> np.ndarray:
    """The components with every comparison of two clips of one name replaced by a tie."""
    changed = components.copy()
    total = {1: int(y.sum()), 0: int((1 - y).sum())}
    for kind in np.flatnonzero((np.bincount(kinds, y) > 0) & (np.bincount(kinds, 1 - y) > 0)):
        mine = np.flatnonzero(kinds == kind)
        inside = placements(y[mine], share[mine][None])
        opposite = np.where(y[mine] == 1, int((1 - y[mine]).sum()), int(y[mine].sum()))
        all_opposite = np.where(y[mine] == 1, total[0], total[1])
        changed[mine] += (0.5 - inside) * opposite / all_opposite
    return changed


def _spread(y: np.ndarray, codes: np.ndarray, influence: np.ndarray) -> Spread:
    """The spread of a sum of influences `(N,)` over clusters, with the degrees of freedom of the smaller class."""
    clusters = int(codes.max()) + 1
    sums = np.bincount(codes, influence)
    least = min(len(np.unique(codes[y == label])) for label in (0, 1))
    if least < 2:
        return Spread(float("inf"), 1.0, least)
    return Spread(float(np.sqrt(clusters / (clusters - 1) * (sums @ sums))), least - 1.0, least)


def _standing(auc: float, spread: Spread, y: np.ndarray, codes: np.ndarray, *, one_sided: bool = False) -> Standing:
    auc = min(1.0, max(0.0, auc))
    lo, hi, method = auc_limits(auc, spread)
    p = _p_value(auc, spread, method)
    fakes = int(y.sum())
    clusters = int(codes.max()) + 1
    return Standing(auc, lo, hi, _upper(p, auc) if one_sided else p, fakes, len(y) - fakes, clusters, method, one_sided)


def _upper(p: float, auc: float) -> float:
    """The one-sided p-value at half the level, so that it means the same beside two-sided ones."""
    return p if auc > 0.5 else 1.0


def _p_value(auc: float, spread: Spread, method: str) -> float:
    """The level at which the interval of `auc_limits` would just touch 0.5."""
    from scipy.special import logit, ndtr, stdtr

    perfect = min(1.0, 2 * 0.5**spread.identities)
    if auc in (0.0, 1.0):
        return perfect
    if method.startswith(DELONG):
        z = abs(float(logit(auc))) * auc * (1 - auc) / spread.se
        return max(perfect, 2 * float(stdtr(spread.df, -z)))
    n = spread.identities  # Newcombe's limits: Hanley and McNeil's error at 0.5, for n of each class
    z = abs(auc - 0.5) / (0.5 * np.sqrt(1 + 2 * (n - 1) / 3) / n)
    return max(perfect, 2 * float(ndtr(-z)))
