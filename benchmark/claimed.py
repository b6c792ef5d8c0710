"""What the papers found, as claims about cells of the embedded corpus.

The word of a claim says what its success is worth; whether it succeeds is computed from the intervals alone:

- `planted`: true by construction of the corpus;
- `calibrated`: the strength of the effect was set on a development corpus, though its direction was not forced;
- `emergent`: nobody planted or tuned it.

Where in doubt, a claim has the weaker word.
"""

from dataclasses import dataclass
from typing import Literal

Word = Literal["planted", "calibrated", "emergent"]
CHANCE = 0.5
FAR_ABOVE = 0.8
NOMINAL = 0.95
"""Coverage that the intervals promise."""


@dataclass(frozen=True)
class Place:
    """A cell, named before it is measured."""

    detector: str
    train: str
    test: str
    probe: str | None = None

    @property
    def id(self) -> str:
        """The cell's id."""
        return "-".join(filter(None, [self.detector, f"{self.train}_to_{self.test}", self.probe]))


@dataclass(frozen=True)
class Claim:
    """One cell against a value, or against another cell on the same test clips.

    Attributes:
        word: the status if the claim succeeds.
        first, second: cells; the claim is about `first` alone where there is no second.
        null: what the AUC (or the difference, first minus second) is compared with, in [-1, 1].
        holds: the claim is that there is nothing to see: the interval must contain `null`, instead of lying above it.
        metric: `auc`; or `frame_auc`, for which no per-clip scores are kept and whose two intervals are compared.
    """

    word: Word
    first: Place
    second: Place | None = None
    null: float = CHANCE
    holds: bool = False
    metric: Literal["auc", "frame_auc"] = "auc"


@dataclass(frozen=True)
class NullRate:
    """All cells on `sim_null`: the share whose interval contains 50 is not below the nominal rate."""

    word: Word


@dataclass(frozen=True)
class Control:
    """A control in all its cells under one probe: where it excludes 50 is listed, and nothing is claimed."""

    detector: str
    probe: str | None


@dataclass(frozen=True)
class Finding:
    """Claims that belong together."""

    title: str
    text: str
    claims: tuple[Claim | NullRate | Control, ...]


WHOLE, LOCAL, LIP, WILD = "sim_whole", "sim_local", "sim_lip", "sim_wild"
_AUDIO, _VISUAL, _BOTH = "tiny_a-linear", "tiny_v-linear", "tiny_av-linear"
_IN_DOMAIN = ((WHOLE, WHOLE), (LOCAL, LOCAL))
_ACROSS = ((WHOLE, LOCAL), (LOCAL, WHOLE))


def _untrained(detector: str) -> str:
    return detector.replace("-", ".random-")


def _above(word: Word, first: Place, second: Place) -> Claim:
    return Claim(word, first, second, null=0.0)


def _silence() -> tuple[Claim, ...]:
    plain = [Place("silence", *pair) for pair in _IN_DOMAIN]
    cut = [Place("silence", *pair, "trim") for pair in _IN_DOMAIN]
    elsewhere = [Place("silence", LOCAL, LIP), Place("silence", WILD, WILD)]
    return (
        *(Claim("planted", place, null=FAR_ABOVE) for place in plain),
        *(Claim("planted", place, holds=True) for place in [*cut, *elsewhere]),
    )


def _inflation() -> tuple[Claim, ...]:
    def claim(detector: str, pair: tuple[str, str]) -> Claim:
        first, second = Place(detector, *pair), Place(detector, *pair, "trim")
        if detector == _untrained(_VISUAL):
            return Claim("planted", first, second, null=0.0, holds=True)
        return _above("emergent", first, second)

    detectors = map(_untrained, (_AUDIO, _BOTH, _VISUAL))
    return tuple(claim(detector, pair) for detector in detectors for pair in (*_IN_DOMAIN, *_ACROSS))


def _training_helps() -> tuple[Claim, ...]:
    return tuple(
        _above("calibrated", Place(detector, *pair, "trim"), Place(_untrained(detector), *pair, "trim"))
        for detector in (_BOTH, _AUDIO, _VISUAL)
        for pair in _IN_DOMAIN
    )


