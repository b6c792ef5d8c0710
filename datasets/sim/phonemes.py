"""Phonemes, and random words made of them, in hops of 5 ms."""

from dataclasses import dataclass
from itertools import accumulate

from .streams import Draws

HOP_MS = 5
HOPS_PER_FRAME = 8


@dataclass(frozen=True)
class Phoneme:
    """How a phoneme sounds and looks.

    Attributes:
        formants: F1 to F3 in Hz, close to the averages of Peterson and Barney (JASA 24, 1952) for vowels.
        voicing, frication: amplitudes of the glottal and the noise source.
        noise: centre and bandwidth of the noise resonance in Hz.
        ms: typical duration.
        mouth: opening, spread, rounding, teeth, tongue and tucked lower lip; negative opening presses the lips.
    """

    formants: tuple[int, int, int]
    voicing: float
    frication: float
    noise: tuple[int, int]
    ms: int
    mouth: tuple[float, float, float, float, float, float]


_QUIET = (1000, 1000)
PAUSE = "_"
PHONEMES = {
    "a": Phoneme((730, 1150, 2440), 1.0, 0.0, _QUIET, 130, (0.95, 0.15, 0.00, 0.35, 0.15, 0.0)),
    "e": Phoneme((560, 1800, 2450), 1.0, 0.0, _QUIET, 110, (0.60, 0.50, 0.00, 0.50, 0.20, 0.0)),
    "i": Phoneme((290, 2250, 2950), 1.0, 0.0, _QUIET, 110, (0.25, 0.95, 0.00, 0.70, 0.10, 0.0)),
    "o": Phoneme((480, 880, 2400), 1.0, 0.0, _QUIET, 120, (0.50, -0.55, 0.75, 0.00, 0.00, 0.0)),
    "u": Phoneme((320, 800, 2250), 1.0, 0.0, _QUIET, 115, (0.22, -0.85, 1.00, 0.00, 0.00, 0.0)),
    "ae": Phoneme((650, 1650, 2400), 1.0, 0.0, _QUIET, 120, (0.80, 0.40, 0.00, 0.45, 0.10, 0.0)),
    "@": Phoneme((500, 1400, 2400), 1.0, 0.0, _QUIET, 60, (0.38, 0.10, 0.00, 0.25, 0.10, 0.0)),
    "uh": Phoneme((440, 1050, 2250), 1.0, 0.0, _QUIET, 90, (0.35, -0.40, 0.50, 0.10, 0.00, 0.0)),
    "m": Phoneme((250, 1000, 2200), 0.45, 0.0, _QUIET, 80, (-0.12, 0.00, 0.10, 0.00, 0.00, 0.0)),
    "b": Phoneme((250, 900, 2200), 0.15, 0.03, (800, 600), 70, (-0.15, 0.00, 0.10, 0.00, 0.00, 0.0)),
    "p": Phoneme((250, 900, 2200), 0.0, 0.10, (1200, 900), 85, (-0.18, 0.00, 0.10, 0.00, 0.00, 0.0)),
    "n": Phoneme((280, 1600, 2500), 0.5, 0.0, _QUIET, 70, (0.20, 0.25, 0.00, 0.50, 0.80, 0.0)),
    "t": Phoneme((300, 1750, 2600), 0.0, 0.25, (4500, 1800), 75, (0.18, 0.25, 0.00, 0.80, 0.50, 0.0)),
    "d": Phoneme((300, 1700, 2600), 0.2, 0.08, (4000, 1500), 65, (0.20, 0.25, 0.00, 0.70, 0.60, 0.0)),
    "k": Phoneme((320, 1900, 2300), 0.0, 0.18, (2300, 900), 80, (0.32, 0.10, 0.00, 0.30, 0.10, 0.0)),
    "g": Phoneme((320, 1850, 2300), 0.2, 0.06, (2200, 900), 70, (0.32, 0.10, 0.00, 0.30, 0.10, 0.0)),
    "s": Phoneme((320, 1700, 2550), 0.0, 0.55, (5600, 1500), 100, (0.14, 0.55, 0.00, 1.00, 0.00, 0.0)),
    "sh": Phoneme((320, 1750, 2450), 0.0, 0.55, (3200, 1200), 100, (0.25, -0.50, 0.80, 0.90, 0.00, 0.0)),
    "f": Phoneme((320, 1300, 2300), 0.0, 0.22, (6000, 3500), 95, (0.08, 0.10, 0.00, 0.60, 0.00, 1.0)),
    "v": Phoneme((300, 1250, 2300), 0.45, 0.08, (5500, 3000), 70, (0.08, 0.10, 0.00, 0.60, 0.00, 1.0)),
    "l": Phoneme((360, 1250, 2700), 0.7, 0.0, _QUIET, 70, (0.35, 0.20, 0.00, 0.30, 1.00, 0.0)),
    "r": Phoneme((350, 1150, 1650), 0.7, 0.0, _QUIET, 75, (0.28, -0.35, 0.55, 0.20, 0.20, 0.0)),
    "w": Phoneme((300, 700, 2200), 0.6, 0.0, _QUIET, 70, (0.12, -0.95, 1.00, 0.00, 0.00, 0.0)),
    "j": Phoneme((270, 2200, 3000), 0.6, 0.0, _QUIET, 60, (0.20, 0.70, 0.00, 0.50, 0.10, 0.0)),
    "h": Phoneme((500, 1500, 2500), 0.0, 0.15, (1500, 1500), 60, (0.40, 0.10, 0.00, 0.30, 0.10, 0.0)),
    PAUSE: Phoneme((500, 1450, 2450), 0.0, 0.0, _QUIET, 120, (0.03, 0.00, 0.05, 0.05, 0.00, 0.0)),
}
VOWELS = ("a", "e", "i", "o", "u", "ae", "@", "uh")
CONSONANTS = tuple(name for name in PHONEMES if name not in VOWELS and name != PAUSE)
STOPS = ("p", "b", "t", "d", "k", "g")


