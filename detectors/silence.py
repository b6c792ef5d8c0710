"""`silence`: leading silence alone, the shortcut classifier of AVH-Align (CVPR 2025)."""

from collections.abc import Sequence
from pathlib import Path

from datasets.clip import Clip
from datasets.trim import leading_silence

from .cards import DetectorCard
from .protocols import Context
from .registry import register
from .signed import Signed, load_signed
from .tracks import Scored

CARD = DetectorCard(
    name="silence",
    modality="audio",
    needs=frozenset(),
    summary="seconds of silence at the start; longer means fake",
    licence="Apache-2.0",
    citation="Smeu, Boldisor, Oneata and Oneata, CVPR 2025",
    logit=False,
    control=True,
)


def measure(clip: Clip) -> Scored:
    """Seconds before the first sample above 5e-4 at 16 kHz; the whole length where there is none.

    Raises:
        ClipError: no audio track, or undecodable.
    """
    samples = clip.audio()
    if samples is None:
        raise clip.error("no audio track")
    return Scored(leading_silence(samples))


@register(CARD)
class Silence:
    """Needs no training."""

    def __init__(self, card: DetectorCard) -> None:
        self.card = card

    def fit(self, train: Sequence[Clip], val: Sequence[Clip], ctx: Context) -> Signed:
        """The fixed rule; looks at no clip."""
        return Signed(measure, 1)

    def load(self, folder: Path, ctx: Context) -> Signed:
        """A fitted detector as `save` wrote it."""
        return load_signed(measure, folder)
