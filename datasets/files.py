"""Where files are kept, and how they are written: whole or not at all."""

import errno
import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock
from platformdirs import user_cache_path

from .errors import DiskFullError


def cache_root() -> Path:
    """The folder for generated clips, features and fitted detectors: `AVDF_CACHE`, or the user's cache folder."""
    override = os.environ.get("AVDF_CACHE")
    return Path(override).expanduser() if override else user_cache_path("avdf-bench")


_OWN_FOLDERS = {"AVDF_WEIGHTS": "weights", "AVDF_DATA": "data"}
"""Folders that have a variable of their own, and their names in the cache folder without it."""


def variable_for(path: Path) -> str:
    """The environment variable that moves the folder which a path is in to another disk."""
    place = path.absolute()
    for variable, name in _OWN_FOLDERS.items():
        override = os.environ.get(variable)
        folder = Path(override).expanduser() if override else cache_root() / name
        if place.is_relative_to(folder.absolute()):
            return variable
    return "AVDF_CACHE"


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn a full disk or quota into a `DiskFullError` that says where, and how to go on."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFullError(
            error.errno,
            f"the disk is full: could not write {path}. Free some space, or point {variable_for(path)} at a larger "
            "disk; what was finished is kept and the next run continues from there",
        ) from error


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that replaces it, once synced to disk, when the block ends without an error.

    The temporary name keeps the suffix, since writers such as PyAV choose a format by it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with disk_errors(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            with temporary.open("rb+") as stream:
                os.fsync(stream.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write a whole file, so that a reader or a crash sees the old content or the new, never a part."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data.encode() if isinstance(data, str) else data)


def write_array(path: Path, values: np.ndarray) -> None:
    """Write an array as `.npy`, whole or not at all.

    Through memory, since NumPy reports a full disk under `tofile` as an error without a number.
    """
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    write_atomic(path, buffer.getvalue())


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def locked(path: Path) -> FileLock:
    """A lock between processes, kept in `path` with `.lock` added; it ends with its process, however that ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(str(path) + ".lock")


def in_bytes(size: int) -> str:
    """A size as people say it: `5.7 GB`, `940 kB`."""
    value, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.3g} {unit}"
