"""A data set's zip file, unpacked into a folder that is there whole or not at all."""

import errno
import shutil
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

from ..errors import DatasetError, DiskFullError
from ..files import disk_errors, locked, variable_for
from ..progress import bar
from .archives import DAMAGED, inside, is_file, leads_out

_RATIO = 50
"""How much larger than the archive its content may be: video and sound hardly shrink."""
_BLOCK = 1 << 20


class ArchiveError(DatasetError):
    """An archive is not what it should be, or cannot be trusted; nothing was written."""


def unpack(archive: Path, folder: Path, most: int) -> None:
    """Write all files of a zip file below `folder`, which must not exist.

    Every name is looked at before anything is written; a run that was stopped leaves no folder.

    Raises:
        ArchiveError: no zip file, a damaged or encrypted one, names that lead out of the folder, links, names that
            occur twice, more than `most` bytes, or content out of all proportion to the archive.
        DiskFullError: it does not fit.
        OSError: the archive cannot be read or the folder not be made.
    """
    with locked(folder):
        try:
            with zipfile.ZipFile(archive) as opened:
                members = _trusted(opened, archive, most)
                _check_space(folder, sum(member.file_size for member in members))
                _write_all(opened, members, folder)
        except DAMAGED as error:
            raise ArchiveError(f"{archive} cannot be unpacked ({error}); download it again") from error


def _trusted(opened: zipfile.ZipFile, archive: Path, most: int) -> list[zipfile.ZipInfo]:
    """The files of an archive that holds nothing else than files and folders inside it."""
    members = opened.infolist()
    for member in members:
        if leads_out(member) or not member.filename.isprintable():
            name = ascii(member.filename)
            raise ArchiveError(f"{archive} has a file {name}, which would lead out of it; do not use it")
        if not member.is_dir() and not is_file(member):
            raise ArchiveError(f"{archive} has a link {member.filename!r}; unpack it by hand if you trust it")
    files = [member for member in members if is_file(member)]
    names = Counter(str(inside(member)).casefold() for member in files)
    if twice := [name for name, count in names.items() if count > 1]:
        raise ArchiveError(f"{archive} has {twice[0]} twice; download it again")
    size, limit = sum(member.file_size for member in files), min(most, _RATIO * archive.stat().st_size)
    if size > limit:
        raise ArchiveError(f"{archive} would unpack to {size:,} bytes, more than the {limit:,} that are expected of it")
    return files


def _check_space(folder: Path, size: int) -> None:
    if size > shutil.disk_usage(folder.parent).free:
        words = f"the disk is full: {folder} needs {size:,} bytes. Free some space, or point {variable_for(folder)} at"
        raise DiskFullError(errno.ENOSPC, f"{words} a larger disk")


def _write_all(opened: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path) -> None:
    for old in folder.parent.glob(f".{folder.name}-unpacking-*"):  # of a run that was killed; the lock is ours
        shutil.rmtree(old, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-unpacking-"))
    try:
        with disk_errors(folder), bar(sum(m.file_size for m in members), f"unpacking {folder.name}", "B") as shown:
            for member in members:
                target = temporary / inside(member)
                target.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(member) as stream, target.open("xb") as written:
                    while block := stream.read(_BLOCK):
                        shown.update(written.write(block))
        temporary.chmod(0o755)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
