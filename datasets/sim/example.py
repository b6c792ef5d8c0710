"""One clip of an embedded set, written where a newcomer wants it."""

import tempfile
from dataclasses import replace
from pathlib import Path

from datasets.clip import Clip
from datasets.errors import DatasetError
from datasets.manifest import write_manifest
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


def _chosen(name: str, fake: bool, seed: int) -> Recipe:
    """The first pair of the last split whose clips both have sound."""
    split = splits(name)[-1]
    pair = next(p for p in recipes(name, seed=seed) if p[0].split == split and all(recipe.sound for recipe in p))
    if fake and len(pair) == 1:
        raise DatasetError(f"{name} has no fakes; leave --fake out, or name another set")
    return pair[int(fake)]
