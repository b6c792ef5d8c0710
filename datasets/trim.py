"""Leading silence: how long it is, and how much of a clip the published rule cuts.

Source: AVH-Align (CVPR 2025), `deepfake_feature_extraction.py` at 55401ded. The rule is kept to the letter, its
floating-point rounding included: at some exact multiples of 640 samples `int(25 s)` falls one short (k = 29, 57,
58, 113, ...), so that one frame fewer is cut.
"""

from collections.abc import Callable

import numpy as np

from .clip import AUDIO_RATE, FPS, Clip

SILENCE = 5e-4
"""A sample at most this loud (of full scale 1) is silent; int16 values up to 16 are."""
DROP_FRAMES = 4
"""What the `drop` control cuts from every clip: more than the rule cuts for any planted silence."""


def leading_silence(audio: np.ndarray, rate: int = AUDIO_RATE) -> float:
    """Seconds before the first sample louder than `SILENCE`; the whole length where there is none.

    Args:
        audio: mono samples `(L,)` in [-1, 1].
        rate: samples per second.
    """
    loud = np.abs(audio) > SILENCE
    first = int(loud.argmax()) if loud.any() else len(audio)
    return first / rate


def frames_to_cut(silence: float) -> int:
    """25 fps frames that the rule cuts for so many seconds of silence: `int(25 s) + 1`, or 0 for none at all."""
    return int(silence * FPS) + 1 if silence > 0 else 0


def trim(clip: Clip) -> Clip:
    """The clip without its leading silence, in both streams; unchanged where it has no audio track.

    Raises:
        ClipError: nothing but silence (the original code fails there and skips the clip), or undecodable.
    """
    audio = clip.audio()
    if audio is None:
        return clip
    silence = leading_silence(audio)
    if silence * AUDIO_RATE >= len(audio):
        raise clip.error("silent from start to end, so trimming leaves nothing")
    return clip.skipping(clip.skip + frames_to_cut(silence))


def drop(clip: Clip) -> Clip:
    """The clip without its first `DROP_FRAMES` frames: a control for `trim`, which shortens fakes alone."""
    return clip.skipping(clip.skip + DROP_FRAMES)


PROBES: dict[str, Callable[[Clip], Clip]] = {"trim": trim, "drop": drop}
"""Ways to cut a clip, by name."""
