"""Landmarks that were made for a data set: where they are kept, and of which file each was made.

`AVDF_DATA/<name>/landmarks/` holds `<path>.landmarks.npy` of the main face of each file, and of further ones
`<path>.track1.landmarks.npy` and so on; nothing is written beside the release. `landmarks.jsonl` has a line a file: the
size, time and hash that the file had, the detector, and in how many frames each face was found. Landmarks are only used
for the file that they were made of. Delete `landmarks.jsonl` to have all of them made anew.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from .. import hashes, journal
from ..clip import Clip

FOLDER, JOURNAL = "landmarks", "landmarks.jsonl"


@dataclass(frozen=True)
class Faces:
    """What a detector found in one file.

    Attributes:
        path: in the data set, POSIX separators.
        bytes, modified, sha256: size, time (nanoseconds) and hash of the file that was searched.
        detector: its name, see `Detector`.
        frames: source frames of the file.
        found: in how many of them each face was found, the main face first; empty where there is none.
    """

    path: str
    bytes: int
    modified: int
    sha256: str
    detector: str
    frames: int
    found: tuple[int, ...]

    def row(self) -> dict[str, Any]:
        """The journal's line."""
        return asdict(self)


def folder(home: Path) -> Path:
    """The folder of landmarks in a data set's folder."""
    return home / FOLDER


def known(home: Path) -> dict[str, Faces]:
    """The last search of each file, by its path in the data set."""
    found = {}
    for row in journal.read(home / JOURNAL):
        try:
            faces = Faces(**{**row, "found": tuple(int(count) for count in row["found"])})
        except (TypeError, KeyError, ValueError):
            continue
        if isinstance(faces.path, str) and isinstance(faces.sha256, str):
            found[faces.path] = faces
    return found


def attach(clips: Iterable[Clip], home: Path) -> list[Clip]:
    """The clips, each with the folder of landmarks if some were made of its file as it is now.

    Only sizes and times are looked at; where they differ, a hash that is kept in `hashes.jsonl` tells whether the file
    is the same nevertheless, as after a copy.
    """
    made = known(home)
    hashed = cache(partial(hashes.known, home))  # read only where it is asked
    return [
        replace(clip, prepared=folder(home)) if clip.path in made and _same(made[clip.path], clip, hashed) else clip
        for clip in clips
    ]


def _same(faces: Faces, clip: Clip, hashed: Callable[[], dict[hashes.Stamp, hashes.Hashed]]) -> bool:
    """Whether a search was of the clip's file as it is now."""
    try:
        stamp = hashes.stamp(clip.path, clip.file)
    except OSError:
        return False
    if stamp == (clip.path, faces.bytes, faces.modified):
        return True
    known_hash = hashed().get(stamp)
    return (known_hash.sha256 if known_hash else clip.sha256) == faces.sha256


def place(clip: Clip, home: Path, track: int) -> Path:
    """Where the landmarks of one face of a clip's file are kept."""
    ending = f".track{track}.landmarks.npy" if track else ".landmarks.npy"
    return folder(home) / f"{clip.path}{ending}"


def tracks_of(home: Path) -> dict[str, int]:
    """How many faces were found in each file that was searched, by its path in the data set."""
    return {path: len(faces.found) for path, faces in known(home).items()}
