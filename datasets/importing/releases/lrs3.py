"""LRS3-TED (Afouras et al., 2018): real speech from TED talks, by YouTube video.

Clips are `{pretrain,trainval,test}/<video>/<number>.mp4`, each with its text beside it, which also says when each word
is spoken. The video stands for the speaker. `pretrain` and `trainval` may hold other parts of the same talk.
"""

from collections import defaultdict

from ...clip import Clip
from ...errors import DatasetError
from ..drafts import Drafts
from ..tree import VIDEO, Tree, is_crop

SETS = ("pretrain", "trainval", "test")
_VIDEO = "?" * 11
MARKS = tuple(f"{name}/{_VIDEO}/*.{ending}" for name in SETS for ending in ("txt", "mp4"))
"""A YouTube id has eleven letters; LRS2's `pretrain` has programmes of nineteen digits."""
_WORDS = "WORD START END"
_DEPTH = 3


def read(tree: Tree) -> list[Clip]:
    """The clips of the release whose folders `pretrain`, `trainval` and `test`, or some of them, are in the root."""
    drafts = Drafts(tree, "lrs3")
    for split in SETS:
        paths = list(tree.under(split))
        names = set(paths)
        for path in paths:
            if not is_crop(path, names):
                _add(drafts, split, path)
        for path in tree.under(split, (".txt",)):
            _look_at_text(tree, path)
    _report_shared(tree, drafts.clips)
    return drafts.clips


def _add(drafts: Drafts, split: str, path: str) -> None:
    tree, parts = drafts.tree, path.split("/")
    if len(parts) != _DEPTH:
        tree.findings.warning("unexpected_name", path, path, "not <video>/<number>.mp4; not imported")
        return
    if not tree.filled(path):
        return
    stem = path.rpartition(".")[0]
    if tree.find(f"{stem}.txt") is None:
        tree.findings.warning("missing_transcript", path, path, "imported without it")
    video, clip = parts[1], stem.rpartition("/")[2]
    drafts.add_real(
        path,
        path,
        identity=video,
        source=video,
        pair=f"{video}/{clip}",
        split=split,
        split_from="release",
    )


def _look_at_text(tree: Tree, path: str) -> None:
    """Report a text without its film, or without the times of its words."""
    stem = path.rpartition(".")[0]
    film = next((found for ending in VIDEO if (found := tree.find(f"{stem}{ending}"))), None)
    if film is None:
        tree.findings.warning("missing_video", path, f"{stem}.mp4", "only the text is here; not imported")
        return
    try:
        lines = tree.read(path).decode("utf-8", "replace").splitlines()
    except DatasetError as error:
        tree.findings.warning("unreadable_file", path, film, f"{error}; imported")
        return
    start = next((number for number, line in enumerate(lines) if line.startswith(_WORDS)), len(lines))
    if not any(line.strip() for line in lines[start + 1 :]):
        tree.findings.warning("transcript_without_words", path, film, "imported; when its words are spoken is unknown")


def _report_shared(tree: Tree, clips: list[Clip]) -> None:
    sets: dict[str | None, set[str]] = defaultdict(set)
    for clip in clips:
        sets[clip.identity].add(clip.split)
    for video, found in sets.items():
        splits = [split for split in SETS if split in found]
        if len(splits) > 1:
            detail = f"{video} is in {' and '.join(splits)}; its clips stay"
            tree.findings.warning("identity_in_two_splits", f"{splits[-1]}/{video}", detail=detail)
