"""A checkpoint out of a zip file that somebody else made."""

import shutil
import zipfile
from pathlib import Path

from datasets.fetching.archives import DAMAGED, inside, is_file, leads_out
from datasets.files import atomic_path

from .files import WeightsError


class ArchiveError(WeightsError):
    """A zip file does not hold the checkpoint, or cannot be trusted; nothing was written."""


def unpack(archive: Path, target: Path, most: int) -> None:
    """Write the checkpoint of a zip file to `target`, and its settings, a `.json` of the same stem, beside it.

    Members are found by their bare names in any folder of the archive, so that no name in it decides where is written.

    Raises:
        ArchiveError: no zip file, a damaged one, names that lead out of it, not one checkpoint of that name, or more
            than `most` bytes.
        OSError: it cannot be read, or the target not be written.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            wanted = _members(opened, archive, target)
            size = sum(member.file_size for member in wanted.values())
            if size > most:
                raise ArchiveError(
                    f"{archive}: {target.name} would have {size:,} bytes, more than the {most:,} expected"
                )
            for name, member in wanted.items():
                _write(opened, member, target.with_name(name))
    except DAMAGED as error:
        raise ArchiveError(f"{archive} cannot be unpacked ({error}); download it again") from error


def _write(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    with opened.open(member) as stream, atomic_path(target) as temporary, temporary.open("wb") as written:
        shutil.copyfileobj(stream, written, 1 << 20)


def _members(opened: zipfile.ZipFile, archive: Path, target: Path) -> dict[str, zipfile.ZipInfo]:
    """The settings, if there are any, and last the checkpoint, whose presence says that all is there."""
    names: dict[str, list[zipfile.ZipInfo]] = {f"{target.stem}.json": [], target.name: []}
    for member in opened.infolist():
        if leads_out(member):
            raise ArchiveError(f"{archive} has a file {member.filename!r}, which would lead out of it; do not use it")
        name = inside(member).name
        if is_file(member) and name in names:
            names[name].append(member)
    twice = [name for name, members in names.items() if len(members) > 1]
    if twice or not names[target.name]:
        what = f"several files {twice[0]}" if twice else f"no {target.name}"
        raise ArchiveError(f"{archive} has {what}; put the right one at {target} by hand")
    return {name: members[0] for name, members in names.items() if members}
