"""The parts of a head that do not move in themselves, painted once into a picture that is warped to each frame."""

import numpy as np
from scipy.ndimage import gaussian_filter

from .face import EYE_V, Face

DENSITY = 192
"""Pixels of the portrait per face unit, three times those of a frame."""
LEFT, TOP, RIGHT, BOTTOM = -0.85, -1.0, 0.85, 1.15
_EDGE = 64 / 1.5

Array = np.ndarray


def soft(distance: Array, sharp: float = _EDGE) -> Array:
    """Coverage in [0, 1] from a signed distance to an edge, positive inside."""
    return np.clip(distance * sharp + 0.5, 0, 1)


def ellipse(u: Array, v: Array, cu: float, cv: float, ru: float, rv: float) -> Array:
    """Approximate signed distance to an ellipse, positive inside."""
    return (1 - np.sqrt(((u - cu) / ru) ** 2 + ((v - cv) / rv) ** 2)) * min(ru, rv)


def bump(u: Array, v: Array, cu: float, cv: float, ru: float, rv: float) -> Array:
    """A Gaussian spot of height 1."""
    return np.exp(-0.5 * (((u - cu) / ru) ** 2 + ((v - cv) / rv) ** 2))


def paint(picture: Array, mask: Array, colour: Array) -> None:
    """Blend a colour `(3,)` or picture `(..., 3)` into `picture` where `mask` covers it, in place."""
    picture += mask[..., None] * (colour - picture)


def portrait(face: Face, light: tuple[float, float, float]) -> Array:
    """Head, hair, ears and nose as `(H, W, 4) float32`, colour times coverage, and coverage last.

    `light` is the direction of the light; eyes and mouth are painted on the frames.
    """
    rows = TOP + np.arange(round((BOTTOM - TOP) * DENSITY), dtype=np.float32) / DENSITY
    columns = LEFT + np.arange(round((RIGHT - LEFT) * DENSITY), dtype=np.float32) / DENSITY
    v, u = np.meshgrid(rows, columns, indexing="ij")
    rng = np.random.Generator(np.random.PCG64(face.texture))
    width = face.width * (1 - face.taper * np.clip(v / face.height, 0, 1) ** 2)
    radius = np.sqrt((u / width) ** 2 + (v / face.height) ** 2)
    shade = _shade(u / width, v / face.height, light)
    strands = 1 + gaussian_filter(rng.normal(size=u.shape).astype(np.float32), (9, 1.2)) * 1.2
    hair = (face.hair * (0.35 + 0.75 * shade[..., None]) * strands[..., None]).astype(np.float32)
    behind = _hair_behind(face, u, v)
    skin = _skin(face, u, v, shade, rng)
    picture = np.where(behind[..., None] > 0, 0.85 * hair, skin)
    ears = np.maximum(*(soft(ellipse(u, v, side * 0.99 * face.width, 0.06, 0.065, 0.13)) for side in (-1, 1)))
    paint(picture, ears, 0.82 * skin)
    head = soft((1 - radius) * 0.6)
    paint(picture, head, skin)
    _brows(picture, face, u, v)
    top = _hair_on_top(face, u, v) * soft((1.04 - radius) * 0.6)
    paint(picture, top, hair)
    cover = np.maximum(np.maximum(behind, ears), np.maximum(head, top))
    return np.concatenate([picture * cover[..., None], cover[..., None]], axis=2).astype(np.float32)


def _shade(nx: Array, ny: Array, light: tuple[float, float, float]) -> Array:
    """Diffuse light on an ellipsoid, about 1 in the middle of a face that is lit from the front."""
    nz = np.sqrt(np.clip(1 - 0.8 * (nx * nx + ny * ny), 0.02, 1))
    direction = np.asarray(light) / np.linalg.norm(light)
    return 0.42 + 0.62 * np.clip(nx * direction[0] + ny * direction[1] + nz * direction[2], 0, 1)


def _hair_behind(face: Face, u: Array, v: Array) -> Array:
    crown = ellipse(u, v, 0, -0.12, face.width * 1.10, face.height * 0.92)
    if not face.long:
        return soft(crown)
    middle, half = (face.long - 0.70) / 2, (face.long + 0.70) / 2
    fall = (1 - ((u / (face.width * 1.12)) ** 4 + ((v - middle) / half) ** 4) ** 0.25) * face.width
    return soft(np.maximum(crown, fall))


def _hair_on_top(face: Face, u: Array, v: Array) -> Array:
    line = face.hairline + 1.1 * u * u - 0.06 * np.cos(9 * u + face.texture % 7)
    sides = np.minimum(np.abs(u) - 0.86 * face.width, 0.02 - v)
    return soft(np.maximum(line - v, sides), 30)


def _skin(face: Face, u: Array, v: Array, shade: Array, rng: np.random.Generator) -> Array:
    grain = gaussian_filter(rng.normal(size=u.shape).astype(np.float32), 3.5) * 0.25
    blotches = gaussian_filter(rng.normal(size=u.shape).astype(np.float32), 16) * 0.9
    level = shade * (1 + grain + blotches)
    side = np.abs(u)
    level *= 1 - 0.22 * bump(side, v, face.eye_gap, EYE_V - 0.03, 0.10, 0.055)
    level *= 1 - 0.16 * bump(side, v, 0.055 + 0.2 * face.nose, 0.06, 0.022, 0.11)
    level *= 1 + 0.13 * bump(u, v, 0, 0.08, 0.022, 0.12) + 0.10 * bump(u, v, 0, 0.17, 0.035, 0.03)
    level *= 1 - 0.20 * bump(side, v, face.nose, 0.20, 0.022, 0.035)
    level *= 1 - 0.55 * bump(side, v, 0.45 * face.nose, 0.225, 0.020, 0.010)
    level *= 1 - 0.18 * bump(u, v, 0, 0.255, 0.07, 0.022)
    level *= 1 - 0.10 * bump(side - 0.35 * (v - 0.22), v, 0.14, 0.29, 0.014, 0.07)
    level *= 1 - 0.14 * bump(u, v, 0, face.mouth + 0.105, 0.09, 0.022)
    level *= 1 + 0.06 * bump(side, v, 0.26, 0.16, 0.10, 0.08)
    colour = face.skin * level[..., None]
    blush = 0.10 * bump(side, v, 0.28, 0.18, 0.10, 0.09)
    colour *= 1 - blush[..., None] * np.array([0.0, 1.0, 0.8])
    stubble = face.beard * np.clip((v - 0.20 - 0.25 * (0.35 - side)) * 6, 0, 1)
    paint(colour, 0.6 * stubble, face.hair * level[..., None])
    return colour.astype(np.float32)


def _brows(picture: Array, face: Face, u: Array, v: Array) -> None:
    along = np.abs(u) - face.eye_gap
    line = EYE_V - 0.135 + face.arch * (along + 0.02) ** 2
    thick = face.brow * np.clip(1 - 2.5 * along, 0.4, 1.2)
    mask = soft(thick - np.abs(v - line), 45) * soft(0.125 - np.abs(along), 30)
    paint(picture, 0.85 * mask, (0.7 * face.hair).astype(np.float32))
    if face.glasses:
        ring = np.abs(ellipse(np.abs(u), v, face.eye_gap, EYE_V + 0.01, 0.15, 0.12))
        bridge = np.minimum(0.012 - np.abs(v - EYE_V + 0.02), face.eye_gap - 0.13 - np.abs(u))
        paint(picture, soft(np.maximum(0.010 - ring, bridge)), np.full(3, 0.08, np.float32))
