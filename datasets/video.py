"""The pictures of one file in the order of time, one after another and sampled at any rate.

PyAV decodes all of them. torchcodec 0.11 gave the same pictures of ordinary files in as much processor time (0.94 to
1.10 of PyAV's, with one thread each), others of 10-bit, interlaced and odd-sized ones, and none of streams without an
index; it needs an FFmpeg of the system.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .clip import FPS, Clip
from .container import check_codec, decoding, format_of, opened, pictures_of
from .errors import ClipError

if TYPE_CHECKING:
    from av import VideoFrame

_TIMED = {"mov", "matroska", "mpegts", "flv"}
"""Containers, by the first of FFmpeg's names, whose packets say when their picture shows; others have to guess."""
_LONGEST = 3600
"""Seconds for which a picture may be shown."""
_ORDERED = {"avi", "h264", "hevc", "m4v", "mpegvideo"}
"""Containers that only say in which order pictures are decoded; times are a wrong guess where they show in another."""


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

    @property
    def _failed(self) -> str:
        return f"{self._words} cannot be decoded"

    def error(self, reason: str) -> ClipError:
        """A `ClipError` that also names the crop where the fault lies there."""
        return self.clip.error(reason if self.own else f"{self._words}: {reason}")

    def shown(self, fps: float, *, decoded: bool = False) -> np.ndarray:
        """Which source frame shows at each tick of `fps`, `(T,) int`, see `resample_index`; re-timed, each at its own.

        From the times that the packets announce, which is fast; or, where `decoded` or packets lack times, from the
        times that the pictures have once they are decoded, which is always right.

        Raises:
            ClipError: no video track, no picture in it, or undecodable.
        """
        times = self.times(fps, decoded=decoded)
        return np.arange(len(times)) if self.clip.retimed else resample_index(times, fps)

    def times(self, fps: float = FPS, *, decoded: bool = False) -> np.ndarray:
        """When each source frame shows, `(N,)` seconds of the container's clock; see `shown`.

        `fps` stands for the rate of a file that tells none.
        """
        times = None if decoded else self._packet_times()
        times = np.array([time for time, _ in self.decoded(fps)]) if times is None else times
        self._check_gap(float(np.diff(times).max(initial=0)))
        return times

    def pictures(self, fps: float) -> Iterator[tuple[int, np.ndarray]]:
        """At each tick of `fps` the source frame's number and its picture `(H, W, 3) uint8` RGB.

        They are those of `shown(fps, decoded=True)`; two pictures are in memory at once. The same array comes again
        while a picture is shown for several ticks.

        Raises:
            ClipError: no video track, no picture in it, undecodable, or pictures of several sizes.
        """
        ticks = _OneEach() if self.clip.retimed else _Ticks(fps)
        convert = self.converter()
        last: VideoFrame | None = None
        index = -1
        for index, (time, frame) in enumerate(self.usable(fps)):
            yield from _repeated(index - 1, last, ticks.before(time), convert)
            last = frame
        yield from _repeated(index, last, ticks.left(), convert)

    def each(self) -> Iterator[np.ndarray]:
        """Every source frame once, `(H, W, 3) uint8` RGB, in the order of landmarks; one is in memory at a time.

        Raises:
            ClipError: no video track, no picture in it, or undecodable.
        """
        convert = self.converter()
        for _, frame in self.decoded(FPS):
            yield convert(frame)

    def converter(self) -> "Callable[[VideoFrame], np.ndarray]":
        """What gives a decoded frame as `(H, W, 3) uint8` RGB, upright as players show it.

        One for all frames of a file, and one thread: FFmpeg's scaler otherwise starts threads for each picture, which
        costs a third of the time that a small film takes.
        """
        from av.video.reformatter import VideoReformatter

        scaler, failed = VideoReformatter(), self._failed

        def convert(frame: "VideoFrame") -> np.ndarray:
            with decoding(self.clip, failed):
                return _upright(scaler.reformat(frame, format="rgb24", threads=1).to_ndarray(), _matrix(frame))

        return convert

    def usable(self, fps: float) -> Iterator[tuple[float, "VideoFrame"]]:
        """What `decoded` gives, refused as soon as a picture has another size or comes far too late."""
        extent: tuple[int, int] | None = None
        before = float("inf")
        for time, frame in self.decoded(fps):
            self._check_gap(time - before)
            before = time
            here = _extent(frame)
            extent = extent or here
            if here != extent:
                sizes = f"{extent[0]}×{extent[1]} and {here[0]}×{here[1]}"
                raise self.error(f"its pictures have several sizes, {sizes}; scale it (ffmpeg -vf scale=W:H)")
            yield time, frame

    def decoded(self, fps: float) -> Iterator[tuple[float, "VideoFrame"]]:
        """Every picture and its time in seconds, in the order of showing.

        Pictures without times follow their predecessors at the file's average rate, or at `fps` where it tells none.
        """
        empty = True
        with self._opened() as (container, stream):
            stream.codec_context.thread_count = 1  # many files are decoded at once, each by a process of its own
            ordered = format_of(container) in _ORDERED and stream.codec_context.has_b_frames
            clock = _Clock(float(stream.average_rate or fps))
            for frame in container.decode(stream):
                empty = False
                yield clock.time(None if ordered else frame.time), frame
        if empty:
            raise self.error("its video track is empty")

    def _check_gap(self, seconds: float) -> None:
        """Refuse pictures so far apart that their times must be wrong: one would be repeated until memory is full."""
        if seconds > _LONGEST:
            raise self.error(f"two of its pictures are {seconds:.0f} s apart, so its times are damaged; write it anew")

    def _packet_times(self) -> np.ndarray | None:
        """The times of all pictures, rising, without decoding them; None where the packets do not tell."""
        stamps: list[int] = []
        with self._opened() as (container, stream):
            if format_of(container) not in _TIMED:
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
        with opened(self.clip, self.path, self._failed) as container:
            stream = pictures_of(container)
            if stream is None:
                raise self.error("no video track")
            check_codec(self.clip, self._words, stream)
            yield container, stream


