"""One's own data: folders called `real` and `fake`, or one table of paths and labels.

Folders: below a folder `real` or `fake`, at any depth, every video has that label; a folder `train`, `val` (`valid`,
`validation`, `dev`) or `test` above it, or right below it, gives the split. Nothing else is derived from names: who is
seen and what was made from what is unknown, so intervals take each clip for a person of its own.

Table: `manifest.csv` or `metadata.csv` in the root, or its only CSV where there are no such folders. Columns `path`
(relative to the root) and `label` (0 or real, 1 or fake); further ones, each of which may be absent or blank, are
`label_video`, `label_audio`, `method`, `category`, `identity`, `source`, `pair` (`datasets.clip.Clip` says what they
mean), `split`, `segments` (seconds, `1.2-1.56;4-4.4`) and `duration` (seconds). A row that cannot be trusted is left
out, and named by its line.
"""

import math
import re
from collections import defaultdict
from pathlib import PurePosixPath
from typing import Any

from ...clip import Clip, Span
from ...errors import DatasetError
from ..drafts import Drafts, folder_of
from ..tables import Line, table
from ..tree import SOUND, VIDEO, Tree, is_crop

MARKS = ("*",)
"""Any folder may be one's own data: it begins where the user says."""
TABLES = ("manifest.csv", "metadata.csv")
LABELS = {"real": 0, "fake": 1}
SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val", "test": "test"}
_CELLS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, **LABELS}
_TEXTS = ("method", "category", "identity", "source", "pair")
_KNOWN = ("label_video", "label_audio", *_TEXTS, "split", "segments", "duration")
_SPAN = re.compile(r"\s*(\d{1,9}(?:\.\d*)?|\.\d+)\s*-\s*(\d{1,9}(?:\.\d*)?|\.\d+)\s*")
_NAME = "folder"
"""Stands for the data set's name until the user's is put in its place."""


def read(tree: Tree) -> list[Clip]:
    """The clips that the table lists, or that lie in folders called `real` and `fake`.

    Raises:
        DatasetError: there are neither.
    """
    drafts = Drafts(tree, _NAME)
    path = _table(tree)
    if path is None:
        _from_folders(drafts)
    else:
        lines = list(table(tree, path, ("path", "label"), known=_KNOWN, encodings=("utf-8-sig", "cp1252")))
        for line in lines:
            _add(drafts, line)
        if lines:
            drafts.report_unlisted()
    return drafts.clips


def _table(tree: Tree) -> str | None:
    """The table to read, None where folders say what is real.

    Raises:
        DatasetError: there is nothing that says it.
    """
    tables = [path for path in tree.under("", (".csv",)) if not folder_of(path)]
    named = [path for name in TABLES for path in tables if path.lower() == name]
    if named:
        return named[0]
    if any(_labels(path) for path in tree.under("")):
        return None
    if len(tables) == 1:
        return tables[0]
    there = f"{len(tables)} CSVs of which none is called manifest.csv" if tables else "no CSV"
    raise DatasetError(
        f"{tree.root} holds no videos in folders called real or fake, and {there}; "
        "sort the videos into real/ and fake/, or write manifest.csv with the columns path and label"
    )


def _labels(path: str) -> set[int]:
    """The labels of all folders that a file lies in."""
    return {LABELS[part.lower()] for part in PurePosixPath(path).parts[:-1] if part.lower() in LABELS}


def _from_folders(drafts: Drafts) -> None:
    findings, strange = drafts.tree.findings, defaultdict(list)
    videos = list(drafts.tree.under(""))
    names = set(videos)
    for path in videos:
        labels = _labels(path)
        if is_crop(path, names) or not drafts.tree.filled(path):
            continue
        if len(labels) == 2:
            findings.error("label_conflict", path, path, "lies below both real and fake; the file is left out")
        elif not labels:
            strange[folder_of(path)].append(path)
        else:
            (label,) = labels
            drafts.add(path, path, **_streams(label), **_split(_beside(path)))
    for folder, paths in strange.items():
        detail = f"below neither real nor fake; {len(paths)} videos not imported"
        findings.warning("unknown_label_folder", folder or ".", paths[0], detail)


