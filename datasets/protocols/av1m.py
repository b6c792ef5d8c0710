"""Protocols on AV-Deepfake1M and AV-Deepfake1M++.

The official training and validation parts share most identities, 76.5 % of the source videos and 15.9 % of the source
clips of AVH-Align's test set with its training set; no protocol mends that, since all papers test on the validation
part. The official test part has no public labels.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..clip import Clip
from . import listed
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


AVH = {split: f"avh_align/av1m/{split}" for split in ("train", "val", "test")}
SSR = {split: f"ssr_dfd/av1m/{split}" for split in ("train", "val", "test")}
UNSUPERVISED = {split: f"avh_align/unsup/{split}" for split in ("train", "val")}


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


def _of_lists(
    name: str, whose: str, ways: Sequence[tuple[dict[str, str], Callable[[Clip], bool]]], clips: Sequence[Clip]
) -> Drawn:
    """The first way whose lists are all here."""
    for parts, rule in ways:
        if listed.here(list(parts.values())):
            drawing = Drawing()
            listed.take(drawing, clips, parts, whose, _key, _tail, rule)
            return drawing.done()
    raise listed.missing(name, "av1m", whose, "av1m, the whole release," if name != "av1m.real" else "av1m.real_own")


def _any(clip: Clip) -> bool:
    return True


_SSR_WAYS = ((SSR, _any), (AVH, by_literal_rule))

PROTOCOLS = (
    Protocol(
        "av1m",
        "av1m",
        "all categories: the official train part, a tenth of its source videos for validation; official val tests",
        _WHOLE,
        partial(_release, "av1m"),
    ),
    Protocol(
        "av1m.avh",
        "av1m",
        "all categories in AVH-Align's supervised lists; its test rows are of the official val part",
        None,
        partial(_of_lists, "av1m.avh", "AVH-Align", ((AVH, _any),)),
        tuple(AVH.values()),
    ),
    Protocol(
        "av1m.ssr",
        "av1m",
        "reals and FVFA in SSR-DFD's lists, with the few clips of one fake stream that its rule lets through",
        None,
        partial(_of_lists, "av1m.ssr", "SSR-DFD", _SSR_WAYS),
        tuple(SSR.values()),
        tuple(AVH.values()),
    ),
    Protocol(
        "av1m.repaired",
        "av1m",
        "as av1m.ssr without the clips of one fake stream: impossible segments are cleared before its rule",
        "SSR-DFD's numbers are with those clips",
        partial(_of_lists, "av1m.repaired", "AVH-Align", ((AVH, by_repaired_rule),)),
        tuple(AVH.values()),
    ),
    Protocol(
        "av1m.real",
        "av1m",
        "reals in AVH-Align's unsupervised lists, at least 5 s long, to train on reals alone",
        None,
        partial(_of_lists, "av1m.real", "AVH-Align", ((UNSUPERVISED, _any),)),
        tuple(UNSUPERVISED.values()),
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
