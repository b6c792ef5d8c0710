"""Make the clips of the embedded sets on this machine, in parallel, once."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from datasets.errors import DatasetError
from datasets.files import atomic_path, cache_root, disk_errors, locked, sha256_file, write_array

from .plan import NAMES, VERSION, paths, recipes, splits
from .recipe import Recipe

HASHES = "hashes.jsonl"
LANDMARKS = ".landmarks.npy"
Pair = tuple[Recipe, ...]


def folder(seed: int = 0) -> Path:
    """Where the clips of a corpus seed lie on this machine."""
    return cache_root() / "sim" / f"v{VERSION}-seed{seed}"


def ensure(
    names: Sequence[str], size: str = "default", seed: int = 0, jobs: int | None = None, progress: bool = True
) -> None:
    """Make every missing clip of these sets under `folder(seed)`.

    One run at a time writes to the folder, another one waits for it. What an interrupted run finished is kept; its
    temporary files are deleted. `jobs` is the number of processes, all processors by default.

    Raises:
        ValueError: there is no such set or size.
        DiskFullError: the disk is full; what was finished is kept.
        DatasetError: a worker process was killed; what was finished is kept.
    """
    root = folder(seed)
    if _complete(root, names, size):
        return
    with disk_errors(root):
        lock = locked(root / "generate")
    with lock:
        for leftover in root.glob("*/*/.*"):
            leftover.unlink(missing_ok=True)
        missing = _missing(root, names, size, seed)
        with _open_log(root) as log:
            for path, digest in _generate(root, missing, jobs, progress):
                _append(log, path, digest)


def hashes(seed: int = 0) -> dict[str, str]:
    """SHA-256 of every finished clip under `folder(seed)`, by its path inside the folder.

    A clip whose hash was not recorded, because its run was interrupted, is read and its hash added.
    """
    root = folder(seed)
    if not root.is_dir():
        return {}
    known, present = _read_hashes(root / HASHES), _present(root)
    unknown = sorted(present - known.keys())
    if unknown:
        with locked(root / "generate"), _open_log(root) as log:
            for path in unknown:
                known[path] = sha256_file(root / path)
                _append(log, path, known[path])
    return {path: known[path] for path in sorted(present)}


def make(pair: Pair, root: Path) -> dict[str, str]:
    """Write the clips of a pair with their landmarks; SHA-256 of each by its path. The mp4 comes last."""
    return {f"{recipe.stem}.mp4": _write(recipe, root) for recipe in pair}


def _write(recipe: Recipe, root: Path) -> str:

    from .pictures import pictures, tracked
    from .sound import sound
    from .write import write_mp4

    write_array(root / f"{recipe.stem}{LANDMARKS}", tracked(recipe))
    path = root / f"{recipe.stem}.mp4"
    with atomic_path(path) as temporary:
        write_mp4(temporary, pictures(recipe), sound(recipe) if recipe.sound else None, recipe.encoding)
        return sha256_file(temporary)


def _complete(root: Path, names: Sequence[str], size: str) -> bool:
    present = _present(root)
    return all(path in present for name in names for path in paths(name, size))


def _missing(root: Path, names: Sequence[str], size: str, seed: int) -> list[Pair]:
    """Pairs of which a clip is missing, reduced to the missing clips."""
    present = _present(root)
    pairs = (pair for name in names for pair in recipes(name, size, seed))
    reduced = (tuple(recipe for recipe in pair if f"{recipe.stem}.mp4" not in present) for pair in pairs)
    return [pair for pair in reduced if pair]


def _present(root: Path) -> set[str]:
    """Finished clips, as paths inside the folder."""
    folders = (f"{name}/{split}" for name in NAMES for split in splits(name))
    return {
        f"{folder}/{entry.name}"
        for folder in folders
        if (root / folder).is_dir()
        for entry in os.scandir(root / folder)
        if entry.name.endswith(".mp4") and not entry.name.startswith(".")
    }


def _generate(root: Path, pairs: list[Pair], jobs: int | None, progress: bool) -> Iterator[tuple[str, str]]:
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import BrokenProcessPool
    from tqdm import tqdm

    total = sum(len(pair) for pair in pairs)
    workers = Parallel(n_jobs=jobs or -1, return_as="generator_unordered")
    bar = tqdm(total=total, desc="making simulated clips", unit="clip", disable=not progress)
    try:
        with bar:
            for made in workers(delayed(make)(pair, root) for pair in pairs):
                bar.update(len(made))
                yield from made.items()
    except BrokenProcessPool as error:
        raise DatasetError(
            f"a worker process was killed, perhaps for lack of memory, after {bar.n} of {total} simulated clips in "
            f"{root}; what was finished is kept: run again to continue, with fewer processes if memory is short"
        ) from error


def _append(log: BinaryIO, path: str, digest: str) -> None:
    with disk_errors(Path(log.name)):
        log.write(json.dumps({"path": path, "sha256": digest}).encode() + b"\n")
        log.flush()


def _open_log(root: Path) -> BinaryIO:
    """The record of hashes, ready for another line even if the last one was torn."""
    log = (root / HASHES).open("a+b")
    if log.tell():
        log.seek(-1, os.SEEK_END)
        if log.read(1) != b"\n":
            log.write(b"\n")
    return log


def _read_hashes(path: Path) -> dict[str, str]:
    """The recorded hashes, the last one of each path; a torn line is skipped."""
    known: dict[str, str] = {}
    for line in path.read_bytes().splitlines() if path.exists() else ():
        with suppress(ValueError, KeyError, TypeError):
            row = json.loads(line)
            known[row["path"]] = row["sha256"]
    return known
