"""From phonemes to smooth movements of the vocal tract and of the mouth, one row per hop of 5 ms."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from .phonemes import HOPS_PER_FRAME, PHONEMES, STOPS, Script

_LEAD = 5
"""Hops by which lips run ahead of the sound."""


@dataclass(frozen=True)
class Articulation:
    """Controls of a talker over `N` hops, all float64.

    Attributes:
        formants: `(N, 3)` F1 to F3 in Hz, before the talker's vocal tract length.
        voicing, frication: `(N,)` source amplitudes in [0, 1].
        noise: `(N, 2)` centre and bandwidth of the noise resonance in Hz.
        loudness: `(N,)` emphasis around 1.
        mouth: `(N, 6)` opening, spread, rounding, teeth, tongue, tucked lip.
    """

    formants: np.ndarray
    voicing: np.ndarray
    frication: np.ndarray
    noise: np.ndarray
    loudness: np.ndarray
    mouth: np.ndarray


def articulate(script: Script, smooth: float = 1.0) -> Articulation:
    """Coarticulated movements for a script; `smooth` widens the smoothing of the sound's controls."""
    phones = [PHONEMES[spoken.name] for spoken in script]
    hops = [spoken.hops for spoken in script]

    def track(values: list) -> np.ndarray:
        return np.repeat(np.asarray(values, np.float64), hops, axis=0)

    frication, voicing = track([p.frication for p in phones]), track([p.voicing for p in phones])
    _stop_closures(script, voicing, frication)
    loudness = track([spoken.loudness / 100 for spoken in script])
    return Articulation(
        formants=gaussian_filter1d(track([p.formants for p in phones]), 3.2 * smooth, axis=0),
        voicing=gaussian_filter1d(voicing, 1.6 * smooth),
        frication=gaussian_filter1d(frication, 1.2 * smooth),
        noise=track([p.noise for p in phones]),
        loudness=gaussian_filter1d(loudness, 6.0),
        mouth=_mouth(track([p.mouth for p in phones]), loudness),
    )


def _stop_closures(script: Script, voicing: np.ndarray, frication: np.ndarray) -> None:
    start = 0
    for spoken in script:
        end = start + spoken.hops
        if spoken.name in STOPS:
            burst = start + spoken.hops * 13 // 20
            frication[start:burst] = 0
            voicing[start:burst] *= 0.5
            frication[burst:end] *= 1.6
        start = end


def _mouth(mouth: np.ndarray, loudness: np.ndarray) -> np.ndarray:
    emphasis = gaussian_filter1d(loudness, 6.0)
    smoothed = gaussian_filter1d(mouth, 6.0, axis=0)
    smoothed[:, 0] *= np.where(smoothed[:, 0] > 0, emphasis, 1.0)
    return shift(smoothed, -_LEAD)


def shift(track: np.ndarray, hops: int) -> np.ndarray:
    """The track delayed by `hops` (early when negative), its ends held."""
    rows = np.clip(np.arange(len(track)) - hops, 0, len(track) - 1)
    return track[rows]


def at_frames(track: np.ndarray) -> np.ndarray:
    """The values in the middle of each picture, `(T, ...)`."""
    return track[HOPS_PER_FRAME // 2 :: HOPS_PER_FRAME]
