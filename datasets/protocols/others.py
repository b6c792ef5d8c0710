"""Protocols on the other data sets: the release's own splits, test sets, and reals to train on."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from ..clip import Clip
from .draws import all_tested, as_given, train_in_two
from .listed import Lists, following
from .protocol import OURS, RELEASE, Coverage, Drawing, Drawn, Protocol

KODF_METHODS = ("dffs", "dfl", "fo", "fsgan", "audio_driven")
COMPRESSIONS = ("raw", "c0", "c23", "c40")
_KODF = "papers test on subsets that they do not publish"
_HIFI = "HAVIC does not say which reals stand against each generator, and prints no number over all pairs"
_MIXED = "published numbers are at one compression, as in ffpp.c23"
_REALS = "reals alone: to train on, not to compare"


def word(text: str | None) -> str:
    """A method as a protocol's tag: `audio_driven` for `audio-driven`."""
    return re.sub(r"[^a-z0-9.]", "_", (text or "").lower())


def _against(method: str, clips: Sequence[Clip]) -> Drawn:
    """All reals and the fakes of one method."""
    drawing = Drawing()
    for clip in clips:
        if clip.label and word(clip.method) != method:
            drawing.leave("a fake of another method")
        else:
            drawing.take(clip, "test", OURS)
    return drawing.done()


def _pairs(generator: str, clips: Sequence[Clip]) -> Drawn:
    """The fakes of one generator and the reals that they were made from."""
    drawing = Drawing()
    wanted = {clip.pair for clip in clips if clip.label and word(clip.method) == generator and clip.pair}
    for clip in clips:
        if clip.pair in wanted and (not clip.label or word(clip.method) == generator):
            drawing.take(clip, "test", OURS)
        else:
            drawing.leave("of a pair of another generator")
    return drawing.done()


def _clicked(clips: Sequence[Clip]) -> Drawn:
    """Fakes of the release's test split that people clicked on."""
    drawing = Drawing()
    for clip in clips:
        if clip.split != "test":
            drawing.leave("not in the release's test split")
        elif not clip.label or not clip.clicks:
            drawing.leave("without a click")
        else:
            drawing.take(clip, "test", RELEASE)
    return drawing.done()


def _compressed(compression: str, clips: Sequence[Clip]) -> Drawn:
    """The release's splits of one compression."""
    drawing = Drawing()
    for clip in clips:
        if clip.extra.get("compression") != compression:
            drawing.leave("of another compression")
        elif not clip.split:
            drawing.leave("no split")
        else:
            drawing.take(clip, clip.split, clip.split_from or RELEASE)
    return drawing.done()


def _in_two(salt: str, group: Callable[[Clip], str], clips: Sequence[Clip]) -> Drawn:
    return train_in_two(clips, group, salt)


def _cluster(clip: Clip) -> str:
    return clip.cluster


def _reals(name: str) -> Protocol:
    rule = partial(_in_two, name, _cluster)
    summary = "real speech: the release's splits, a tenth of the speakers for validation where it has none"
    return Protocol(name, name, summary, _REALS, rule)


def generator(tag: str) -> Protocol:
    """The test set of one generator of HiFi-AVDF."""
    summary = f"the fakes of {tag} and the reals that they were made from"
    return Protocol(f"hifi_avdf.{tag}", "hifi_avdf", summary, _HIFI, partial(_pairs, tag))


def own(name: str) -> Protocol:
    """One's own data: the splits that it came with, or all of it to test on."""
    return Protocol(name, name, "your own data, in the splits that it came with", "your own data", as_given)


_AVLIPS_FILES = {0: 3_373, 1: 4_184}
"""What SSR-DFD's list has, by label, which is all of its copy."""


def _all_avlips(clips: Sequence[Clip]) -> Drawn:
    """Everything that is here; that it is fewer or more files than SSR-DFD had is told, also without its list."""
    drawn, here = all_tested(clips), Counter(clip.label for clip in clips)
    found = sum(min(here[label], count) for label, count in _AVLIPS_FILES.items())
    more = f"{len(clips) - found:,} further files are here" if len(clips) > found else None
    coverage = Coverage("the files that SSR-DFD had", sum(_AVLIPS_FILES.values()), found, more)
    return drawn if here == _AVLIPS_FILES else replace(drawn, lists=(coverage,))


def _file(path: str) -> str:
    """`0_real/1.mp4`, as the list has it."""
    return "/".join(path.split("/")[-2:])


def _avlips_key(split: str, clip: Clip) -> str:
    return _file(clip.path)


AVLIPS = Lists("SSR-DFD", {"test": "ssr_dfd/avlips/test"}, _file, _avlips_key)

PROTOCOLS = (
    Protocol("avlips", "avlips", "all of it tests, as in SSR-DFD", None, _all_avlips),
    following("avlips.ssr", "the files in SSR-DFD's list", None, (AVLIPS,), "avlips, all that is here,"),
    Protocol("kodf", "kodf", "all of it tests", _KODF, all_tested),
    *(
        Protocol(f"kodf.{name}", "kodf", f"all reals, and the fakes of {name}", _KODF, partial(_against, name))
        for name in KODF_METHODS
    ),
    Protocol("hifi_avdf", "hifi_avdf", "all pairs of all generators test", _HIFI, all_tested),
    Protocol("exddv", "exddv", "the clicked fakes of the release's test split, for localisation", None, _clicked),
    Protocol(
        "exddv.ssr",
        "exddv",
        "the release's splits, with FF++ originals in SSR-DFD's split; 226 originals of training fakes are tested on",
        None,
        as_given,
    ),
    Protocol("ffpp", "ffpp", "the release's splits, every compression that is here", _MIXED, as_given),
    *(
        Protocol(
            f"ffpp.{name}", "ffpp", f"the release's splits at compression {name}", None, partial(_compressed, name)
        )
        for name in COMPRESSIONS
    ),
    Protocol("lavdf", "lavdf", "the release's splits", None, as_given),
    *(_reals(name) for name in ("voxceleb2", "lrs2", "lrs3", "avspeech")),
)
