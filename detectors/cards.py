"""What is on record about an encoder, a head and a detector."""

from dataclasses import dataclass
from typing import Literal

Modality = Literal["audio", "visual", "audio-visual"]
Needs = frozenset[Literal["real", "fake"]]


@dataclass(frozen=True)
class Weights:
    """A checkpoint file: where it comes from, and the hash that it must have."""

    file: str
    sha256: str
    source: str
    licence: str


@dataclass(frozen=True)
class EncoderCard:
    """A frozen encoder.

    Attributes:
        name: `[a-z0-9_]+`; a tag after a dot names other weights, as in `tiny_v.random`.
        modality: which streams it reads.
        dim: columns of its features.
        fps: rows per second.
        taps: layers that it can return, the default first.
        version: raised whenever the same clip would give other features; part of every signature.
        weights: its checkpoint, None where it has no learned weights.
        pretraining: data sets that it has seen.
        randomisable: whether `.random` (the same architecture, seeded untrained weights) makes sense.
    """

    name: str
    modality: Modality
    dim: int
    fps: float
    summary: str
    licence: str
    citation: str
    version: int = 1
    taps: tuple[str, ...] = ("last",)
    weights: Weights | None = None
    pretraining: tuple[str, ...] = ()
    randomisable: bool = False


@dataclass(frozen=True)
class HeadCard:
    """A head on frozen features. `needs` names the classes that `fit` must be given."""

    name: str
    needs: Needs
    summary: str
    citation: str
    version: int = 1
    logit: bool = True


@dataclass(frozen=True)
class DetectorCard:
    """A whole detector.

    Attributes:
        needs: classes that `fit` must be given; empty for a detector without training.
        logit: whether a score of 0 separates the classes, so that accuracy at 0 has a meaning.
        control: measures a shortcut rather than a forgery; held on both sides by the regression rule.
    """

    name: str
    modality: Modality
    needs: Needs
    summary: str
    licence: str
    citation: str
    version: int = 1
    logit: bool = True
    control: bool = False
