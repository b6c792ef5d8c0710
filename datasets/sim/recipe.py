"""Everything about a clip that is decided before anything is synthesised; exact on every machine."""

from dataclasses import dataclass, replace

from .families import LIPS, METHODS, NULL, REAL, VOICES
from .phonemes import HOPS_PER_FRAME, PAUSE, Script, starts, write_script
from .streams import Draws

Segments = tuple[tuple[int, int], ...]

SHORTEST, LONGEST = 40, 140
"""Hops of a replaced segment, 0.2 to 0.7 s."""
_EARLIEST = 24
_GAP = 16
_MUTE_BLOCK = 8
_SILENCE_MS = {"sim_whole": (25, 100), "sim_local": (25, 80)}
_SAMPLES_PER_MS = 16


@dataclass(frozen=True)
class Encoding:
    """How the file is written; kb/s, and the constant rate factor of x264."""

    codec: str
    crf: int
    video_kbps: int
    audio_kbps: int


@dataclass(frozen=True)
class Recipe:
    """One clip.

    Attributes:
        index: number of the pair in its split.
        fake: label 1.
        identity, take: who speaks, and the recording (words, scene, movement) that is shown.
        frames: pictures at 25 per second.
        voice, lips: families of the manipulated streams, None for an untouched one.
        segments: manipulated intervals in hops of 5 ms, None for the whole clip.
        silence: digital zeros at the start of the sound, in samples at 16 kHz.
        sound: whether the file has an audio track.
    """

    seed: int
    name: str
    split: str
    index: int
    fake: bool
    identity: str
    take: str
    frames: int
    method: str
    voice: str | None
    lips: str | None
    segments: Segments | None
    silence: int
    sound: bool
    encoding: Encoding

    @property
    def pair(self) -> str:
        """What joins the two clips, and the key of all conditions that they share."""
        return f"{self.name}.{self.split}.{self.index:04d}"

    @property
    def stem(self) -> str:
        """The file's path inside the folder, without its suffix."""
        return f"{self.name}/{self.split}/{self.index:04d}-{'f' if self.fake else 'r'}"

    @property
    def script(self) -> Script:
        """The words of the recording, as spoken by the real talker."""
        return take_script(self.seed, self.identity, self.take, self.frames)


def take_script(seed: int, identity: str, take: str, frames: int) -> Script:
    """The words of a recording of `frames` pictures."""
    rate = Draws(seed, "rate", identity).between(85, 120)
    return write_script(Draws(seed, "words", take), frames * HOPS_PER_FRAME, rate)


def method_of(name: str, index: int, identities: int) -> str:
    """The manipulation of a pair; methods take turns, and an identity's second pair gets another one."""
    methods = METHODS[name]
    return methods[(index % identities + index // identities) % len(methods)]


def draw_pair(seed: int, name: str, split: str, index: int, identities: int) -> tuple[Recipe, ...]:
    """The real and the fake clip of a pair, or one real clip in a set of reals."""
    pair = f"{name}.{split}.{index:04d}"
    draws = Draws(seed, "pair", pair)
    mute_real, mute_fake = _mute(seed, name, split, index, identities)
    real = Recipe(
        seed=seed,
        name=name,
        split=split,
        index=index,
        fake=False,
        identity=f"{name}.{split}.i{index % identities:03d}",
        take=pair,
        frames=draws.between(50, 70),
        method=REAL,
        voice=None,
        lips=None,
        segments=(),
        silence=_silence(seed, name, pair, False),
        sound=index != mute_real,
        encoding=_encoding(draws, name),
    )
    if name not in METHODS:
        return (real,)
    return real, _fake(real, method_of(name, index, identities), sound=index != mute_fake)


def _fake(real: Recipe, method: str, sound: bool) -> Recipe:
    parts = method.split("+")
    return replace(
        real,
        fake=True,
        take=real.take + ".other" if method == NULL else real.take,
        method=method,
        voice=next((part for part in parts if part in VOICES), None),
        lips=next((part for part in parts if part in LIPS), None),
        segments=_segments(real) if real.name == "sim_local" else None,
        silence=_silence(real.seed, real.name, real.pair, True),
        sound=sound,
    )


def _encoding(draws: Draws, name: str) -> Encoding:
    if name != "sim_wild":
        return Encoding("libx264", draws.between(22, 27), 0, 96)
    codec = "mpeg4" if draws.chance(35, 100) else "libx264"
    return Encoding(codec, draws.between(25, 34), draws.between(120, 300), draws.choice((32, 48, 64, 96)))


def _silence(seed: int, name: str, pair: str, fake: bool) -> int:
    """Zeros at the start: nearly all fakes have them and nearly no real, as in two published sets."""
    draws = Draws(seed, "silence", pair, fake)
    if name not in _SILENCE_MS or not draws.chance(970 if fake else 15, 1000):
        return 0
    low, high = _SILENCE_MS[name]
    return draws.between(low * _SAMPLES_PER_MS, high * _SAMPLES_PER_MS)


def _mute(seed: int, name: str, split: str, index: int, identities: int) -> tuple[int, int]:
    """The real and the fake without sound among eight pairs: as many of each class, and only untouched sound."""
    if name != "sim_wild":
        return -1, -1
    first = index - index % _MUTE_BLOCK
    draws = Draws(seed, "mute", name, split, first)
    block = range(first, first + _MUTE_BLOCK)
    untouched = [i for i in block if not method_of(name, i, identities).startswith("voc")]
    return draws.choice(tuple(block)), draws.choice(tuple(untouched))


def _segments(real: Recipe) -> Segments:
    """One or two replaced intervals: mostly a word, sometimes a stretch over a pause."""
    draws = Draws(real.seed, "segments", real.pair)
    script, hops = real.script, real.frames * HOPS_PER_FRAME
    wanted = 1 if draws.chance(3, 4) else 2
    found: list[tuple[int, int]] = []
    while len(found) < wanted:
        begin, end = _over_pause(draws, script) if draws.chance(1, 5) else _over_word(draws, script)
        inside = begin >= _EARLIEST and end <= hops - HOPS_PER_FRAME
        if inside and all(end + _GAP <= a or begin >= b + _GAP for a, b in found):
            found.append((begin, end))
    return tuple(sorted(found))


def _over_word(draws: Draws, script: Script) -> tuple[int, int]:
    """A random word of at least the shortest length, cut to the longest; anywhere if there is none."""
    words: dict[int, list[int]] = {}
    for start, phone in zip(starts(script), script, strict=True):
        begin, _ = words.setdefault(phone.word, [start, start])
        words[phone.word] = [begin, start + phone.hops]
    words.pop(-1)
    spans = [(a, min(b, a + LONGEST)) for a, b in words.values() if b - a >= SHORTEST]
    return draws.choice(tuple(spans)) if spans and draws.chance(9, 10) else _around(draws, script, False)


def _over_pause(draws: Draws, script: Script) -> tuple[int, int]:
    return _around(draws, script, True)


def _around(draws: Draws, script: Script, pause: bool) -> tuple[int, int]:
    """A stretch of random length that covers the middle of a random inner pause, or of a random phoneme."""
    inner = list(zip(starts(script), script, strict=True))[1:-1]
    middles = [start + phone.hops // 2 for start, phone in inner if phone.name == PAUSE or not pause]
    middle = draws.choice(tuple(middles)) if middles else draws.choice(tuple(start for start, _ in inner))
    length = draws.between(SHORTEST, 100)
    begin = middle - draws.below(length)
    return begin, begin + length
