"""Decoding: one file to mono sound and pictures, through PyAV; decoded streams are kept in the cache folder."""

import os
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path

import numpy as np

from .clip import AUDIO_RATE, FPS, Clip, View
from .crops import FACE_SIZE, cutter, whole
from .errors import ClipError
from .files import cache_root, write_array
from .video import Film, opened

VERSION = 2
"""Raised whenever the same file would decode to other values."""
DURATION_TOLERANCE = 0.25
"""Seconds by which a stream may differ from the manifest: codecs pad, and tracks end unevenly."""
CROP_TOLERANCE = 2
"""Pictures at 25 fps by which a precomputed crop may be longer or shorter than its video."""
_COPIES = 3
"""How often the pictures that `frames` gives are in memory at once: as they are, and twice while they are written."""
_NPY_HEADER = 128


class _OtherTimesError(Exception):
    """The pictures of a file do not come at the times that its packets announce."""


def audio(clip: Clip, rate: int = AUDIO_RATE) -> np.ndarray | None:
    """Mono sound of a clip; see `Clip.audio`."""
    samples = _cached(clip, f"audio{rate}", lambda: _decode_audio(clip, rate))
    if len(samples) == 0:
        return None
    seen = samples[round(clip.start * rate) :]
    if len(seen) == 0:
        raise clip.error(f"no audio left after the first {clip.start:.2f} s were cut")
    return seen


def frames(clip: Clip, fps: int = FPS, view: View = "full", size: int | None = None) -> np.ndarray:
    """Pictures of a clip; see `Clip.frames`."""
    pictures = _cached(clip, f"{view}{size or ''}-{fps}", lambda: _all_pictures(clip, fps, view, size))
    seen = pictures[round(clip.start * fps) :]
    if len(seen) == 0:
        raise _nothing_left(clip)
    return seen


def stream(
    clip: Clip, fps: int = FPS, view: View = "full", size: int | None = None, block: int = 64
) -> Iterator[np.ndarray]:
    """Blocks of pictures of a clip; see `Clip.stream`."""
    if block < 1:
        raise ValueError(f"blocks of {block} pictures: a block takes at least one")
    film = _film(clip, view)
    shown = None if _is_whole(film, view) else _shown(film, fps, decoded=True)  # what has been given cannot be mended
    blocks = _blocks(islice(_pictures(film, fps, view, size, shown), round(clip.start * fps), None), block)
    some = False
    for pictures in blocks:
        some = True
        yield pictures
    if not some:
        raise _nothing_left(clip)


def count(clip: Clip, fps: int = FPS) -> int:
    """How many pictures a clip has; see `Clip.count`."""
    seen = len(_shown(Film(clip, clip.file), fps)) - round(clip.start * fps)
    if seen < 1:
        raise _nothing_left(clip)
    return seen


def _nothing_left(clip: Clip) -> ClipError:
    return clip.error(f"no frame left after the first {clip.start:.2f} s were cut")


def _cached(clip: Clip, name: str, decode: Callable[[], np.ndarray]) -> np.ndarray:
    """The decoded stream, memory-mapped from the cache; damaged cache files are made again."""
    path = cache_root() / "media" / f"v{VERSION}" / clip.content[:2] / f"{clip.content}-{name}.npy"
    stored = _load(path)
    if stored is None:
        stored = decode()
        write_array(path, stored)
    return stored


def _load(path: Path) -> np.ndarray | None:
    if not path.exists():
        return None
    try:
        empty = path.stat().st_size <= _NPY_HEADER  # nothing to map
        return np.load(path, mmap_mode=None if empty else "r", allow_pickle=False)
    except (ValueError, OSError):  # cut short by a bad disk
        return None


def _lasts_otherwise(clip: Clip, seconds: float) -> bool:
    return clip.duration is not None and abs(seconds - clip.duration) > DURATION_TOLERANCE


def _check_duration(clip: Clip, stream: str, seconds: float) -> None:
    if _lasts_otherwise(clip, seconds):
        raise clip.error(
            f"{stream} lasts {seconds:.2f} s, the manifest says {clip.duration:.2f} s; is the file truncated?"
        )


def _decode_audio(clip: Clip, rate: int) -> np.ndarray:
    """All sound as `(L,) float32` at `rate`, the mean of its channels; `(0,)` where the file has no audio track.

    The mean, as the original code of the encoders takes it: FFmpeg's own mixing makes two equal channels 3 dB louder.
    """
    import av

    parts: list[np.ndarray] = []
    with opened(clip, clip.file, "audio") as container:
        if not container.streams.audio:
            return np.zeros(0, np.float32)
        resampler = av.AudioResampler("fltp", None, rate)
        for frame in container.decode(audio=0):
            parts += [part.to_ndarray().mean(axis=0) for part in resampler.resample(frame)]
        parts += [part.to_ndarray().mean(axis=0) for part in resampler.resample(None)]
    if not parts:
        raise clip.error("its audio track is empty")
    samples = np.concatenate(parts)
    _check_duration(clip, "audio", len(samples) / rate)
    return samples


