"""SHA-256 of the files of a data set, each computed once: they are kept with the size and time that the file had.

`hashes.jsonl` beside the manifest has a line a file: path, size, time and hash. A hash holds as long as size and time
are the same, wherever the folder was moved to; delete `hashes.jsonl` to have all files read again. What a file begins
with is looked at on the way, since a download often leaves something else in its place.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from . import journal
from .files import disk_errors, locked
from .progress import bar

JOURNAL = "hashes.jsonl"
Stamp = tuple[str, int, int]
"""Path in the data set, size in bytes, time in nanoseconds."""
_BLOCK = 1 << 20
_HEAD = 512


@dataclass(frozen=True)
class Hashed:
    """What is known of the bytes of one file.

    Attributes:
        path: in the data set, POSIX separators.
        bytes, modified: size and time (nanoseconds) when it was read; None where it could not be.
        sha256: None where it could not be read.
        problem: why it could not be read, such as "no such file", or what it is instead of media.
    """

    path: str
    bytes: int | None
    modified: int | None
    sha256: str | None
    problem: str | None = None


def stamp(path: str, file: Path) -> Stamp:
    """The path, size and time of a file as it is now.

    Raises:
        OSError: it is missing or cannot be looked at.
    """
    status = file.stat()
    return path, status.st_size, status.st_mtime_ns


def known(home: Path) -> dict[Stamp, Hashed]:
    """Every hash that was kept in a data set's folder, by the file's path, size and time then."""
    found = {}
    for row in journal.read(home / JOURNAL):
        try:
            hashed = Hashed(**row)
        except TypeError:
            continue
        if _sound(hashed):
            found[(hashed.path, int(hashed.bytes or 0), int(hashed.modified or 0))] = hashed
    return found


def _sound(hashed: Hashed) -> bool:
    """Whether a kept line says what it should."""
    numbers = type(hashed.bytes) is int and type(hashed.modified) is int
    texts = isinstance(hashed.path, str) and isinstance(hashed.sha256, str) and len(hashed.sha256) == 64
    return numbers and texts and isinstance(hashed.problem, str | None)


def hash_files(home: Path, files: Mapping[str, Path], *, jobs: int = -1, progress: bool = True) -> dict[str, Hashed]:
    """The hashes of files, by their path in the data set; those that are not known yet are read and kept.

    One process at a time reads, another one waits for it and takes what it found. A process that is killed loses two
    seconds of work. A file that cannot be read has no hash.

    Args:
        home: the data set's folder, which holds the journal.
        jobs: threads, -1 for one a processor.

    Raises:
        DiskFullError: the journal cannot grow; what was finished is kept.
    """
    found, missing = _looked_up(known(home), files)
    if missing:
        with disk_errors(home):
            lock = locked(home / JOURNAL)
        with lock:
            found, missing = _looked_up(known(home), files)
            found |= _read_all(home, missing, jobs, progress)
    return {path: found[path] for path in files}


def _looked_up(kept: Mapping[Stamp, Hashed], files: Mapping[str, Path]) -> tuple[dict[str, Hashed], dict[str, Path]]:
    """What is known of files or is wrong with them, and those that must be read."""
    found, missing = {}, {}
    for path, file in files.items():
        try:
            hashed = kept.get(stamp(path, file))
        except OSError as error:
            found[path] = _failed(path, error)
            continue
        if hashed is None:
            missing[path] = file
        else:
            found[path] = hashed
    return found, missing


def _failed(path: str, error: OSError) -> Hashed:
    return Hashed(path, None, None, None, "no such file" if isinstance(error, FileNotFoundError) else error.strerror)


def _read_all(home: Path, files: Mapping[str, Path], jobs: int, progress: bool) -> dict[str, Hashed]:
    from joblib import Parallel, delayed

    threads = Parallel(n_jobs=jobs, prefer="threads", return_as="generator_unordered")
    total = sum(_size(file) for file in files.values())
    found = {}
    with bar(total, "reading files", "B", progress) as shown, journal.Writer(home / JOURNAL) as writer:
        for hashed in threads(delayed(read_one)(path, file) for path, file in files.items()):
            found[hashed.path] = hashed
            if hashed.sha256:
                writer.add({name: value for name, value in asdict(hashed).items() if value is not None})
            shown.update(hashed.bytes or 0)
    return found


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def read_one(path: str, file: Path) -> Hashed:
    """Hash one file; it counts as unreadable where it changes meanwhile."""
    try:
        with file.open("rb") as stream:
            before = os.fstat(stream.fileno())
            digest, head = hashlib.sha256(), b""
            while block := stream.read(_BLOCK):
                head = head or block[:_HEAD]
                digest.update(block)
            after = os.fstat(stream.fileno())
    except OSError as error:
        return _failed(path, error)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return Hashed(path, None, None, None, "it changed while it was read; is it still being copied?")
    return Hashed(path, after.st_size, after.st_mtime_ns, digest.hexdigest(), stand_in(head))


def stand_in(head: bytes) -> str | None:
    """What a file is instead of video or sound, by its first bytes; None where it may be media."""
    if not head:
        return "empty (0 bytes)"
    start = head.lstrip().lower()
    for beginning, words in _STAND_INS:
        if start.startswith(beginning):
            return words
    if b"/annex/objects/" in head:
        return "a git-annex pointer; run `git annex get` in the data set's folder"
    return "a text file" if _is_text(head) else None


_STAND_INS: Iterable[tuple[bytes, str]] = (
    (b"version https://git-lfs", "a git-lfs pointer; run `git lfs pull` in the data set's folder"),
    (b"<!doctype html", "an HTML page; the download was refused or needs a login"),
    (b"<html", "an HTML page; the download was refused or needs a login"),
    (b"<?xml", "an XML message; the download was refused"),
)


def _is_text(head: bytes) -> bool:
    """Whether these are characters only; every container of video or sound has other bytes at its beginning."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":  # `head` may end inside a character
            return False
        text = head[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter.isspace() for letter in text)


def valid(home: Path, root: Path) -> dict[str, str]:
    """The hashes that hold for the files as they are now, by path in the data set; only sizes and times are read."""
    found = {}
    for (path, *_), hashed in known(home).items():
        try:
            current = stamp(path, root / path)
        except OSError:
            continue
        if hashed.sha256 and current == (path, hashed.bytes, hashed.modified):
            found[path] = hashed.sha256
    return found
