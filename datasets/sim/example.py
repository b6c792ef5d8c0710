"""A few clips of an embedded set, written where a newcomer wants them."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from datasets.clip import Clip
from datasets.errors import DatasetError
from datasets.manifest import write_manifest
from datasets.progress import bar
from datasets.single import MANIFEST

from .build import LANDMARKS, make
from .plan import plan, recipes, splits
from .recipe import Recipe


def write_example(path: Path, name: str = "sim_wild", fake: bool = False, seed: int = 0) -> Clip:
    """Write the first test clip of a set that has sound, with its landmarks and a manifest of its own.

    The file is the one that the suite would test on, byte for byte; the rest of the set is not made. Beside
    `<stem>.mp4` stand `<stem>.landmarks.npy` and `<stem>.manifest.jsonl`, which says what the clip is.

    Raises:
        DatasetError: the name does not end in .mp4, a file of that name exists, or the set has no fakes.
    """
    files = [path, path.with_suffix(LANDMARKS), path.with_suffix(MANIFEST)]
    taken = next((file for file in files if file.exists()), None)
    if path.suffix != ".mp4":
        raise DatasetError(f"{path}: the example is an mp4 file; choose a name that ends in .mp4")
    if taken is not None:
        raise DatasetError(f"{taken} exists and is not overwritten; choose another name")
    recipe = _chosen(name, fake, seed)
    known = next(clip for clip in plan(name, "default", seed) if clip.path == f"{recipe.stem}.mp4")
    clip = replace(known, root=path.parent, path=path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".example-") as folder:
        make((recipe,), Path(folder))
        (Path(folder) / f"{recipe.stem}{LANDMARKS}").rename(files[1])
        write_manifest(files[2], [clip])
        (Path(folder) / f"{recipe.stem}.mp4").rename(path)
    return clip


def write_pairs(folder: Path, count: int, name: str = "sim_local") -> list[Clip]:
    """Write the first pairs of a set of the smallest size, with their landmarks; always the same ones."""
    for pair in list(recipes(name, "smoke"))[:count]:
        make(pair, folder)
    return plan(name, "smoke", root=folder)[: 2 * count]


def write_folder(folder: Path, count: int, name: str = "sim_wild", seed: int = 0) -> int:
    """Write the first test pairs of a set that have sound as data of one's own: `real/000.mp4`, `fake/000.mp4`, ...

    Landmarks lie beside the clips. The folder appears when all is written. Returns how many clips there are.

    Raises:
        DatasetError: there is such a folder and it is not empty, or the set has not as many pairs.
    """
    if folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None):
        raise DatasetError(f"{folder} exists and is not overwritten; choose another name")
    pairs = [pair for pair in _with_sound(name, seed) if len(pair) == 2]
    if not pairs:
        raise DatasetError(f"{name} has no fakes; name another set")
    if not 1 <= count <= len(pairs):
        raise DatasetError(f"{name} has {len(pairs)} pairs to test on; ask for 1 to {len(pairs)}, or name another set")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=folder.parent, prefix=".example-") as temporary,
        bar(2 * count, "making simulated clips", "clip") as progress,
    ):
        whole = Path(temporary) / "whole"
        for number, pair in enumerate(pairs[:count]):
            progress.update(make(pair, Path(temporary)))
            for recipe in pair:
                place = whole / ("fake" if recipe.fake else "real")
                place.mkdir(parents=True, exist_ok=True)
                for ending in (".mp4", LANDMARKS):
                    (Path(temporary) / f"{recipe.stem}{ending}").rename(place / f"{number:03}{ending}")
        whole.replace(folder)
    return 2 * count


def _with_sound(name: str, seed: int) -> Iterator[tuple[Recipe, ...]]:
    """The pairs of the last split whose clips both have sound."""
    split = splits(name)[-1]
    return (p for p in recipes(name, seed=seed) if p[0].split == split and all(recipe.sound for recipe in p))


def _chosen(name: str, fake: bool, seed: int) -> Recipe:
    """The real or the fake clip of the first pair to test on that has sound."""
    pair = next(_with_sound(name, seed))
    if fake and len(pair) == 1:
        raise DatasetError(f"{name} has no fakes; leave --fake out, or name another set")
    return pair[int(fake)]
