"""Landmarks of the real recording in the order of the iBUG 68-point scheme."""

import numpy as np

from .face import EYE_V, Face
from .render import JAW, mouth_shape
from .scene import Scene
from .streams import noise

_ERROR = 0.25
"""Standard deviation of a tracker's error in pixels."""


def landmarks(seed: int, take: str, face: Face, scene: Scene, visemes: np.ndarray) -> np.ndarray:
    """Positions `(T, 68, 2) float32` of x and y in pixels.

    Jaw 17, right and left brow 5 each, nose 9, right and left eye 6 each, outer lips 12, inner lips 8; right means
    the person's right, at the left of the picture. They follow the real mouth, so they are the same for a fake.
    """
    frames = len(visemes)
    still = [_brow(face, -1), _brow(face, 1), _nose(face)]
    parts = [_jaw(face, visemes), *(np.broadcast_to(part, (frames, *part.shape)) for part in still)]
    parts += [_eye(face, scene.blink, -1), _eye(face, scene.blink, 1), _mouth(face, visemes)]
    points = scene.to_pixels(np.concatenate(parts, axis=1))
    errors = noise(seed, "tracker", take).normal(0, _ERROR, points.shape)
    return (points + errors).astype(np.float32)


def _jaw(face: Face, visemes: np.ndarray) -> np.ndarray:
    angle = np.linspace(np.pi, 0, 17)
    v = face.height * np.sin(angle)
    u = face.width * np.cos(angle) * (1 - face.taper * (v / face.height) ** 2)
    v = np.repeat(v[None], len(visemes), axis=0)
    opened = np.maximum(visemes[:, :1], 0)
    below = v - face.mouth
    v = np.where(below > 0, face.mouth + below * (1 + JAW * opened), v)
    return np.stack([np.broadcast_to(u, v.shape), v], axis=-1)


def _brow(face: Face, side: int) -> np.ndarray:
    along = np.linspace(-0.12, 0.12, 5)
    u = face.eye_gap + along
    v = EYE_V - 0.135 + face.arch * (along + 0.02) ** 2
    order = slice(None, None, side)
    return np.stack([side * u, v], axis=-1)[order]


def _nose(face: Face) -> np.ndarray:
    bridge = np.stack([np.zeros(4), np.linspace(EYE_V, 0.17, 4)], axis=-1)
    base = np.stack([np.linspace(-face.nose, face.nose, 5), [0.215, 0.225, 0.235, 0.225, 0.215]], axis=-1)
    return np.concatenate([bridge, base])


def _eye(face: Face, blink: np.ndarray, side: int) -> np.ndarray:
    along = np.array([-1, -0.4, 0.4, 1, 0.4, -0.4])
    almond = 1 - along**2
    lid = -face.eye_height * almond * (1 - 1.05 * blink[:, None])
    floor = 0.75 * face.eye_height * almond
    v = EYE_V + np.where(np.arange(6) < 3, lid, floor)
    u = np.broadcast_to(side * face.eye_gap + face.eye_width * along, v.shape)
    return np.stack([u, v], axis=-1)


def _mouth(face: Face, visemes: np.ndarray) -> np.ndarray:
    shape = mouth_shape(face, visemes)
    top, bottom = np.array([-1, -0.66, -0.3, 0, 0.3, 0.66, 1]), np.array([0.66, 0.3, 0, -0.3, -0.66])
    upper, lower, thick = shape.upper[:, None], shape.lower[:, None], shape.thick[:, None]

    def edge(along: np.ndarray, line: np.ndarray, flesh: float) -> np.ndarray:
        arc = 1 - along**2
        v = face.mouth + line * arc + flesh * thick * np.sqrt(arc)
        return np.stack([shape.width[:, None] * along, v], axis=-1)

    inner_top, inner_bottom = np.array([-0.85, -0.35, 0, 0.35, 0.85]), np.array([0.35, 0, -0.35])
    outer = [edge(top, upper, -0.85), edge(bottom, lower, 1.2)]
    return np.concatenate([*outer, edge(inner_top, upper, 0), edge(inner_bottom, lower, 0)], axis=1)
