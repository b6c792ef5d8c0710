"""Errors that name what happened, where, and what to do."""

from pathlib import Path

_FOLDERS = {
    "AVDF_CACHE": "the cache folder",
    "AVDF_DATA": "the folder of imported data sets",
    "AVDF_WEIGHTS": "the weights folder",
}


class ClipError(Exception):
    """One clip cannot be used; the run goes on and counts it in coverage.

    `clip` is its id, `path` where its file was looked for, `reason` a short phrase such as "no audio track".
    """

    def __init__(self, clip: str, path: str, reason: str) -> None:
        super().__init__(clip, path, reason)
        self.clip, self.path, self.reason = clip, path, reason

    def __str__(self) -> str:
        return f"{self.clip} ({self.path}): {self.reason}"


class DatasetError(Exception):
    """A data set cannot be used as a whole; the message says what to do."""


class DiskFullError(OSError):
    """The disk is full; nothing half-written was left behind."""


def in_words(error: OSError) -> str:
    """What a command says where a file or folder cannot be made, read or written."""
    if isinstance(error, DiskFullError):
        return str(error.strerror)
    place = Path(str(error.filename or "a file"))
    place = place.parent if place.name.startswith(".") else place  # of a temporary file nobody knows
    return f"{place}: {error.strerror or error}; name a folder that can be written ({_named(place)})"


def _named(place: Path) -> str:
    from .files import variable_for

    variable = variable_for(place)
    return f"{variable} names {_FOLDERS[variable]}"
