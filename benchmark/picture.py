"""One clip in a picture: frames, sound and spectrogram over time, above the frame scores of a detector."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.clip import AUDIO_RATE, Clip, Span
from datasets.drawing import shade, spectrogram
from datasets.single import stills, streams
from leaderboard.drawing import BLUE, VERMILION, style, write
from leaderboard.tables import NOTICE

from .answer_text import truth
from .answers import Answer
from .caveats import AUDIBLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GREEN = "#009E73"
"""Okabe and Ito's too."""
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM, _GAP = 10.0, 1.05, 0.2, 0.56, 0.72, 0.1
"""Of the picture, its margins, and the space between panels, in inches."""
_LEGEND = 0.2
"""Space above the scores."""
_STRIP = 1.15
"""Greatest height of the frames, in inches."""
_DPI = 120
_BINS = 1200
"""Steps of the drawn waveform."""

Panel = tuple[float, Callable[["Axes"], None]]
"""Its height in inches, and what draws it."""


def draw(answer: Answer, path: Path) -> None:
    """Write the picture as PNG or SVG, by the suffix; the same answer gives the same bytes on one machine.

    Fake segments are shaded where the clip's manifest has them. The notice of simulated data is part of the picture
    when the clip or the training set is simulated.

    Raises:
        ClipError: the file cannot be decoded.
    """
    with style(**{"axes.linewidth": 0.6}):
        write(picture(answer), path, _DPI)


def picture(answer: Answer) -> "Figure":
    """The figure; see `draw`."""
    from matplotlib.figure import Figure

    whole = replace(answer.clip, skip=0)
    duration = whole.duration or streams(whole).seconds or 1.0
    panels = _panels(answer, whole, duration)
    height = _TOP + _BOTTOM + _LEGEND + sum(tall + _GAP for tall, _ in panels)
    figure = Figure(figsize=(_WIDTH, height))
    top = height - _TOP
    for tall, content in panels:
        top -= tall + _GAP + (_LEGEND if content is panels[-1][1] else 0)
        axes = figure.add_axes((_LEFT / _WIDTH, top / height, (_WIDTH - _LEFT - _RIGHT) / _WIDTH, tall / height))
        content(axes)
        axes.set_xlim(0, duration)
        axes.tick_params(labelbottom=False, length=2)
        if answer.clip.skip:
            axes.axvspan(0, answer.clip.start, facecolor="white", edgecolor="0.4", hatch="////", alpha=0.8, lw=0)
    axes.tick_params(labelbottom=True)
    axes.set_xlabel("time (s)")
    _words(figure, answer, height)
    return figure


def _panels(answer: Answer, whole: Clip, duration: float) -> list[Panel]:
    """Those that the clip has something for, from top to bottom."""
    panels: list[Panel] = []
    shown = _strip(whole, duration)
    if shown is not None:
        pictures, tall = shown
        panels.append((tall, partial(_draw_strip, pictures=pictures, duration=duration)))
    lanes = _lanes(whole, duration)
    if lanes:
        panels.append((0.16 * len(lanes), partial(_draw_lanes, lanes=lanes)))
    samples, silence = whole.audio(), 0.0 if answer.clip.skip else answer.silence or 0.0
    if samples is None:
        panels.append((0.25, _draw_mute))
    else:
        fakes = _parts(dict(lanes).get("fake sound", []), duration)
        panels.append((0.65, partial(_draw_waveform, samples=samples, fakes=fakes, silence=silence)))
        panels.append((1.1, partial(_draw_spectrogram, samples=samples, fakes=fakes)))
    either = _parts(sorted({span for _, spans in lanes for span in spans}), duration)
    panels.append((1.8, partial(_draw_scores, answer=answer, fakes=either)))
    return panels


def _strip(clip: Clip, duration: float) -> tuple[np.ndarray, float] | None:
    """Pictures `(N, H, W, 3)` for as many equal slots of time as fit, and their height in inches; None without any."""
    found = streams(clip)
    if not found.pictures:
        return None
    width, aspect = _WIDTH - _LEFT - _RIGHT, found.width / found.height
    count = max(3, int(np.ceil(width / (_STRIP * aspect))))
    times = (np.arange(count) + 0.5) * duration / count
    return stills(clip, times, 240), width / count / aspect


def _draw_strip(axes: "Axes", pictures: np.ndarray, duration: float) -> None:
    edges = np.linspace(0, duration, len(pictures) + 1)
    for image, start, end in zip(pictures, edges[:-1], edges[1:], strict=True):
        axes.imshow(image, extent=(start, end, 0, 1), aspect="auto", interpolation="antialiased")
    for edge in edges[1:-1]:
        axes.axvline(edge, color="white", lw=1.5)
    axes.set(ylim=(0, 1), yticks=[])
    _name(axes, "frames")


def _lanes(clip: Clip, duration: float) -> list[tuple[str, list[Span]]]:
    """Where each stream is fake according to the manifest; empty where nothing is known."""
    if not clip.dataset:
        return []
    known = [
        ("fake sound", clip.label_audio, clip.segments_audio),
        ("fake pictures", clip.label_video, clip.segments_video),
    ]
    if None in (clip.label_audio, clip.label_video):
        known = [("fake", clip.label, clip.segments)]
    whole = [(0.0, duration)]
    return [(name, [] if not label else whole if spans is None else list(spans)) for name, label, spans in known]


def _parts(spans: list[Span], duration: float) -> list[Span]:
    """Spans to shade: not those of the whole clip, which the lanes show."""
    return [span for span in spans if span[1] - span[0] < duration]


