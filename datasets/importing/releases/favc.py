"""FakeAVCeleb v1.2 (Khalid et al., NeurIPS 2021): four types of real and fake video and audio, 500 identities.

`meta_data.csv` is read by position, since its released header has nine names for ten columns: the ninth column is the
file's name, the tenth its folder. There is no official split. Swapped identities (`target1`, `target2`) are kept in
`extra`, since they cross the splits that papers use.
"""

from pathlib import PurePosixPath

from ...clip import Clip
from ..drafts import Drafts
from ..tables import rows
from ..tree import Tree

MARKS = ("meta_data.csv",)
COLUMNS = ("source", "target1", "target2", "method", "category", "type", "race", "gender", "name", "folder")
CATEGORIES = {
    "A": ("RVRA", "RealVideo-RealAudio"),
    "B": ("RVFA", "RealVideo-FakeAudio"),
    "C": ("FVRA", "FakeVideo-RealAudio"),
    "D": ("FVFA", "FakeVideo-FakeAudio"),
}
METHODS = {"real", "rtvc", "faceswap", "fsgan", "wav2lip", "faceswap-wav2lip", "fsgan-wav2lip"}
_ROOTS = ("FakeAVCeleb", "FakeAVCeleb_v1.2")
_RACES = {"Asian_East", "Asian_South", "Caucasian_American", "Caucasian_European"}


def read(tree: Tree) -> list[Clip]:
    """The clips of the release whose `meta_data.csv` is in the root."""
    drafts = Drafts(tree, "favc")
    lines = rows(tree, "meta_data.csv", blank="warning")
    where, header = next(lines, ("meta_data.csv:1", []))
    if len(header) > len(COLUMNS):
        tree.findings.warning("extra_column", where, detail="columns after the tenth are not used")
    short_header = len(header) < len(COLUMNS)
    for place, cells in lines:
        if len(cells) < len(COLUMNS):
            tree.findings.error("row_too_short", place, detail=f"{len(cells)} cells of {len(COLUMNS)}")
            continue
        if short_header:
            tree.findings.warning("header_shorter_than_rows", where, detail="columns are taken by position")
            short_header = False
        _add(drafts, place, dict(zip(COLUMNS, cells, strict=False)))
    drafts.report_unlisted()
    return drafts.clips


def _add(drafts: Drafts, where: str, row: dict[str, str]) -> None:
    findings = drafts.tree.findings
    named = drafts.tree.named(f"{row['folder']}/{row['name']}", where)
    if named is None:
        return
    path = drafts.tree.existing(_on_disk(drafts, where, _stripped(named)), where)
    if path is None:
        return
    category, kind = CATEGORIES.get(row["category"], ("", ""))
    if not kind or kind != row["type"] or kind != PurePosixPath(path).parts[0]:
        findings.error("label_conflict", where, path, "category, type and folder disagree; the file is left out")
        drafts.drop(path)
        return
    if row["method"] not in METHODS:
        findings.warning("unknown_method", where, path, row["method"])
    source = f"{row['source']}/{PurePosixPath(path).stem.partition('_')[0]}"
    drafts.add(
        path,
        where,
        label_video=int(category[:2] == "FV"),
        label_audio=int(category[2:] == "FA"),
        category=category,
        method=row["method"],
        identity=row["source"],
        source=source,
        pair=source,
        extra={name: row[name] for name in ("target1", "target2", "race", "gender") if row[name] not in ("", "-")},
    )


def _stripped(path: str) -> str:
    """The path below the root: the table begins with the root's old name."""
    parts = path.split("/")
    return "/".join(parts[1:]) if parts[0] in _ROOTS else path


def _on_disk(drafts: Drafts, where: str, path: str) -> str:
    """The path with the race's folder as on disk, `Asian (East)` for the `Asian_East` of published lists."""
    parts = path.split("/")
    if len(parts) < 2 or parts[1] not in _RACES or drafts.tree.find(path):
        return path
    drafts.tree.findings.warning("race_folder_normalised", where, path, "read as on disk, `Asian (East)`")
    return "/".join([parts[0], spelled(parts[1]), *parts[2:]])


def spelled(race: str) -> str:
    """`Asian (East)` for `Asian_East`, as the folders on disk are called."""
    first, _, second = race.partition("_")
    return f"{first} ({second})" if second else first
