"""Protocols on FakeAVCeleb, which has no official split.

In all of them a fake goes where its source identity goes. The identities that fakes were swapped with (`target1`,
`target2` in `Clip.extra`) are not kept apart, by us or by any paper.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from ..clip import Clip
from ..importing.releases.favc import stripped
from .draws import in_three
from .listed import Lists, following
from .protocol import OURS, Drawing, Drawn, Protocol

_OWN = "the split is our own; papers use others, some of them unpublished"
_HAVIC = "HAVIC draws its split without a seed and publishes no list"
_LEFT_OUT_ONE = "HAVIC publishes neither the split of the reals nor the ratio of real to fake"


def _identity(clip: Clip) -> str:
    return clip.cluster


def _own(clips: Sequence[Clip]) -> Drawn:
    """Whole identities: 30 % test, and a tenth of the others for validation."""
    drawing, split = Drawing(), in_three(map(_identity, clips), "favc")
    for clip in clips:
        drawing.take(clip, split(_identity(clip)), OURS)
    return drawing.done()


def _over_videos(clips: Sequence[Clip]) -> Drawn:
    """30 % of the videos test, whoever is seen; a tenth of the others validates (HAVIC's code takes the test set)."""
    drawing, split = Drawing(), in_three((clip.id for clip in clips), "favc.havic")
    for clip in clips:
        drawing.take(clip, split(clip.id), OURS)
    return drawing.done()


MANIPULATIONS = {
    "rvfa": ("RVFA", None),
    "fvra_wl": ("FVRA", "wav2lip"),
    "fvfa_fs": ("FVFA", "faceswap-wav2lip"),
    "fvfa_gan": ("FVFA", "fsgan-wav2lip"),
    "fvfa_wl": ("FVFA", "wav2lip"),
}
"""HAVIC's five classes: category, and method (None for any)."""


def manipulation(clip: Clip) -> str | None:
    """The class of a fake; None for the fakes that HAVIC leaves out, swapped faces with real sound."""
    known = ((name, clip.category == category and method in (None, clip.method)) for name, (category, method) in _ALL)
    return next((name for name, fits in known if fits), None)


_ALL = tuple(MANIPULATIONS.items())


def _some(wanted: Callable[[str], bool], splits: tuple[str, ...], clips: Sequence[Clip]) -> Drawn:
    """Reals and the fakes of some classes, in the identity-disjoint split of `favc`; only some of its splits."""
    drawing, split = Drawing(), in_three(map(_identity, clips), "favc")
    for clip in clips:
        found = manipulation(clip)
        if clip.label and found is None:
            drawing.leave("a fake of none of the five classes")
        elif clip.label and not wanted(str(found)):
            drawing.leave("a fake of another class")
        elif split(_identity(clip)) not in splits:
            drawing.leave(f"an identity that is not in {' or '.join(splits)}")
        else:
            drawing.take(clip, split(_identity(clip)), OURS)
    return drawing.done()


def _without(name: str) -> Protocol:
    summary = f"HAVIC's leave-one-manipulation-out: four classes of fakes, without {name.upper().replace('_', '-')}"
    rule = partial(_some, lambda found: found != name, ("train", "val", "test"))
    return Protocol(f"favc.without_{name}", "favc", summary, _LEFT_OUT_ONE, rule)


def _only(name: str) -> Protocol:
    summary = f"HAVIC's leave-one-manipulation-out: only {name.upper().replace('_', '-')}, test identities of favc"
    rule = partial(_some, lambda found: found == name, ("test",))
    return Protocol(f"favc.only_{name}", "favc", summary, _LEFT_OUT_ONE, rule)


UNREADABLE = frozenset(
    {
        "id01170/00021_id01933_I5XXxgK7QpE_id00781_wavtolip.mp4",
        "id02071/00195_id01661_SdP_Monh-_4_id04547_wavtolip.mp4",
        "id02071/00195_id04245_nQD_PRlBDyw_id03658_wavtolip.mp4",
        "id04789/002121.mp4",
    }
)
"""What SSR-DFD leaves out of AVH-Align's lists (`INVALID_VIDS` of danoneata/veridiq): files that it could not read."""


def spelled(path: str) -> str:
    """A path as lists spell it: below the release's folder, `Asian_East` for `Asian (East)`."""
    return stripped(path).replace(" (", "_").replace(")", "")


def _key(split: str, clip: Clip) -> str:
    return spelled(clip.path)


def _by_ssr_rule(clip: Clip) -> bool:
    """Both streams real or both fake, and not one of the files that cannot be read."""
    return clip.category in ("RVRA", "FVFA") and "/".join(clip.path.split("/")[-2:]) not in UNREADABLE


_SPLITS = ("train", "val", "test")
AVH = Lists("AVH-Align", {split: f"avh_align/favc/{split}" for split in _SPLITS}, spelled, _key)
SSR = Lists("SSR-DFD", {split: f"ssr_dfd/favc/{split}" for split in _SPLITS}, spelled, _key)
SSR_FROM_AVH = replace(AVH, whose="SSR-DFD", rule=_by_ssr_rule)
"""Gives the same clips as SSR-DFD's own lists, all 11,331 of them."""

PROTOCOLS = (
    Protocol("favc", "favc", "all four types, split by source identity 63/7/30", _OWN, _own),
    following("favc.avh", "all four types in AVH-Align's lists", None, (AVH,), "favc, a split of our own,"),
    following(
        "favc.ssr",
        "RVRA and FVFA in SSR-DFD's lists",
        None,
        (SSR, SSR_FROM_AVH),
        "favc, all four types in a split of our own,",
    ),
    Protocol("favc.havic", "favc", "all four types, split over videos 63/7/30 as in HAVIC", _HAVIC, _over_videos),
    *(_without(name) for name in MANIPULATIONS),
    *(_only(name) for name in MANIPULATIONS),
)
