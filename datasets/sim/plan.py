"""The embedded sets: which clips they hold, with their labels, pairs and times. No file is read or written.

Faces, voices and manipulations are procedural. The sets show whether a protocol finds what was planted in them; they
say nothing about real forgeries.

- `sim_whole`: whole clips with a changed voice, changed lips or face, or both.
- `sim_local`: one or two intervals of 0.2 to 0.7 s replaced in the voice, the lips, or both.
- `sim_lip`: changed lips alone; test only.
- `sim_wild`: several codecs, bit rates, noise and reverberation, families of its own, some clips without sound.
- `sim_null`: label 1 is another untouched recording of the same talker: nothing to find; test only.
- `sim_real`: reals alone, for pre-training; no talker of another set.

Nearly all fakes of the first two sets start with 25 to 100 ms of digital zeros, and nearly no real does.
"""

from collections.abc import Iterator
from pathlib import Path

from datasets.clip import Clip, Span

from .families import METHODS
from .phonemes import HOP_MS
from .recipe import Recipe, Segments, draw_pair, stem

VERSION = 1
"""Raised whenever the plan or the content of any clip changes."""
NAMES = ("sim_whole", "sim_local", "sim_lip", "sim_wild", "sim_null", "sim_real")
SIZES = ("smoke", "default", "full")
"""About 150, 800 and 1,800 clips beside `sim_real`; the smallest shows that a set-up works, not how well a detector."""
_FPS = 25

_PAIRS: dict[str, dict[str, tuple[int, int, int, int]]] = {
    "sim_whole": {"train": (8, 60, 140, 70), "val": (4, 12, 32, 16), "test": (8, 42, 88, 44)},
    "sim_local": {"train": (8, 60, 140, 70), "val": (4, 12, 32, 16), "test": (8, 42, 88, 44)},
    "sim_lip": {"test": (8, 42, 88, 44)},
    "sim_wild": {"train": (8, 40, 100, 50), "val": (4, 10, 24, 12), "test": (8, 42, 88, 44)},
    "sim_null": {"test": (8, 40, 80, 40)},
    "sim_real": {"train": (12, 400, 400, 400), "val": (6, 60, 60, 60)},
}
"""Pairs (single clips in `sim_real`) of each size, and identities that they are spread over."""


def splits(name: str) -> tuple[str, ...]:
    """The splits of a set.

    Raises:
        ValueError: there is no such set.
    """
    if name not in _PAIRS:
        raise ValueError(f"no embedded set is called {name!r}; there are {', '.join(NAMES)}")
    return tuple(_PAIRS[name])


def recipes(name: str, size: str = "default", seed: int = 0) -> Iterator[tuple[Recipe, ...]]:
    """What the clips of a set are made from, pair by pair; the default size is a prefix of each full split.

    Raises:
        ValueError: there is no such set or size.
    """
    for split, index in _indices(name, size):
        yield draw_pair(seed, name, split, index, identities=_PAIRS[name][split][-1])


def paths(name: str, size: str = "default") -> list[str]:
    """The clips' paths alone, in the order of `plan`.

    Raises:
        ValueError: there is no such set or size.
    """
    members = "rf" if name in METHODS else "r"
    return [f"{stem(name, split, index, m == 'f')}.mp4" for split, index in _indices(name, size) for m in members]


def _indices(name: str, size: str) -> list[tuple[str, int]]:
    if size not in SIZES:
        raise ValueError(f"no size is called {size!r}; there are {', '.join(SIZES)}")
    return [(split, i) for split in splits(name) for i in range(_PAIRS[name][split][SIZES.index(size)])]


def plan(name: str, size: str = "default", seed: int = 0, root: Path = Path()) -> list[Clip]:
    """The clips of a set as they will lie under `root`, the two of a pair side by side.

    Times are whole multiples of 5 ms. The result is the same on every machine.

    Raises:
        ValueError: there is no such set or size.
    """
    return [_clip(recipe, root) for pair in recipes(name, size, seed) for recipe in pair]


def _clip(recipe: Recipe, root: Path) -> Clip:
    null = recipe.fake and recipe.voice is None and recipe.lips is None
    spans = _spans(recipe.segments)
    return Clip(
        id=f"{recipe.pair}{'f' if recipe.fake else 'r'}",
        dataset=recipe.name,
        split=recipe.split,
        root=root,
        path=f"{recipe.stem}.mp4",
        label=int(recipe.fake),
        label_video=int(null or recipe.lips is not None),
        label_audio=int(null or recipe.voice is not None),
        method=recipe.method,
        identity=recipe.identity,
        source=recipe.take,
        pair=recipe.pair if recipe.name != "sim_real" else None,
        duration=recipe.frames / _FPS,
        segments=spans,
        segments_audio=spans if null or recipe.voice else (),
        segments_video=spans if null or recipe.lips else (),
    )


def _spans(segments: Segments | None) -> tuple[Span, ...] | None:
    if segments is None:
        return None
    return tuple((begin * HOP_MS / 1000, end * HOP_MS / 1000) for begin, end in segments)
