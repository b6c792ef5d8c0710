"""What can be said of one file without looking at a face or listening to a word."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from ..clip import Clip
from ..container import format_of, opened, pictures_of
from ..files import sha256_file
from .fingerprint import fingerprint
from .sound import Sound, sound_of


@dataclass(frozen=True)
class Facts:
    """Facts of a clip's file; None where the file does not say or has no such stream.

    Attributes:
        sha256: of the file's bytes.
        bytes: size of the file.
        container, brand, encoder, handler: format by FFmpeg's first name, its major brand, and the tags in which
            programs leave their names, of the file and of its video track.
        video_codec, profile, pixels, resolution: of the pictures; `resolution` as in 224x224, as they are stored.
        frames: coded pictures. fps: on average. width, height: in pixels. aspect: width over height.
        video_seconds, audio_seconds: frames over fps, and decoded samples over their rate.
        lag: seconds by which the pictures last longer than the sound; negative where the sound does.
        video_kbps, audio_kbps: coded size over duration, in 1000 bits a second.
        audio_codec, sample_rate, channels: of the sound.
        rms_db, peak_db: loudness of the whole in dB of full scale, at 16 kHz; -120 at least.
        leading_silence, trailing_silence: seconds of samples up to 5e-4 of full scale, at 16 kHz; the whole length
            where all is silent.
        pictures: hashes of five pictures, see `datasets.probing.fingerprint`; None without pictures or flat ones.
    """

    sha256: str
    bytes: int
    container: str
    brand: str | None = None
    encoder: str | None = None
    handler: str | None = None
    video_codec: str | None = None
    profile: str | None = None
    pixels: str | None = None
    resolution: str | None = None
    frames: int | None = None
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    aspect: float | None = None
    video_seconds: float | None = None
    video_kbps: float | None = None
    audio_codec: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    audio_seconds: float | None = None
    audio_kbps: float | None = None
    lag: float | None = None
    rms_db: float | None = None
    peak_db: float | None = None
    leading_silence: float | None = None
    trailing_silence: float | None = None
    pictures: str | None = None


NAMES = tuple(f.name for f in fields(Facts))


def facts_of(clip: Clip) -> Facts:
    """Probe one file, from start to end; a cut (`Clip.skip`) is not applied.

    Sound comes from `Clip.sound` where the file itself has none. Memory stays small however long the file is.

    Raises:
        ClipError: missing, no media file, neither pictures nor sound in it, or a stream that cannot be decoded.
    """
    try:
        size, digest = clip.file.stat().st_size, clip.sha256 or sha256_file(clip.file)
    except OSError as error:
        raise clip.error(f"cannot be read: {error.strerror}") from error
    if not size:
        raise clip.error("is empty (0 bytes)")
    found = _of_file(clip)
    sound = sound_of(clip)
    if sound is None and not found.get("frames"):
        raise clip.error("neither a video nor an audio track with anything in it")
    if found.get("frames"):
        found["pictures"] = fingerprint(clip)
    return Facts(digest, size, **_together(found, sound))


def _of_file(clip: Clip) -> dict[str, Any]:
    """What container and video track say, and the count and size of the coded pictures."""
    with opened(clip, clip.file) as container:
        tags = container.metadata
        found = {
            "container": format_of(container),
            "brand": tags.get("major_brand", "").strip() or None,
            "encoder": tags.get("encoder") or None,
        }
        stream = pictures_of(container)
        return found if stream is None else found | _of_pictures(container, stream)


def _of_pictures(container: Any, stream: Any) -> dict[str, Any]:
    context, rate = stream.codec_context, stream.average_rate or stream.guessed_rate
    width, height = context.width, context.height
    sizes = list(_sizes(container, stream))
    fps = float(rate) if rate else None
    seconds = len(sizes) / fps if fps else None
    return {
        "handler": stream.metadata.get("handler_name") or None,
        "video_codec": context.name,
        "profile": stream.profile or None,
        "pixels": context.pix_fmt,
        "resolution": f"{width}x{height}",
        "frames": len(sizes),
        "fps": fps and round(fps, 3),
        "width": width,
        "height": height,
        "aspect": round(width / height, 4) if height else None,
        "video_seconds": seconds and round(seconds, 4),
        "video_kbps": round(sum(sizes) * 8 / seconds / 1000, 2) if seconds else None,
    }


def _sizes(container: Any, stream: Any) -> Iterator[int]:
    """Bytes of each coded picture."""
    for packet in container.demux(stream):
        if packet.size:
            yield packet.size


def _together(found: dict[str, Any], sound: Sound | None) -> dict[str, Any]:
    if sound is None:
        return found
    pictures = found.get("video_seconds")
    lag = None if pictures is None else round(pictures - sound.audio_seconds, 4)
    return found | {f.name: getattr(sound, f.name) for f in fields(sound)} | {"lag": lag}
