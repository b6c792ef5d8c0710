"""Deepfake-Eval-2024 (Chandra et al., 2025): videos that circulated in 2024, labelled by fact checkers.

The label of a video is `Video Ground Truth`, which the paper's video task uses; `Audio Ground Truth` is `label_audio`,
where Unknown is unknown and not real. The table that was released first marked 960 of 2,036 videos as Unknown; it was
corrected on 2025-10-29, since when it comes with links only. Where the first one is uncorrected and the other one is
here, that is read. Neither identity nor source is released: every video is a cluster of its own. Images and sound files
of the release are not imported.
"""

import math
from copy import copy

from ...clip import Clip
from ..drafts import Drafts
from ..findings import Findings
from ..tables import Line, table
from ..tree import Tree, base

TABLES = ("video-metadata-publish.csv", "video-metadata-publish-with-links.csv")
MARKS = TABLES
VIDEOS = "video-data"
LABELS = {"Real": 0, "Fake": 1}
UNKNOWN = "Unknown"
SPLITS = {"train": "train", "test": "test"}
_NAME, _VIDEO, _AUDIO, _SET = "Filename", "Video Ground Truth", "Audio Ground Truth", "Finetuning Set"
_NEEDED = (_NAME, _VIDEO, _AUDIO, _SET)
_KNOWN = ("Date", "Public Comments")
_OLD = 100
"""How many unknown labels make a table the uncorrected one, which has 960; the corrected one has none."""


def read(tree: Tree) -> list[Clip]:
    """The clips of the release whose video table is in the root."""
    drafts = Drafts(tree, "dfe")
    lines = list(table(tree, _best(tree), _NEEDED, known=_KNOWN))
    for line in lines:
        _add(drafts, line)
    if lines:
        drafts.report_unlisted(VIDEOS)
    return drafts.clips


def _best(tree: Tree) -> str:
    """The shorter table, or the other one if only that is here or the shorter is uncorrected, which is a finding."""
    unknown = {name: _unknown(tree, name) for name in TABLES if name in tree.files}
    good = [name for name, count in unknown.items() if count < _OLD]
    best = next(iter((*good, *unknown)), TABLES[0])
    for name, count in unknown.items():
        if _OLD <= count < math.inf:
            detail = f"{count} videos without a label: the table before the correction of 2025-10-29; "
            if name == best:
                detail += f"they are left out. Download {TABLES[1]} from the release's page and import again"
                tree.findings.warning("old_metadata", name, detail=detail)
            else:
                tree.findings.info("old_metadata", name, detail=f"{detail}{best} is read instead")
    return best


def _unknown(tree: Tree, name: str) -> float:
    """How many videos of a table have an unknown label; infinite where it cannot be read."""
    quiet = copy(tree)
    quiet.findings = Findings()  # what is found is reported when the table is read
    lines = list(table(quiet, name, _NEEDED))
    return sum(line[_VIDEO].lower() == UNKNOWN.lower() for line in lines) if lines else math.inf


def _add(drafts: Drafts, line: Line) -> None:
    tree = drafts.tree
    named = tree.named(line[_NAME], line.where)
    if named is None:
        tree.mention(f"{VIDEOS}/{base(line[_NAME])}")  # else it is unlisted, too
        return
    place = f"{VIDEOS}/{named.removeprefix(f'{VIDEOS}/')}"
    video, audio = (LABELS.get(line[column].capitalize()) for column in (_VIDEO, _AUDIO))
    if video is None:
        detail = f"{line[_VIDEO] or 'nothing'} is neither Fake nor Real; the video is left out"
        tree.findings.error("unknown_label", line.where, place, detail)
        tree.mention(place)
        return
    path = tree.existing(place, line.where)
    if path is None:
        return
    split = SPLITS.get(line[_SET].lower(), "")
    _warn(tree, line, path, split)
    drafts.add(
        path,
        line.where,
        split=split,
        split_from="release" if split else None,
        label=video,
        label_video=video,
        label_audio=audio,
        category=None if audio is None else f"{'FV' if video else 'RV'}{'FA' if audio else 'RA'}",
        method=None if video or audio else "real",
    )


def _warn(tree: Tree, line: Line, path: str, split: str) -> None:
    """Findings about a row that is used."""
    cells = [line[_VIDEO], line[_AUDIO]]
    if spelled := [cell for cell in cells if cell.capitalize() in (*LABELS, UNKNOWN) and cell != cell.capitalize()]:
        tree.findings.warning("label_normalised", line.where, path, f"{', '.join(spelled)} in another case")
    if line[_AUDIO].capitalize() not in (*LABELS, UNKNOWN, ""):
        detail = f"{line[_AUDIO]} is neither Fake, Real nor Unknown; taken as unknown"
        tree.findings.warning("unknown_audio_label", line.where, path, detail)
    if not split:
        tree.findings.warning("unknown_split", line.where, path, f"{line[_SET] or 'nothing'}; imported without a split")
