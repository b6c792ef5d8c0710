"""A clip of any file: one that belongs to no data set, or that has a manifest of its own beside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .clip import Clip
from .errors import DatasetError
from .manifest import read_manifest

if TYPE_CHECKING:
    from av import VideoFrame

MANIFEST = ".manifest.jsonl"
"""`<stem>.manifest.jsonl` beside a file says what is known of it: its label and its fake segments."""


@dataclass(frozen=True)
class Streams:
    """What a file's container says of it, before anything is decoded.

    Attributes:
        seconds: None where the container does not say.
        pictures: number of coded pictures, 0 without a video track.
        width, height: in pixels, 0 without a video track.
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
    """Look at the container.

    Raises:
        ClipError: not a media file, a still picture, or it has neither pictures nor sound.
    """
    import av

    try:
        with av.open(str(clip.file)) as container:
            video = container.streams.video[0] if container.streams.video else None
            sound = bool(container.streams.audio)
            if container.format.name == "tty":  # FFmpeg draws a text file as a film
                raise clip.error("is a text file, neither video nor sound")
            if container.format.name == "image2" or container.format.name.endswith("_pipe"):
                raise clip.error("is a still picture, neither video nor sound")
            if video is None and not sound:
                raise clip.error("neither a video nor an audio track")
            seconds = container.duration / av.time_base if container.duration else None
            if video is None:
                return Streams(seconds, 0, 0, 0, sound)
            pictures = sum(packet.size > 0 for packet in container.demux(video))
            return Streams(seconds, pictures, video.width, video.height, sound)
    except (OSError, av.FFmpegError, ValueError) as error:
        words = getattr(error, "strerror", None) or type(error).__name__
        raise clip.error(f"cannot be opened as video or sound: {words}") from error


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
    import av

    found: list[np.ndarray] = []
    try:
        with av.open(str(clip.file)) as container:
            if not container.streams.video:
                raise clip.error("no video track")
            stream = container.streams.video[0]
            first, last = None, None
            for index, frame in enumerate(container.decode(stream)):
                time = frame.time if frame.time is not None else index / float(stream.average_rate or 25)
                first = time if first is None else first
                while last is not None and len(found) < len(times) and times[len(found)] < time - first:
                    found.append(_small(last, height))
                last = frame
    except (OSError, av.FFmpegError, ValueError) as error:
        raise clip.error(f"video cannot be decoded: {type(error).__name__}") from error
    if last is None:
        raise clip.error("its video track is empty")
    found += [_small(last, height)] * (len(times) - len(found))
    return np.stack(found)


def _small(frame: "VideoFrame", height: int) -> np.ndarray:
    """One decoded picture, scaled to `height`."""
    from PIL import Image

    picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
    width = max(1, round(height * picture.width / picture.height))
    return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS))
