"""AVLips: an archive that only a browser can download, pinned when it is first brought, and unpacked."""

import zipfile
from pathlib import Path

from . import library
from .errors import DatasetError
from .fetching import pins
from .fetching.archives import DAMAGED, inside
from .fetching.unpacking import unpack
from .files import sha256_file

NAME = "avlips"
_MOST = 500_000_000_000
"""Bytes that it may unpack to; the processed form is said to have 60 GB."""
_FOLDERS = {"0_real", "1_fake"}


def unpacked() -> Path:
    """Where the archive is unpacked to."""
    return library.home(NAME) / "AVLips"


def bring(place: Path) -> Path | None:
    """Unpack the archive that lies in a folder, or is named itself; returns where it is, None where there is none.

    Raises:
        DatasetError: there are several, it is another one than was pinned before, or it cannot be trusted.
        DiskFullError: it does not fit.
        OSError: something cannot be read or written.
    """
    found = [path for path in _zips(place) if _is_avlips(path)]
    if len(found) > 1:
        raise DatasetError(f"{place} has several archives of AVLips ({', '.join(p.name for p in found)}); name one")
    if not found:
        return None
    _hold_against_pin(found[0])
    if not unpacked().is_dir():
        unpack(found[0], unpacked(), _MOST)
    return unpacked()


def _zips(place: Path) -> list[Path]:
    return [place] if place.is_file() else sorted(path for path in place.glob("*.zip") if path.is_file())


def _is_avlips(path: Path) -> bool:
    """Whether an archive has the folders of AVLips; one that cannot be read has not."""
    try:
        with zipfile.ZipFile(path) as opened:
            names = {part for member in opened.infolist() for part in inside(member).parts[:-1]}
    except (*DAMAGED, OSError):
        return False
    return names >= _FOLDERS


def _hold_against_pin(archive: Path) -> None:
    folder = library.home(NAME)
    digest = sha256_file(archive)
    try:
        pins.write(folder, "archive", {"sha256": digest, "size": archive.stat().st_size, "source": archive.name})
        pin = pins.read(folder)["archive"]
    except pins.PinsError as error:
        raise DatasetError(str(error)) from error
    if pin["sha256"] != digest:
        raise DatasetError(
            f"{archive} has SHA-256 {digest}, and {pin['sha256']} was pinned on {pin.get('date')}: it is damaged or "
            f"another version; download it again, or remove {folder / 'pins.json'} and {unpacked()} to take this one"
        )
