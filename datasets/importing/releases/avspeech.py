"""AVSpeech (Ephrat et al., SIGGRAPH 2018): real speech from YouTube, as lists of times and places of faces.

`avspeech_train.csv` and `avspeech_test.csv` have no header: video, first and last second, and where the speaker's face
is (fractions of width and height). The clips were downloaded by whatever program; they are known by their names,
`<video>_<first>_<last>` or `<video>_<first>` in seconds, in any folder below the root.
"""

import math
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from ...clip import Clip
from ..drafts import Drafts
from ..tables import rows
from ..tree import VIDEO, Tree, is_crop

SPLITS = ("train", "test")
MARKS = tuple(f"avspeech_{split}.csv" for split in SPLITS)
MISSING_SHOWN = 1000
"""Rows without a clip that are reported one by one in each table: videos vanish, and few people have all of them."""
_NAME = re.compile(r"(?P<video>[\w-]{11})_(?P<first>\d{1,9}(?:\.\d*)?)(?:_(?P<last>\d{1,9}(?:\.\d*)?))?", re.ASCII)
Key = tuple[str, int, int | None]
"""Video, first and last millisecond; the last one is None where a name does not tell it."""


@dataclass(frozen=True)
class _Row:
    """A row that can be used: seconds, and fractions of the picture."""

    video: str
    first: float
    last: float
    x: float
    y: float

    @property
    def keys(self) -> tuple[Key, Key]:
        """What its clip may be known by."""
        return (self.video, _ms(self.first), _ms(self.last)), (self.video, _ms(self.first), None)


def read(tree: Tree) -> list[Clip]:
    """The clips of the tables in the root."""
    drafts = Drafts(tree, "avspeech")
    clips = _by_name(tree)
    refused: set[str] = set()
    """Videos of rows that gave no clip; their files are accounted for."""
    for split in SPLITS:
        if tree.find(f"avspeech_{split}.csv"):
            _read_table(drafts, split, clips, refused)
    _report_unlisted(drafts, refused)
    return drafts.clips


def _read_table(drafts: Drafts, split: str, clips: dict[Key, list[str]], refused: set[str]) -> None:
    tree, name, missing = drafts.tree, f"avspeech_{split}.csv", list[tuple[str, str]]()
    for number, (where, cells) in enumerate(rows(tree, name)):
        if number == 0 and len(cells) > 1 and _number(cells[1]) is None:
            tree.findings.warning("unexpected_header", where, detail="the table has none; the line is passed over")
            continue
        row = _parsed(tree, where, cells)
        path = _clip_of(row, split, clips) if row else None
        if row is None or path is None:
            refused.add(cells[0])
            missing += [(where, "_".join(cells[:3]))] if row else []
        elif tree.filled(path):
            _add(drafts, where, split, path, row)
        else:
            drafts.drop(path)
    _report_missing(tree, name, missing)


def _report_missing(tree: Tree, name: str, missing: list[tuple[str, str]]) -> None:
    """Rows without a clip: where there are too many, how many first, and then some of them."""
    if len(missing) > MISSING_SHOWN:
        detail = f"{len(missing):,} rows have no clip here and are left out; the first {MISSING_SHOWN:,} are listed"
        tree.findings.error("missing_file", name, detail=detail)
    detail = "no clip is called <video>_<first>_<last> after it; the row is left out"
    for where, path in missing[:MISSING_SHOWN]:
        tree.findings.error("missing_file", where, path, detail)


def _parsed(tree: Tree, where: str, cells: list[str]) -> _Row | None:
    """A row's values; None where they cannot be used, which is a finding."""
    if len(cells) < 5:
        tree.findings.error("row_too_short", where, detail=f"{len(cells)} cells of 5; the row is left out")
        return None
    values = [_number(cell) for cell in cells[1:5]]
    known = [value for value in values if value is not None]
    if len(known) < 4 or min(known[:2]) < 0:
        tree.findings.error(
            "row_unreadable", where, detail="two times and two coordinates are no numbers of at least 0"
        )
        return None
    row = _Row(cells[0], *known)
    if row.last <= row.first:
        tree.findings.error("segment_inverted", where, detail=f"from {row.first} to {row.last} s; the row is left out")
        return None
    if not (0 <= row.x <= 1 and 0 <= row.y <= 1):
        detail = f"a face at {row.x}, {row.y} is outside the picture; the row is left out"
        tree.findings.error("coordinate_out_of_range", where, detail=detail)
        return None
    return row


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) < 1e9 else None


def _by_name(tree: Tree) -> dict[Key, list[str]]:
    """The clips on disk by what their names say."""
    found: dict[Key, list[str]] = {}
    names = set(tree.under(""))
    for path in sorted(names):
        match = _NAME.fullmatch(PurePosixPath(path).stem)
        if match and not is_crop(path, names):
            last = _ms(float(match["last"])) if match["last"] else None
            found.setdefault((match["video"], _ms(float(match["first"])), last), []).append(path)
    return found


def _ms(seconds: float) -> int:
    return round(1000 * seconds)


def _clip_of(row: _Row, split: str, clips: dict[Key, list[str]]) -> str | None:
    """The clip of a row, rather in a folder that is called as its split."""
    found = [path for key in row.keys for path in clips.get(key, ())]
    return next((path for path in found if split in PurePosixPath(path).parts), found[0] if found else None)


def _add(drafts: Drafts, where: str, split: str, path: str, row: _Row) -> None:
    drafts.add_real(
        path,
        where,
        source=row.video,
        pair=f"{row.video}_{row.first:.6f}_{row.last:.6f}",
        split=split,
        split_from="release",
        extra={"face_xy": [row.x, row.y]},
    )


def _report_unlisted(drafts: Drafts, refused: set[str]) -> None:
    """Clips of no row; those of a refused row's video are reported there."""
    for path in drafts.tree.under("", VIDEO):
        if PurePosixPath(path).name[:11] in refused and not drafts.has(path):
            drafts.drop(path)
    drafts.report_unlisted()
