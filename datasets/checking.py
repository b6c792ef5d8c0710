"""What a file turns out to be: whether all of it can be decoded, and what decoding decided about it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import sound
from .clip import FPS, Clip
from .container import DURATION_TOLERANCE, check_duration, format_of, opened, pictures_of, sound_of
from .video import Film, resample_index

_TELLING = {"mov", "matroska", "flv"}
"""Containers whose header says how long they last; others are guessed at by their size or their last packets."""


@dataclass(frozen=True)
class Facts:
    """What decoding a clip found and decided.

    Attributes:
        decoder: the library and its FFmpeg.
        container: the first of FFmpeg's names for the format, `mov` for mp4.
        pictures: how many the file has, 0 without a video track.
        fps: how many a second, on average; None where there are fewer than two.
        timing: what became of them at 25 a second: `kept`, `resampled` or `re-timed`; None without any.
        width, height: in pixels, upright; 0 without a video track.
        sound: `track` for the file's own, the name of the separate sound file, or None.
        offset: seconds by which the container lets the sound start after the pictures, which decoding does not follow;
            None unless both are in the file.
    """

    decoder: str
    container: str
    pictures: int
    fps: float | None
    timing: str | None
    width: int
    height: int
    sound: str | None
    offset: float | None


def facts(clip: Clip) -> Facts:
    """Look at a clip's file; only the first picture is decoded where the packets tell the rest.

    Raises:
        ClipError: it cannot be opened, or its pictures cannot be decoded.
    """
    import av

    with opened(clip, clip.file) as container:
        track, heard, form = pictures_of(container), sound_of(container), format_of(container)
        starts = None
        if heard and heard.start_time is not None and heard.time_base:
            starts = float(heard.start_time * heard.time_base)
    film = Film(clip, clip.file)
    times = film.times() if track else np.zeros(0)
    height, width = next(film.each()).shape[:2] if track else (0, 0)
    return Facts(
        decoder=f"PyAV {av.__version__} (FFmpeg {av.ffmpeg_version_info})",
        container=form,
        pictures=len(times),
        fps=(len(times) - 1) / float(times[-1] - times[0]) if len(times) > 1 and times[-1] > times[0] else None,
        timing=_timing(clip, times) if track else None,
        width=width,
        height=height,
        sound="track" if heard else clip.sound,
        offset=starts - float(times[0]) if starts is not None and track else None,
    )


def _timing(clip: Clip, times: np.ndarray) -> str:
    if clip.retimed:
        return "re-timed"
    return "kept" if np.array_equal(resample_index(times, FPS), np.arange(len(times))) else "resampled"


def check(clip: Clip) -> None:
    """Decode all pictures and all sound of a clip, in little memory; nothing is kept.

    A clip may have only one of both; whether the other is missed is not asked. Damage is found as far as FFmpeg's
    decoders tell of it: those of H.264 and MPEG-4 do, those of HEVC and VP9 paint over most. Only a hash finds all.

    Raises:
        ClipError: why the file cannot be used as it is: not there, not decodable, without either, cut short, damaged,
            pictures of several sizes, or not as long as the manifest says.
    """
    with opened(clip, clip.file) as container:
        film = pictures_of(container) is not None
        announced = _announced(container)
    ends = [_check_pictures(clip)] if film else []
    heard = _check_sound(clip)
    ends += [heard] if heard is not None else []
    if not ends:
        raise clip.error("neither a video nor an audio track")
    if announced is not None and announced - max(ends) > DURATION_TOLERANCE:
        raise clip.error(
            f"is cut short: its header says {announced:.2f} s, what can be decoded ends after {max(ends):.2f} s; copy "
            "or download it again"
        )


def _announced(container: Any) -> float | None:
    """When the header says that pictures and sound end, in seconds of the container's clock; None if it does not."""
    import av

    film = pictures_of(container)
    if format_of(container) == "avi":  # its duration follows what is there, the number of pictures does not
        return film.frames / float(film.average_rate) if film and film.average_rate else None
    if format_of(container) not in _TELLING or not container.duration:
        return None
    if any(stream.type not in ("video", "audio") for stream in container.streams):  # it may be what lasts longer
        return None
    return (container.duration + min(container.start_time or 0, 0)) / av.time_base


def _check_pictures(clip: Clip) -> float:
    """Decode all pictures; returns when the last one ends, in seconds of the container's clock."""
    film, times, damaged, end = Film(clip, clip.file), list[float](), 0, 0.0
    for time, frame in film.usable(FPS):
        if not times:
            film.converter()(frame)
        times.append(time)
        damaged += frame.is_corrupt
        end = time + float((frame.duration or 0) * (frame.time_base or 0))
    if damaged:
        raise clip.error(f"pictures are damaged: {damaged} of {len(times)}; copy or download it again")
    check_duration(clip, "video", len(resample_index(np.array(times), FPS)) / FPS)
    return end


def _check_sound(clip: Clip) -> float | None:
    """Decode all sound; returns when it ends, in seconds of the container's clock, None without any."""
    seconds, damaged, count, end = 0.0, 0, 0, None
    for frame in sound.frames(clip):
        count += 1
        damaged += frame.is_corrupt
        seconds += frame.samples / frame.sample_rate
        end = (frame.time or 0.0) + frame.samples / frame.sample_rate
    if damaged:
        raise clip.error(f"blocks of its sound are damaged: {damaged} of {count}; copy or download it again")
    if count:
        check_duration(clip, "audio", seconds)
    return end
