"""Splits that are drawn here: by a hash of names, so that they depend on no order, no seed and no other library.

Where a few clips or identities are missing on one machine, nearly all others keep their split.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

from ..clip import Clip
from .protocol import OURS, RELEASE, Drawing, Drawn


def part(names: Iterable[str], share: float, salt: str) -> frozenset[str]:
    """A share of the names: those whose hash with the salt comes first; at least one of two or more."""
    ranked = sorted(set(names), key=lambda name: (hashlib.sha256(f"{salt}\0{name}".encode()).digest(), name))
    count = round(len(ranked) * share)
    return frozenset(ranked[: max(count, 1) if len(ranked) > 1 else count])


def in_three(names: Iterable[str], salt: str, test: float = 0.3, val: float = 0.1) -> Callable[[str], str]:
    """The split of each name: a share of them is tested on, a share of the rest is for validation."""
    every = set(names)
    tested = part(every, test, f"{salt} test")
    validated = part(every - tested, val, f"{salt} val")
    return lambda name: "test" if name in tested else "val" if name in validated else "train"


def as_given(clips: Sequence[Clip]) -> Drawn:
    """The splits of the manifest, or everything as test clips where it has none."""
    drawing = Drawing()
    split_before = any(clip.split for clip in clips)
    for clip in clips:
        if not split_before:
            drawing.take(clip, "test", OURS)
        elif clip.split in ("train", "val", "test"):
            drawing.take(clip, clip.split, clip.split_from or RELEASE)
        else:
            drawing.leave(f"split {clip.split!r} is neither train, val nor test" if clip.split else "no split")
    return drawing.done()


def all_tested(clips: Sequence[Clip]) -> Drawn:
    """Everything as test clips, whatever splits the release has."""
    drawing = Drawing()
    for clip in clips:
        drawing.take(clip, "test", OURS)
    return drawing.done()


TRAINED = frozenset({"train", "dev", "pretrain", "trainval"})
"""What releases call the clips that they train on; `dev` is VoxCeleb2's word."""


def train_in_two(
    clips: Sequence[Clip], group: Callable[[Clip], str], salt: str, val: float = 0.1, tested: str = "test"
) -> Drawn:
    """The release's training clips in a training and a validation part, of different groups; its `tested` split tests.

    Where the release has a validation split beside the tested one, that is used and nothing is drawn.
    """
    drawing = Drawing()
    has_val = tested != "val" and any(clip.split == "val" for clip in clips)
    trained = {group(clip) for clip in clips if clip.split in TRAINED}
    validated = frozenset() if has_val else part(trained, val, f"{salt} val")
    for clip in clips:
        if clip.split in TRAINED:
            drawn_split = "val" if group(clip) in validated else "train"
            drawing.take(clip, drawn_split, RELEASE if has_val else OURS)
        elif clip.split == tested or clip.split.startswith("test"):  # AV-Deepfake1M++ has testA and testB
            drawing.take(clip, "test", RELEASE)
        elif clip.split == "val":
            drawing.take(clip, "val", RELEASE)
        else:
            drawing.leave(f"split {clip.split!r} is none that is known" if clip.split else "no split")
    return drawing.done()
