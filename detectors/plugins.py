"""Where detectors come from: modules of this package, entry points of installed packages, and scratch files.

Built-in modules are imported first, then those dropped into this package, then entry points, then files; where two
register one name, the first keeps it. A module that fails to import registers nothing, is kept in
`Registry.broken` with its own traceback, and stops nothing else.
"""

import importlib
import importlib.util
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from .cardcheck import RegistryError, explain
from .registry import Broken, Registry, UnknownNameError, ask, broken_names, registry, rows, suggest
from .tags import split
from .traces import own_traceback, reason_of

GROUP = "avdf_bench.detectors"
"""The entry points' group; the value of each is a module whose import registers."""
BUILT_IN = (
    "detectors.encoders.autoavsr",
    "detectors.encoders.avhubert",
    "detectors.encoders.braven",
    "detectors.encoders.clip",
    "detectors.encoders.fsfm",
    "detectors.encoders.logmel",
    "detectors.encoders.tiny",
    "detectors.encoders.videomae",
    "detectors.encoders.wav2vec2",
    "detectors.heads.linear",
    "detectors.energy",
    "detectors.length",
    "detectors.silence",
)
"""Modules whose names no other can take."""
_PACKAGES = ("detectors.encoders", "detectors.heads", "detectors")


def load_installed(known: Registry) -> None:
    """Import every module of this package and of the entry points."""
    for module in dict.fromkeys((*BUILT_IN, *_dropped_in())):
        _attempt(known, module, _origin(module), partial(importlib.import_module, module))
    for point in entry_points(group=GROUP):
        module = point.value.partition(":")[0].strip()
        _attempt(known, module, _origin(module), point.load)


def load_file(path: Path) -> tuple[str, ...]:
    """Import a file, wherever it is, and return the names of the encoders, heads and detectors that it registers.

    A file that is part of what is installed is not imported again. One that fails to import is kept in
    `Registry.broken`, and the name of the cells that fail in its place is returned. Modules beside the file can be
    imported by it.

    Raises:
        RegistryError: there is no such file, it is no Python file, or it registers nothing.
    """
    _check_path(path)
    known, whole = registry(), path.resolve()
    names = _names_from(known, whole)
    if not names:
        module = str(whole)
        _attempt(known, module, whole, lambda: _execute(module, whole))
        names = _names_from(known, whole)
    if not names:
        raise RegistryError(
            f"{path} registers nothing; write @register(CARD) above a class, as under 'Adding a detector' in README"
        )
    return names


def chosen(values: Sequence[str]) -> frozenset[str]:
    """The names that the values of `--detector` stand for: names as they are, files as what they register.

    Raises:
        RegistryError: see `load_file`.
        UnknownNameError: nothing has this name; near ones are suggested.
    """
    found: set[str] = set()
    for value in sorted(values, key=_is_path, reverse=True):  # a name may be one that a file registers
        _ask_for(value)
        names = _known_names()
        if value in names:
            found.add(value)
        elif _is_path(value) or Path(value).exists():
            found |= set(load_file(Path(value).expanduser()))
        else:
            near = f"; did you mean the file {value}.py?" if Path(f"{value}.py").is_file() else suggest(value, names)
            raise UnknownNameError(f"no detector, encoder or head is called {value!r}{near}")
    return frozenset(found)


def ask_in(text: str) -> None:
    """Make rows of the forms of encoders that a `-k` expression or a cell's id names, as in `avhubert_v.layer12`."""
    for word in re.findall(r"[a-z0-9_.-]+", text):
        with suppress(RegistryError):  # a word that names no form is pytest's, or whoever reads the cell's id, to judge
            _ask_for(word)


def _ask_for(value: str) -> None:
    """Make a row of the form of an encoder that a value starts with, if it does.

    Raises:
        TagError: the encoder has no such form.
    """
    scope = value.partition("-")[0]
    if "." in scope and not _is_path(value) and split(scope)[0] in registry().encoders:
        ask(scope)


def _known_names() -> set[str]:
    """Everything that `--detector` takes beside files."""
    return {name for row in rows() for name in (row.name, row.scope, row.encoder, row.head) if name}


def _is_path(value: str) -> bool:
    return "/" in value or value.endswith(".py")


def _check_path(path: Path) -> None:
    if path.is_dir():
        raise RegistryError(f"{path} is a folder; give the .py file in it that registers the detector")
    if not path.is_file():
        raise RegistryError(f"there is no file {path}; a relative path is looked up from {Path.cwd()}")
    if path.suffix != ".py":
        raise RegistryError(f"{path} is no .py file; give the Python file that registers the detector")


def _dropped_in() -> Iterator[str]:
    for package in _PACKAGES:
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            if not module.ispkg and not module.name.endswith("__main__"):
                yield module.name


def _origin(module: str) -> Path | None:
    """The file of a module that may not be importable."""
    try:
        spec = importlib.util.find_spec(module)
    except Exception:  # the package around it fails in any way; importing it will say how
        return None
    return Path(spec.origin).resolve() if spec and spec.origin else None


def _attempt(known: Registry, module: str, path: Path | None, load: Callable[[], Any]) -> None:
    """Import, or note why that fails; what a failing module registered before is taken back."""
    try:
        load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plug-in may fail in any way, exit included
        known.forget(module)
        explain(error)
        known.broken[module] = Broken(module, path, reason_of(error), own_traceback(error))


def _execute(name: str, path: Path) -> None:
    """Run a file as the module `name`; compiled here, so that no bytecode of an earlier text is used."""
    module = ModuleType(name)
    module.__file__, module.__package__ = str(path), ""
    sys.modules[name] = module
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # last, so that nothing there hides a package of ours
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise


def _names_from(known: Registry, path: Path) -> tuple[str, ...]:
    """What is registered by modules of this file, or the name that stands for it when it fails to import."""
    tables = (known.encoders, known.heads, known.detectors)
    names = [name for table in tables for name, entry in table.items() if _file_of(entry.module) == path]
    failed = [name for name, broken in broken_names().items() if broken.path == path]
    return tuple(dict.fromkeys([*names, *failed]))


def _file_of(module: str) -> Path | None:
    file = getattr(sys.modules.get(module), "__file__", None)
    return Path(file).resolve() if file else None