@dataclass(frozen=True)
class Spoken:
    """One phoneme of an utterance: its length in hops, its word (-1 in a pause), its loudness in percent."""

    name: str
    hops: int
    word: int
    loudness: int


Script = tuple[Spoken, ...]


def write_script(draws: Draws, hops: int, rate: int) -> Script:
    """Random words of exactly `hops` hops between two pauses; `rate` is the talker's speed in percent."""
    spoken = [Spoken(PAUSE, draws.between(12, 40), -1, 100)]
    room = hops - 12 - spoken[0].hops
    word = 0
    while room > 0:
        added = _word(draws, word, rate)
        if draws.chance(3, 10):
            added.append(Spoken(PAUSE, draws.between(20, 60), -1, 100))
        for phone in added:
            if phone.hops > room:
                room = 0
                break
            spoken.append(phone)
            room -= phone.hops
        word += 1
    spoken.append(Spoken(PAUSE, hops - sum(phone.hops for phone in spoken), -1, 100))
    return tuple(spoken)


def _word(draws: Draws, word: int, rate: int) -> list[Spoken]:
    phones: list[Spoken] = []
    for _ in range(draws.between(1, 3)):
        loudness = draws.between(65, 125)
        syllable = [draws.choice(CONSONANTS)] if draws.chance(9, 10) else []
        syllable.append(draws.choice(VOWELS))
        if draws.chance(35, 100):
            syllable.append(draws.choice(CONSONANTS))
        for name in syllable:
            hops = PHONEMES[name].ms * draws.between(80, 130) // (HOP_MS * rate)
            phones.append(Spoken(name, max(hops, 6), word, loudness))
    return phones


def starts(script: Script) -> list[int]:
    """The hop at which each phoneme begins."""
    return list(accumulate((phone.hops for phone in script), initial=0))[:-1]


def replace_words(draws: Draws, script: Script, segments: tuple[tuple[int, int], ...]) -> Script:
    """Other phonemes of the same kind and length wherever `segments` (in hops) touch; pauses stay pauses."""
    replaced = []
    for start, phone in zip(starts(script), script, strict=True):
        inside = any(start < end and start + phone.hops > begin for begin, end in segments)
        if inside and phone.name != PAUSE:
            kind = VOWELS if phone.name in VOWELS else CONSONANTS
            name = draws.choice(tuple(other for other in kind if other != phone.name))
            phone = Spoken(name, phone.hops, phone.word, phone.loudness)
        replaced.append(phone)
    return tuple(replaced)
