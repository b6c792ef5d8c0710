"""FaceForensics++ (Rossler et al., ICCV 2019): five manipulations of 1,000 videos, and Google's DeepFakeDetection.

Files are `original_sequences/{youtube,actors}/<compression>/videos` and
`manipulated_sequences/<method>/<compression>/videos`; every compression that is here is imported. `splits/*.json`,
which come with the benchmark's code and not with the videos, list pairs of ids without order: both directions of a
fake, and both originals, belong to the pair's split. DeepFakeDetection has none. The files have no sound.

`TTT_SSS` is video TTT with the face, or the expression, of SSS. The recording that was manipulated is the target's,
and it is what a fake shares with its real; so identity, source and pair are the target's, and `extra` has both ids.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ...clip import Clip
from ..drafts import Drafts
from ..tables import load_json
from ..tree import Tree, composed

MARKS = ("original_sequences", "manipulated_sequences")
METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter", "DeepFakeDetection")
COMPRESSIONS = ("raw", "c0", "c23", "c40")
SPLITS = ("train", "val", "test")
DFD = "DeepFakeDetection"
"""Acted videos and their fakes, which came later: names of their own, and no split."""
_PAIR = re.compile(r"(\d{3})_(\d{3})")
_ACTED = re.compile(r"(\d+)__(.+)")
_SWAPPED = re.compile(r"(\d+)_(\d+)__(.+)__[^_]+")


@dataclass
class _Splits:
    """What the split files say.

    Attributes:
        of: the split of each id; partner: the id that it is paired with.
        explained: ids that a finding on a split file is about.
        here, whole: whether there is any split file, and whether all of them could be read.
    """

    of: dict[str, str] = field(default_factory=dict)
    partner: dict[str, str] = field(default_factory=dict)
    explained: set[str] = field(default_factory=set)
    here: bool = True
    whole: bool = True


def read(tree: Tree) -> list[Clip]:
    """The clips of all methods and compressions below the root."""
    drafts, splits = Drafts(tree, "ffpp"), _splits(tree)
    unknown: set[str] = set()
    for path in tree.under(""):
        parts = PurePosixPath(path).parts
        if len(parts) != 5 or parts[0] not in MARKS or parts[3] != "videos" or parts[2] not in COMPRESSIONS:
            if "masks" not in parts:
                tree.findings.warning("unlisted_file", path, path, "in no folder of the release; not imported")
            continue
        if parts[0] == MARKS[1] and parts[1] not in (*METHODS, *unknown):
            unknown.add(parts[1])
            tree.findings.warning("unknown_method", path, path, f"{parts[1]}; imported all the same")
        _add(drafts, path, splits)
    return drafts.clips


def _add(drafts: Drafts, path: str, splits: _Splits) -> None:
    if not drafts.tree.filled(path):
        return
    kind, method, compression, _, name = PurePosixPath(path).parts
    fake, stem = kind == MARKS[1], composed(name).rpartition(".")[0]
    acted = method in (DFD, "actors")
    known = _acted(stem, fake) if acted else _ids(stem, fake)
    split = "" if acted or not known else _split_of(drafts.tree, path, known, splits)
    if not known:
        detail = "its name is no pair of ids; not imported" if fake else "its name is no id; not imported"
        drafts.tree.findings.warning("bad_pair", path, path, detail)
    elif split is not None:
        drafts.add(
            path,
            path,
            label=int(fake),
            label_video=int(fake),
            method=DFD if acted else method if fake else "original",
            split=split,
            split_from="release" if split else None,
            identity=known["identity"],
            source=known["pair"],
            pair=known["pair"],
            extra={name: known[name] for name in ("target", "source") if name in known} | {"compression": compression},
        )


def _ids(stem: str, fake: bool) -> dict[str, str]:
    """Of the 1,000 videos: what a name says; nothing where it is none."""
    if not fake:
        return {"identity": stem, "pair": stem} if re.fullmatch(r"\d{3}", stem) else {}
    match = _PAIR.fullmatch(stem)
    return {"identity": match[1], "pair": match[1], "target": match[1], "source": match[2]} if match else {}


def _acted(stem: str, fake: bool) -> dict[str, str]:
    """Of DeepFakeDetection: `01__scene`, and `01_02__scene__CODE` with the face of actor 02."""
    if not fake:
        match = _ACTED.fullmatch(stem)
        return {"identity": f"actor{match[1]}", "pair": stem} if match else {}
    match = _SWAPPED.fullmatch(stem)
    if not match:
        return {}
    target, source, scene = match.groups()
    return {"identity": f"actor{target}", "pair": f"{target}__{scene}", "target": target, "source": source}


def _split_of(tree: Tree, path: str, known: dict[str, str], splits: _Splits) -> str | None:
    """The split of a video; None where it is left out, which is a finding unless a split file's explains it."""
    if not splits.here:
        return ""
    target, source = known["identity"], known.get("source")
    if target in splits.of and source in (None, splits.partner[target]):
        return splits.of[target]
    ids = {target, source or target}
    listed = ids <= splits.of.keys()
    if listed or (splits.whole and not ids & splits.explained):
        tree.findings.error("pair_not_in_splits", path, path, "in no split file; the file is left out")
    return None


