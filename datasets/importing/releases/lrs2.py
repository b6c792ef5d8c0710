"""LRS2 (Chung et al., CVPR 2017; Afouras et al., 2018): real speech from BBC programmes, without speakers' names.

Clips are `{main,pretrain}/<programme>/<number>.mp4` in `mvlrs_v1`, each with its text beside it. Which set a clip is in
stands in `train.txt`, `val.txt`, `test.txt` (clips of `main`) and `pretrain.txt`, which lie beside `mvlrs_v1`, where
they are the only files outside the root that are opened, or in it. Of a line the first word counts; a second one
(`NF`, `MV`) is a remark.
"""

from functools import cached_property
from pathlib import Path, PurePosixPath

from ...clip import Clip
from ...errors import DatasetError
from ..drafts import Drafts
from ..tables import text
from ..tree import VIDEO, Tree, is_crop

MARKS = ("main/[0-9]*/*.mp4", "pretrain/" + "[0-9]" * 12 + "*/*.mp4")
"""Of `pretrain`, which LRS3 has too, only with programmes of many digits."""
LISTS = {"train": "main", "val": "main", "test": "main", "pretrain": "pretrain"}
"""The folder of each list's clips."""
_SEVERAL = "several sets"


def read(tree: Tree) -> list[Clip]:
    """The clips of the release whose folders `main` and `pretrain`, or one of them, are in the root."""
    drafts = Drafts(tree, "lrs2")
    splits: dict[str, str] = {}
    lists = {split: _listed(tree, f"{split}.txt") for split in LISTS}
    for split, lines in lists.items():
        for where, name in lines:
            _add(drafts, where, split, name, splits)
    for folder in dict.fromkeys(LISTS.values()):
        empty = [split for split, lines in lists.items() if not lines and LISTS[split] == folder]
        _report_rest(drafts, folder, empty)
    return drafts.clips


class _Beside(Tree):
    """The lists in the folder above the root, and nothing else that lies there."""

    @cached_property
    def files(self) -> dict[str, str]:
        """The lists that are there; one that is a link is not followed out of the folder."""
        names = (f"{split}.txt" for split in LISTS)
        return {name: name for name in names if self._is_here(self.root / name)}

    def _is_here(self, path: Path) -> bool:
        return path.is_file() and path.resolve().parent == self.root


def _listed(tree: Tree, name: str) -> list[tuple[str, str]]:
    """The first word of each line of a list, with its place; nothing where there is no list."""
    beside = _Beside(tree.root.parent, tree.findings)
    holder = next((folder for folder in (beside, tree) if folder.find(name)), None)
    if holder is None:
        return []
    try:
        content = text(holder, name)
    except DatasetError as error:
        tree.findings.error("unreadable_file", name, detail=f"{error}; nothing is taken from it")
        return []
    lines = [line.replace("\0", " ").split() for line in content.splitlines()]
    if any(lines):  # else the list is empty, which is a finding of its own
        for number in (number for number, words in enumerate(lines, 1) if not words):
            tree.findings.info("blank_line", f"{name}:{number}")
    return [(f"{name}:{number}", words[0]) for number, words in enumerate(lines, 1) if words]


def _add(drafts: Drafts, where: str, split: str, name: str, splits: dict[str, str]) -> None:
    """The clip of one line; `splits` has those of the lines before."""
    tree = drafts.tree
    named = tree.named(name, where)
    if named is None:
        tree.mention(f"{LISTS[split]}/{'/'.join(name.split('/')[-2:])}.mp4")  # else it is unlisted, too
        return
    wanted = f"{LISTS[split]}/{named.removesuffix('.mp4')}.mp4"
    key = tree.find(wanted) or wanted
    if splits.get(key, split) != split:
        if splits[key] != _SEVERAL:
            detail = f"in {splits[key]} and {split}; the file is left out"
            tree.findings.error("sample_in_two_splits", where, key, detail)
        splits[key] = _SEVERAL
        drafts.drop(key)
        return
    path = tree.existing(wanted, where)
    if path is None:
        return
    if path not in splits and tree.find(str(PurePosixPath(path).with_suffix(".txt"))) is None:
        tree.findings.warning("missing_transcript", where, path, "imported without it")
    splits[path] = split
    programme, clip = PurePosixPath(path).parts[1], PurePosixPath(path).stem
    drafts.add_real(
        path,
        where,
        source=programme,
        pair=f"{programme}/{clip}",
        split=split,
        split_from="release",
    )


def _report_rest(drafts: Drafts, folder: str, empty: list[str]) -> None:
    """Clips that no list names: one by one, or as many as an empty list leaves without a set."""
    tree = drafts.tree
    here = list(tree.under(folder, VIDEO))
    names = set(here)
    rest = [path for path in here if not drafts.has(path) and not is_crop(path, names)]
    if here:
        for split in empty:
            where = f"not beside {tree.root.name}, or names no clip"
            detail = f"{where}; {len(rest):,} clips in {folder} are in no list and not imported"
            tree.findings.warning("empty_list", f"{split}.txt", detail=detail)
    if not empty:
        drafts.report_unlisted(folder)
