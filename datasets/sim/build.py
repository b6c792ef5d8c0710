"""Make the clips of the embedded sets on this machine, in parallel, once."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from datasets.errors import DatasetError
from datasets.files import atomic_path, cache_root, disk_errors, locked, write_array

from .plan import NAMES, VERSION, paths, recipes, splits
from .recipe import Recipe

LANDMARKS = ".landmarks.npy"
Pair = tuple[Recipe, ...]


def folder(seed: int = 0) -> Path:
    """Where the clips of a corpus seed lie on this machine."""
    return cache_root() / "sim" / f"v{VERSION}-seed{seed}"


def ensure(
    names: Sequence[str], size: str = "default", seed: int = 0, jobs: int | None = None, progress: bool = True
) -> int:
    """Make every missing clip of these sets under `folder(seed)`; how many it made.

    One run at a time writes to the folder, another one waits for it. What an interrupted run finished is kept; its
    temporary files are deleted. `jobs` is the number of processes, all processors by default.

    Raises:
        ValueError: there is no such set or size.
        DiskFullError: the disk is full; what was finished is kept.
        DatasetError: a worker process was killed; what was finished is kept.
    """
    root = folder(seed)
    if _complete(root, names, size):
        return 0
    with disk_errors(root):
        lock = locked(root / "generate")
    with lock:
        for leftover in root.glob("*/*/.*"):
            leftover.unlink(missing_ok=True)
        return _generate(root, _missing(root, names, size, seed), jobs, progress)


def present(seed: int = 0) -> set[str]:
    """Finished clips under `folder(seed)`, as paths inside the folder."""
    return _present(folder(seed))


def make(pair: Pair, root: Path) -> int:
    """Write the clips of a pair with their landmarks; how many. The mp4 comes last."""
    for recipe in pair:
        _write(recipe, root)
    return len(pair)


def _write(recipe: Recipe, root: Path) -> None:
    from .pictures import pictures, tracked
    from .sound import sound
    from .write import write_mp4

    write_array(root / f"{recipe.stem}{LANDMARKS}", tracked(recipe))
    with atomic_path(root / f"{recipe.stem}.mp4") as temporary:
        write_mp4(temporary, pictures(recipe), sound(recipe) if recipe.sound else None, recipe.encoding)


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
    """Finished clips, with their landmarks, as paths inside the folder."""
    found: set[str] = set()
    for folder in (f"{name}/{split}" for name in NAMES for split in splits(name)):
        names = {entry.name for entry in os.scandir(root / folder)} if (root / folder).is_dir() else set()
        clips = {name for name in names if name.endswith(".mp4") and not name.startswith(".")}
        found |= {f"{folder}/{name}" for name in clips if name.removesuffix(".mp4") + LANDMARKS in names}
    return found


def _generate(root: Path, pairs: list[Pair], jobs: int | None, progress: bool) -> int:
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import BrokenProcessPool
    from tqdm import tqdm

    total = sum(len(pair) for pair in pairs)
    workers = Parallel(n_jobs=jobs or -1, return_as="generator_unordered")
    every = 0.2 if sys.stderr.isatty() else 15.0  # seconds; a log file wants few lines
    bar = tqdm(total=total, desc="making simulated clips", unit="clip", disable=not progress, mininterval=every)
    try:
        with bar:
            for made in workers(delayed(make)(pair, root) for pair in pairs):
                bar.update(made)
    except BrokenProcessPool as error:
        raise DatasetError(
            f"a worker process was killed, perhaps for lack of memory, after {bar.n} of {total} simulated clips in "
            f"{root}; what was finished is kept: run again to continue, with fewer processes if memory is short"
        ) from error
    return total
