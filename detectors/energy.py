"""`energy`: loudness of each frame, a control for local scores that only follow speech and pauses."""

import numpy as np

from datasets.clip import AUDIO_RATE, FPS, Clip

from .cards import DetectorCard
from .encoders.frontend import sound
from .registry import register
from .signed import SignLearner
from .tracks import Scored, Track, frame_spans

CARD = DetectorCard(
    name="energy",
    modality="audio",
    needs=frozenset({"real", "fake"}),
    summary="log RMS of each 40 ms, averaged; whether louder or quieter means fake is learned",
    licence="Apache-2.0",
    citation="this benchmark",
    logit=False,
    control=True,
)
FLOOR = 1e-5
"""Least RMS, below the step of 16-bit samples; digital silence scores its logarithm, -11.5."""


def measure(clip: Clip) -> Scored:
    """Mean over frames of the natural logarithm of the RMS, and the frames; a part of a frame at the end is left out.

    Raises:
        ClipError: no audio track, less than 40 ms of it, or undecodable.
    """
    samples = sound(clip)
    width = AUDIO_RATE // FPS
    frames = samples[: len(samples) // width * width].astype(np.float64).reshape(-1, width)
    loudness = np.log(np.maximum(np.sqrt((frames**2).mean(axis=1)), FLOOR))
    track = Track(loudness.astype(np.float32), frame_spans(len(loudness), FPS, clip.start))
    return Scored(float(loudness.mean()), track)


@register(CARD)
class Energy(SignLearner):
    """Is more a sign of a fake, or less?"""

    measure = staticmethod(measure)