def _lips() -> tuple[Claim, ...]:
    seen = [Place(d, train, LIP, "trim") for d in (_VISUAL, _BOTH) for train in (WHOLE, LOCAL)]
    unheard = [Place(_AUDIO, train, LIP, "trim") for train in (WHOLE, LOCAL)]
    return (
        *(Claim("calibrated", place) for place in seen),
        *(Claim("planted", place, holds=True) for place in unheard),
    )


def _shortcut_costs() -> tuple[Claim, ...]:
    return tuple(_above("emergent", Place(_BOTH, LOCAL, t, "trim"), Place(_BOTH, LOCAL, t)) for t in (LIP, WILD))


def _transfer_costs() -> tuple[Claim, ...]:
    return tuple(
        _above("emergent", Place(detector, test, test, "trim"), Place(detector, train, test, "trim"))
        for detector in (_BOTH, _VISUAL, _AUDIO)
        for train, test in ((WHOLE, LOCAL), (LOCAL, WHOLE), (WHOLE, WILD), (LOCAL, WILD))
    )


def _localisation() -> tuple[Claim, ...]:
    pair = (LOCAL, LOCAL, "trim")
    claims: list[Claim] = []
    for detector in (_VISUAL, _AUDIO, _BOTH):
        place = Place(detector, *pair)
        claims.append(Claim("calibrated", place, metric="frame_auc"))
        for other in (_untrained(detector), "energy"):
            claims.append(Claim("calibrated", place, Place(other, *pair), null=0.0, metric="frame_auc"))
    return tuple(claims)


FINDINGS = (
    Finding(
        "Leading silence gives the fakes away",
        "AVH-Align: the length of the leading silence classifies two data sets by itself, and no longer does after "
        "trimming. Here the silence was planted in `sim_whole` and `sim_local` alone.",
        _silence(),
    ),
    Finding(
        "Untrained features profit from the shortcut",
        "A linear probe on untrained audio or audio-visual features loses AUC when the silence is trimmed, in domain "
        "and across the two sets that share the shortcut. Visual features, which cannot hear it, do not.",
        _inflation(),
    ),
    Finding(
        "Self-supervised training helps once the shortcut is gone",
        "SSR-DFD: under `trim`, in domain, trained features beat the same architecture untrained (mean of its seeds). "
        "Voice and lip artefacts, and the loss of the audio encoder, were chosen on a development corpus.",
        _training_helps(),
    ),
    Finding(
        "Lip-sync fakes are seen and not heard",
        "SSR-DFD: where only the lips are changed, visual and audio-visual features detect it, audio features do not. "
        "The strength of the lip artefacts was chosen on a development corpus; the sound is untouched by construction.",
        _lips(),
    ),
    Finding(
        "A probe that learned the shortcut fails elsewhere",
        "Trained on `sim_local`, the audio-visual probe detects more on sets without the shortcut when the silence was "
        "trimmed in training.",
        _shortcut_costs(),
    ),
    Finding(
        "Detectors lose on another data set",
        "SSR-DFD: on the same test clips, under `trim`, a probe trained on the same set beats one trained on another. "
        "That the sets differ in artefacts and codecs is by design; what a detector loses by it was not tuned.",
        _transfer_costs(),
    ),
    Finding(
        "Frame scores find the fake segments",
        "SSR-DFD: under `trim`, the frame AUC within the fakes of `sim_local` is above 50, above that of untrained "
        "features, and above that of loudness alone. No per-frame scores are kept, so that there is no paired test: a "
        "comparison counts only where the two intervals are disjoint, which is stricter.",
        _localisation(),
    ),
    Finding(
        "Nothing is found where there is nothing",
        "In `sim_null` the fakes are untouched. All of its cells share the same clips, so that they are dependent and "
        "the share has a wider spread than its binomial interval says.",
        (NullRate("planted"),),
    ),
    Finding(
        "Length and loudness alone",
        "Controls, without a claim: the pairs in which their interval excludes 50. Trimming shortens the fakes.",
        tuple(Control(detector, probe) for detector in ("length", "energy") for probe in (None, "trim", "drop")),
    ),
)
