"""LAV-DF (Cai et al., DICTA 2022): words replaced in clips of VoxCeleb2, with the times of what was replaced.

`metadata.min.json` has everything that is read here, and `metadata.json` transcripts beside it; where the shorter file
is absent or broken, the longer one is read. Who is seen is not released: files are numbered, and a fake names the file
that it was made from (`original`), which is its `pair`. A fake and its real may lie in different splits.
"""

from typing import Any

from ...clip import Clip, Span
from ..drafts import Drafts
from ..entries import FPS, Entry, SegmentError, entry_of, report_range
from ..tables import load_json
from ..tree import Tree, composed

MARKS = ("metadata.min.json", "metadata.json")
SPLITS = {"train": "train", "dev": "val", "val": "val", "test": "test"}
_NEEDED = ("file", "fake_periods", "modify_video", "modify_audio")
_OPTIONAL = ("n_fakes", "duration", "original", "split")


def read(tree: Tree) -> list[Clip]:
    """The clips of the release whose `metadata.min.json` or `metadata.json` is in the root."""
    drafts = Drafts(tree, "lavdf")
    present = [name for name in MARKS if name in tree.files]
    if MARKS[1] not in present:
        tree.findings.info("metadata_full_absent", MARKS[1], detail="transcripts are in it; nothing here needs them")
    for name in present:
        listed = load_json(tree, name, list)
        if listed is None:
            continue
        if not listed:
            tree.findings.warning("empty_list", name, detail="nothing is imported")
        known = [_add(drafts, f"{name}[{index}]", value) for index, value in enumerate(listed)]
        if all(known):  # else what is unlisted may be what an entry meant
            drafts.report_unlisted()
        break
    return drafts.clips


def _add(drafts: Drafts, where: str, value: Any) -> bool:
    """Add the clip of an entry; whether it is known which file the entry is about."""
    tree = drafts.tree
    entry = entry_of(value, where, tree.findings, _NEEDED, _OPTIONAL)
    if entry is None:
        file = value.get("file") if isinstance(value, dict) else None
        return isinstance(file, str) and tree.mention(file)
    named = tree.named(entry.text("file") or "", where)
    if named is None:
        return False
    fields = _fields(entry, named)
    if fields is None:
        drafts.drop(tree.find(named) or named)
    elif path := tree.existing(named, where):
        original = entry.text("original")
        _warn(entry, path, fields)
        drafts.add(path, where, pair=composed(original) if fields["label"] and original else named, **fields)
    return True


def _fields(entry: Entry, path: str) -> dict[str, Any] | None:
    """The fields of a clip; None, with a finding, where the entry contradicts itself or makes no sense."""
    video, audio = entry.flag("modify_video"), entry.flag("modify_audio")
    try:
        periods = entry.spans("fake_periods")
        problem = _problem(entry, path, video, audio, periods)
    except SegmentError as error:
        problem = error.code, error.detail
    if problem:
        entry.findings.error(problem[0], entry.where, path, f"{problem[1]}; the file is left out")
        return None
    label_video, label_audio, frames = int(bool(video)), int(bool(audio)), entry.number("video_frames")
    split = _split(entry, path)
    return {
        "split": split,
        "split_from": "release" if split else None,
        "label": max(label_video, label_audio),
        "label_video": label_video,
        "label_audio": label_audio,
        "category": f"{'FV' if video else 'RV'}{'FA' if audio else 'RA'}",
        "method": None if label_video or label_audio else "real",
        "segments": periods or (None if label_video or label_audio else ()),
        "segments_audio": (periods or None) if label_audio else (),
        "segments_video": (periods or None) if label_video else (),
        "duration": entry.number("duration") or (frames / FPS if frames else None),
    }


def _problem(
    entry: Entry, path: str, video: bool | None, audio: bool | None, periods: tuple[Span, ...]
) -> tuple[str, str] | None:
    """A code, and why the entry cannot be used."""
    folder, said = path.partition("/")[0], entry.text("split")
    if video is None or audio is None:
        return "unknown_label", "modify_video or modify_audio is neither true nor false"
    if said in SPLITS and folder in SPLITS and SPLITS[said] != SPLITS[folder]:
        return "split_conflict", f"split is {said}, but it lies in {folder}"
    if periods and not (video or audio):
        return "label_conflict", "neither stream is modified, but there are fake periods"
    return None


def _split(entry: Entry, path: str) -> str:
    """What the entry says, or the folder where it says nothing that is known; empty where neither does."""
    said = entry.text("split") or ""
    return SPLITS.get(said) or SPLITS.get(path.partition("/")[0], "")


def _warn(entry: Entry, path: str, fields: dict[str, Any]) -> None:
    """Findings about an entry that is used."""
    warning, where, periods = entry.findings.warning, entry.where, fields["segments"]
    count, said = entry.number("n_fakes"), entry.text("split")
    if count is not None and count != len(periods or ()):
        warning("count_mismatch", where, path, f"n_fakes is {count:g}, but there are {len(periods or ())} periods")
    elif periods is None:
        warning("fake_without_segments", where, path, "a modified stream, but no fake periods")
    if said and said not in SPLITS:
        warning("unknown_split", where, path, f"{said!r}; {fields['split'] or 'none'} is used")
    report_range(entry, path, periods or (), fields["duration"])
    entry.report_coerced(path)
