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
        return stem(self.name, self.split, self.index, self.fake)

    @property
    def script(self) -> Script:
        """The words of the recording, as spoken by the real talker."""
        return take_script(self.seed, self.identity, self.take, self.frames)


def stem(name: str, split: str, index: int, fake: bool) -> str:
    """A clip's path inside the folder, without its suffix."""
    return f"{name}/{split}/{index:04d}-{'f' if fake else 'r'}"


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
    """One or two replaced intervals, three in five over a word and the others over a pause: energy tells little."""
    draws = Draws(real.seed, "segments", real.pair)
    script, last = real.script, real.frames * HOPS_PER_FRAME - HOPS_PER_FRAME
    wanted = 1 if draws.chance(3, 4) else 2
    found: list[tuple[int, int]] = []
    while len(found) < wanted:
        begin, end = _over_pause(draws, script) if draws.chance(2, 5) else _over_word(draws, script)
        begin, end = begin - max(0, end - last), min(end, last)
        if begin >= _EARLIEST and all(end + _GAP <= a or begin >= b + _GAP for a, b in found):
            found.append((begin, end))
    return tuple(sorted(found))


def _over_word(draws: Draws, script: Script) -> tuple[int, int]:
    """A random word of at least the shortest length, cut to the longest; sometimes a stretch that ignores words."""
    words: dict[int, tuple[int, int]] = {}
    for start, phone in zip(starts(script), script, strict=True):
        words[phone.word] = words.get(phone.word, (start,))[0], start + phone.hops
    words.pop(-1)
    spans = tuple((a, min(b, a + LONGEST)) for a, b in words.values() if b - a >= SHORTEST)
    if spans and draws.chance(9, 10):
        return draws.choice(spans)
    begin = draws.below(sum(phone.hops for phone in script) - SHORTEST)
    return begin, begin + draws.between(SHORTEST, 100)


def _over_pause(draws: Draws, script: Script) -> tuple[int, int]:
    """A random pause but the first, with a little speech around it."""
    pauses = tuple((s, p.hops) for s, p in zip(starts(script), script, strict=True) if p.name == PAUSE and s)
    start, hops = draws.choice(pauses)
    length = min(max(SHORTEST, hops + draws.between(0, 16)), LONGEST)
    begin = start - draws.below(max(1, length - hops + 1))
    return begin, begin + length
