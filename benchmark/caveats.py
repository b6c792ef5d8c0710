"""What a score does not mean, in plain words."""

import math
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

import leaderboard
from datasets.clip import FPS
from datasets.errors import ClipError
from datasets.single import Streams, face_coverage
from detectors.training import content_of
from leaderboard import rows
from leaderboard.records import Record
from leaderboard.tables import percent

from .answers import Answer, Scorer

AUDIBLE = 0.01
"""Seconds of leading silence below which nothing is said of it; planted ones last 0.025 and more."""
_OTHER_LENGTH = 1.25
"""How much longer or shorter than any training clip a clip may be before that is said."""


def caveats(answer: Answer, scorer: Scorer, found: Streams) -> list[str]:
    """Sentences, the most general first."""
    return [*_of_training(scorer), *_of_threshold(answer, scorer), *_of_clip(answer, scorer, found)]


def _of_training(scorer: Scorer) -> Iterator[str]:
    if scorer.source.data == "sim":
        yield (
            f"The detector was trained on {scorer.train}: procedural faces and voices, with artefacts and a shortcut "
            "planted by us. Of real videos its score says nothing; what you see is how the tool works."
        )
    else:
        yield (
            f"The detector was trained on {scorer.train}. What it learned there may be shortcuts of that data set, and "
            "forgeries of other kinds may score like real videos."
        )
    if scorer.row.control:
        yield f"{scorer.row.name} is a control: {scorer.row.summary}. It is there to be beaten, not to detect anything."


def _of_threshold(answer: Answer, scorer: Scorer) -> Iterator[str]:
    yield "The score is no probability: it is raw, unbounded, and compares only with others of the same detector."
    if answer.threshold is None:
        yield "There is no threshold: the validation split has no scored clips of the classes that it needs."
        return
    yield (
        f"The threshold comes from the validation split of {scorer.train}; for other data it may lie anywhere. "
        f"{false_alarms(scorer)}"
    )
    sides = {run.score > run.threshold for run in answer.runs if run.threshold is not None}
    if len(sides) > 1:
        yield "The seeds disagree about the side of the threshold."


def false_alarms(scorer: Scorer, folder: Path | None = None) -> str:
    """How many reals of other sets lie above the threshold, from the leaderboard's rows, in a sentence.

    Args:
        folder: a leaderboard version; the package's first by default.
    """
    measured = [
        (100 * record.metrics["fpr_at_val"].value, f"{record.cell.test} {percent(record.metrics['fpr_at_val'], 0)}")
        for record in _rows(scorer, folder or leaderboard.VERSION)
        if record.cell.domain == "out" and "fpr_at_val" in record.metrics
    ]
    if not measured:
        return "How many real clips lie above it out of domain: not measured."
    low, high = min(measured)[0], max(measured)[0]
    each = "; ".join(words for _, words in measured)
    span = f"{low:.0f} to {high:.0f}" if len(measured) > 1 else f"{low:.0f}"
    return f"Out of domain {span} % of the real clips lay above it (in %: {each})."


def _rows(scorer: Scorer, folder: Path) -> Iterator[Record]:
    """Accepted records of the same detector, training set, probe and corpus."""
    path = rows.path_for(folder, scorer.source.data, scorer.row.name)
    if not path.exists():
        return
    for record in rows.read(path).cells:
        same = (record.size, record.corpus) == (scorer.source.size, scorer.source.about)
        if same and (record.cell.train, record.cell.probe) == (scorer.train, scorer.probe):
            yield record


def _of_clip(answer: Answer, scorer: Scorer, found: Streams) -> Iterator[str]:
    if content_of(answer.clip) in scorer.seen:
        yield "This very file is in the training or validation split: its score is no test."
    shortest, longest = scorer.durations or (0.0, math.inf)
    if found.seconds and not shortest / _OTHER_LENGTH <= found.seconds <= longest * _OTHER_LENGTH:
        yield (
            f"It lasts {found.seconds:.1f} s, the training clips {shortest:.1f} to {longest:.1f} s; many scores grow "
            "with the length, and the threshold does not."
        )
    yield from _of_silence(answer)
    yield from _of_coverage(answer, found)


def _of_silence(answer: Answer) -> Iterator[str]:
    if not answer.silence or answer.silence < AUDIBLE or answer.clip.skip:
        return
    begins = f"The sound begins with {1000 * answer.silence:.0f} ms of silence, a known shortcut of data sets"
    if answer.row.modality == "visual":
        yield f"{begins}; this detector does not hear it."
    elif answer.without_silence is None:
        yield f"{begins}; without it the clip has no score, so how much hangs on it is unknown."
    else:
        change = answer.score - answer.without_silence
        yield (
            f"{begins}: without it the same detector gives {answer.without_silence:.3f}, so {change:+.3f} of the score "
            f"hangs on it{_flipped(answer)}."
        )


def _flipped(answer: Answer) -> str:
    """Whether the call would be another one without the silence."""
    if answer.threshold is None or answer.without_silence is None:
        return ""
    before, after = answer.score > answer.threshold, answer.without_silence > answer.threshold
    return ", and the side of the threshold changes" if before != after else ", and the side of the threshold stays"


def _of_coverage(answer: Answer, found: Streams) -> Iterator[str]:
    if not found.sound and answer.row.modality == "audio-visual":
        yield "The file has no sound: the audio half is zeros, and the score rests on the pictures alone."
    if answer.local is not None and found.seconds:
        last = float(answer.local.spans[-1, 1])
        if last < found.seconds - 5 / FPS:
            yield f"Only the first {last:.1f} of {found.seconds:.1f} s are scored: one of the streams ends there."
    if answer.row.modality != "audio" and (faces := face_coverage(answer.clip)):
        length, seen = faces
        if length != found.pictures:
            yield f"The landmarks have {length} rows for {found.pictures} pictures: do they belong to this file?"
        if seen < length:
            yield f"In {length - seen} of {length} pictures no face was found; the nearest face's place is taken there."


def remedy(error: ClipError) -> str:
    """What to do about a clip that could not be scored; empty where the reason says all."""
    if "no landmarks" in error.reason:
        stem = Path(error.path).stem
        return (
            "This detector looks at the face or the mouth. It finds them by 68 landmarks of the face in every picture: "
            f"`python -m datasets faces {quote(error.path)}` writes them with a face detector (pip install "
            f"'avdf-bench[faces]'), or save your own as {stem}.landmarks.npy beside the file, a (T, 68, 2) float32 "
            "array of x and y in pixels in the order of iBUG 300-W, a row a picture, NaN where there is no face (see "
            f"docs/faces.md). Published encoders also take a crop that was made before, {stem}_roi.mp4 (mouth, as "
            f"AV-HuBERT's preparation writes it) or {stem}_face.mp4. Or take a detector that only listens, such as "
            "logmel-linear."
        )
    if "no audio track" in error.reason:
        return "This detector needs sound; one that looks, such as tiny_v-linear, does not."
    if "no video track" in error.reason:
        return "This detector needs pictures; one that listens, such as logmel-linear, does not."
    return ""
