"""The sound of a clip: its file's own audio track, or the separate sound file that goes with it.

It begins with the first sample of the track, as the pictures begin with the first picture, whatever the container says
of when each starts: that is what `ffmpeg -i clip.mp4 -ar 16000 -ac 1`, librosa and OpenCV give, with which published
detectors were trained. `datasets.checking.facts` tells how far the two starts are apart.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .clip import Clip
from .container import check_codec, check_duration, decoding, opened, sound_of

if TYPE_CHECKING:
    from av import AudioFrame


def decode(clip: Clip, rate: int) -> np.ndarray:
    """All sound as `(L,) float32` at `rate`, the mean of its channels; `(0,)` where there is no audio track.

    Raises:
        ClipError: undecodable, an empty track, no separate sound file where one is named, or not as long as the clip.
    """
    with decoding(clip, "audio cannot be decoded"):
        parts = list(resampled(frames(clip), rate))
    if not parts:
        return np.zeros(0, np.float32)
    samples = np.concatenate(parts)
    check_duration(clip, "audio", len(samples) / rate)
    return samples


def frames(clip: Clip) -> Iterator["AudioFrame"]:
    """All decoded frames of the clip's sound, in order; none where it has no audio track.

    Raises:
        ClipError: as `decode`, but for the length.
    """
    with opened(clip, clip.file, "audio cannot be decoded") as container:
        stream = sound_of(container)
        if stream is not None:
            yield from _decoded(clip, container, stream, "its audio track")
            return
    if clip.sound is None:
        return
    name = f"its sound file {clip.sound}"
    with opened(clip, clip.root / clip.sound, f"{name} cannot be decoded") as container:
        stream = sound_of(container)
        if stream is None:
            raise clip.error(f"{name} has no audio track")
        yield from _decoded(clip, container, stream, name)


def _decoded(clip: Clip, container: Any, stream: Any, name: str) -> Iterator["AudioFrame"]:
    check_codec(clip, name, stream)
    empty = True
    for frame in container.decode(stream):
        empty = False
        yield frame
    if empty:
        raise clip.error(f"{name} is empty")


def resampled(frames: Iterator["AudioFrame"], rate: int) -> Iterator[np.ndarray]:
    """Blocks of mono samples `(n,) float32` at `rate`; tracks may change their form on the way, as broadcasts do.

    The mean of the channels, as the original code of the encoders takes it: FFmpeg's own mixing makes two equal
    channels 3 dB louder.
    """
    import av

    resampler, form = None, None
    for frame in frames:
        here = (frame.format.name, frame.layout.name, frame.sample_rate)
        if here != form:
            yield from _mono(resampler, None)
            resampler, form = av.AudioResampler("fltp", None, rate), here
        yield from _mono(resampler, frame)
    yield from _mono(resampler, None)


def _mono(resampler: Any, frame: "AudioFrame | None") -> Iterator[np.ndarray]:
    """What the resampler gives for a frame, or for None at the end."""
    if resampler is not None:
        yield from (part.to_ndarray().mean(axis=0) for part in resampler.resample(frame))
