"""Manipulated pictures: another mouth or another face drawn, degraded, and blended into the real pictures."""

from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from .articulation import at_frames, shift
from .face import Face
from .families import Lips
from .phonemes import HOPS_PER_FRAME
from .recipe import Segments
from .render import Actor, render
from .scene import SIZE, Scene, box_around

_MOUTH_MASK = (0.03, 0.33, 0.25)
_FACE_MASK = (0.10, 0.42, 0.50)


def generated_visemes(rng: np.random.Generator, mouth: np.ndarray, style: Lips, lag: bool) -> np.ndarray:
    """Mouth controls `(T, 6)` that a generator makes of the movement `(8 T, 6)`: smoothed, late or early, timid."""
    moved = gaussian_filter1d(mouth, style.smooth, axis=0)
    late = int(rng.integers(-style.lag, style.lag + 1))
    return at_frames(shift(moved, late if lag else 0)) * (style.gain, 0.9, 0.9, 0.8, 0.7, 0.7)


def blend_fake(
    rng: np.random.Generator,
    pictures: np.ndarray,
    scene: Scene,
    own: Face,
    who: Actor,
    visemes: np.ndarray,
    style: Lips,
    where: np.ndarray,
) -> np.ndarray:
    """A copy of `pictures` `(T, 128, 128, 3)` with the mouth or face of `who` over that of `own` `where` `(T,)`."""
    middle, wide, high = _FACE_MASK if style.swap else _MOUTH_MASK
    middle += 0 if style.swap else own.mouth
    grown = 1.1 * (1 + style.seam)
    box = box_around(scene, -grown * wide, middle - grown * high, grown * wide, middle + grown * high)
    drawn = render(who, _shaken(rng, scene, style.shake), visemes, box)
    drawn = gaussian_filter(drawn, (0, style.blur, style.blur, 0), truncate=2)
    drawn *= (1 + rng.normal(0, style.tint, 3)).astype(np.float32)
    u, v = scene.local(box)
    depth = 1 - (u / wide) ** 2 - ((v - middle) / high) ** 2
    mask = np.clip(depth / (2 * style.seam + 0.05) + 0.5, 0, 1) * where.astype(np.float32)[:, None, None]
    out = pictures.copy()
    out[box.slices] += mask[..., None] * (drawn - out[box.slices])
    return out


def _shaken(rng: np.random.Generator, scene: Scene, pixels: float) -> Scene:
    """The scene as a tracker with errors of so many pixels sees it."""
    errors = gaussian_filter1d(rng.normal(0, 2 * pixels / SIZE, (2, len(scene.x))), 0.6, axis=1)
    return replace(scene, x=scene.x + errors[0], y=scene.y + errors[1])


def touched(frames: int, segments: Segments | None) -> np.ndarray:
    """Which pictures a segment touches, `(T,) bool`; all of them without segments."""
    mask = np.full(frames, segments is None)
    for begin, end in segments or ():
        mask[begin // HOPS_PER_FRAME : -(-end // HOPS_PER_FRAME)] = True
    return mask
