"""Speech from a source and a filter: pulses and noise through the resonances of a vocal tract.

The arrangement follows the cascade branch of Klatt's synthesiser (JASA 67, 1980) with one resonance for frication.
"""

from dataclasses import dataclass

import numpy as np
from scipy import signal
from scipy.ndimage import gaussian_filter1d

from .articulation import Articulation
from .families import Voice
from .streams import noise

RATE = 16_000
HOP = 80
LEVEL = 0.07
"""Root mean square of every voice."""
_HIGHER = (3500.0, 4500.0)
_BANDWIDTHS = np.array([70.0, 100.0, 140.0, 220.0, 300.0])
NATURAL = Voice()


@dataclass(frozen=True)
class Talker:
    """A voice: pitch in Hz, tract scale, source tilt, and shares of breath and irregularity."""

    pitch: float
    tract: float
    tilt: float
    breath: float
    jitter: float


def talker(seed: int, identity: str) -> Talker:
    """The voice of an identity."""
    rng = noise(seed, "voice", identity)
    return Talker(
        pitch=float(np.exp(rng.normal(np.log(150), 0.28))),
        tract=float(rng.uniform(0.88, 1.14)),
        tilt=float(rng.uniform(0.84, 0.94)),
        breath=float(rng.uniform(0.02, 0.07)),
        jitter=float(rng.uniform(0.006, 0.018)),
    )


def intonation(rng: np.random.Generator, hops: int, pitch: float) -> np.ndarray:
    """A falling and wavering pitch, `(hops,)` in Hz."""

    def waver(width: float) -> np.ndarray:
        wave = gaussian_filter1d(rng.normal(size=hops), width)
        return 0.10 * wave / (wave.std() + 1e-6)

    return pitch * np.exp(waver(25) + waver(70) - 0.12 * np.linspace(0, 1, hops))


def synthesise(
    rng: np.random.Generator, moves: Articulation, who: Talker, pitch: np.ndarray, style: Voice = NATURAL
) -> np.ndarray:
    """Sound `(80 N,) float64` at 16 kHz and a fixed level, from `N` hops of movement and of pitch in Hz."""
    size = len(pitch) * HOP
    pulses, phase = _pulses(rng, _per_sample(pitch), who.jitter * style.jitter)
    glottal = signal.lfilter([1.0], [1.0, -who.tilt], signal.lfilter([1.0, -1.0], [1.0, -0.82], pulses))
    breath = rng.normal(size=size) * who.breath * style.breath * (1 - 0.5 * (phase % 1))
    voicing = _per_sample(moves.voicing) * _per_sample(moves.loudness)
    hiss = rng.normal(size=size) * _per_sample(np.maximum(moves.frication, 0))
    voiced = voicing * (2.2 * glottal + breath) + 0.02 * hiss
    higher = np.broadcast_to(_HIGHER, (len(pitch), 2))
    tract = np.clip(np.hstack([moves.formants, higher]) * who.tract, 150, 7400)
    spoken = _resonate(voiced, tract, _BANDWIDTHS * style.bandwidth)
    noisy = _resonate(hiss, np.clip(moves.noise[:, :1], 500, 7200), np.maximum(moves.noise[:, 1:], 300))
    return level(spoken + 0.4 * noisy)


def level(sound: np.ndarray) -> np.ndarray:
    """The same sound at the level of every voice."""
    return sound * LEVEL / (np.sqrt(np.mean(sound**2)) + 1e-9)


def _per_sample(track: np.ndarray) -> np.ndarray:
    samples = np.arange(len(track) * HOP)
    return np.interp(samples, np.arange(len(track)) * HOP + HOP / 2, track)


def _pulses(rng: np.random.Generator, pitch: np.ndarray, jitter: float) -> tuple[np.ndarray, np.ndarray]:
    """One pulse a period, between samples where it falls so, and the phase in periods."""
    wander = _per_sample(1.6 * gaussian_filter1d(rng.normal(size=len(pitch) // HOP), 0.75))
    phase = np.cumsum(pitch * (1 + jitter * wander) / RATE)
    last = np.flatnonzero(np.diff(np.floor(phase)) > 0)
    late = (np.floor(phase[last + 1]) - phase[last]) / (phase[last + 1] - phase[last])
    height = 1 + 3.6 * jitter * rng.normal(size=len(last))
    pulses = np.zeros(len(pitch))
    pulses[last] = height * (1 - late)
    pulses[last + 1] += height * late
    return pulses, phase


def _resonate(source: np.ndarray, centres: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """A cascade of resonances `(N, K)` in Hz that moves each hop, with unit gain at 0 Hz."""
    radius = np.broadcast_to(np.exp(-np.pi * widths / RATE), centres.shape)
    sections = np.zeros((*centres.shape, 6))
    sections[..., 3] = 1
    sections[..., 4] = -2 * radius * np.cos(2 * np.pi * centres / RATE)
    sections[..., 5] = radius**2
    sections[..., 0] = sections[..., 3:].sum(axis=-1)
    state = np.zeros((centres.shape[1], 2))
    out = np.empty_like(source)
    for hop, section in enumerate(sections):
        span = slice(hop * HOP, (hop + 1) * HOP)
        out[span], state = signal.sosfilt(section, source[span], zi=state)
    return out
