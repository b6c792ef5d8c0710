"""ExDDV (Hondru et al., arXiv 2503.14421): 4,346 fakes of four data sets, with what people clicked on and wrote about.

`ExDDV.csv` lists fakes only; the videos come from their own data sets and lie anywhere below the root, in the folders
that they have there (`manipulated_sequences/<method>/c23/videos`, `end_to_end`, `dfdc_train_part_<n>`, BioDeepAV's
`videos`). In the table, `Farceforensics++` is FaceForensics++ and `DeepfakeDetection` is DFDC. SSR-DFD added the
1,000 originals of FaceForensics++ in a split of its own (`ExDDV_reals_FF++.csv`), of whose `full_path` only the end is
of use. Videos that are made from those of FaceForensics++ have its id as identity and pair: 446 of its ids are in more
than one split.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, TypeGuard

from ...clip import Click, Clip
from ..drafts import Drafts
from ..tables import Line, table
from ..tree import Tree, composed, plain

MARKS = ("ExDDV.csv",)
REALS = "ExDDV_reals_FF++.csv"
SPLITS = ("train", "val", "test")
_FF = "Farceforensics++"
FOLDERS = {
    _FF: "manipulated_sequences/{}/c23/videos",
    "Deeperforensics": "{}",
    "DeepfakeDetection": "{}",
    "BioDeepAV": "{}",
}
"""By sub-set as the table spells it: the folder that a manipulation's videos lie in."""
ALIASES = {
    "faceforensics++": _FF,
    "ff++": _FF,
    "deeperforensics-1.0": "Deeperforensics",
    "dfdc": "DeepfakeDetection",
} | {name.lower(): name for name in FOLDERS}
_TARGET = re.compile(r"(\d{3})_(\d{3}|[MW]\d{3})")
"""A video made from one of FaceForensics++, by its id, with the face of another one or of an actor."""
_Named = dict[str, list[str]]


def read(tree: Tree) -> list[Clip]:
    """The clips that the tables in the root list."""
    drafts, named = Drafts(tree, "exddv"), defaultdict(list)
    for path in tree.under(""):
        named[plain(PurePosixPath(composed(path)).name)].append(path)
    needed = ("movie_name", "dataset", "manipulation", "click_locations", "split")
    aliases: set[str] = set()
    for line in table(tree, "ExDDV.csv", needed, known=("id", "username", "text", "difficulty")):
        dataset = _dataset(tree, line, aliases)
        if dataset is not None:
            _add_fake(drafts, line, dataset, named)
    if tree.find(REALS):
        for line in table(tree, REALS, ("movie_name", "full_path", "split")):
            _add_real(drafts, line, named)
    else:
        detail = "without it, fakes only; danoneata/veridiq has it in data/exddv"
        tree.findings.info("metadata_absent", REALS, detail=detail)
    return drafts.clips


def _dataset(tree: Tree, line: Line, aliases: set[str]) -> str | None:
    """The sub-set as the released table spells it; another spelling is a finding, once each."""
    text = line["dataset"]
    if text in FOLDERS:
        return text
    known = ALIASES.get(text.lower())
    if known is None:
        tree.findings.error("unknown_source_corpus", line.where, line["movie_name"], f"{text}; the row is left out")
    elif text not in aliases:
        aliases.add(text)
        tree.findings.info("dataset_alias", line.where, detail=f"{text} is read as {known}")
    return known


def _found(tree: Tree, tail: str, where: str, named: _Named) -> str | None:
    """The file below the root whose path ends so; None, with a finding, where there is none."""
    inside = tree.named(tail, where)
    if inside is None:
        return None
    same = named.get(plain(PurePosixPath(inside).name), ())
    paths = [path for path in same if plain(f"/{composed(path)}").endswith(plain(f"/{inside}"))]
    if not paths:
        return tree.existing(inside, where)
    spelled = f"{composed(paths[0]).rpartition('.')[0]}.{inside.rpartition('.')[2]}"
    return tree.existing(spelled, where)


def _add_fake(drafts: Drafts, line: Line, dataset: str, named: _Named) -> None:
    folder = FOLDERS[dataset].format(line["manipulation"])
    path = _found(drafts.tree, f"{folder}/{line['movie_name']}", line.where, named)
    if path is None:
        return
    match = _TARGET.fullmatch(PurePosixPath(path).stem)
    target = match[1] if match else None
    difficulty = {"difficulty": int(line["difficulty"])} if line["difficulty"].isdecimal() else {}
    drafts.add(
        path,
        line.where,
        label=1,
        label_video=1,
        method=line["manipulation"],
        identity=target,
        source=target,
        pair=target,
        clicks=_clicks(drafts.tree, line, path),
        extra={"dataset": dataset, **difficulty},
        **_split(drafts.tree, line, path, "release"),
    )


def _add_real(drafts: Drafts, line: Line, named: _Named) -> None:
    path = _found(drafts.tree, _below(line["full_path"]), line.where, named)
    if path is None:
        return
    stem = PurePosixPath(path).stem
    drafts.add(
        path,
        line.where,
        label=0,
        label_video=0,
        method="original",
        identity=stem,
        source=stem,
        pair=stem,
        clicks=(),
        extra={"dataset": "FaceForensics++"},
        **_split(drafts.tree, line, path, "SSR-DFD"),
    )


def _below(path: str) -> str:
    """The end of a path on somebody's machine that is the same everywhere."""
    start = path.find("original_sequences")
    return path[max(start, 0) :].lstrip("/")


def _split(tree: Tree, line: Line, path: str, by: str) -> dict[str, str]:
    split = line["split"].lower()
    if split in SPLITS:
        return {"split": split, "split_from": by}
    tree.findings.warning("unknown_split", line.where, path, f"{line['split'] or 'none'}; imported without a split")
    return {}


def _clicks(tree: Tree, line: Line, path: str) -> tuple[Click, ...] | None:
    """The clicks of a row as (frame, x, y), in the row's order; None where they cannot be read."""
    text, findings = line["click_locations"], tree.findings
    try:
        places = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        findings.warning("broken_json", line.where, path, f"click_locations: {error}; imported without clicks")
        return None
    if places in ({}, [], None):
        findings.warning("empty_clicks", line.where, path, "imported without clicks")
        return ()
    if not isinstance(places, dict):
        findings.warning("broken_json", line.where, path, "click_locations is no object; imported without clicks")
        return None
    return tuple(_usable(tree, places, line.where, path))


def _usable(tree: Tree, places: dict[str, Any], where: str, path: str) -> Iterator[Click]:
    """The clicks that are inside the frame; the others are left out, and findings."""
    for frame, place in places.items():
        values = [place.get(axis) for axis in "xy"] if isinstance(place, dict) else [None]
        numbers = [float(value) for value in values if _is_number(value)]
        if not re.fullmatch("[0-9]{1,9}", frame) or len(numbers) != 2:
            tree.findings.warning("bad_click", where, path, f"{frame}: {place}; the click is left out")
        elif not all(0 <= number <= 1 for number in numbers):
            detail = f"frame {frame} at {numbers[0]:g}, {numbers[1]:g} of the picture; the click is left out"
            tree.findings.warning("click_out_of_range", where, path, detail)
        else:
            yield int(frame), numbers[0], numbers[1]


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e9 < value < 1e9
