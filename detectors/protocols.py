"""The shapes that encoders, heads and detectors have. Structural: nothing is inherited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from logging import Logger, getLogger
from pathlib import Path
from typing import Any, Protocol

from datasets.clip import Clip

from .cards import DetectorCard, EncoderCard, HeadCard
from .tracks import Scored, Track


@dataclass(frozen=True)
class Context:
    """What a detector may use while it loads or trains.

    Attributes:
        device: a torch device, `cpu` or `cuda`.
        batch: clips that an encoder may take together; 1 where the last digits must not depend on its neighbours.
        seed: the only source of randomness.
        folder: where a long training may keep its state; None when nothing should be kept.
        log: progress and warnings.
    """

    device: str = "cpu"
    batch: int = 1
    seed: int = 43
    folder: Path | None = None
    log: Logger = field(default_factory=lambda: getLogger("avdf"))


@dataclass(frozen=True)
class Example:
    """Features and label of one training clip: `tracks` maps an encoder's name to its `(T, D)` track."""

    clip: str
    tracks: Mapping[str, Track]
    label: int


class Encoder(Protocol):
    """A frozen model that turns a clip into features over time.

    One that can take several clips at once also has `encode_many(clips, taps)`, which gives for each clip what `encode`
    gives, up to the last digits, or the `ClipError` that it raises. A class with `together = False` gives just what
    `encode` gives.
    """

    card: EncoderCard

    def load(self, ctx: Context) -> None:
        """Read the weights; called once, before the first `encode`."""

    def encode(self, clip: Clip, taps: Sequence[str] = ("last",)) -> dict[str, Track]:
        """Features of one clip, a track `(T, D) float32` for each tap asked for.

        Raises:
            ClipError: the clip lacks a stream that the encoder cannot do without, or cannot be decoded.
        """


class FittedHead(Protocol):
    """A trained head."""

    report: dict[str, Any]
    """What happened in training (what stopped it, best epoch, losses), as JSON values."""

    def score(self, tracks: Mapping[str, Track]) -> Scored:
        """The score of one clip from its tracks; NaN where it cannot be computed."""

    def save(self, folder: Path) -> None:
        """Write everything that `load` of its head needs."""


class Head(Protocol):
    """Trains on the features of one or several encoders."""

    card: HeadCard

    def fit(self, train: Sequence[Example], val: Sequence[Example], ctx: Context) -> FittedHead:
        """Train on `train`, select on `val`. Test data never comes here."""

    def load(self, folder: Path) -> FittedHead:
        """A fitted head as `save` wrote it."""


class Fitted(Protocol):
    """A trained detector."""

    report: dict[str, Any]

    def score(self, clip: Clip) -> Scored:
        """The score of one clip; a function of that clip alone.

        Raises:
            ClipError: the clip cannot be scored.
        """

    def save(self, folder: Path) -> None:
        """Write everything that `load` of its detector needs."""


class Detector(Protocol):
    """What a third party supplies; encoders and a head compose to one."""

    card: DetectorCard

    def fit(self, train: Sequence[Clip], val: Sequence[Clip], ctx: Context) -> Fitted:
        """Train on `train`, select on `val`. Test data never comes here."""

    def load(self, folder: Path, ctx: Context) -> Fitted:
        """A fitted detector as `save` wrote it."""
