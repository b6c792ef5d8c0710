"""What AV-Deepfake1M and AV-Deepfake1M++ (Cai et al., MM 2024; arXiv 2507.20579) have in common.

`<split>_metadata.json` is a list of entries whose `file` lies in the folder `<split>`; `<split>_files.txt` lists the
files of a split without labels. The label of a stream follows `modify_type`, by which the authors' README says that
they evaluate, and never the lists of segments: in 6,160 released entries the list of the untouched stream repeats a
segment of the other one. `Clip.segments*` have what is consistent with the labels; a released list that says otherwise
is kept in `extra` under its own name, so that a rule on the released lists can still be computed.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..clip import Clip, Span
from .drafts import Drafts
from .entries import FPS, Entry, SegmentError, entry_of, report_range
from .tables import content, load_json
from .tree import Tree

MARKS = ("train_metadata.json", "val_metadata.json", "test*_files.txt")
KINDS = {"real": (0, 0), "visual_modified": (1, 0), "audio_modified": (0, 1), "both_modified": (1, 1)}
"""Labels of video and audio."""
NAMES = {
    "real": "real",
    "fake_video_real_audio": "visual_modified",
    "real_video_fake_audio": "audio_modified",
    "fake_video_fake_audio": "both_modified",
}
"""What all files are called in AV-Deepfake1M, and many in AV-Deepfake1M++."""
LISTS = ("fake_segments", "audio_fake_segments", "visual_fake_segments")
_NEEDED = ("file", "modify_type", "fake_segments")
_OPTIONAL = ("original", "split", "audio_model", *LISTS[1:], "video_frames", "audio_frames")
_CATEGORIES = {(0, 0): "RVRA", (0, 1): "RVFA", (1, 0): "FVRA", (1, 1): "FVFA"}
_SPLITS = {"train": "train", "val": "val", "dev": "val", "validation": "val", "test": "test"}
_ARCHIVE = re.compile(r"\.(zip|tar|7z|rar|tgz|gz)(\.\d+)?$")


@dataclass(frozen=True)
class Release:
    """What differs between the two.

    Attributes:
        relations: identity, source and pair of a file of a labelled split, by its place (`where`) and its path there.
        method: the manipulation's name, None where unknown.
    """

    name: str
    relations: Callable[[Tree, str, str], Mapping[str, str | None]]
    method: Callable[[Entry], str | None]


@dataclass(frozen=True)
class _Facts:
    """What an entry says, when it does not contradict itself."""

    kind: str
    labels: tuple[int, int]
    whole: tuple[Span, ...]
    audio: tuple[Span, ...]
    video: tuple[Span, ...]
    duration: float | None

    @property
    def streams(self) -> tuple[tuple[str, int, tuple[Span, ...]], ...]:
        """Audio and video: the name of its list, its label, and the list."""
        return ("audio_fake_segments", self.labels[1], self.audio), ("visual_fake_segments", self.labels[0], self.video)


def read(tree: Tree, release: Release) -> list[Clip]:
    """The clips of all splits; a metadata file that is broken costs its own split only."""
    drafts = Drafts(tree, release.name)
    labelled = _named(tree, r"(\w+)_metadata\.json")
    listed = _named(tree, r"(\w+)_files\.txt")
    for split, metadata in labelled.items():
        _Split(drafts, release, split).read_labelled(metadata)
    for split in sorted(listed.keys() - labelled.keys()):
        _Split(drafts, release, split).read_listed(listed[split])
    _report_folders(tree, labelled.keys() | listed.keys())
    return drafts.clips


def _named(tree: Tree, pattern: str) -> dict[str, str]:
    """Splits by the names of files in the root."""
    found = ((re.fullmatch(pattern, path), path) for path in tree.files if "/" not in path)
    return {match[1]: path for match, path in found if match}


def _report_folders(tree: Tree, splits: Iterable[str]) -> None:
    """A finding for each folder of videos that no metadata file is about."""
    videos = Counter(path.partition("/")[0] for path in tree.under(""))
    for folder in sorted(videos.keys() - set(splits)):
        detail = f"{videos[folder]:,} videos, but no {folder}_metadata.json; not imported"
        tree.findings.warning("missing_metadata", folder, detail=detail)


class _Split:
    """One split while it is read."""

    def __init__(self, drafts: Drafts, release: Release, name: str) -> None:
        self.drafts, self.release, self.name = drafts, release, name
        self.tree, self.findings = drafts.tree, drafts.tree.findings
        self._is_nested = False

    def read_labelled(self, metadata: str) -> None:
        """Add the clips of a list of entries."""
        listed = load_json(self.tree, metadata, list)
        if listed is None:
            return
        if self._is_here(metadata, len(listed)):
            known = [self._add(f"{metadata}[{index}]", value) for index, value in enumerate(listed)]
            if all(known):  # else what is unlisted may be what an entry meant
                self.drafts.report_unlisted(self.name)

    def read_listed(self, name: str) -> None:
        """Add the clips of a list of files, one a line, without labels."""
        lines = [line.strip() for line in content(self.tree, name).rstrip().split("\n")]
        if not self._is_here(name, len(lines) if any(lines) else 0):
            return
        for number, line in enumerate(lines, 1):
            where = f"{name}:{number}"
            if not line:
                self.findings.info("blank_line", where)
            elif named := self.tree.named(line, where):
                path = self.tree.existing(self._place(named), where)
                if path is not None:
                    self.drafts.add(path, where, split=self.name, split_from="release")
        self.drafts.report_unlisted(self.name)

    def _is_here(self, metadata: str, count: int) -> bool:
        """Whether a split has entries and videos; if not, one finding stands for all of them."""
        if not count:
            self.findings.warning("empty_list", metadata, detail=f"nothing of {self.name} is imported")
        elif count > 1 and next(self.tree.under(self.name), None) is None:
            packed = [path for path in self.tree.files if path.startswith(self.name) and _ARCHIVE.search(path.lower())]
            advice = f"unpack {packed[0]}" if packed else "download it, if you need it"
            detail = f"no videos: the {count:,} entries of {metadata} are left out; {advice}"
            self.findings.warning("missing_folder", self.name, detail=detail)
        else:
            return True
        return False

    def _place(self, path: str) -> str:
        """Where a file lies: archives may nest the split's folder, and lists may begin with its name."""
        inside = path.removeprefix(f"{self.name}/")
        nested = f"{self.name}/{self.name}/{inside}"
        if self.tree.find(f"{self.name}/{inside}") or not self.tree.find(nested):
            return f"{self.name}/{inside}"
        if not self._is_nested:
            self.findings.info("nested_split_folder", f"{self.name}/{self.name}", detail="read all the same")
        self._is_nested = True
        return nested

    def _add(self, where: str, value: Any) -> bool:
        """Add the clip of an entry; whether it is known which file the entry is about."""
        entry = entry_of(value, where, self.findings, _NEEDED, _OPTIONAL)
        if entry is None:
            file = value.get("file") if isinstance(value, dict) else None
            return isinstance(file, str) and self.tree.mention(self._place(file))
        named = self.tree.named(entry.text("file") or "", where)
        if named is None:
            return False
        place = self._place(named)
        facts = self._facts(entry, place)
        if facts is None:
            self.drafts.drop(self.tree.find(place) or place)
        elif path := self.tree.existing(place, where):
            related = self.release.relations(self.tree, where, named.removeprefix(f"{self.name}/"))
            fields = _fields(facts, _has_audio(entry)) | {"method": self.release.method(entry)}
            self._warn(entry, path, facts)
            self.drafts.add(path, where, split=self.name, split_from="release", **related, **fields)
        return True

    def _facts(self, entry: Entry, place: str) -> _Facts | None:
        """What an entry says; None, with a finding, where it contradicts itself or makes no sense."""
        kind = _canonical(entry.text("modify_type") or "")
        try:
            whole, audio, video = (entry.spans(key) for key in LISTS)
            problem = self._problem(entry, kind, place, whole)
        except SegmentError as error:
            problem = error.code, error.detail
        if problem:
            self.findings.error(problem[0], entry.where, place, f"{problem[1]}; the file is left out")
            return None
        frames = entry.number("video_frames")
        return _Facts(kind, KINDS[kind], whole, audio, video, frames / FPS if frames else None)

    def _problem(self, entry: Entry, kind: str, place: str, whole: tuple[Span, ...]) -> tuple[str, str] | None:
        """A code, and why the entry cannot be used."""
        said = entry.text("split") or self.name
        named = NAMES.get(place.rpartition("/")[2].rpartition(".")[0], kind)
        if kind not in KINDS:
            return "unknown_label", f"modify_type is {entry.text('modify_type')!r}"
        if named != kind:
            return "label_conflict", f"modify_type is {kind}, the name says {named}"
        if kind == "real" and whole:
            return "label_conflict", "modify_type is real, but there are fake segments"
        if said != self.name and not self.name.startswith(_SPLITS.get(said.lower(), "")):
            return "split_conflict", f"split is {said!r}, but it is listed in {self.name}"
        return None

    def _warn(self, entry: Entry, path: str, facts: _Facts) -> None:
        """Findings about an entry that is used."""
        warning, where = self.findings.warning, entry.where
        said, split = entry.text("modify_type"), entry.text("split")
        if said != facts.kind:
            warning("modify_type_spelling", where, path, f"{said!r} is read as {facts.kind}")
        if split and split != self.name and split.lower() not in _SPLITS:
            warning("unknown_split", where, path, f"{split!r}; {self.name} is used, where it is listed")
        strange = [key for key, label, spans in facts.streams if spans and not label]
        if strange:
            detail = f"{strange[0]} of a stream that {facts.kind} leaves real"
            warning("impossible_stream_segments", where, path, detail)
        empty = [key for key, label, spans in facts.streams if label and not spans and not strange]
        if facts.kind != "real" and (not facts.whole or empty):
            empty = empty if facts.whole else ["fake_segments"]
            warning("fake_without_segments", where, path, f"{facts.kind}, but {' and '.join(empty)} is empty")
        if not _has_audio(entry):
            warning("no_audio", where, path, "no audio frames; the label of the audio is unknown")
        report_range(entry, path, (*facts.whole, *facts.audio, *facts.video), facts.duration)
        entry.report_coerced(path)


