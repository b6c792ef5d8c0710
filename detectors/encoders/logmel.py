"""`logmel`: the log-mel spectrogram itself as features, the floor for every audio encoder."""

from collections.abc import Sequence

from datasets.clip import FPS, Clip

from ..cards import EncoderCard
from ..protocols import Context
from ..registry import register
from ..tracks import Track, frame_spans
from .frontend import DIM, log_mel, sound

CARD = EncoderCard(
    name="logmel",
    modality="audio",
    dim=DIM,
    fps=FPS,
    summary="40 log-mel bands, four 10 ms columns a row; nothing learned",
    licence="Apache-2.0",
    citation="Davis and Mermelstein, IEEE TASSP 28(4), 1980",
)


@register(CARD)
class LogMel:
    """The front end's `(T, 160)` rows; no weights."""

    def __init__(self, card: EncoderCard, seed: int | None = None) -> None:
        self.card = card

    def load(self, ctx: Context) -> None:
        """Nothing to read."""

    def encode(self, clip: Clip, taps: Sequence[str] = ("last",)) -> dict[str, Track]:
        """Log-mel rows of the clip; see `Encoder.encode`. Digital silence gives finite values."""
        values = log_mel(sound(clip))
        return {"last": Track(values, frame_spans(len(values), FPS, clip.start))}
