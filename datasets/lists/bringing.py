"""Getting lists onto this machine: from their address, or from a copy that a user has."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import DatasetError
from ..fetching import pins
from ..fetching.retrieving import retrieve
from ..files import sha256_file, write_atomic
from . import List, Row, parsed, place, root, state

_LOOKS = {
    "favc": re.compile(r"(FakeAVCeleb/)?(Real|Fake)Video-(Real|Fake)Audio/.+"),
    "av1m": re.compile(r"id\d+/[^/]+/[^/]+/\w+\.mp4"),
    "avlips": re.compile(r"[01]_(real|fake)/[^/]+"),
}
"""What paths in the split lists of a data set look like; copies of lists have names that do not say whose they are."""
_MOST = 64_000_000
"""Bytes that a list may have; none has more than 4 MB."""


@dataclass(frozen=True)
class Brought:
    """A list that a copy was found of.

    Attributes:
        source: the copy.
        exact: whether it is the published version, by its hash.
        kept: whether it was taken; another version never replaces the published one.
    """

    one: List
    source: Path
    exact: bool
    kept: bool


def fetch(one: List) -> Path:
    """Download a list, unless it is here; returns where it is.

    Raises:
        DownloadError: it cannot be had.
        OSError: the folder cannot be written; `DiskFullError` where the disk is full.
    """
    retrieve(one.url, place(one), one.sha256, "list")
    return place(one)


def bring(folder: Path, wanted: Sequence[List]) -> list[Brought]:
    """Copy the wanted lists from a folder of any shape, such as clones of their repositories.

    Each is found by its hash, else by the end of its path; a copy of another version is pinned as it is.

    Raises:
        DatasetError: no such folder, a list that is found in several places alike, or pins that cannot be read.
        OSError: something cannot be read or written.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} is {'no folder' if folder.exists() else 'not there'}; name one that holds lists")
    files = list(_files(folder))
    by_hash = {sha256_file(path): path for path in files if path.stat().st_size in {one.size for one in wanted}}
    found = []
    for one in wanted:
        exact = by_hash.get(one.sha256)
        source = exact or _by_name(folder, files, one)
        if source is not None:
            keep = exact is not None or state(one) != "published"
            if keep:
                _keep(one, source, exact is not None)
            found.append(Brought(one, source, exact is not None, keep))
    return found


def _files(folder: Path) -> Iterator[Path]:
    """Files that may be lists; links are not followed out of the folder."""
    top = folder.resolve()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.resolve().is_relative_to(top) and 0 < path.stat().st_size <= _MOST:
            yield path


def _by_name(folder: Path, files: Sequence[Path], one: List) -> Path | None:
    """The copy whose path ends most like the published one, and whose rows look like its data set's."""
    scores = {path: score for path in files if (score := _alike(path.relative_to(folder), one)) > 1}
    best = [path for path, score in scores.items() if score == max(scores.values()) and _looks_right(path, one)]
    if len(best) > 1:
        places = " and ".join(str(path.relative_to(folder)) for path in best[:3])
        raise DatasetError(f"{folder} has {one.name} more than once ({places}); name the folder of one of them")
    return best[0] if best else None


def _alike(path: Path, one: List) -> int:
    """How many parts of the paths agree, from the end; a folder called like the authors counts as one."""
    parts, published = path.parts[::-1], PurePosixPath(one.path).parts[::-1]
    if parts[0] != published[0]:
        return 0
    same = [a == b for a, b in zip(parts, published, strict=False)]
    agree = [*same, False].index(False)
    whose = one.name.partition("/")[0]
    named = any(re.sub(r"[^a-z0-9]", "_", part.lower()) == whose for part in parts[1:])
    return agree + named


def _looks_right(path: Path, one: List) -> bool:
    looks = _LOOKS.get(one.dataset)
    if looks is None or not one.path.endswith(".csv"):
        return True
    try:
        rows: list[Row] = parsed(path, path.read_bytes())
    except DatasetError:
        return False
    return any(looks.fullmatch(row.path) for row in rows[:100])


def _keep(one: List, source: Path, exact: bool) -> None:
    data = source.read_bytes()
    if not exact:
        pin = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "source": "a copy that was brought"}
        try:
            pins.write(root(), one.place, pin, replace=True)
        except pins.PinsError as error:
            raise DatasetError(str(error)) from error
    write_atomic(place(one), data)
