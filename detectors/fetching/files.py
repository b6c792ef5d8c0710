"""Checkpoints on this machine: where they are, their hashes, and the pins that say when one has changed.

A published hash is the contract. Where none was published, the first use pins what it finds in `pins.json` of the
weights folder, and a file that is another one later is refused. Nothing here uses a network or loads torch.
"""

import fnmatch
import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from datasets.fetching import pins

from ..cardcheck import RegistryError
from ..cards import Weights
from .folder import how_to_get, hub_cache, name_for
from .folder import weights_root as weights_root
from .hashes import kept_hash

PACKAGED = Path(__file__).parents[1] / "weights"
"""Checkpoints that come with the package."""
HUB_FILES = ("config.json", "*.safetensors", "*.safetensors.index.json", "*.bin", "*.bin.index.json")
"""What is needed of a model of the hub that names no files."""

_STAND_INS = {
    b"<": "a web page, perhaps one that asked for a confirmation,",
    b"version https://git-lfs": "a git-lfs pointer",
}


class WeightsError(RegistryError):
    """A checkpoint cannot be used; the message says which one, why, and what to do."""


class MissingWeightsError(WeightsError):
    """A checkpoint is not on this machine; the message is one line and says how to get it."""


class ChangedWeightsError(WeightsError):
    """A checkpoint is not the one that was published or used before; the message has both hashes."""


def located(weights: Weights) -> Path | None:
    """The file or folder of a checkpoint, None where it is not on this machine. Nothing is read.

    It is looked for below the weights folder by its path there, in the weights folder by its bare name, in the user's
    Hugging Face cache when it is of the hub, and in the package when it can be had nowhere else.
    """
    return next((path for path in _places(weights) if _complete(path, weights)), None)


def find(weights: Weights, name: str | None = None) -> Path:
    """The file or folder of a checkpoint, as `located`; `name` is the encoder that wants it, for the message.

    Raises:
        MissingWeightsError: it is not on this machine.
    """
    path = located(weights)
    if path is None:
        raise MissingWeightsError(f"{_where_not(weights)}: {how_to_get(weights, name)}")
    return path


def hash_of(weights: Weights, name: str | None = None, *, anew: bool = False) -> str:
    """SHA-256 of a checkpoint, checked against the published hash or else the pin; its first use pins it.

    Of a folder it is that of the list of its needed files, as `sha256sum` prints one. A hash is kept as long as the
    files have the same size and time, so that large ones are read once; `anew` reads them again. `name` is the encoder
    that wants it, for messages.

    Raises:
        MissingWeightsError: it is not on this machine.
        ChangedWeightsError: it is another one than was published or used before, or the pins cannot be read.
        WeightsError: it is a web page or a pointer of git-lfs.
        DiskFullError: it cannot be pinned.
    """
    path = find(weights, name)
    found = _digest(path, weights, anew)
    if weights.sha256 is not None and found != weights.sha256:
        raise ChangedWeightsError(
            f"{path} has SHA-256 {found}, and {weights.sha256} was published: it is damaged or another version; "
            f"remove it, then {how_to_get(weights, name)}"
        )
    if weights.sha256 is None:
        _hold_against_pin(path, weights, found, name_for(weights, name))
    return found


def repin(weights: Weights, name: str | None = None) -> str:
    """Pin what is here now, whatever was pinned before; returns its hash.

    Raises:
        MissingWeightsError: it is not on this machine.
        ChangedWeightsError: it differs from a published hash, which no pin replaces, or cannot be pinned.
    """
    if weights.sha256 is not None:
        return hash_of(weights, name, anew=True)
    path = find(weights, name)
    found = _digest(path, weights, anew=True)
    if not _pin(path, weights, found, replace=True):
        raise ChangedWeightsError(f"{weights_root()} cannot be written, so {weights.file} keeps its pin")
    return found


def pin_of(weights: Weights) -> dict[str, Any] | None:
    """What was pinned: `sha256`, `size` in bytes, `date` and `source`; None before the first use.

    Raises:
        ChangedWeightsError: the pins cannot be read.
    """
    try:
        return pins.read(weights_root()).get(_key(weights))
    except pins.PinsError as error:
        raise ChangedWeightsError(str(error)) from error


def needed_files(names: Iterable[str], weights: Weights) -> list[str]:
    """Those of a folder's files that are needed, sorted; PyTorch's pickles only where there are no safetensors."""
    patterns = weights.files or HUB_FILES
    found = sorted(name for name in names if any(_matches(name, pattern) for pattern in patterns))
    if any(name.endswith(".safetensors") for name in found):
        found = [name for name in found if not name.endswith((".bin", ".bin.index.json"))]
    return found


def _matches(name: str, pattern: str) -> bool:
    """Whether a path fits a pattern in the same folder; `*` alone would take files of deeper folders too."""
    return fnmatch.fnmatchcase(name, pattern) and name.count("/") == pattern.count("/")


