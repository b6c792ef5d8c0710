"""Protocols on AV-Deepfake1M and AV-Deepfake1M++.

The official training and validation parts share most identities, 76.5 % of the source videos and 15.9 % of the source
clips of AVH-Align's test set with its training set; no protocol mends that, since all papers test on the validation
part. The official test part has no public labels.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ..clip import Clip
from .draws import train_in_two
from .listed import Lists, following
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


def _tail(path: str) -> str:
    """`id/video/excerpt/name.mp4`, which is all that the lists have of a path."""
    return "/".join(path.split("/")[-4:])


def _key(split: str, clip: Clip) -> str | None:
    """A clip in the list of a split: its test rows are of the official val part, the others of the train part."""
    return _tail(clip.path) if clip.split == ("val" if split == "test" else "train") else None


def released(clip: Clip, name: str) -> Any:
    """A list of fake segments of the release, impossible ones included, by its name there."""
    clean = {
        "fake_segments": clip.segments,
        "audio_fake_segments": clip.segments_audio,
        "visual_fake_segments": clip.segments_video,
    }
    return clip.extra.get(name, clean[name])


def by_literal_rule(clip: Clip) -> bool:
    """SSR-DFD's rule as its code has it (danoneata/veridiq, linear_probing/datasets.py) on the released segments.

    It means to keep reals and fakes of both streams, and lets some of one stream through, where the release copies a
    segment into the list of the other stream.
    """
    both = released(clip, "audio_fake_segments") and released(clip, "visual_fake_segments")
    return bool(both) or not released(clip, "fake_segments")


def by_repaired_rule(clip: Clip) -> bool:
    """The same rule once impossible segments are cleared: both streams are fake, or none is."""
    return bool(clip.segments_audio and clip.segments_video) or not clip.segments


AVH = Lists("AVH-Align", {split: f"avh_align/av1m/{split}" for split in ("train", "val", "test")}, _tail, _key)
SSR = Lists("SSR-DFD", {split: f"ssr_dfd/av1m/{split}" for split in ("train", "val", "test")}, _tail, _key)
SSR_FROM_AVH = replace(AVH, whose="SSR-DFD", rule=by_literal_rule)
"""Gives the same clips as SSR-DFD's own lists."""
REPAIRED = replace(AVH, rule=by_repaired_rule)
UNSUPERVISED = Lists("AVH-Align", {split: f"avh_align/unsup/{split}" for split in ("train", "val")}, _tail, _key)
_WITHOUT = "av1m, the whole release,"

PROTOCOLS = (
    Protocol(
        "av1m",
        "av1m",
        "all categories: the official train part, a tenth of its source videos for validation; official val tests",
        _WHOLE,
        partial(_release, "av1m"),
    ),
    following(
        "av1m.avh",
        "all categories in AVH-Align's supervised lists; its test rows are of the official val part",
        None,
        (AVH,),
        _WITHOUT,
    ),
    following(
        "av1m.ssr",
        "reals and FVFA in SSR-DFD's lists, with the few clips of one fake stream that its rule lets through",
        None,
        (SSR, SSR_FROM_AVH),
        _WITHOUT,
    ),
    following(
        "av1m.repaired",
        "as av1m.ssr without the clips of one fake stream: impossible segments are cleared before its rule",
        "SSR-DFD's numbers are with those clips",
        (REPAIRED,),
        _WITHOUT,
    ),
    following(
        "av1m.real",
        "reals in AVH-Align's unsupervised lists, at least 5 s long, to train on reals alone",
        None,
        (UNSUPERVISED,),
        "av1m.real_own",
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
