"""Pictures of the embedded corpus for the documentation: `python -m datasets.sim.sheet FOLDER`."""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from datasets.drawing import shade, spectrogram
from datasets.files import atomic_path

from .phonemes import HOP_MS
from .pictures import pictures, shown_visemes
from .plan import recipes
from .recipe import Recipe
from .sound import sound
from .speech import RATE
from .write import FPS

NOTICE = "procedural faces and voices; not real data"
_SHOWN = 8


def main() -> None:
    """Write `sim_sheet.png` and `sim_speech.png` into the folder named on the command line."""
    parser = argparse.ArgumentParser(description="Draw the documentation's pictures of the embedded corpus.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1, help="corpus seed; 0 stays unseen, results come from it")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    _save(contact_sheet(_examples(arguments.seed)), arguments.folder / "sim_sheet.png")
    _save(speech_figure(*_local_pair(arguments.seed)), arguments.folder / "sim_speech.png")


def contact_sheet(clips: list[Recipe]) -> Figure:
    """A row of pictures for each clip, with its set and manipulation."""
    figure = Figure(figsize=(_SHOWN + 1.6, len(clips) + 0.4), layout="constrained")
    figure.suptitle(NOTICE, fontsize=11)
    axes = figure.subplots(len(clips), 1, squeeze=False)[:, 0]
    for row, recipe in zip(axes, clips, strict=True):
        shown = pictures(recipe)[np.linspace(4, recipe.frames - 5, _SHOWN).astype(int)]
        row.imshow(np.concatenate(list(shown), axis=1), interpolation="lanczos")
        row.set(xticks=[], yticks=[])
        row.set_ylabel(f"{recipe.name}\n{recipe.method}", rotation=0, ha="right", va="center", fontsize=9)
    return figure


def speech_figure(real: Recipe, fake: Recipe) -> Figure:
    """Spectrogram, waveform and mouth opening of both clips of a pair; fake segments are shaded."""
    figure = Figure(figsize=(11, 6.4), layout="constrained")
    figure.suptitle(f"{fake.name}, {fake.pair}: {NOTICE}", fontsize=11)
    columns = figure.subplots(3, 2, sharex=True, height_ratios=(2, 1, 1)).T
    for axes, recipe in zip(columns, (real, fake), strict=True):
        _speech_column(axes, recipe)
    for axis, name in zip(columns[0], ("frequency (kHz)", "waveform", "mouth opening"), strict=True):
        axis.set_ylabel(name)
    return figure


def _speech_column(axes: np.ndarray, recipe: Recipe) -> None:
    heard = sound(recipe)
    spectrum, waveform, opening = axes
    spectrogram(spectrum, heard)
    spectrum.set_title(recipe.method)
    waveform.plot(np.arange(len(heard)) / RATE, heard, linewidth=0.4, color="tab:blue")
    waveform.set_ylim(-1, 1)
    opening.plot((np.arange(recipe.frames) + 0.5) / FPS, shown_visemes(recipe)[:, 0], marker=".", markersize=3)
    opening.set(ylim=(-0.3, 1.3), xlabel="time (s)", xlim=(0, recipe.frames / FPS))
    spans = [(begin * HOP_MS / 1000, end * HOP_MS / 1000) for begin, end in recipe.segments or ()]
    for axis in axes:
        shade(axis, spans, color="tab:red", alpha=0.25)


def _examples(seed: int) -> list[Recipe]:
    """Some pairs of each set, the real clip above its fake."""
    wanted = {"sim_whole": (1, 2), "sim_local": (1,), "sim_lip": (2,), "sim_wild": (1,)}
    return [clip for name, indices in wanted.items() for i in indices for clip in _pair(name, "test", i, seed)]


def _local_pair(seed: int) -> tuple[Recipe, Recipe]:
    real, fake = _pair("sim_local", "test", 2, seed)
    return real, fake


def _pair(name: str, split: str, index: int, seed: int) -> tuple[Recipe, ...]:
    return next(pair for pair in recipes(name, seed=seed) if (pair[0].split, pair[0].index) == (split, index))


def _save(figure: Figure, path: Path) -> None:
    """Write a PNG of 256 colours, which is a third of the size that sensor noise makes it otherwise."""
    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(80)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    with atomic_path(path) as temporary:
        picture.quantize(256, dither=Image.Dither.NONE).save(temporary, optimize=True)


if __name__ == "__main__":
    main()
