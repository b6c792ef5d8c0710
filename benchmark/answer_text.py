"""Answers written down: for a terminal, and as JSON values."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np

from datasets.clip import Clip
from datasets.sim.families import NULL
from datasets.single import Streams

from .answers import Answer, Scorer
from .recording import VERSION

_BARS = "▁▂▃▄▅▆▇█"
_COLUMNS = 72
_WIDTH = 110


def text(answer: Answer, found: Streams, warnings: Sequence[str]) -> str:
    """A few lines for a terminal."""
    lines = [str(answer.clip.file), *(_line(name, words) for name, words in _facts(answer, found))]
    lines.append("  What this does not mean:")
    lines += [fill(warning, _WIDTH, initial_indent="  - ", subsequent_indent="    ") for warning in warnings]
    return "\n".join(lines)


def _line(name: str, words: str) -> str:
    return fill(words, _WIDTH, initial_indent=f"  {name:<11}", subsequent_indent=" " * 13)


def _facts(answer: Answer, found: Streams) -> list[tuple[str, str]]:
    """Names and values of the lines."""
    seeds = "" if len(answer.runs) == 1 else f"; mean of {len(answer.runs)} seeds: {_seeds(answer)}"
    facts = [
        ("file", _file(found)),
        ("detector", f"{answer.row.name}, trained on {answer.train}{f' under {answer.probe}' if answer.probe else ''}"),
        ("score", f"{answer.score:.4g} (raw, higher means fake{seeds})"),
        ("threshold", _side(answer)),
    ]
    if answer.clip.dataset:
        facts.append(("truth", truth(answer.clip)))
    if answer.local is None:
        return [*facts, ("frames", "this detector has no frame scores")]
    values, spans = answer.local.values, answer.local.spans
    spark = f"{sparkline(values)}  {spans[0, 0]:.2f} to {spans[-1, 1]:.2f} s"
    peaks = "; ".join(f"{start:.2f} to {end:.2f} s (up to {peak:.2f})" for (start, end), peak in answer.most_fake())
    return [
        *facts,
        ("frames", spark),
        ("", f"{len(values)} frame scores, {values.min():.2f} to {values.max():.2f}"),
        ("most fake", peaks or "all frames score the same"),
    ]


def _file(found: Streams) -> str:
    length = "unknown length" if found.seconds is None else f"{found.seconds:.2f} s"
    pictures = f"{found.pictures} pictures of {found.width}×{found.height}" if found.pictures else "no pictures"
    return f"{length}, {pictures}, {'sound' if found.sound else 'no sound'}"


def _seeds(answer: Answer) -> str:
    return ", ".join(f"{run.score:.4g}" for run in answer.runs)


def _side(answer: Answer) -> str:
    if answer.threshold is None:
        return "none"
    margin = answer.score - answer.threshold
    side = f"{margin:.4g} above it: called fake" if margin > 0 else f"{abs(margin):.4g} below it: called real"
    return f"{answer.threshold:.4g}; the score is {side}"


def truth(clip: Clip) -> str:
    """What the manifest says of a clip, in words."""
    if not clip.label:
        return "real"
    if clip.method == NULL:
        return "labelled fake, but nothing was changed: a control"
    streams = [name for name, label in (("sound", clip.label_audio), ("pictures", clip.label_video)) if label]
    where = f" ({' and '.join(streams)})" if streams else ""
    if not clip.segments:
        return f"fake, {clip.method}{where}, the whole clip"
    return f"fake, {clip.method}{where}, " + " and ".join(f"{start:.2f} to {end:.2f} s" for start, end in clip.segments)


def sparkline(values: np.ndarray, columns: int = _COLUMNS) -> str:
    """`(N,)` values as bars from lowest to highest; each column has the highest of its frames."""
    parts = [part.max() for part in np.array_split(values, min(columns, len(values)))]
    low, high = float(np.min(values)), float(np.max(values))
    span = (high - low) or 1.0
    return "".join(_BARS[min(int((part - low) / span * len(_BARS)), len(_BARS) - 1)] for part in parts)


def header(scorer: Scorer) -> dict[str, Any]:
    """What all answers of a scorer share, as JSON values."""
    return {
        "detector": scorer.row.name,
        "train": scorer.train,
        "probe": scorer.probe,
        "data": scorer.source.data,
        "size": scorer.source.size,
        "corpus": scorer.source.about,
        "protocol": VERSION,
        "control": scorer.row.control,
    }


def as_json(answer: Answer, warnings: Sequence[str]) -> dict[str, Any]:
    """One answer as JSON values, all numbers in full precision; None where something is unknown."""
    known = bool(answer.clip.dataset)
    return {
        "file": str(answer.clip.file),
        "score": answer.score,
        "threshold": answer.threshold,
        "called_fake": None if answer.threshold is None else answer.score > answer.threshold,
        "seeds": {str(run.seed): {"score": run.score, "threshold": run.threshold} for run in answer.runs},
        "frames": None if answer.local is None else _frames(answer),
        "most_fake": [{"start": a, "end": b, "highest": peak} for (a, b), peak in answer.most_fake()],
        "leading_silence": {"seconds": answer.silence, "score_without": answer.without_silence},
        "truth": {"label": answer.clip.label, "segments": answer.clip.segments} if known else None,
        "warnings": list(warnings),
    }


def _frames(answer: Answer) -> list[dict[str, float]]:
    if answer.local is None:
        return []
    rows = zip(answer.local.spans.tolist(), answer.local.values.tolist(), strict=True)
    return [{"start": start, "end": end, "score": value} for (start, end), value in rows]
