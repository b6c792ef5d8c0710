"""The AUC as a mean over clips, and its standard error where the clips of one identity are dependent.

**Structural components** (DeLong, DeLong, Clarke-Pearson 1988, Biometrics 44:837-845): of a fake, the share of reals
that it outscores; of a real, the share of fakes that outscore it; ties count half. Their mean over the fakes, and also
over the reals, is the AUC. Means over seeds, over imputations and differences of two detectors are linear in them.

**Clusters** (Obuchowski 1997, Nonparametric analysis of clustered ROC curve data, Biometrics 53:567-578): deviations
are summed within each identity, so that the real and the fake clips of one person may be correlated in any way.
"""

from dataclasses import dataclass

import numpy as np

from .metrics import checked, impute

ROUNDING = 1e-12
"""What rounding leaves of numbers that cancel: of a variance, relative to the terms that it is the sum of."""


@dataclass(frozen=True)
class Spread:
    """How far to trust a mean of structural components.

    Attributes:
        se: standard error; 0 where all identities agree, infinite where a class has one identity alone.
        df: degrees of freedom by Welch and Satterthwaite: between those of the class that contributes most and the
            sum of both. A t quantile with it becomes the normal one as identities become many.
        identities: of the class that has fewer.
    """

    se: float
    df: float
    identities: int


def structural_components(y: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The component of each clip, `(N,) float64` in [0, 1], in O(N log N).

    Args:
        y: `(N,)` labels, 1 fake and 0 real.
        scores: `(N,)`, or `(S, N)` for S seeds, over which the components are averaged. Missing ones (NaN or infinite)
            are imputed against the detector and in its favour, and the components averaged over both.

    Raises:
        OneClassError, ValueError: as `metrics.checked`.
    """
    y = np.asarray(y)
    sides = np.concatenate(impute(y, np.atleast_2d(np.asarray(scores, dtype=np.float64))))
    y, sides = checked(y, sides)
    return placements(y, sides)


def placements(y: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """`structural_components` of scores `(R, N)` without a NaN, averaged over their rows."""
    fake = y == 1
    values = np.zeros(len(y))
    for s in sides:
        values[fake] += _share_below(s[fake], s[~fake])
        values[~fake] += 1 - _share_below(s[~fake], s[fake])
    return values / len(sides)


def _share_below(x: np.ndarray, among: np.ndarray) -> np.ndarray:
    ordered = np.sort(among)
    return (np.searchsorted(ordered, x, "left") + np.searchsorted(ordered, x, "right")) / (2 * len(among))


def clustered_spread(y: np.ndarray, groups: np.ndarray, components: np.ndarray) -> Spread:
    """The spread of the mean of components `(N,)`, or of their differences, over identities.

    Args:
        y: `(N,)` labels, 1 fake and 0 real.
        groups: `(N,)` identities as numbers from 0 to G - 1.
        components: `(N,)` of one detector, or of one minus those of another.
    """
    total = int(groups.max()) + 1
    (a, m), (b, n) = (_sums(y == label, groups, components, total) for label in (1, 0))
    if min(m, n) < 2:
        return Spread(float("inf"), 1.0, min(m, n))
    fakes, reals = m / (m - 1) * float(a @ a), n / (n - 1) * float(b @ b)
    variance = fakes + reals + 2 * total / (total - 1) * float(a @ b)
    if variance <= ROUNDING * (fakes + reals):
        return Spread(0.0, min(m, n) - 1.0, min(m, n))
    df = (fakes + reals) ** 2 / (fakes**2 / (m - 1) + reals**2 / (n - 1))
    return Spread(float(np.sqrt(variance)), df, min(m, n))


def _sums(of: np.ndarray, groups: np.ndarray, components: np.ndarray, total: int) -> tuple[np.ndarray, int]:
    """Each identity's part `(G,)` in the deviation of the class mean, and how many identities the class has."""
    values, codes = components[of], groups[of]
    sums = np.bincount(codes, values - values.mean(), minlength=total) / len(values)
    return sums, int(np.count_nonzero(np.bincount(codes)))