def _all_pictures(clip: Clip, fps: int, view: View, size: int | None) -> np.ndarray:
    """All pictures of a view, `(T, ...) uint8`; whole ones are only held where they are the view."""
    film = _film(clip, view)
    shown = _shown(film, fps)
    try:
        return _together(clip, _pictures(film, fps, view, size, shown), len(shown))
    except _OtherTimesError:
        shown = _shown(film, fps, decoded=True)
        return _together(clip, _pictures(film, fps, view, size, shown), len(shown))


def _film(clip: Clip, view: View) -> Film:
    """The file that shows a view: the clip's own, or a precomputed crop of it."""
    own = Film(clip, clip.file)
    crop = clip.precomputed(view)
    if crop is None or crop == clip.file or not crop.exists():
        return own
    _check_length(Film(clip, crop), own)
    return Film(clip, crop)


def _check_length(crop: Film, own: Film, *, decoded: bool = False) -> None:
    """Refuse a precomputed crop that is no crop of this video; only once the video was decoded, where it seems so."""
    there, here = len(crop.shown(FPS, decoded=True)), len(_shown(own, FPS, decoded=decoded))
    if abs(there - here) <= CROP_TOLERANCE:
        return
    if not decoded:
        return _check_length(crop, own, decoded=True)
    raise crop.clip.error(
        f"its precomputed crop {crop.path.name} lasts {there / FPS:.2f} s, {own.path.name} {here / FPS:.2f} s; was it "
        "made of another file, or were pictures of another rate written as 25 a second? Make it anew, or delete it"
    )


def _shown(film: Film, fps: int, *, decoded: bool = False) -> np.ndarray:
    """The source frame of each tick `(T,)`, as announced or as `decoded`; the duration is checked."""
    shown = film.shown(fps, decoded=decoded)
    if film.own and _lasts_otherwise(film.clip, len(shown) / fps):
        shown = shown if decoded else film.shown(fps, decoded=True)  # before it is called too short or too long
        _check_duration(film.clip, "video", len(shown) / fps)
    return shown


def _is_whole(film: Film, view: View) -> bool:
    """Whether a view is the whole pictures of its film, not cut at landmarks."""
    return view == "full" or film.path == film.clip.precomputed(view)


def _pictures(film: Film, fps: int, view: View, size: int | None, shown: np.ndarray | None) -> Iterator[np.ndarray]:
    """The pictures of a view one by one.

    Raises:
        _OtherTimesError: on the way, where the view is cut at landmarks and `shown` `(T,)` was announced wrongly.
    """
    if shown is None or _is_whole(film, view):
        return _whole(film, fps, FACE_SIZE if view == "face" and size is None else size)
    return _cut(film, fps, view, size, shown)


def _whole(film: Film, fps: int, size: int | None) -> Iterator[np.ndarray]:
    fit, count = whole(size), 0
    for count, (_, picture) in enumerate(film.pictures(fps), 1):
        yield fit(count, picture)
    if film.own:
        _check_duration(film.clip, "video", count / fps)


def _cut(film: Film, fps: int, view: View, size: int | None, shown: np.ndarray) -> Iterator[np.ndarray]:
    """Cut at the landmarks of the source frames `shown` `(T,)`, which have to be those that come."""
    cut, count = None, 0
    for tick, (index, picture) in enumerate(film.pictures(fps)):
        if tick == len(shown) or shown[tick] != index:
            raise _OtherTimesError(index)
        if cut is None:
            height, width = picture.shape[:2]
            cut = cutter(film.clip, shown, view, size, (width, height))
        count = tick + 1
        yield cut(tick, picture)
    if count < len(shown):
        raise _OtherTimesError(count)


def _blocks(pictures: Iterator[np.ndarray], block: int) -> Iterator[np.ndarray]:
    """Blocks of `block` pictures and a last one of what is left.

    Copied into place as they come: small arrays left between large ones would tear the memory into unusable pieces.
    """
    for first in pictures:
        held, count = np.empty((block, *first.shape), np.uint8), 1
        held[0] = first
        for count, picture in enumerate(islice(pictures, block - 1), 2):
            held[count - 1] = picture
        yield held[:count]


def _together(clip: Clip, pictures: Iterator[np.ndarray], count: int) -> np.ndarray:
    """`(T, ...) uint8` of about `count` pictures, refused before memory is full, which would end the whole process."""
    first = next(pictures)
    _check_memory(clip, first, count)
    blocks = list(_blocks(chain([first], pictures), count))
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def _check_memory(clip: Clip, picture: np.ndarray, count: int) -> None:
    needed = _COPIES * count * picture.nbytes
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > memory / 2:
        raise clip.error(
            f"holding its {count} pictures of {picture.shape[1]}×{picture.shape[0]} takes about {needed / 1e9:.0f} GB "
            f"of memory, and this machine has {memory / 1e9:.0f}; cut it or make it smaller first "
            "(ffmpeg -i in.mp4 -t 10 -vf scale=-2:480 out.mp4; landmarks are in pixels and must fit)"
        )
