"""Zip files that somebody else made: what in them is refused."""

import lzma
import stat
import zipfile
import zlib
from pathlib import PurePosixPath

DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, EOFError, ValueError)
"""What zipfile raises on a file that is none, damaged, encrypted or compressed in another way."""


def leads_out(member: zipfile.ZipInfo) -> bool:
    """Whether a member's name would be written outside the folder that is unpacked to."""
    path = inside(member)
    return path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1])


def inside(member: zipfile.ZipInfo) -> PurePosixPath:
    """A member's path in the archive, with `/` between its parts."""
    return PurePosixPath(member.filename.replace("\\", "/"))


def is_file(member: zipfile.ZipInfo) -> bool:
    """Whether a member is a file: neither a folder nor a link."""
    return not (member.is_dir() or stat.S_ISLNK(member.external_attr >> 16))
