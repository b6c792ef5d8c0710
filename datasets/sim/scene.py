"""A recording's surroundings and movement: pose, blinks, light, background and clothes."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from .streams import noise

SIZE = 128
"""Edge of a picture in pixels."""


@dataclass(frozen=True)
class Scene:
    """One recording over `T` pictures; lengths in half widths of the picture, angles in radians.

    Attributes:
        x, y, angle, scale: `(T,)` pose of the head.
        blink: `(T,)` 0 for open eyes to 1 for closed ones; gaze: `(T,)` sideways.
        light: direction of the light.
        background: `(128, 128, 3) float32`.
        cloth: colour of the clothes; neckline: their cut, 0 for a high collar.
        gain: `(3,)` exposure and white balance.
        grain: standard deviation of the sensor's noise.
    """

    x: np.ndarray
    y: np.ndarray
    angle: np.ndarray
    scale: np.ndarray
    blink: np.ndarray
    gaze: np.ndarray
    light: tuple[float, float, float]
    background: np.ndarray
    cloth: np.ndarray
    neckline: float
    gain: np.ndarray
    grain: float

    def local(self, box: "Box") -> tuple[np.ndarray, np.ndarray]:
        """Face coordinates u and v of the pixels in a box, each `(T, h, w) float32`."""
        x = (np.arange(box.left, box.right, dtype=np.float32) - SIZE / 2 + 0.5) / (SIZE / 2)
        y = (np.arange(box.top, box.bottom, dtype=np.float32) - SIZE / 2 + 0.5) / (SIZE / 2)
        cosine, sine = _column(np.cos(self.angle) / self.scale), _column(np.sin(self.angle) / self.scale)
        dx, dy = x[None, None, :] - _column(self.x), y[None, :, None] - _column(self.y)
        return dx * cosine + dy * sine, dy * cosine - dx * sine

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """Pixel positions of points in face coordinates, `(T, N, 2)` to `(T, N, 2)`."""
        cosine, sine = np.cos(self.angle)[:, None], np.sin(self.angle)[:, None]
        u, v = points[..., 0] * self.scale[:, None], points[..., 1] * self.scale[:, None]
        x, y = u * cosine - v * sine + self.x[:, None], u * sine + v * cosine + self.y[:, None]
        return (np.stack([x, y], axis=-1) + 1) * (SIZE / 2) - 0.5


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, its right and bottom excluded."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Indices of the box in `(T, H, W, ...)`."""
        return slice(None), slice(self.top, self.bottom), slice(self.left, self.right)


WHOLE = Box(0, SIZE, 0, SIZE)


def box_around(scene: Scene, left: float, top: float, right: float, bottom: float) -> Box:
    """The pixels that hold a rectangle of face coordinates in all pictures."""
    corners = np.array([[left, top], [right, top], [left, bottom], [right, bottom]])
    points = scene.to_pixels(np.broadcast_to(corners, (len(scene.x), 4, 2))).reshape(-1, 2)
    low = np.clip(np.floor(points.min(axis=0)).astype(int), 0, SIZE - 1)
    high = np.clip(np.ceil(points.max(axis=0)).astype(int) + 1, low + 1, SIZE)
    return Box(int(low[1]), int(high[1]), int(low[0]), int(high[0]))


def scene(seed: int, take: str, conditions: str, frames: int) -> Scene:
    """The scene of a recording; exposure and grain belong to `conditions`, which both clips of a pair share."""
    rng, shared = noise(seed, "scene", take), noise(seed, "camera", conditions)

    def drift(width: float, size: float) -> np.ndarray:
        wave = gaussian_filter1d(rng.normal(size=frames + 80), width)[40 : 40 + frames]
        return 1.9 * size * np.sqrt(width) * wave

    return Scene(
        x=rng.uniform(-0.06, 0.06) + drift(9, 0.022),
        y=rng.uniform(-0.10, -0.01) + drift(9, 0.020),
        angle=rng.uniform(-0.06, 0.06) + drift(12, 0.035),
        scale=rng.uniform(0.96, 1.12) + drift(15, 0.008),
        blink=_blinks(rng, frames),
        gaze=rng.uniform(-0.012, 0.012) + drift(6, 0.006),
        light=(rng.uniform(-0.6, 0.6), rng.uniform(-0.5, 0.1), 1.0),
        background=_background(rng),
        cloth=_muted(rng, 0.08, 0.75),
        neckline=rng.uniform(0.0, 0.25),
        gain=shared.uniform(0.80, 1.15) * shared.normal(1, 0.03, 3),
        grain=shared.uniform(0.005, 0.016),
    )


def _column(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)[:, None, None]


def _blinks(rng: np.random.Generator, frames: int) -> np.ndarray:
    closed = np.zeros(frames + 4)
    start = int(rng.integers(5, 40))
    while start < frames:
        closed[start : start + 4] = (0.6, 1.0, 0.95, 0.45)
        start += int(rng.integers(30, 80))
    return closed[:frames]


def _muted(rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    return np.clip(rng.uniform(low, high) + rng.normal(0, 0.045, 3), 0.03, 0.9).astype(np.float32)


def _background(rng: np.random.Generator) -> np.ndarray:
    """A wall with a gradient of light, soft stains, and sometimes the edge of a door or a shelf."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) / SIZE
    wall = np.broadcast_to(_muted(rng, 0.25, 0.75), (SIZE, SIZE, 3)).copy()
    for _ in range(int(rng.integers(0, 4))):
        at, wide, vertical = rng.uniform(0, 1), rng.uniform(0.05, 0.4), rng.uniform() < 0.7
        panel = np.clip((wide / 2 - np.abs((x if vertical else y) - at)) * 40 + 0.5, 0, 1)
        wall += 0.8 * panel[..., None] * (_muted(rng, 0.15, 0.8) - wall)
    stains = gaussian_filter(rng.normal(size=(SIZE, SIZE)), 10)
    lit = 1 + rng.uniform(-0.3, 0.3) * (x - 0.5) + rng.uniform(-0.4, 0.1) * (y - 0.5) + 0.05 * stains / stains.std()
    blurred = gaussian_filter(wall * lit[..., None], (2.0, 2.0, 0))
    return np.clip(blurred, 0.02, 1).astype(np.float32)
