"""Synthetic voices: the talker's words through an artefact family."""

import numpy as np
from scipy import signal
from scipy.ndimage import gaussian_filter1d

from .articulation import articulate
from .families import Voice
from .phonemes import Script
from .speech import HOP, LEVEL, RATE, Talker, level, synthesise

_WINDOW, _STEP = 512, 128
_FADE = 40
_ROUNDS = 6


def clone(rng: np.random.Generator, script: Script, who: Talker, pitch: np.ndarray, style: Voice) -> np.ndarray:
    """A script in a synthetic voice, `(80 N,)` at 16 kHz; `pitch` `(N,)` is the real talker's."""
    copied = Talker(
        pitch=who.pitch,
        tract=who.tract * (1 + rng.normal(0, 0.02)),
        tilt=who.tilt,
        breath=who.breath,
        jitter=who.jitter,
    )
    flattened = np.exp(style.flat * np.log(pitch) + (1 - style.flat) * np.log(pitch.mean()))
    held = np.repeat(flattened[:: style.hold], style.hold)[: len(pitch)] * np.exp(rng.normal(0, 0.04))
    sound = synthesise(rng, articulate(script, style.smooth), copied, held, style)
    if style.mels:
        sound = _through_mels(rng, sound, style.mels, style.smear)
    if style.shelf:
        sound = _shelf(sound, style.shelf)
    if style.hum is not None:
        sound = sound + _hum(sound, style.hum)
    return level(sound)


def splice(real: np.ndarray, fake: np.ndarray, segments: tuple[tuple[int, int], ...]) -> np.ndarray:
    """`real` with `fake` inside `segments` (hops), cross-faded over about 10 ms."""
    mask = np.zeros(len(real))
    for begin, end in segments:
        mask[begin * HOP : end * HOP] = 1
    mask = gaussian_filter1d(mask, _FADE)
    return real * (1 - mask) + fake * mask


def mel_filters(bands: int, window: int = _WINDOW, low: float = 60.0, high: float = 7600.0) -> np.ndarray:
    """Triangular mel filters, `(bands, window // 2 + 1)`."""
    first, last = (2595 * np.log10(1 + edge / 700) for edge in (low, high))
    edges = 700 * (10 ** (np.linspace(first, last, bands + 2) / 2595) - 1)
    bins = np.arange(window // 2 + 1) * RATE / window
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(rising, falling))


def _through_mels(rng: np.random.Generator, sound: np.ndarray, bands: int, smear: float) -> np.ndarray:
    """The sound rebuilt from its mel spectrum by the method of Griffin and Lim (IEEE TASSP 32, 1984)."""
    magnitude = np.abs(_stft(sound))
    filters = mel_filters(bands)
    mel = gaussian_filter1d(filters @ magnitude, smear, axis=1)
    target = filters.T @ (mel / filters.sum(axis=1, keepdims=True))
    phase = np.exp(2j * np.pi * rng.random(target.shape))
    for _ in range(_ROUNDS):
        again = _stft(_istft(target * phase, len(sound)))
        phase = again / (np.abs(again) + 1e-9)
    return _istft(target * phase, len(sound))


def _stft(sound: np.ndarray) -> np.ndarray:
    return signal.stft(sound, nperseg=_WINDOW, noverlap=_WINDOW - _STEP)[2]


def _istft(spectrum: np.ndarray, size: int) -> np.ndarray:
    sound = signal.istft(spectrum, nperseg=_WINDOW, noverlap=_WINDOW - _STEP)[1]
    return np.pad(sound, (0, max(0, size - len(sound))))[:size]


def _shelf(sound: np.ndarray, decibels: float) -> np.ndarray:
    above = signal.sosfilt(signal.butter(2, 4000, "highpass", fs=RATE, output="sos"), sound)
    return sound + (10 ** (decibels / 20) - 1) * above


def _hum(sound: np.ndarray, decibels: float) -> np.ndarray:
    """Tones at multiples of 1 kHz, as strided up-sampling leaves them, following the voice's loudness."""
    envelope = np.sqrt(gaussian_filter1d(sound**2, 320)) / LEVEL
    time = np.arange(len(sound)) / RATE
    tones = sum(np.cos(2 * np.pi * 1000 * k * time + k) for k in range(1, 8))
    return LEVEL * 10 ** (decibels / 20) * envelope * tones
