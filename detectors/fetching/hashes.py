"""Hashes of large files, kept by size and time so that each is read once."""

import json
from contextlib import ExitStack
from pathlib import Path

from filelock import FileLock

from datasets.files import cache_root, locked, sha256_file, write_atomic


def kept_hash(path: Path, *, anew: bool = False) -> str:
    """SHA-256 of a file; read again where its size or time has changed, or with `anew`.

    Processes that ask at once read it once. Where the cache folder cannot be written it is read each time.
    """
    place, now = str(path.absolute()), _state(path)
    if not anew and (kept := _kept(place, now)):
        return kept
    with ExitStack() as stack:
        lock = _lock(stack)
        if not anew and (kept := _kept(place, now)):  # by another process, while this one waited
            return kept
        found = sha256_file(path)
        if lock is not None and _state(path) == now:
            _keep(place, now, found)
    return found


def _file() -> Path:
    return cache_root() / "hashes.json"


def _lock(stack: ExitStack) -> FileLock | None:
    try:
        return stack.enter_context(locked(_file()))
    except OSError:  # a cache folder that cannot be written
        return None


def _state(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _table() -> dict[str, list[object]]:
    """The kept hashes; a damaged file counts as empty, and the next write replaces it."""
    try:
        table = json.loads(_file().read_text())
    except (OSError, ValueError):
        return {}
    return table if isinstance(table, dict) else {}


def _kept(place: str, state: list[int]) -> str | None:
    entry = _table().get(place)
    return str(entry[2]) if isinstance(entry, list) and len(entry) == 3 and entry[:2] == state else None


def _keep(place: str, state: list[int], found: str) -> None:
    try:
        write_atomic(_file(), json.dumps(_table() | {place: [*state, found]}, indent=1))
    except OSError:  # the hash is right all the same
        return
