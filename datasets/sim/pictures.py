"""The pictures of a clip, and the landmarks that go with them."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .artefacts import blend_fake, generated_visemes, touched
from .articulation import articulate, at_frames
from .face import draw_face, face, swapped
from .families import LIPS
from .landmarks import landmarks
from .recipe import Recipe, take_script
from .render import Actor, actor, render
from .scene import SIZE, Scene, scene
from .sound import changed_script
from .streams import noise


@dataclass(frozen=True)
class Recording:
    """A real recording: pictures `(T, 128, 128, 3) float32` without exposure, and what they were made from."""

    scene: Scene
    who: Actor
    mouth: np.ndarray
    pictures: np.ndarray


def pictures(recipe: Recipe) -> np.ndarray:
    """Pictures `(T, 128, 128, 3) uint8` in RGB, before compression."""
    shot = _recording_of(recipe)
    clean = _manipulated(recipe, shot) if recipe.lips else shot.pictures
    rng = noise(recipe.seed, "sensor", recipe.stem)
    levels = clean * (255 * shot.scene.gain).astype(np.float32)
    grain = rng.standard_normal((recipe.frames, SIZE, SIZE, 1), dtype=np.float32)
    levels += np.float32(255 * shot.scene.grain) * grain + np.float32(0.5)
    return np.clip(levels, 0, 255, out=levels).astype(np.uint8)


def tracked(recipe: Recipe) -> np.ndarray:
    """Landmarks `(T, 68, 2) float32` of the recording that the clip was made from, in pixels."""
    shot = _recording_of(recipe)
    return landmarks(recipe.seed, recipe.take, shot.who.face, shot.scene, at_frames(shot.mouth))


def _recording_of(recipe: Recipe) -> Recording:
    return _record(recipe.seed, recipe.identity, recipe.take, recipe.pair, recipe.frames)


@lru_cache(maxsize=1)
def _record(seed: int, identity: str, take: str, pair: str, frames: int) -> Recording:
    where = scene(seed, take, pair, frames)
    who = actor(face(seed, identity), where)
    mouth = articulate(take_script(seed, identity, take, frames)).mouth
    return Recording(where, who, mouth, render(who, where, at_frames(mouth)))


def shown_visemes(recipe: Recipe) -> np.ndarray:
    """Mouth controls `(T, 6)` of the mouth that is seen: the generator's where the pictures are manipulated."""
    real = at_frames(_recording_of(recipe).mouth)
    if not recipe.lips:
        return real
    return np.where(touched(recipe.frames, recipe.segments)[:, None], _generated(recipe), real)


def _manipulated(recipe: Recipe, shot: Recording) -> np.ndarray:
    style, own, who = LIPS[str(recipe.lips)], shot.who.face, shot.who
    if style.swap:
        other = draw_face(noise(recipe.seed, "other face", recipe.pair))
        who = actor(swapped(own, other), shot.scene)
    rng = noise(recipe.seed, "blend", recipe.pair)
    where = touched(recipe.frames, recipe.segments)
    return blend_fake(rng, shot.pictures, shot.scene, own, who, _generated(recipe), style, where)


def _generated(recipe: Recipe) -> np.ndarray:
    """What a generator makes of the words heard, or of other words where only the lips were made anew."""
    style = LIPS[str(recipe.lips)]
    other_words = recipe.name == "sim_whole" and not style.swap and not recipe.voice
    script = changed_script(recipe)
    if other_words:
        script = take_script(recipe.seed, recipe.identity, recipe.take + ".lips", recipe.frames)
    rng = noise(recipe.seed, "lips", recipe.pair)
    return generated_visemes(rng, articulate(script).mouth, style, lag=recipe.segments is None)
