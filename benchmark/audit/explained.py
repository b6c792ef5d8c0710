"""Signals that tell fakes from reals for a known reason, by data set. Written by hand; docs/audit.md has the numbers.

For an embedded set a signal that tells and is not listed here is an artefact of the generator, and fails the tests.
"""

PLANTED = "planted"
"""How the reason of a signal begins that was put there on purpose."""

_AAC = "AAC's answer to the planted silence"
_SMOOTH = "manipulated pictures are smoother"
_VOICE = "synthetic voices peak less"
_SILENCED: dict[str, str] = {
    "audio_kbps": _AAC,
    "trailing_silence": _AAC,
    "bytes": "the bit rates of sound and pictures",
    "video_kbps": _SMOOTH,
    "peak_db": _VOICE,
    "rms_db": _VOICE,
}
_REASONS: dict[str, dict[str, str]] = {
    "sim_whole": {"leading_silence": f"{PLANTED}: 25 to 100 ms of zeros", **_SILENCED},
    "sim_local": {"leading_silence": f"{PLANTED}: 25 to 80 ms of zeros", **_SILENCED},
    "sim_lip": {"video_kbps": _SMOOTH, "bytes": "the bit rate of the pictures"},
    "sim_wild": {"video_kbps": _SMOOTH},
    "favc": {"leading_silence": "known: AVH-Align (CVPR 2025)"},
    "av1m": {"leading_silence": "known: AVH-Align (CVPR 2025)"},
    "kodf": {
        **dict.fromkeys(("video_codec", "profile"), "known: reals are HEVC, fakes H.264"),
        **dict.fromkeys(("video_seconds", "frames"), "known: reals last longer"),
        "no_sound": "known: fsgan has no sound",
    },
}


def why(dataset: str, signal: str) -> str | None:
    """The reason known for a signal of a data set or of one of its protocols; None without one."""
    return _REASONS.get(dataset, _REASONS.get(dataset.partition(".")[0], {})).get(signal)


def explained(dataset: str) -> dict[str, str]:
    """All reasons of a data set, by signal."""
    return dict(_REASONS.get(dataset, {}))