def _streams(label: int) -> dict[str, Any]:
    """What a label says of the streams: both of a real clip are real, of a fake nobody knows."""
    stream = None if label else 0
    return {
        "label": label,
        "label_video": stream,
        "label_audio": stream,
        "method": None if label else "real",
        "segments": None if label else (),
    }


def _beside(path: str) -> str:
    """The split's folder: the nearest above the label's, else the one right below it; empty without one."""
    folders = [part.lower() for part in PurePosixPath(path).parts[:-1]]
    label = min(folders.index(name) for name in LABELS if name in folders)
    near = (*reversed(folders[:label]), *folders[label + 1 : label + 2])
    return next((folder for folder in near if folder in SPLITS), "")


def _split(text: str) -> dict[str, str]:
    return {"split": SPLITS[text], "split_from": "given"} if text in SPLITS else {}


def _add(drafts: Drafts, line: Line) -> None:
    tree, findings = drafts.tree, drafts.tree.findings
    named = tree.named(line["path"], line.where)
    path = None if named is None else tree.existing(named, line.where)
    if path is None:
        return
    if not path.lower().endswith((*VIDEO, *SOUND)):
        findings.error("not_media", line.where, path, "no ending of a video or sound file; the row is left out")
        return
    labels = _given_labels(tree, line, path)
    duration = _duration(tree, line, path)
    segments = None if labels is None else _segments(tree, line, path, labels["label"], duration)
    if labels is None or segments is None:
        return
    if line["split"] and line["split"].lower() not in SPLITS:
        findings.warning("unknown_split", line.where, path, f"{line['split']}; imported without a split")
    texts = {name: line[name] for name in _TEXTS if line[name]}
    times = {"segments": segments} if segments else {}
    known = labels | texts | times | _split(line["split"].lower())
    drafts.add(path, line.where, duration=duration, **known)


def _given_labels(tree: Tree, line: Line, path: str) -> dict[str, Any] | None:
    """The labels of a row; None, with a finding, where one is unknown or they contradict each other."""
    cells = {name: line[name].lower() for name in ("label", "label_video", "label_audio")}
    for name, cell in cells.items():
        if cell not in _CELLS and (cell or name == "label"):
            detail = f"{name} is {line[name] or 'blank'!r}, neither 0, 1, real nor fake; the row is left out"
            tree.findings.error("unknown_label", line.where, path, detail)
            return None
    label, video, audio = (_CELLS.get(cell) for cell in cells.values())
    if (label == 0 and 1 in (video, audio)) or (label == 1 and (video, audio) == (0, 0)):
        tree.findings.error("label_conflict", line.where, path, "label contradicts those of the streams; left out")
        return None
    known = _streams(int(bool(label)))
    return known if label == 0 else known | {"label_video": video, "label_audio": audio}


def _duration(tree: Tree, line: Line, path: str) -> float | None:
    text = line["duration"]
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if math.isfinite(seconds) and seconds > 0:
        return seconds
    tree.findings.warning("bad_duration", line.where, path, f"{text} is no number of seconds; it is ignored")
    return None


def _segments(tree: Tree, line: Line, path: str, label: int, duration: float | None) -> tuple[Span, ...] | None:
    """The fake intervals of a row, empty where it gives none; None, with a finding, where they cannot be trusted."""
    findings, text = tree.findings, line["segments"]
    matches = [_SPAN.fullmatch(part) for part in text.split(";") if part.strip()]
    spans = tuple((float(match[1]), float(match[2])) for match in matches if match)
    if len(spans) < len(matches):
        detail = f"segments are {text!r}, not such as 1.2-1.56;4-4.4; the row is left out"
        findings.error("bad_segments", line.where, path, detail)
    elif spans and not label:
        findings.error("label_conflict", line.where, path, "a real clip with fake segments; the row is left out")
    elif any(start >= end for start, end in spans):
        findings.error("segment_inverted", line.where, path, f"{text}: ends before it starts; the row is left out")
    else:
        if duration is not None and any(end > duration for _, end in spans):
            findings.warning("segment_out_of_range", line.where, path, f"{text}: beyond the {duration:g} s of the clip")
        return spans
    return None
