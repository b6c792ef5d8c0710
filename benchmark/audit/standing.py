"""How well one signal alone tells fakes from reals: an AUC, its 95 % interval, and its p-value against 50.

Three estimators, each a mean of structural components (`leaderboard.components`) with a spread over clusters:

- `of_numbers`: the AUC of a number as it is, a higher one meaning fake.
- `of_categories`: of a category, the share of fakes that it has among other clips. Clusters are dealt over two halves;
  each half is scored by the other one and its clips are compared among themselves alone, since the scores of two halves
  rest on each other's labels and would push the AUC below 50. The AUC is the mean of both. Its standard error is the
  mean of theirs, which is their sum's at most, however dependent the halves are: errors of cross-validated AUCs that
  take them for independent excluded 50 up to three times too often where there was nothing. A category that the other
  half lacks scores that half's overall share. What is more often fake in one half and less often in the other tells
  nothing, so that only an interval above 50 counts.
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
    """The AUC of categories `(N,)`, each half scored by the other; see the module. A half of one class is left out.

    Raises:
        ValueError: no half has both classes.
    """
    codes, kinds = _codes(groups), _codes([str(value) for value in values])
    first = _half(codes)
    both = [_of_half(y, kinds, codes, half) for half in (first, ~first) if len(set(y[half].tolist())) == 2]
    if not both:
        raise ValueError("no half has both classes")
    aucs, spreads = zip(*both, strict=True)
    spread = Spread(
        float(np.mean([one.se for one in spreads])),
        min(one.df for one in spreads),
        min(one.identities for one in spreads),
    )
    return _standing(float(np.mean(aucs)), spread, y, codes, one_sided=True)


def _of_half(y: np.ndarray, kinds: np.ndarray, codes: np.ndarray, half: np.ndarray) -> tuple[float, Spread]:
    """The AUC of one half of the clips by what the other half says of their categories."""
    scores = _shares(y, kinds, ~half)[kinds[half]]
    components = placements(y[half], scores[None])
    spread = clustered_spread(y[half], _codes(codes[half]), components)
    return float(components[y[half] == 1].mean()), spread


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


def _half(codes: np.ndarray) -> np.ndarray:
    """Whether a clip is in the first half, as its whole cluster: clusters are dealt in a fixed random order."""
    order = np.random.default_rng(0).permutation(int(codes.max()) + 1)
    return (order % 2 == 0)[codes]


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
