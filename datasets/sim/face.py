"""What a person looks like: proportions and colours of a procedural face.

Lengths are in face units: the half-width of the picture at scale 1. The origin lies between the eyes, v points down.
"""

from dataclasses import dataclass, replace

import numpy as np

from .streams import noise

EYE_V = -0.04
MOUTH_INSIDE = np.array([0.16, 0.05, 0.06], np.float32)
_PALE, _DARK = np.array([0.93, 0.76, 0.66]), np.array([0.42, 0.28, 0.21])
_HAIR = np.array([[0.06, 0.05, 0.05], [0.20, 0.12, 0.07], [0.36, 0.22, 0.12], [0.62, 0.48, 0.28], [0.50, 0.48, 0.46]])
_IRIS = np.array([[0.25, 0.15, 0.08], [0.20, 0.30, 0.40], [0.22, 0.30, 0.20], [0.12, 0.08, 0.06]])


@dataclass(frozen=True)
class Face:
    """A face.

    Attributes:
        skin, lip, hair, iris: linear colours `(3,)` in [0, 1].
        width, height: half axes of the head; taper: how much narrower the jaw is.
        mouth: height of the mouth's line; mouth_width: half its length at rest.
        lip_size, mouth_gain: thickness of the lips, and opening at a fully open vowel.
        eye_gap: half the distance between the eyes; eye_width, eye_height: half an eye.
        brow, arch: thickness and curvature of the eyebrows.
        nose: half its width.
        hairline: how far down the hair reaches; long: how far down behind the head, 0 for short hair.
        beard: strength of a stubble in [0, 1].
        glasses: whether glasses are worn.
        texture: seed of the skin's and the hair's texture.
    """

    skin: np.ndarray
    lip: np.ndarray
    hair: np.ndarray
    iris: np.ndarray
    width: float
    height: float
    taper: float
    mouth: float
    mouth_width: float
    lip_size: float
    mouth_gain: float
    eye_gap: float
    eye_width: float
    eye_height: float
    brow: float
    arch: float
    nose: float
    hairline: float
    long: float
    beard: float
    glasses: bool
    texture: int


def face(seed: int, identity: str) -> Face:
    """The face of an identity."""
    return draw_face(noise(seed, "face", identity))


def draw_face(rng: np.random.Generator) -> Face:
    """A random face."""
    hue = rng.uniform()
    skin = (1 - hue) * _PALE + hue * _DARK + rng.normal(0, 0.02, 3)
    hair = _HAIR[rng.choice(5, p=[0.3, 0.25, 0.2, 0.15, 0.1])] * rng.uniform(0.8, 1.2)
    return Face(
        skin=skin.clip(0.1, 1),
        lip=(skin * (0.92, 0.58, 0.58) + rng.normal(0, 0.02, 3)).clip(0.05, 1),
        hair=hair,
        iris=_IRIS[rng.integers(len(_IRIS))],
        width=rng.uniform(0.49, 0.56),
        height=rng.uniform(0.70, 0.77),
        taper=rng.uniform(0.18, 0.34),
        mouth=rng.uniform(0.40, 0.45),
        mouth_width=rng.uniform(0.17, 0.22),
        lip_size=rng.uniform(0.028, 0.050),
        mouth_gain=rng.uniform(0.16, 0.22),
        eye_gap=rng.uniform(0.20, 0.25),
        eye_width=rng.uniform(0.085, 0.105),
        eye_height=rng.uniform(0.036, 0.048),
        brow=rng.uniform(0.014, 0.030),
        arch=rng.uniform(1.5, 4.5),
        nose=rng.uniform(0.065, 0.095),
        hairline=rng.uniform(-0.50, -0.38),
        long=rng.choice([0.0, 0.0, 0.55, 0.85]) * rng.uniform(0.9, 1.1),
        beard=max(0.0, rng.uniform(-0.6, 0.5)),
        glasses=bool(rng.uniform() < 0.15),
        texture=int(rng.integers(1 << 30)),
    )


def swapped(own: Face, other: Face) -> Face:
    """The inner face of `other` fitted to the head of `own`, as a face swap leaves it."""
    near = {
        name: 0.6 * getattr(own, name) + 0.4 * getattr(other, name)
        for name in ("skin", "mouth", "mouth_width", "eye_gap", "nose", "lip")
    }
    kept = {name: getattr(own, name) for name in ("width", "height", "taper", "hair", "hairline", "long", "glasses")}
    return replace(other, **near, **kept)
