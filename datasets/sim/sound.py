"""The sound of a clip: the talker or a synthetic voice, the room, and the planted silence."""

from functools import lru_cache

import numpy as np
from scipy import signal

from .articulation import articulate
from .families import VOICES
from .phonemes import Script, replace_words
from .recipe import Recipe, take_script
from .speech import LEVEL, intonation, synthesise, talker
from .streams import Draws, noise
from .voices import clone, splice

_SNR_DB = {"sim_wild": (8.0, 28.0), "sim_real": (12.0, 38.0)}
_REVERBERANT = {"sim_wild": 0.3, "sim_real": 0.15}


def changed_script(recipe: Recipe) -> Script:
    """The words that a manipulation puts into the talker's mouth."""
    if recipe.segments is None:
        return recipe.script
    return replace_words(Draws(recipe.seed, "replaced", recipe.pair), recipe.script, recipe.segments)


def sound(recipe: Recipe) -> np.ndarray:
    """Mono sound `(640 T,) float32` in [-1, 1] at 16 kHz, before compression."""
    speech, pitch = _real(recipe.seed, recipe.identity, recipe.take, recipe.frames)
    if recipe.voice:
        rng = noise(recipe.seed, "clone", recipe.pair)
        who = talker(recipe.seed, recipe.identity)
        fake = clone(rng, changed_script(recipe), who, pitch, VOICES[recipe.voice])
        speech = fake if recipe.segments is None else splice(speech, fake, recipe.segments)
    heard = _room(noise(recipe.seed, "room", recipe.pair), recipe.name, speech)
    heard[: recipe.silence] = 0
    return heard.astype(np.float32)


@lru_cache(maxsize=2)
def _real(seed: int, identity: str, take: str, frames: int) -> tuple[np.ndarray, np.ndarray]:
    rng, who = noise(seed, "speech", take), talker(seed, identity)
    moves = articulate(take_script(seed, identity, take, frames))
    pitch = intonation(rng, len(moves.voicing), who.pitch)
    return synthesise(rng, moves, who, pitch), pitch


def _room(rng: np.random.Generator, name: str, speech: np.ndarray) -> np.ndarray:
    """Reverberation, background noise and gain; the same for both clips of a pair."""
    echo = np.exp(-np.arange(2400) / rng.uniform(300, 900)) * rng.normal(size=2400)
    echo[0] = 4
    if rng.uniform() < _REVERBERANT.get(name, 0.0):
        speech = signal.fftconvolve(speech, echo / np.linalg.norm(echo))[: len(speech)]
    colour = 0.85 if rng.uniform() < 0.6 else 0.5
    floor = signal.lfilter([1.0], [1.0, -colour], rng.normal(size=len(speech)))
    decibels = rng.uniform(*_SNR_DB.get(name, (24.0, 36.0)))
    noisy = speech + floor / floor.std() * LEVEL * 10 ** (-decibels / 20)
    return np.clip(noisy * rng.uniform(0.75, 1.35), -0.99, 0.99)
