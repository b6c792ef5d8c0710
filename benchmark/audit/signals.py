"""The signals that are tried one by one, and what clips have of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from datasets.clip import Clip
from datasets.probing import Facts

Kind = Literal["number", "category", "name"]


@dataclass(frozen=True)
class Signal:
    """One signal.

    Attributes:
        words: what it is, as a table says it; of a number, what a higher AUC than 50 means: more of it, more fakes.
        of: its value of a clip with its facts, None where unknown.
    """

    name: str
    kind: Kind
    words: str
    of: Callable[[Clip, Facts], Any]


_NUMBERS = {
    "bytes": "size of the file",
    "video_seconds": "length of the pictures",
    "audio_seconds": "length of the sound",
    "lag": "pictures longer than the sound, in seconds",
    "frames": "number of pictures",
    "width": "width",
    "height": "height",
    "aspect": "width over height",
    "video_kbps": "bit rate of the pictures",
    "audio_kbps": "bit rate of the sound",
    "rms_db": "loudness",
    "peak_db": "loudest sample",
    "leading_silence": "silence at the start",
    "trailing_silence": "silence at the end",
}
_CATEGORIES = {
    "container": "container",
    "brand": "brand of the container",
    "encoder": "tag of the program that wrote the file",
    "handler": "tag of the program that wrote the pictures",
    "video_codec": "codec of the pictures",
    "profile": "profile of that codec",
    "pixels": "pixel format",
    "resolution": "width and height",
    "fps": "pictures a second",
    "audio_codec": "codec of the sound",
    "sample_rate": "sample rate",
    "channels": "channels",
}
_EXTRA = ("dataset", "race", "gender", "language", "compression", "platform")
"""What a release says of a clip beside its label and may give it away."""


def _of_facts(name: str) -> Callable[[Clip, Facts], Any]:
    return lambda clip, facts: getattr(facts, name)


def _of_extra(name: str) -> Callable[[Clip, Facts], Any]:
    return lambda clip, facts: clip.extra.get(name)


SIGNALS = (
    *(Signal(name, "number", words, _of_facts(name)) for name, words in _NUMBERS.items()),
    Signal("no_sound", "number", "the clip has no sound", lambda clip, facts: int(facts.audio_codec is None)),
    Signal("no_pictures", "number", "the clip has no pictures", lambda clip, facts: int(facts.video_codec is None)),
    *(Signal(name, "category", words, _of_facts(name)) for name, words in _CATEGORIES.items()),
    *(Signal(f"extra_{name}", "category", f"{name}, as the release has it", _of_extra(name)) for name in _EXTRA),
    Signal("identity", "name", "who is seen, by their other clips", lambda clip, facts: clip.identity),
    Signal("source", "name", "the recording, by its other clips", lambda clip, facts: clip.source),
)

SOUND = frozenset(
    {
        *("audio_seconds", "lag", "audio_kbps", "rms_db", "peak_db", "leading_silence", "trailing_silence"),
        *("audio_codec", "sample_rate", "channels"),
    }
)
"""Signals that a clip without sound lacks; `no_sound` is the signal of that."""
PICTURES = frozenset(
    {
        *("video_seconds", "lag", "frames", "width", "height", "aspect", "video_kbps"),
        *("video_codec", "profile", "pixels", "resolution", "fps", "handler"),
    }
)
"""Likewise without pictures, and `no_pictures`."""


def values(signal: Signal, clips: Sequence[Clip], facts: Mapping[str, Facts]) -> list[Any]:
    """A signal's value of each clip, `(N,)`; None where unknown."""
    return [signal.of(clip, facts[clip.id]) for clip in clips]
