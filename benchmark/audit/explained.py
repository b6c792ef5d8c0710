"""Signals that tell fakes from reals for a known reason, by data set. Written by hand; docs/audit.md has the numbers.

A reason holds for AUCs of a range: the same signal stronger, or in the other direction, is not explained by it. For an
embedded set a signal that tells and is not explained is an artefact of the generator, and fails the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass

PLANTED = "planted"
"""How the reason of a signal begins that was put there on purpose."""


@dataclass(frozen=True)
class Reason:
    """Why a signal tells.

    Attributes:
        words: a few.
        low, high: AUCs in [0, 1] that it explains.
    """

    words: str
    low: float = 0.0
    high: float = 1.0


_SMOOTH = Reason("manipulated pictures are smoother", 0.45, 0.5)
_SILENCED = {
    "audio_kbps": Reason("AAC's answer to the planted silence", 0.5, 0.92),
    "trailing_silence": Reason("AAC's answer to the planted silence", 0.38, 0.5),
    "bytes": Reason("the bit rates of sound and pictures", 0.5, 0.6),
    "video_kbps": _SMOOTH,
    "peak_db": Reason("synthetic voices peak less", 0.38, 0.5),
    "rms_db": Reason("synthetic voices are quieter", 0.45, 0.5),
}
_KNOWN = Reason("known: AVH-Align (CVPR 2025)", 0.5)
_REASONS: Mapping[str, Mapping[str, Reason]] = {
    "sim_whole": {"leading_silence": Reason(f"{PLANTED}: 25 to 100 ms of zeros", 0.9), **_SILENCED},
    "sim_local": {"leading_silence": Reason(f"{PLANTED}: 25 to 80 ms of zeros", 0.9), **_SILENCED},
    "sim_lip": {"video_kbps": _SMOOTH, "bytes": Reason("the bit rate of the pictures", 0.45, 0.5)},
    "sim_wild": {"video_kbps": _SMOOTH},
    "favc": {"leading_silence": _KNOWN},
    "av1m": {"leading_silence": _KNOWN},
    "kodf": {
        **dict.fromkeys(("video_codec", "profile"), Reason("known: reals are HEVC, fakes H.264")),
        **dict.fromkeys(("video_seconds", "frames"), Reason("known: reals last longer", 0.0, 0.5)),
        "no_sound": Reason("known: fsgan has no sound", 0.5),
    },
}


def why(dataset: str, signal: str, lo: float, hi: float) -> str | None:
    """The reason known for a signal of a data set or one of its protocols; None without one.

    Args:
        lo, hi: limits of its AUC in [0, 1]; the reason holds where they reach into its range.
    """
    known = _REASONS.get(dataset.partition(".")[0], {}).get(signal)
    return known.words if known and lo <= known.high and hi >= known.low else None


def explained(dataset: str) -> Mapping[str, Reason]:
    """All reasons of a data set, by signal."""
    return _REASONS.get(dataset, {})