def enough(names: Iterable[str], weights: Weights) -> bool:
    """Whether a folder's files are all that is needed by name, and some weights."""
    found = needed_files(names, weights)
    named = {name for name in weights.files or HUB_FILES if not set(name) & set("*?[")}
    return named <= set(found) and any(not name.endswith(".json") for name in found)


def _places(weights: Weights) -> Iterator[Path]:
    root = weights_root()
    if not (weights.url or weights.hub or weights.drive):
        yield PACKAGED / weights.file
    yield root / weights.file
    bare = weights.file.rpartition("/")[2]
    if bare not in _shared_names():
        yield root / bare
    if weights.hub:
        yield from _in_hub_cache(weights, weights.hub)


@cache
def _shared_names() -> frozenset[str]:
    """Bare names that several published checkpoints have, such as `model.pth`: they do not say which one it is."""
    from .published import EVERY

    bare = [weights.file.rpartition("/")[2] for weights in EVERY]
    return frozenset(name for name in bare if bare.count(name) > 1)


def _in_hub_cache(weights: Weights, hub: str) -> Iterator[Path]:
    """Where the Hugging Face cache has the revision of a model, if it has it."""
    folder = hub_cache() / f"models--{hub.replace('/', '--')}"
    commits = [weights.revision]
    named = folder / "refs" / weights.revision
    if named.is_file():
        commits.append(named.read_text().strip())
    inside = weights.file[len(hub) + 1 :]
    for commit in commits:
        yield folder / "snapshots" / commit / inside


def _complete(path: Path, weights: Weights) -> bool:
    """Whether a file has content, or a folder has enough and weights with all of their parts."""
    if not path.is_dir():
        return path.is_file() and path.stat().st_size > 0
    names = _names_in(path)
    indices = [name for name in needed_files(names, weights) if name.endswith(".index.json")]
    return enough(names, weights) and all(_parts(path / index) <= set(names) for index in indices)


def _parts(index: Path) -> set[str]:
    """The files that weights in several parts consist of; one that cannot be read asks for itself in vain."""
    try:
        return set(json.loads(index.read_text())["weight_map"].values())
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {"a readable index"}


def _names_in(folder: Path) -> list[str]:
    """Files of a folder by their path in it, hidden ones left out."""
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return [name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts)]


def _where_not(weights: Weights) -> str:
    if weights.hub:
        return f"{weights.file} is neither in {weights_root()} nor in the Hugging Face cache {hub_cache()}"
    return f"{weights.file} is not in {weights_root()}"


def _files(path: Path, weights: Weights) -> list[Path]:
    """The needed files of a checkpoint, in the order of their names."""
    return [path / name for name in needed_files(_names_in(path), weights)] if path.is_dir() else [path]


def _digest(path: Path, weights: Weights, anew: bool) -> str:
    if not path.is_dir():
        return kept_hash(path, anew=anew)
    files = _files(path, weights)
    lines = [f"{kept_hash(file, anew=anew)}  {file.relative_to(path).as_posix()}\n" for file in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def size_of(path: Path, weights: Weights) -> int:
    """Bytes of a checkpoint's needed files."""
    return sum(file.stat().st_size for file in _files(path, weights))


def _key(weights: Weights) -> str:
    return weights.file if weights.revision == "main" else f"{weights.file}@{weights.revision}"


def _pin(path: Path, weights: Weights, found: str, *, replace: bool = False) -> bool:
    pin = {"sha256": found, "size": size_of(path, weights), "source": weights.url or weights.hub or weights.source}
    try:
        return pins.write(weights_root(), _key(weights), pin, replace=replace)
    except pins.PinsError as error:
        raise ChangedWeightsError(str(error)) from error


def _refuse_stand_ins(path: Path, weights: Weights, name: str) -> None:
    """Raise for a file that only stands where a checkpoint should, before it is pinned."""
    for file in _files(path, weights):
        with file.open("rb") as stream:
            start = stream.read(64).lstrip()
        for mark, what in _STAND_INS.items():
            if start.startswith(mark):
                raise WeightsError(f"{file} is {what} and no checkpoint; remove it, then {how_to_get(weights, name)}")


def _hold_against_pin(path: Path, weights: Weights, found: str, name: str) -> None:
    pin = pin_of(weights)
    if pin is None:
        _refuse_stand_ins(path, weights, name)
    if pin is None and _pin(path, weights, found):
        pin = pin_of(weights)
    if pin is not None and pin["sha256"] != found:
        raise ChangedWeightsError(
            f"{path} has SHA-256 {found}, and {pin['sha256']} was pinned on {pin.get('date')}: it is damaged or "
            f"another version, and results would change; restore it, or accept it with "
            f"`python -m detectors verify {name} --repin`"
        )
