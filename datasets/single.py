"""A clip of any file: one that belongs to no data set, or that has a manifest of its own beside it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .clip import FPS, Clip
from .container import opened, pictures_of, sound_of
from .errors import DatasetError
from .manifest import read_manifest
from .video import Film

MANIFEST = ".manifest.jsonl"
"""`<stem>.manifest.jsonl` beside a file says what is known of it: its label and its fake segments."""


@dataclass(frozen=True)
class Streams:
    """What a file's container says of it, before anything is decoded.

    Attributes:
        seconds: None where the container does not say.
        pictures: number of coded pictures, 0 without a video track.
        width, height: in pixels, upright, 0 without a video track.
        sound: whether there is an audio track.
    """

    seconds: float | None
    pictures: int
    width: int
    height: int
    sound: bool


def single(path: Path) -> Clip:
    """The clip of one file, with the truth where a manifest lies beside it; otherwise `dataset` is empty.

    Raises:
        ClipError: no such file, or nothing is in it.
        DatasetError: the manifest beside it is damaged or does not list it.
    """
    stem = path.name.removesuffix(path.suffix)
    clip = Clip(stem, "", "", path.parent, path.name, 0, None, None, method="", identity="", source="")
    if not path.is_file():
        raise clip.error("is a folder; name the files in it" if path.is_dir() else "no such file")
    if not path.stat().st_size:
        raise clip.error("is empty (0 bytes); copy or download it again")
    beside = path.with_name(stem + MANIFEST)
    if not beside.exists():
        return clip
    try:
        listed = {known.path: known for known in read_manifest(beside, path.parent)}
    except DatasetError as error:
        raise DatasetError(f"{error}. Without {beside.name} the file is scored too, its truth unknown") from error
    if path.name not in listed:
        raise DatasetError(f"{beside} does not list {path.name}; delete it, or name the file there as `path`")
    return listed[path.name]


def streams(clip: Clip) -> Streams:
    """Look at the container, and at the first picture.

    Raises:
        ClipError: not a media file, a still picture, or it has neither pictures nor sound.
    """
    with opened(clip, clip.file) as container:
        video, sound = pictures_of(container), sound_of(container) is not None
        if video is None and not sound:
            raise clip.error("neither a video nor an audio track")
        seconds = container.duration / 1_000_000 if container.duration else None
        pictures = sum(packet.size > 0 for packet in container.demux(video)) if video else 0
    width, height = _shape(clip) if video else (0, 0)
    return Streams(seconds, pictures, width, height, sound)


def _shape(clip: Clip) -> tuple[int, int]:
    """Width and height of the first picture, upright."""
    height, width = next(Film(clip, clip.file).each()).shape[:2]
    return width, height


def face_coverage(clip: Clip) -> tuple[int, int] | None:
    """Frames in the landmarks beside a clip, and how many of them have a face; None without usable landmarks."""
    try:
        points = np.load(clip.landmarks, allow_pickle=False, mmap_mode="r")
    except (OSError, ValueError):
        return None
    if points.ndim != 3 or points.shape[1:] != (68, 2):
        return None
    return len(points), int(np.isfinite(points).all(axis=(1, 2)).sum())


def stills(clip: Clip, times: np.ndarray, height: int) -> np.ndarray:
    """The pictures shown at these seconds of the file, `(N, height, W, 3) uint8` RGB; the others are not kept.

    Args:
        times: `(N,)` seconds after the first picture, rising; the last picture stands for all that are later.

    Raises:
        ClipError: no video track, or undecodable.
    """
    film, found = Film(clip, clip.file), list[np.ndarray]()
    convert = film.converter()
    first, last = None, None
    for time, frame in film.decoded(FPS):
        first = time if first is None else first
        while last is not None and len(found) < len(times) and times[len(found)] < time - first:
            found.append(_small(convert(last), height))
        last = frame
    if last is None:
        raise clip.error("its video track is empty")
    found += [_small(convert(last), height)] * (len(times) - len(found))
    return np.stack(found)


def _small(pixels: np.ndarray, height: int) -> np.ndarray:
    """One picture, scaled to `height`."""
    from PIL import Image

    picture = Image.fromarray(pixels)
    width = max(1, round(height * picture.width / picture.height))
    return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS))