def _splits(tree: Tree) -> _Splits:
    files = {split: tree.find(f"splits/{split}.json") or tree.find(f"{split}.json") for split in SPLITS}
    found = _Splits(here=any(files.values()), whole=all(files.values()))
    if not found.here:
        detail = "no split files here, so no clip has a split; put the benchmark's train, val and test.json there"
        tree.findings.info("metadata_absent", "splits", detail=detail)
        return found
    claims: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    for split, path in files.items():
        if path is None:
            detail = "without it, videos in no other split file are left out"
            tree.findings.error("missing_file", f"splits/{split}.json", detail=detail)
            continue
        entries = load_json(tree, path, list)
        found.whole &= entries is not None
        for where, pair in _pairs(tree, path, entries or [], found):
            for one, other in (pair, pair[::-1]):
                claims[one].setdefault((split, other), where)
    _settle(tree, claims, found)
    return found


def _pairs(tree: Tree, path: str, entries: list[Any], found: _Splits) -> Iterator[tuple[str, tuple[str, str]]]:
    """The pairs of one split file; what is none is a finding."""
    coerced = False
    for index, entry in enumerate(entries):
        where = f"{path}[{index}]"
        values = entry if isinstance(entry, list) else [entry]
        ids = [known for value in values if (known := _id(value)) is not None]
        if not isinstance(entry, list) or len(values) != 2 or len(set(ids)) != 2:
            found.explained |= set(ids)
            tree.findings.warning("bad_pair", where, detail=f"{str(entry)[:60]} is no pair of two ids; it is ignored")
            continue
        if not coerced and any(not isinstance(value, str) for value in values):
            coerced = True
            tree.findings.info("type_coerced", where, detail=f"ids are numbers; read as three digits, such as {ids[0]}")
        yield where, (ids[0], ids[1])


def _id(value: Any) -> str | None:
    """Three digits, also of a number or of a file's name."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip().removesuffix(".mp4").rjust(3, "0")
    return text if re.fullmatch(r"\d{3}", text) else None


def _settle(tree: Tree, claims: dict[str, dict[tuple[str, str], str]], found: _Splits) -> None:
    """Give each id its split and partner; ids that have several, and their partners, are left out."""
    twice = {one: list(claim) for one, claim in claims.items() if len(claim) > 1}
    left_out = twice.keys() | {other for claim in twice.values() for _, other in claim}
    for where in dict.fromkeys(list(claims[one].values())[1] for one in twice):
        detail = "an id of it is in another pair already; the files of both pairs are left out"
        tree.findings.error("sample_in_two_splits", where, detail=detail)
    found.explained |= left_out
    for one in claims.keys() - left_out:
        ((found.of[one], found.partner[one]),) = claims[one]