def _draw_lanes(axes: "Axes", lanes: list[tuple[str, list[Span]]]) -> None:
    for row, (_, spans) in enumerate(lanes):
        axes.broken_barh([(a, b - a) for a, b in spans], (row + 0.12, 0.76), facecolor=VERMILION, lw=0)
        if not spans:
            axes.text(0, row + 0.5, "  none", va="center", fontsize=6.5, color="0.4")
    axes.set(ylim=(len(lanes), 0), yticks=np.arange(len(lanes)) + 0.5)
    axes.set_yticklabels([name for name, _ in lanes], fontsize=7)
    axes.tick_params(axis="y", length=0)


def _draw_mute(axes: "Axes") -> None:
    axes.set(yticks=[])
    axes.text(0, 0.5, "  no sound", transform=axes.get_xaxis_transform(), va="center", color="0.4")
    _name(axes, "waveform")


def _draw_waveform(axes: "Axes", samples: np.ndarray, fakes: list[Span], silence: float) -> None:
    """Highest and lowest sample of each step, and the leading silence."""
    parts = np.array_split(samples, min(_BINS, len(samples)))
    times = np.linspace(0, len(samples) / AUDIO_RATE, len(parts))
    axes.fill_between(times, [p.min() for p in parts], [p.max() for p in parts], color="0.25", lw=0.2)
    _mark(axes, fakes)
    if silence >= AUDIBLE:
        axes.axvspan(0, silence, facecolor="none", edgecolor="0.4", hatch="\\\\\\", lw=0)
        axes.text(silence, 0.93, f" {1000 * silence:.0f} ms of silence", va="top", fontsize=6.5, color="0.3")
    axes.set(ylim=(-1, 1), yticks=[0])
    _name(axes, "waveform")


def _draw_spectrogram(axes: "Axes", samples: np.ndarray, fakes: list[Span]) -> None:
    spectrogram(axes, samples)
    for edge in sorted({edge for span in fakes for edge in span}):
        axes.axvline(edge, color="white", lw=1, ls="--")
    _name(axes, "frequency\n(kHz)")


def _draw_scores(axes: "Axes", answer: Answer, fakes: list[Span]) -> None:
    """Frame scores of the seeds' mean, each seed thin, with the clip's score and threshold."""
    _mark(axes, fakes)
    if answer.local is None:
        axes.text(0.5, 0.5, "this detector has no frame scores", transform=axes.transAxes, ha="center", color="0.4")
    for run in answer.runs if len(answer.runs) > 1 else ():
        if run.local is not None:
            axes.step(*_steps(run.local.spans, run.local.values), color=BLUE, lw=0.5, alpha=0.5)
    if answer.local is not None:
        axes.step(*_steps(answer.local.spans, answer.local.values), color=BLUE, lw=1.6, label="frame scores")
    if answer.row.logit:
        axes.axhline(0, color="0.75", lw=0.8, zorder=0)
    axes.axhline(answer.score, color=GREEN, lw=1.4, label=f"score of the clip {_number(answer.score)}")
    if answer.threshold is not None:
        label = f"its threshold {_number(answer.threshold)}"
        axes.axhline(answer.threshold, color="black", lw=1.2, ls=(0, (4, 3)), label=label)
    axes.margins(y=0.12)
    axes.legend(loc="lower right", bbox_to_anchor=(1.005, 1), ncols=3, frameon=False, fontsize=7, borderaxespad=0.1)
    axes.spines[["top", "right"]].set_visible(False)
    _name(axes, "score\n(high: fake)")


def _steps(spans: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outlines of values over their spans, broken where spans leave a gap."""
    return spans.ravel(), np.repeat(values, 2)


def _mark(axes: "Axes", fakes: list[Span]) -> None:
    """Fake spans in colour, between lines that are seen without colour too."""
    shade(axes, fakes, color=VERMILION, alpha=0.18, zorder=0)
    for edge in sorted({edge for span in fakes for edge in span}):
        axes.axvline(edge, color=VERMILION, lw=0.8, ls="--")


def _name(axes: "Axes", name: str) -> None:
    axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=7.5)


def _number(value: float) -> str:
    """With three significant digits and a minus sign as on the axes."""
    return f"{value:.3g}".replace("-", "−")


def _words(figure: "Figure", answer: Answer, height: float) -> None:
    """Title, and the notice at the foot."""
    style: dict[str, Any] = {"x": 0.12 / _WIDTH, "ha": "left", "va": "top"}
    probe = f", probe {answer.probe}" if answer.probe else ""
    title = f"{answer.row.name}, trained on {answer.train}{probe}"
    figure.text(y=1 - 0.1 / height, s=title, fontsize=11, weight="bold", **style)
    words = [answer.clip.id, f"score {_number(answer.score)}"]
    if answer.threshold is not None:
        side = "above" if answer.score > answer.threshold else "not above"
        words.append(f"{side} its threshold {_number(answer.threshold)}")
    if answer.clip.skip:
        words.append(f"first {1000 * answer.clip.start:.0f} ms cut")
    if answer.clip.dataset:
        words.append(f"truth: {truth(answer.clip)}")
    figure.text(y=1 - 0.34 / height, s=fill("; ".join(words), 155), fontsize=8.5, **style)
    if answer.train.startswith("sim_") or answer.clip.dataset.startswith("sim_"):
        style |= {"style": "italic", "color": "0.3"}
        which = "Simulated data" if answer.clip.dataset.startswith("sim_") else "Trained on simulated data"
        figure.text(y=0.28 / height, s=fill(f"{which}: {NOTICE}", 180), fontsize=6.8, **style)
