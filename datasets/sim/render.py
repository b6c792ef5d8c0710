"""Pictures of a talking head: warped portrait, clothes, eyes and mouth."""

from dataclasses import dataclass

import numpy as np

from .face import EYE_V, MOUTH_INSIDE, Face
from .portrait import DENSITY, LEFT, TOP, paint, portrait, soft
from .scene import SIZE, WHOLE, Box, Scene, box_around

Array = np.ndarray
JAW = 0.30
"""Stretch of the lower face at a fully open mouth, relative to its height."""
_SHOULDER = 0.80


@dataclass(frozen=True)
class Mouth:
    """Shape of the lips over `T` pictures, each `(T,)`, in face units: half width, and lines at the middle.

    `upper` and `lower` are the inner edges relative to the mouth's line, positive downwards.
    """

    width: Array
    opening: Array
    upper: Array
    lower: Array
    thick: Array
    round: Array
    teeth: Array
    tongue: Array
    tucked: Array


def mouth_shape(face: Face, visemes: Array) -> Mouth:
    """Lips from mouth controls `(T, 6)` (opening, spread, rounding, teeth, tongue, tucked lower lip)."""
    opened, spread, rounded, teeth, tongue, tucked = visemes.T.astype(np.float32)
    opening = np.maximum(opened, 0)
    gap = face.mouth_gain * opening
    return Mouth(
        width=face.mouth_width * (1 + 0.22 * spread - 0.24 * rounded),
        opening=opening,
        upper=-0.30 * gap,
        lower=0.70 * gap * (1 - 0.4 * tucked),
        thick=face.lip_size * (1 + 0.35 * rounded) * (1 + 1.2 * np.minimum(opened, 0)),
        round=rounded,
        teeth=teeth,
        tongue=tongue,
        tucked=tucked,
    )


@dataclass(frozen=True)
class Actor:
    """A face under the light of a recording, ready to be drawn."""

    face: Face
    portrait: Array


def actor(face: Face, scene: Scene) -> Actor:
    """Paint the portrait of a face for a scene's light."""
    return Actor(face, portrait(face, scene.light))


def render(who: Actor, scene: Scene, visemes: Array, box: Box = WHOLE) -> Array:
    """Pictures `(T, h, w, 3) float32` of the box, without exposure and grain; `visemes` is `(T, 6)`."""
    shape = mouth_shape(who.face, visemes)
    picture = np.repeat(scene.background[None, box.slices[1], box.slices[2]], len(visemes), axis=0)
    _clothes(picture, who.face, scene, box)
    u, v = scene.local(box)
    _head(picture, who, u, v, shape)
    _part(picture, scene, box, (-0.38, EYE_V - 0.14, 0.38, EYE_V + 0.12), _Eyes(who.face, scene))
    reach = (-0.34, who.face.mouth - 0.14, 0.34, who.face.mouth + 0.30)
    _part(picture, scene, box, reach, _Lips(who.face, shape))
    return picture


def _rgb(*colour: float) -> Array:
    return np.array(colour, np.float32)


def _col(values: Array) -> Array:
    return np.asarray(values, np.float32)[:, None, None]


def _head(picture: Array, who: Actor, u: Array, v: Array, shape: Mouth) -> None:
    """Sample the portrait at the face coordinates; the jaw stretches as the mouth opens."""
    below = v - who.face.mouth
    v = np.where(below > 0, who.face.mouth + below / (1 + JAW * _col(shape.opening)), v)
    high, wide, _ = who.portrait.shape
    row = np.clip(((v - TOP) * DENSITY + 0.5).astype(np.int32), 0, high - 1)
    column = np.clip(((u - LEFT) * DENSITY + 0.5).astype(np.int32), 0, wide - 1)
    sample = who.portrait.reshape(-1, 4).take(row * wide + column, axis=0)
    picture *= 1 - sample[..., 3:]
    picture += sample[..., :3]


