"""FakeAVCeleb v1.2 (Khalid et al., NeurIPS 2021): four types of real and fake video and audio, 500 identities.

`meta_data.csv` is read by position, since its released header has nine names for ten columns: the ninth column is the
file's name, the tenth its folder. There is no official split. Swapped identities (`target1`, `target2`) are kept in
`extra`, since they cross the splits that papers use.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import PurePosixPath

from ...clip import Clip
from ..drafts import Drafts
from ..tables import report_empty, rows
from ..tree import Tree, base

TABLE = "meta_data.csv"
MARKS = (TABLE,)
COLUMNS = ("source", "target1", "target2", "method", "category", "type", "race", "gender", "name", "folder")
CATEGORIES = {
    "A": ("RVRA", "RealVideo-RealAudio"),
    "B": ("RVFA", "RealVideo-FakeAudio"),
    "C": ("FVRA", "FakeVideo-RealAudio"),
    "D": ("FVFA", "FakeVideo-FakeAudio"),
}
METHODS = {
    "A": ("real",),
    "B": ("rtvc",),
    "C": ("faceswap", "fsgan", "wav2lip"),
    "D": ("wav2lip", "faceswap-wav2lip", "fsgan-wav2lip"),
}
"""Of each category; the release has no other combination."""
_ROOTS = ("FakeAVCeleb", "FakeAVCeleb_v1.2")
_IDENTITY = re.compile(r"id\d+")


def read(tree: Tree) -> list[Clip]:
    """The clips of the release whose `meta_data.csv` is in the root."""
    drafts = Drafts(tree, "favc")
    begins = _begins(tree)
    listed = list(_rows(tree, begins))
    for where, row in listed:
        _add(drafts, where, row, begins)
    if listed:
        drafts.report_unlisted()
    return drafts.clips


def _begins(tree: Tree) -> str:
    """What the four folders lie below: nothing, or a folder of the release's name beside the table."""
    kinds = {kind for _, kind in CATEGORIES.values()}
    below = {path[: -len(stripped(path))] for path in tree.files if stripped(path).partition("/")[0] in kinds}
    return min(below, default="")


def _rows(tree: Tree, below: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The table's rows by column, each with its place; `below` is what `_begins` gives."""
    lines = rows(tree, TABLE, blank="warning")
    first = next(lines, None)
    if first is None:
        report_empty(tree, TABLE, "no rows; nothing is imported")
        return
    place, header = first
    begins = header.index(COLUMNS[0]) if COLUMNS[0] in header else 0  # a saved index comes before it
    width = _width(tree, place, header[begins:])
    for where, line in lines if width else chain([first], lines):
        cells = line[begins:]
        if len(cells) < len(COLUMNS) or not (cells[8] and cells[9]):
            detail = f"{len(cells)} cells of {len(COLUMNS)}, or no file or folder in it"
            tree.findings.error("row_too_short", where, detail=detail)
            tree.mention(below + _usual(dict(zip(COLUMNS, cells, strict=False))))
            continue
        if 0 < width < len(COLUMNS):
            tree.findings.warning("header_shorter_than_rows", place, detail="columns are taken by position")
            width = len(COLUMNS)
        if width == len(COLUMNS) and any(cells[len(COLUMNS) :]):
            tree.findings.warning("extra_column", where, detail="cells after the tenth are not used")
        yield where, dict(zip(COLUMNS, cells, strict=False))


def _width(tree: Tree, where: str, header: list[str]) -> int:
    """How many columns the header has; 0, with a finding, where the first line is a row."""
    if len(header) >= len(COLUMNS) and header[4] in CATEGORIES and header[5] == CATEGORIES[header[4]][1]:
        tree.findings.warning("unexpected_header", where, detail="no header: the first line is read as a row")
        return 0
    if len(header) > len(COLUMNS):
        tree.findings.warning("extra_column", where, detail="columns after the tenth are not used")
    return len(header)


def _add(drafts: Drafts, where: str, row: dict[str, str], begins: str) -> None:
    tree, findings = drafts.tree, drafts.tree.findings
    named = tree.named(f"{row['folder']}/{row['name']}", where)
    if named is None:
        tree.mention(begins + _usual(row))
        return
    inside = stripped(named)
    place = _on_disk(tree, where, inside, begins)
    category, kind = CATEGORIES.get(row["category"], ("", ""))
    if not kind or kind != row["type"] or kind != inside.partition("/")[0]:
        findings.error("label_conflict", where, place, "category, type and folder disagree; the file is left out")
        drafts.drop(tree.find(place) or place)
        return
    path = tree.existing(place, where)
    if path is None:
        return
    if row["method"] not in METHODS[row["category"]]:
        detail = f"{row['method'] or 'none'} is no method of {category}; kept as it is"
        findings.warning("unknown_method", where, path, detail)
    folder = PurePosixPath(path).parent.name
    if folder != row["source"] and _IDENTITY.fullmatch(folder):
        findings.warning("identity_conflict", where, path, f"the table says {row['source']}, which is used")
    source = f"{row['source']}/{PurePosixPath(path).stem.partition('_')[0]}"
    drafts.add(
        path,
        where,
        label_video=int(category[:2] == "FV"),
        label_audio=int(category[2:] == "FA"),
        category=category,
        method=row["method"] or None,
        identity=row["source"] or None,
        source=source,
        pair=source,
        extra={name: row[name] for name in ("target1", "target2", "race", "gender") if row[name] not in ("", "-")},
    )


def _usual(row: Mapping[str, str]) -> str:
    """Where the file of a row lies by its other cells, so that one whose folder is no use is not also unlisted."""
    folders = [row.get(column, "") for column in ("type", "race", "gender", "source")]
    return "/".join([*folders, base(row.get("name", ""))])


def stripped(path: str) -> str:
    """The path without what the table begins with: the release's name, which some copies have as a folder."""
    parts = path.split("/")
    return "/".join(parts[1:]) if parts[0] in _ROOTS else path


def _on_disk(tree: Tree, where: str, path: str, begins: str) -> str:
    """The path with the race's folder as on disk: `Asian (East)`, or `Asian_East` as published lists write it."""
    parts = path.split("/")
    if len(parts) < 2 or tree.find(begins + path):
        return begins + path
    for other in (spelled(parts[1]), _written(parts[1])):
        place = begins + "/".join([parts[0], other, *parts[2:]])
        if tree.find(place):
            tree.findings.warning("race_folder_normalised", where, path, f"read as on disk, {other}")
            return place
    return begins + path


def spelled(race: str) -> str:
    """`Asian (East)` for `Asian_East`, as the folders on disk are called."""
    first, _, second = race.partition("_")
    return f"{first} ({second})" if second else first


def _written(race: str) -> str:
    return race.replace(" (", "_").replace(")", "")
