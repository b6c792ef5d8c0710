"""Did a detector's AUC change, on the same test clips? In closed form, so that the same scores give the same answer.

DeLong's test for correlated ROC curves with Obuchowski's sums over identities: `leaderboard.components`. Clips are
joined by id; seeds are averaged; a clip without a score counts midway between ranked wrongly and rightly, as in
`leaderboard.intervals`. All of these are linear in the structural components, and so is the difference.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .components import clustered_spread, structural_components
from .differences import joined

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Change:
    """AUC of the new scores minus AUC of the old ones, in [-1, 1].

    Attributes:
        value: negative when the AUC fell.
        se: standard error over identities. 0 where nothing changed order, or every identity by the same amount;
            infinite where a class has one identity alone, so that nothing can be said.
        df: degrees of freedom of that error, at least 1; see `leaderboard.components.Spread`.
        n: clips.
        n_groups: distinct identities.
    """

    value: float
    se: float
    df: float
    n: int
    n_groups: int


def paired_change(new: "pd.DataFrame", old: "pd.DataFrame") -> Change:
    """The change from `old` to `new`.

    Args:
        new, old: per-clip scores as `leaderboard.records.read_scores` gives them: the columns clip, identity, label,
            one score column a seed (NaN where a clip has no score), reason. The order of the clips does not matter, and
            the number of seeds may differ.

    Raises:
        OneClassError: the clips are fakes or reals alone.
        ValueError: the two are not about the same clips.
    """
    old = joined(new, old)
    y = new["label"].to_numpy()
    after, before = (structural_components(y, table.iloc[:, 3:-1].to_numpy().T) for table in (new, old))
    return change(y, new["identity"].to_numpy(), after - before)


def change(y: np.ndarray, identities: np.ndarray, components: np.ndarray) -> Change:
    """The change whose differences of structural components, new minus old, are `(N,)`."""
    groups = np.unique(identities, return_inverse=True)[1]
    spread = clustered_spread(y, groups, components)
    return Change(float(components[y == 1].mean()), spread.se, spread.df, len(y), int(groups.max()) + 1)
