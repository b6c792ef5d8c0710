"""Opening media files: which of a file's tracks are its pictures and its sound, and what is wrong with the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .clip import Clip

if TYPE_CHECKING:
    from av import AudioStream, VideoStream
    from av.container import InputContainer

DURATION_TOLERANCE = 0.25
"""Seconds by which a stream may differ from the manifest: codecs pad, and tracks end unevenly."""
NOT_OPENED = "cannot be opened as video or sound"
_NO_MEDIA = {
    "concat": "a list of other files",
    "dash": "a list of other files",
    "hls": "a list of other files",
    "image2": "a still picture",
    "sdp": "the description of a broadcast",
    "tty": "a text file",  # FFmpeg draws it as a film
}
"""What FFmpeg opens and is neither video nor sound, by the first of its names for the format."""


@contextmanager
def decoding(clip: Clip, failed: str) -> Iterator[None]:
    """Whatever cannot be read or decoded inside the block becomes a `ClipError` that begins with `failed`."""
    import av

    try:
        yield
    except (OSError, av.FFmpegError, ValueError) as error:
        raise clip.error(f"{failed}: {_words(error)}") from error


@contextmanager
def opened(clip: Clip, path: Path, failed: str = NOT_OPENED) -> Iterator["InputContainer"]:
    """A file's container, see `decoding`.

    Raises:
        ClipError: it cannot be opened, is cut short, is no media file, or a link leads out of the data set's folder.
    """
    import av

    clip.check_inside(path)
    with decoding(clip, failed), av.open(str(path)) as container:
        if words := no_media(container):
            raise clip.error(f"{path.name} is {words}, neither video nor sound")
        _check_whole(clip, path, container)
        yield container


def format_of(container: Any) -> str:
    """The first of FFmpeg's names for the container's format, such as `mov` for mp4, mov and m4v."""
    return str(container.format.name).partition(",")[0]


def no_media(container: Any) -> str | None:
    """What the file is that FFmpeg opened, where it is neither video nor sound."""
    return "a still picture" if container.format.name.endswith("_pipe") else _NO_MEDIA.get(format_of(container))


def pictures_of(container: Any) -> "VideoStream | None":
    """The video track: the first that is marked as the default one, else the first; a cover picture is none."""
    from av.stream import Disposition

    films = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    return _default(films)


def sound_of(container: Any) -> "AudioStream | None":
    """The audio track: the first that is marked as the default one, else the first."""
    return _default(list(container.streams.audio))


def _default(streams: list[Any]) -> Any:
    from av.stream import Disposition

    return next((s for s in streams if s.disposition & Disposition.default), streams[0] if streams else None)


def check_codec(clip: Clip, what: str, stream: Any) -> None:
    """Refuse a track that FFmpeg has no decoder for."""
    if stream.codec_context is None:
        raise clip.error(f"{what} cannot be decoded: FFmpeg does not know its codec; write it in another")


def lasts_otherwise(clip: Clip, seconds: float) -> bool:
    """Whether a stream of this length contradicts the manifest."""
    return clip.duration is not None and abs(seconds - clip.duration) > DURATION_TOLERANCE


def check_duration(clip: Clip, stream: str, seconds: float) -> None:
    """Refuse a stream whose length contradicts the manifest."""
    if lasts_otherwise(clip, seconds):
        raise clip.error(
            f"{stream} lasts {seconds:.2f} s, the manifest says {clip.duration:.2f} s; is the file truncated?"
        )


def _check_whole(clip: Clip, path: Path, container: Any) -> None:
    """Refuse an mp4 whose index names data after the end of the file; FFmpeg would give what there is, and no error."""
    if format_of(container) != "mov":
        return
    last = [entries[-1] for stream in container.streams if len(entries := stream.index_entries)]
    end = max((entry.pos + entry.size for entry in last), default=0)
    if end > container.size:
        raise clip.error(
            f"{path.name} is cut short: its index names data up to byte {end}, it has {container.size}; copy or "
            "download it again"
        )


def _words(error: Exception) -> str:
    """What went wrong, without the path that errors add: it says where this machine keeps its files."""
    return getattr(error, "strerror", None) or type(error).__name__
