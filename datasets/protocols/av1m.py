"""Protocols on AV-Deepfake1M and AV-Deepfake1M++.

The official training and validation parts share most identities, 76.5 % of the source videos and 15.9 % of the source
clips of AVH-Align's test set with its training set; no protocol mends that, since all papers test on the validation
part. The official test part has no public labels.
"""

from collections.abc import Sequence
from functools import partial

from ..clip import Clip
from .draws import train_in_two
from .protocol import Drawing, Drawn, Protocol

_WHOLE = "published numbers are on subsets of the release"


def source(clip: Clip) -> str:
    """What the training and the validation part do not share: the source video."""
    return clip.source or clip.cluster


def _release(salt: str, clips: Sequence[Clip]) -> Drawn:
    return train_in_two(clips, source, salt, tested="val")


def _reals(clips: Sequence[Clip]) -> Drawn:
    """Reals of the training part, in the split of `av1m`."""
    drawing = Drawing()
    for clip in _release("av1m", clips).clips:
        if clip.split == "test":
            drawing.leave("of the validation part, which tests")
        elif clip.label:
            drawing.leave("a fake")
        else:
            drawing.take(clip, clip.split, str(clip.split_from))
    return drawing.done()


PROTOCOLS = (
    Protocol(
        "av1m",
        "av1m",
        "all categories: the official train part, a tenth of its source videos for validation; official val tests",
        _WHOLE,
        partial(_release, "av1m"),
    ),
    Protocol("av1m.real_own", "av1m", "the reals of av1m's train and val, to train on reals alone", _WHOLE, _reals),
    Protocol(
        "av1mpp",
        "av1mpp",
        "the official train part, a tenth of its source videos for validation; official val and labelled tests test",
        "no published numbers are at hand",
        partial(_release, "av1mpp"),
    ),
)
