"""The pictures of one file in the order of time, one after another and sampled at any rate."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .clip import Clip
from .errors import ClipError

if TYPE_CHECKING:
    from av import VideoFrame

_TIMED = {"mov", "matroska", "mpegts", "flv"}
"""Containers, by the first of FFmpeg's names, whose packets say when their picture shows; others have to guess."""


@contextmanager
def decoding(clip: Clip, stream: str) -> Iterator[None]:
    """Whatever cannot be read or decoded inside the block becomes a `ClipError` that names the stream."""
    import av

    try:
        yield
    except (OSError, av.FFmpegError, ValueError) as error:
        raise clip.error(f"{stream} cannot be decoded: {_words(error)}") from error


@contextmanager
def opened(clip: Clip, path: Path, stream: str) -> Iterator[Any]:
    """A file's container, see `decoding`."""
    import av

    with decoding(clip, stream), av.open(str(path)) as container:
        yield container


def _words(error: Exception) -> str:
    """What went wrong, without the path that errors add: it says where this machine keeps its files."""
    return getattr(error, "strerror", None) or type(error).__name__


@dataclass(frozen=True)
class Film:
    """The video track of `path`: the clip's own file, or a precomputed crop beside it."""

    clip: Clip
    path: Path

    @property
    def own(self) -> bool:
        """Whether it is the clip's own file."""
        return self.path == self.clip.file

    @property
    def _words(self) -> str:
        return "video" if self.own else f"its precomputed crop {self.path.name}"

    def error(self, reason: str) -> ClipError:
        """A `ClipError` that also names the crop where the fault lies there."""
        return self.clip.error(reason if self.own else f"{self._words}: {reason}")

    def shown(self, fps: float, *, decoded: bool = False) -> np.ndarray:
        """Which source frame shows at each tick of `fps`, `(T,) int`, see `resample_index`.

        From the times that the packets announce, which is fast; or, where `decoded` or packets lack times, from the
        times that the pictures have once they are decoded, which is always right.

        Raises:
            ClipError: no video track, no picture in it, or undecodable.
        """
        times = None if decoded else self._packet_times()
        if times is None:
            times = np.array([time for time, _ in self._decoded(fps)])
        return resample_index(times, fps)

    def pictures(self, fps: float) -> Iterator[tuple[int, np.ndarray]]:
        """At each tick of `fps` the source frame's number and its picture `(H, W, 3) uint8` RGB.

        They are those of `shown(fps, decoded=True)`; two pictures are in memory at once. The same array comes again
        while a picture is shown for several ticks.

        Raises:
            ClipError: no video track, no picture in it, undecodable, or pictures of several sizes.
        """
        ticks = _Ticks(fps)
        extent: tuple[int, int] | None = None
        last: VideoFrame | None = None
        index = -1
        for index, (time, frame) in enumerate(self._decoded(fps)):
            yield from self._repeated(index - 1, last, ticks.before(time))
            extent = extent or (frame.width, frame.height)
            if (frame.width, frame.height) != extent:
                sizes = f"{extent[0]}×{extent[1]} and {frame.width}×{frame.height}"
                raise self.error(f"its pictures have several sizes, {sizes}; scale it (ffmpeg -vf scale=W:H)")
            last = frame
        yield from self._repeated(index, last, ticks.left())

    def _repeated(self, index: int, frame: "VideoFrame | None", count: int) -> Iterator[tuple[int, np.ndarray]]:
        """A picture as often as it is shown; it is converted only if it is."""
        if frame is not None and count:
            with decoding(self.clip, self._words):
                picture = frame.to_ndarray(format="rgb24")
            for _ in range(count):
                yield index, picture

    def _decoded(self, fps: float) -> Iterator[tuple[float, "VideoFrame"]]:
        """Every picture and its time in seconds; where a file has no times, frames follow at its average rate."""
        empty = True
        with self._opened() as (container, stream):
            for index, frame in enumerate(container.decode(stream)):
                empty = False
                yield frame.time if frame.time is not None else index / float(stream.average_rate or fps), frame
        if empty:
            raise self.error("its video track is empty")

    def _packet_times(self) -> np.ndarray | None:
        """The times of all pictures, rising, without decoding them; None where the packets do not tell."""
        stamps: list[int] = []
        with self._opened() as (container, stream):
            if container.format.name.partition(",")[0] not in _TIMED:
                return None
            for packet in container.demux(stream):
                if packet.size == 0:
                    continue  # PyAV's mark of the end
                if packet.pts is None or packet.is_corrupt or packet.is_discard:
                    return None
                stamps.append(packet.pts)
            base = stream.time_base
        if not stamps or len(set(stamps)) < len(stamps):  # two fields of one picture, or a broken file
            return None
        return np.sort(np.array(stamps, np.float64)) * float(base.numerator) / float(base.denominator)

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        with opened(self.clip, self.path, self._words) as container:
            if not container.streams.video:
                raise self.error("no video track")
            yield container, container.streams.video[0]


class _Ticks:
    """Counts the ticks of `resample_index` that pass between pictures, whose times are told one by one."""

    def __init__(self, fps: float) -> None:
        self._fps, self._first, self._passed, self._times = fps, 0.0, 0, list[float]()

    def before(self, time: float) -> int:
        """How many ticks pass until this picture comes, and so show the last one."""
        self._first = self._first if self._times else time
        self._times.append(max(time - self._first, self._times[-1] if self._times else 0.0))
        before = self._passed
        while (self._passed + 0.5) / self._fps < self._times[-1]:
            self._passed += 1
        return self._passed - before

    def left(self) -> int:
        """How many ticks the last picture is shown for: it lasts as long as the median one."""
        step = float(np.median(np.diff(self._times))) if len(self._times) > 1 else 1 / self._fps
        return max(0, max(1, round((self._times[-1] + step) * self._fps)) - self._passed)


def resample_index(times: np.ndarray, fps: float) -> np.ndarray:
    """Which source frame shows at each tick of `fps`, `(T,) int`, from presentation times `(N,)` in seconds.

    The last frame is taken to last as long as the median one. A source that already runs at `fps` maps to itself,
    jitter below half a tick included. A time before its predecessor's counts as its predecessor's.
    """
    ticks = _Ticks(fps)
    counts = [ticks.before(float(time)) for time in times]
    return np.repeat(np.arange(len(times)), [*counts[1:], ticks.left()])
