"""95 % limits of an AUC and of a share, from their spread over identities or from the number of identities alone."""

from functools import lru_cache
from statistics import NormalDist

import numpy as np

from .components import Spread

Z = NormalDist().inv_cdf(0.975)
CLOPPER_PEARSON = "clopper-pearson, identities"
DELONG = "clustered DeLong, logit t"


def auc_limits(value: float, spread: Spread) -> tuple[float, float, str]:
    """Limits of an AUC and how they were made, `(lo, hi, method)`: `plain_limits` that hold close to 0 and 1 too.

    A perfect AUC has Clopper and Pearson's limit for as many successes as the smaller class has identities, and no
    lower limit is above that one (nor an upper limit below its mirror image): close to 1 the clips that would be
    misranked are mostly not in the sample, and the standard error does not know of them.
    """
    perfect = 0.025 ** (1 / spread.identities)
    if value in (0.0, 1.0):
        return (perfect, 1.0, CLOPPER_PEARSON) if value else (0.0, 1 - perfect, CLOPPER_PEARSON)
    lo, hi, method = plain_limits(value, spread)
    bounded = method == DELONG and (lo > perfect or hi < 1 - perfect)
    return min(lo, perfect), max(hi, 1 - perfect), method + (", bounded by clopper-pearson" if bounded else "")


def plain_limits(value: float, spread: Spread) -> tuple[float, float, str]:
    """Limits of an AUC on the logit scale; Newcombe's where there is no spread, as where all scores are equal."""
    if not (0 < value < 1 and 0 < spread.se < float("inf")):
        return *newcombe(value, spread.identities, spread.identities), "newcombe 5, identities"
    return *logit_limits(value, spread.se, spread.df), DELONG


def logit_limits(value: float, se: float, df: float) -> tuple[float, float]:
    """Limits `(lo, hi)` of a value in (0, 1) on the logit scale by the delta method, with a t quantile."""
    from scipy.special import expit, logit, stdtrit

    half = stdtrit(df, 0.975) * se / (value * (1 - value))
    lo, hi = expit(logit(value) + np.array([-half, half]))
    return float(lo), float(hi)


def newcombe(auc: float, fakes: int, reals: int) -> tuple[float, float]:
    """95 % interval of an AUC, `(lo, hi)`, from the class sizes alone: method 5 of Newcombe (2006).

    The AUCs that lie within 1.96 of their own Hanley-McNeil standard errors of the measured one, both exponents
    replaced by `(fakes + reals) / 2 - 1`. Not degenerate at 0 and 1. (Confidence intervals for an effect size measure
    based on the Mann-Whitney statistic. Part 2. Statistics in Medicine 25:559-573.)
    """
    return _newcombe_lower(auc, fakes, reals), 1 - _newcombe_lower(1 - auc, fakes, reals)


@lru_cache(maxsize=4096)
def _newcombe_lower(auc: float, m: int, n: int) -> float:
    from scipy.optimize import brentq

    size = (m + n) / 2 - 1

    def excess(t: float) -> float:
        spread = t * (1 - t) * (1 + size * (1 - t) / (2 - t) + size * t / (1 + t)) / (m * n)
        return auc - t - Z * float(np.sqrt(spread))

    return float(brentq(excess, 0.0, auc * (1 - 1e-12), xtol=1e-14)) if auc > 0 else 0.0


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % score interval `(lo, hi)` of a proportion among n independent cases (Wilson 1927)."""
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * np.sqrt(share * (1 - share) / n + (Z / (2 * n)) ** 2)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))