def _clothes(picture: Array, face: Face, scene: Scene, box: Box) -> None:
    """Neck and shoulders, which follow the head half way."""
    top = max(box.top, SIZE * 5 // 8)
    if top >= box.bottom:
        return
    x = (np.arange(box.left, box.right, dtype=np.float32) - SIZE / 2 + 0.5) / (SIZE / 2)
    y = (np.arange(top, box.bottom, dtype=np.float32) - SIZE / 2 + 0.5) / (SIZE / 2)
    side = np.abs(x[None, None, :] - 0.5 * _col(scene.x))
    down = y[None, :, None] - 0.5 * _col(scene.y)
    region = picture[:, top - box.top :]
    neck = np.clip((0.27 + 0.10 * np.clip(down - 0.7, 0, 1) - side) * 40, 0, 1) * np.ones_like(down)
    shadow = np.clip(0.45 + 0.9 * (down - 0.55), 0.4, 0.85)
    paint(region, neck, face.skin.astype(np.float32) * shadow[..., None])
    line = _SHOULDER + 0.22 * side * side + 0.9 * np.clip(side - 0.62, 0, None) - 0.35 * np.clip(0.3 - side, 0, 0.12)
    cut = scene.neckline * np.clip(1 - side / 0.22, 0, 1)
    cloth = scene.cloth * (0.85 + 0.25 * np.cos(14 * side + 3 * down) * 0.3)[..., None]
    paint(region, np.clip((down - line - cut) * 40 + 0.5, 0, 1), cloth)


class _Eyes:
    def __init__(self, face: Face, scene: Scene) -> None:
        self.face, self.scene = face, scene

    def __call__(self, picture: Array, u: Array, v: Array) -> None:
        face, dv = self.face, v - EYE_V
        along = np.abs(u) - face.eye_gap
        almond = np.clip(1 - (along / face.eye_width) ** 2, 0, None)
        lid = face.eye_height * almond * (1 - 1.05 * _col(self.scene.blink))
        floor = 0.75 * face.eye_height * almond
        inside = soft(face.eye_width - np.abs(along))
        opened = soft(np.minimum(dv + lid, floor - dv)) * inside
        paint(picture, opened, _rgb(0.86, 0.85, 0.83) * (0.75 + 4 * (dv[..., None] + 0.04)).clip(0.6, 1))
        centre = np.sign(u) * face.eye_gap + _col(self.scene.gaze)
        away = np.sqrt((u - centre) ** 2 + (dv + 0.004) ** 2)
        paint(picture, opened * soft(0.036 - away), face.iris.astype(np.float32))
        paint(picture, opened * soft(0.016 - away), _rgb(0.03, 0.03, 0.03))
        glint = np.sqrt((u - centre + 0.010) ** 2 + (dv + 0.016) ** 2)
        paint(picture, 0.8 * opened * soft(0.008 - glint), _rgb(0.95, 0.95, 0.95))
        lash = soft(0.011 - np.abs(dv + lid), 40) * inside
        paint(picture, 0.8 * lash, (0.4 * face.hair).astype(np.float32))


class _Lips:
    def __init__(self, face: Face, shape: Mouth) -> None:
        self.face, self.shape = face, shape

    def __call__(self, picture: Array, u: Array, v: Array) -> None:
        shape, dv = self.shape, v - self.face.mouth
        across = (u / _col(shape.width)) ** 2
        arc = np.clip(1 - across, 0, None)
        upper, lower = _col(shape.upper) * arc, _col(shape.lower) * arc
        thick, ends = _col(shape.thick), soft(1 - across, 6)
        bow = 1 - 0.25 * np.exp(-((u / 0.03) ** 2))
        crest, base = upper - 0.85 * thick * np.sqrt(arc) * bow, lower + 1.2 * thick * np.sqrt(arc)
        flesh = soft(np.minimum(dv - crest, base - dv)) * ends
        light = 0.82 + 4.0 * np.clip(dv - lower, -0.02, 0.03) + 0.10 * _col(shape.round)
        paint(picture, flesh, self.face.lip.astype(np.float32) * light[..., None])
        opened = np.clip(14 * _col(shape.opening), 0, 1)
        seam = soft(0.010 - np.abs(dv), 40) * ends * (1 - opened)
        picture *= 1 - 0.5 * seam[..., None]
        inner = soft(np.minimum(dv - upper, lower - dv)) * ends * opened
        paint(picture, inner, MOUTH_INSIDE)
        teeth = inner * np.clip(1.1 * _col(shape.teeth), 0, 1) * soft(upper + 0.045 - dv)
        paint(picture, teeth, _rgb(0.80, 0.78, 0.72))
        tongue = inner * np.clip(_col(shape.tongue), 0, 1) * soft(dv - lower + 0.045)
        paint(picture, tongue, _rgb(0.60, 0.30, 0.32))


def _part(
    picture: Array, scene: Scene, box: Box, reach: tuple[float, float, float, float], painter: "_Eyes | _Lips"
) -> None:
    """Let a painter work on the pixels of a part of the face alone."""
    part = box_around(scene, *reach)
    top, bottom = max(part.top, box.top), min(part.bottom, box.bottom)
    left, right = max(part.left, box.left), min(part.right, box.right)
    if top >= bottom or left >= right:
        return
    region = picture[:, top - box.top : bottom - box.top, left - box.left : right - box.left]
    painter(region, *scene.local(Box(top, bottom, left, right)))