def _repeated(
    index: int, frame: "VideoFrame | None", count: int, convert: "Callable[[VideoFrame], np.ndarray]"
) -> Iterator[tuple[int, np.ndarray]]:
    """A picture as often as it is shown; it is converted only if it is."""
    if frame is not None and count:
        picture = convert(frame)
        for _ in range(count):
            yield index, picture


def _matrix(frame: "VideoFrame") -> np.ndarray | None:
    """How players turn or mirror a frame: `(2, 2)` that maps its x and y, None where they show it as it is.

    Only turns by right angles, which cameras write; others are left as they are.
    """
    beside: Any = frame.side_data
    data = beside.get("DISPLAYMATRIX") if len(beside) else None
    if data is None:
        return None
    matrix = np.frombuffer(bytes(data), np.int32)[[0, 3, 1, 4]].reshape(2, 2)
    signs = np.sign(matrix)
    right_angle = sorted(np.abs(signs).sum(axis=0)) == sorted(np.abs(signs).sum(axis=1)) == [1, 1]
    return signs if right_angle and not np.array_equal(signs, np.eye(2)) else None


def _upright(picture: np.ndarray, matrix: np.ndarray | None) -> np.ndarray:
    """A picture `(H, W, 3)` turned and mirrored as `matrix` maps x and y, see `_matrix`."""
    if matrix is None:
        return picture
    if matrix[0, 0] == 0:  # the new x is the old y
        picture = picture.transpose(1, 0, 2)
    right, down = matrix.sum(axis=1)
    return np.ascontiguousarray(picture[::down, ::right])


def _extent(frame: "VideoFrame") -> tuple[int, int]:
    """Width and height of a frame as it is shown."""
    matrix = _matrix(frame)
    turned = matrix is not None and matrix[0, 0] == 0
    return (frame.height, frame.width) if turned else (frame.width, frame.height)


class _Clock:
    """Gives pictures without times those of their place; times that begin later are moved to go on from there."""

    def __init__(self, rate: float) -> None:
        self._rate, self._index, self._shift = rate, -1, 0.0
        self._since, self._at, self._timed = 0, 0.0, False

    def time(self, known: float | None) -> float:
        """The time of the next picture, in seconds."""
        self._index += 1
        guessed = self._at + (self._index - self._since) / self._rate
        if known is None:
            return guessed
        if self._index and not self._timed:
            self._shift = guessed - known
        self._timed, self._since, self._at = True, self._index, known + self._shift
        return self._at


class _OneEach:
    """The ticks of a re-timed film: each picture is shown for one."""

    def __init__(self) -> None:
        self._some = False

    def before(self, time: float) -> int:
        """How many ticks pass until this picture comes: one for its predecessor, if it has one."""
        passed, self._some = int(self._some), True
        return passed

    def left(self) -> int:
        """How many ticks the last picture is shown for."""
        return 1


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
