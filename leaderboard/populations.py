"""Populations of scores whose AUC is known, on test sets of given sizes: what `leaderboard.simulation` draws from."""

from dataclasses import dataclass

import numpy as np

SURE = 1 - 1e-7
"""AUC of the clips that are not mistaken, in populations where some are."""


@dataclass(frozen=True)
class Layout:
    """A test set: labels and identities of its clips, each `(N,) int`."""

    name: str
    y: np.ndarray
    groups: np.ndarray


def layout(name: str, reals: np.ndarray, fakes: np.ndarray) -> Layout:
    """A test set with so many real and fake clips of each identity, each `(G,)`."""
    people = np.arange(len(reals))
    groups = np.concatenate([np.repeat(people, reals), np.repeat(people, fakes)])
    return Layout(name, np.repeat([0, 1], [reals.sum(), fakes.sum()]), groups)


def pairs(identities: int) -> Layout:
    """One real and one fake clip of each identity, as in the embedded sets (42 in the default size)."""
    ones = np.ones(identities, dtype=int)
    return layout(f"{identities} identities", ones, ones)


def published() -> list[Layout]:
    """The test sets that SSR-DFD uses of three published data sets.

    FakeAVCeleb: 151 identities, each with one real clip, and 3,357 fakes. AV-Deepfake1M: 2,495 reals and 2,638 fakes of
    1,275 identities; how many of each is not published and drawn evenly here. AVLips: 3,373 reals and 4,184 fakes whose
    speakers are unknown; clips with the same number (3,369 pairs) count as one identity.
    """
    rng = np.random.default_rng(0)
    reals, fakes = (rng.multinomial(count, np.full(1275, 1 / 1275)) for count in (2495, 2638))
    lips = np.arange(4188)
    return [
        layout("FakeAVCeleb", np.ones(151, dtype=int), 22 + (np.arange(151) < 35).astype(int)),
        layout("AV-Deepfake1M", reals, fakes),
        layout("AVLips", (lips < 3373).astype(int), ((lips < 3369) | (lips >= 3373)).astype(int)),
    ]


@dataclass(frozen=True)
class Population:
    """How scores are distributed.

    Attributes:
        within: correlation of the clips of an identity, of both classes.
        sd: standard deviation of the fakes; reals have 1.
        mistaken: "" for normal scores; "like fakes": nearly perfect, but for a share of the identities whose reals
            score like fakes, as where reals share a shortcut; "above fakes": above all of them.
    """

    name: str
    within: float = 0.5
    sd: float = 1.0
    mistaken: str = ""

    def noise(self, test: Layout, rng: np.random.Generator) -> np.ndarray:
        """Standard normal `(N,)`, correlated within identities."""
        people = rng.normal(size=int(test.groups.max()) + 1)
        return np.sqrt(self.within) * people[test.groups] + np.sqrt(1 - self.within) * rng.normal(size=len(test.y))

    def scores(self, test: Layout, noise: np.ndarray, auc: float) -> np.ndarray:
        """Normal scores `(N,)` of the given AUC with this noise."""
        from scipy.special import ndtri

        shift = float(ndtri(auc)) * np.hypot(1, self.sd)
        return np.where(test.y == 1, self.sd * noise + shift, noise)

    def draw(self, test: Layout, auc: float, rng: np.random.Generator) -> np.ndarray:
        """Scores `(N,)` of the given AUC; with mistaken reals it has to be well above a half."""
        if not self.mistaken:
            return self.scores(test, self.noise(test, rng), auc)
        scores = self.scores(test, self.noise(test, rng), SURE)
        share = (1 - auc) * (2 if self.mistaken == "like fakes" else 1)
        wrong = (rng.random(int(test.groups.max()) + 1) < share)[test.groups] & (test.y == 0)
        like_fakes = self.scores(test, self.noise(test, rng), SURE)[test.y == 1].mean() + rng.normal(size=len(test.y))
        return np.where(wrong, like_fakes + (100 if self.mistaken == "above fakes" else 0), scores)


POPULATIONS = (
    Population("correlated"),
    Population("strongly correlated", within=0.8),
    Population("independent", within=0.0),
    Population("spread fakes", within=0.0, sd=2.0),
    Population("spread reals", within=0.3, sd=0.5),
    Population("reals like fakes", within=0.3, mistaken="like fakes"),
    Population("reals above fakes", within=0.3, mistaken="above fakes"),
)
