"""Decoding: one file to mono sound and pictures, through PyAV; decoded streams are kept in the cache folder."""

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

import numpy as np

from . import sound
from .checking import Facts as Facts
from .checking import check as check
from .checking import facts as facts
from .clip import AUDIO_RATE, FPS, Clip, Span, View
from .container import check_duration, lasts_otherwise
from .crops import FACE_SIZE, cutter, whole
from .errors import ClipError
from .files import cache_root, write_array
from .video import Film, resample_index

VERSION = 3
"""Raised whenever the same file would decode to other values."""
CROP_TOLERANCE = 2
"""Pictures at 25 fps by which a precomputed crop may be longer or shorter than its video."""
_OTHER_TIMING = {
    False: "or were pictures of another rate written as 25 a second (`Clip.retimed` says so of a clip)",
    True: "or are its pictures not all those of a clip that is said to be re-timed",
}
"""What else may be wrong with a precomputed crop, by whether its clip is re-timed."""
_COPIES = 3
"""How often the pictures that `frames` gives are in memory at once: as they are, and twice while they are written."""
_NPY_HEADER = 128


class _OtherTimesError(Exception):
    """The pictures of a file do not come at the times that its packets announce."""


def audio(clip: Clip, rate: int = AUDIO_RATE) -> np.ndarray | None:
    """Mono sound of a clip; see `Clip.audio`."""
    samples = _cached(clip, f"audio{rate}", lambda: sound.decode(clip, rate))
    if len(samples) == 0 and clip.sound is not None:
        samples = sound.decode(clip, rate)  # kept when no sound file was named or there; says what is wrong with it
    if len(samples) == 0:
        return None
    seen = samples[round(clip.start * rate) :]
    if len(seen) == 0:
        raise clip.error(f"no audio left after the first {clip.start:.2f} s were cut")
    return seen


def frames(clip: Clip, fps: int = FPS, view: View = "full", size: int | None = None) -> np.ndarray:
    """Pictures of a clip; see `Clip.frames`."""
    pictures = _cached(
        clip, f"{view}{size or ''}-{'retimed' if clip.retimed else fps}", lambda: _all_pictures(clip, fps, view, size)
    )
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


def original(clip: Clip, spans: Sequence[Span] | np.ndarray, fps: int = FPS) -> np.ndarray:
    """Seconds of the original file in which the pictures of `spans` are shown there, `(N, 2)`.

    Segments are in seconds of the original file, and so are the times of all clips but for the pictures of re-timed
    ones: tick k, at `k / fps`, has the k-th picture of the file, which is shown there at another time. Times between
    two pictures are interpolated; those after the end go on at the rate of `fps`. The sound is never re-timed.

    Args:
        spans: `(N, 2)` seconds on the clock of the ticks, as rows of pictures at `fps` have them.
    """
    spans = np.asarray(spans, np.float64).reshape(-1, 2)
    if not clip.retimed:
        return spans
    times = Film(clip, clip.file).times(fps)
    step = float(np.median(np.diff(times))) if len(times) > 1 else 1 / fps
    edges = np.append(times - times[0], times[-1] - times[0] + step)
    ticks = np.arange(len(edges)) / fps
    return np.interp(spans, ticks, edges) + np.maximum(spans - ticks[-1], 0)


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
        f"made of another file, {_OTHER_TIMING[crop.clip.retimed]}? Make it anew, or delete it"
    )


def _shown(film: Film, fps: int, *, decoded: bool = False) -> np.ndarray:
    """The source frame of each tick `(T,)`, as announced or as `decoded`; the duration is checked."""
    shown = film.shown(fps, decoded=decoded)
    if film.own and lasts_otherwise(film.clip, _seconds(film, shown, fps, decoded)):
        shown = shown if decoded else film.shown(fps, decoded=True)  # before it is called too short or too long
        check_duration(film.clip, "video", _seconds(film, shown, fps, decoded=True))
    return shown


def _seconds(film: Film, shown: np.ndarray, fps: int, decoded: bool) -> float:
    """How long the film lasts by its own clock, also where its pictures are re-timed."""
    if film.clip.retimed and film.clip.duration is not None:
        return len(resample_index(film.times(fps, decoded=decoded), fps)) / fps
    return len(shown) / fps


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
    if film.own and film.clip.retimed:
        _shown(film, fps)  # for its duration, which their number does not tell
    elif film.own:
        check_duration(film.clip, "video", count / fps)


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