def _canonical(kind: str) -> str:
    return kind.strip().lower().replace("-", "_").replace(" ", "_")


def _has_audio(entry: Entry) -> bool:
    """Whether the entry counts any audio; where it says nothing there is some."""
    return entry.number("audio_frames") != 0 and not entry.is_null("audio_frames")


def _fields(facts: _Facts, has_audio: bool) -> dict[str, Any]:
    """Labels, category and segments of a clip, and the released lists that say otherwise."""
    label_video, label_audio = facts.labels
    audio, video = (_clean(label, spans, facts) for _, label, spans in facts.streams)
    whole = facts.whole or tuple(sorted({*(audio or ()), *(video or ())})) or (() if facts.kind == "real" else None)
    listed = zip(LISTS, (facts.whole, facts.audio, facts.video), (whole, audio, video), strict=True)
    return {
        "label": int(facts.kind != "real"),
        "label_video": label_video,
        "label_audio": label_audio if has_audio else None,
        "category": _CATEGORIES[facts.labels],
        "segments": whole,
        "segments_audio": audio,
        "segments_video": video,
        "duration": facts.duration,
        "extra": {key: [list(span) for span in spans] for key, spans, clean in listed if spans != (clean or ())},
    }


def _clean(label: int, spans: tuple[Span, ...], facts: _Facts) -> tuple[Span, ...] | None:
    """A stream's fake segments: none if it is real; those of the clip if its own list is empty and no other is fake."""
    if not label:
        return ()
    return spans or (facts.whole if sum(facts.labels) == 1 else ()) or None
