"""`length`: how long a clip is, a control that must stay at chance unless the length gives fakes away."""

from datasets.clip import FPS, Clip

from .cards import DetectorCard
from .registry import register
from .signed import SignLearner
from .tracks import Scored

CARD = DetectorCard(
    name="length",
    modality="visual",
    needs=frozenset({"real", "fake"}),
    summary="seconds seen, after any cut; whether longer or shorter means fake is learned",
    licence="Apache-2.0",
    citation="this benchmark",
    logit=False,
    control=True,
)


def measure(clip: Clip) -> Scored:
    """Seconds of video that are seen, counted in 25 fps frames.

    Raises:
        ClipError: no video, or undecodable.
    """
    one_pixel_each = clip.frames(FPS, "full", 1)  # only their number matters, and so little is kept in the cache
    return Scored(len(one_pixel_each) / FPS)


@register(CARD)
class Length(SignLearner):
    """Is more a sign of a fake, or less?"""

    measure = staticmethod(measure)
