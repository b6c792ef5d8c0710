"""Importers: a release as it is on disk, to the clips of a manifest and findings.

Each data set has a module in `releases` with `MARKS`, what lies in the folder where the release begins, and
`read(tree)`, which gives its clips and reports to `tree.findings`. An importer reads metadata and sizes, never media;
it derives no label from a name where metadata say otherwise; it repairs nothing silently. A metadata file that is
broken costs its own rows only.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from ..clip import Clip
from ..errors import DatasetError
from . import releases
from .findings import Finding, Findings
from .tree import Tree, is_junk

NAMES = tuple(sorted(module.name for module in iter_modules(releases.__path__)))
"""Data sets that can be imported."""
_DEPTH = 2
"""How many folders deep below the given one a release is looked for: archives nest their name."""


@dataclass(frozen=True)
class Imported:
    """What was read from a release.

    Attributes:
        root: the folder where the release begins, perhaps below the one that was named.
    """

    name: str
    root: Path
    clips: tuple[Clip, ...]
    findings: tuple[Finding, ...]


def load(name: str, path: Path, watch: Callable[[Iterator[str]], Iterable[str]] = iter) -> Imported:
    """Read the release of a data set in a folder.

    Args:
        watch: is given the files while they are looked for, and gives them on; a progress bar.

    Raises:
        DatasetError: no such folder, it is not the release, or nothing in it can be used.
    """
    module = import_module(f"{releases.__name__}.{name}")
    findings = Findings()
    tree = Tree(begins(path, module.MARKS, name), findings, watch)
    clips = module.read(tree)
    return Imported(name, tree.root, tuple(clips), tuple(findings.all))


def begins(path: Path, marks: tuple[str, ...], name: str) -> Path:
    """The folder at or below `path` where one of the marks (glob patterns) lies.

    Raises:
        DatasetError: there is none, or there are several.
    """
    if not path.is_dir():
        raise DatasetError(f"{path} is {'no folder' if path.exists() else 'not there'}; name the folder of {name}")
    level = [path]
    for _ in range(_DEPTH + 1):
        found = [folder for folder in level if any(next(folder.glob(mark), None) for mark in marks)]
        if len(found) == 1:
            return found[0]
        if found:
            folders = ", ".join(str(folder.relative_to(path)) for folder in found[:4])
            raise DatasetError(f"{path} holds {name} more than once ({folders}); name one of them")
        level = [below for folder in level for below in _folders(folder)]
    raise DatasetError(
        f"{path} does not look like {name}: neither it nor a folder in it holds {' or '.join(marks)}{_closed(path)}"
    )


def _closed(path: Path) -> str:
    """Words about the first folder that cannot be opened, where there is one."""
    folders = [path]
    for _ in range(_DEPTH + 1):
        shut = next((folder for folder in folders if not os.access(folder, os.R_OK | os.X_OK)), None)
        if shut:
            return f"; {shut} cannot be opened, mend its permissions"
        folders = [below for folder in folders for below in _folders(folder)]
    return ""


def _folders(folder: Path) -> Iterator[Path]:
    try:
        here = sorted(folder.iterdir())
    except OSError:
        return
    yield from (sub for sub in here if sub.is_dir() and not sub.is_symlink() and not is_junk(sub.name))
