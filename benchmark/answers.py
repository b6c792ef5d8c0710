"""What a fitted row of the leaderboard says of any clip: score, threshold, frame scores, and what they depend on."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from datasets.clip import Clip, Span
from datasets.errors import ClipError, DatasetError
from datasets.files import cache_root
from datasets.registry import Source
from datasets.trim import leading_silence
from detectors.compose import build
from detectors.protocols import Context, Fitted
from detectors.registry import FIT_SEED, Row
from detectors.store import FeatureStore
from detectors.tracks import Track
from detectors.training import Stage, content_of, trained

from .cells import Cell
from .evaluation import threshold_at_val
from .recording import VERSION
from .scoring import Part, cut, need, score

log = logging.getLogger("avdf")


@dataclass(frozen=True)
class Run:
    """What the detector of one seed says.

    Attributes:
        threshold: chosen on the validation split that it was trained with; None where there is none.
        local: frame scores `(N,)`, None where the detector has none.
        without_silence: its score of the clip without the leading silence; None where there is no silence to cut, or
            nothing else.
    """

    seed: int
    score: float
    threshold: float | None
    local: Track | None
    without_silence: float | None


@dataclass(frozen=True)
class Answer:
    """What a row says of one clip; the mean of its seeds, and each seed alone.

    Attributes:
        clip: as it was scored; its labels are known where `clip.dataset` is not empty.
        silence: seconds of leading silence in the file, None without sound.
    """

    clip: Clip
    row: Row
    train: str
    probe: str | None
    silence: float | None
    runs: tuple[Run, ...]

    @property
    def score(self) -> float:
        """Mean score of the seeds; raw, and higher means fake."""
        return float(np.mean([run.score for run in self.runs]))

    @property
    def threshold(self) -> float | None:
        """Mean threshold of the seeds; a score strictly above it is called fake."""
        known = [run.threshold for run in self.runs if run.threshold is not None]
        return float(np.mean(known)) if len(known) == len(self.runs) else None

    @property
    def without_silence(self) -> float | None:
        """Mean score of the clip without its leading silence."""
        known = [run.without_silence for run in self.runs if run.without_silence is not None]
        return float(np.mean(known)) if len(known) == len(self.runs) else None

    @cached_property
    def local(self) -> Track | None:
        """Frame scores `(N,)`, averaged over the seeds."""
        tracks = [run.local for run in self.runs if run.local is not None]
        if not tracks or len(tracks) < len(self.runs):
            return None
        return Track(np.mean([track.values for track in tracks], axis=0), tracks[0].spans)

    def most_fake(self, count: int = 3) -> list[tuple[Span, float]]:
        """The spans that score highest, with their highest frame score, by falling score.

        A span is a run of frames in the upper half between the clip's median and its highest frame score.
        """
        if self.local is None or not len(self.local):
            return []
        values, spans = self.local.values, self.local.spans
        high = np.flatnonzero(values > (np.median(values) + values.max()) / 2)
        groups = np.split(high, np.flatnonzero(np.diff(high) > 1) + 1) if len(high) else []
        found = [((float(spans[g[0], 0]), float(spans[g[-1], 1])), float(values[g].max())) for g in groups]
        return sorted(found, key=lambda span: -span[1])[:count]


@dataclass(frozen=True)
class Scorer:
    """A row fitted on one training set under one probe, for every clip.

    Attributes:
        fitted, thresholds: by seed.
        source: where the training set comes from: an embedded corpus, or an import.
        durations: shortest and longest clip of the training split, in seconds; None where no length is known.
        seen: content hashes of the training and validation clips.
    """

    row: Row
    train: str
    probe: str | None
    source: Source
    fitted: Mapping[int, Fitted]
    thresholds: Mapping[int, float | None]
    durations: tuple[float, float] | None
    seen: frozenset[str | None]

    def answer(self, clip: Clip) -> Answer:
        """Score one clip, cut as the probe says; the detector sees neither its labels nor its times.

        Raises:
            ClipError: it cannot be cut, decoded or scored.
        """
        test = Cell(self.row, self.train, self.train, self.probe).test_cut
        shown, silence = cut([clip], test), _silence(clip)
        trimmed = cut([clip], "trim") if silence and test is None else None
        runs = tuple(self._run(seed, shown, trimmed) for seed in self.fitted)
        return Answer(shown.clips[0], self.row, self.train, self.probe, silence, runs)

    def _run(self, seed: int, shown: Part, trimmed: Part | None) -> Run:
        clip = shown.expected[0]
        scores = score(self.fitted[seed], shown)
        if clip.id in scores.failed:
            raise clip.error(scores.failed[clip.id])
        without = float(score(self.fitted[seed], trimmed).values[0]) if trimmed else float("nan")
        return Run(
            seed,
            float(scores.values[0]),
            self.thresholds[seed],
            scores.local.get(clip.id),
            without if np.isfinite(without) else None,
        )


def scorer(row: Row, train: str, probe: str | None, source: Source, *, device: str = "cpu") -> Scorer:
    """The scorer of a row: its clips are made (embedded ones), and it is trained, where they are not kept.

    Training and thresholds are computed as in the suite, on the CPU, so that all find the same fitted detector;
    `device` is where clips are encoded afterwards.

    Raises:
        DatasetError: the training set is not on this machine, or lacks a class that the row is trained on.
    """
    if reason := source.lacking(train):
        raise DatasetError(reason)
    source.generate([train])
    cell = Cell(row, train, train, probe)
    parts = {split: cut(source.load(train, split), cell.train_cut) for split in ("train", "val")}
    need(cell, parts["train"], parts["val"])
    fitted, thresholds = {}, {}
    for seed in row.seeds:
        on_cpu = _fit(row, seed, parts, "cpu")
        thresholds[seed] = _threshold(row, on_cpu, parts["val"])
        fitted[seed] = on_cpu if device == "cpu" else _fit(row, seed, parts, device)
    known = [clip.duration for clip in parts["train"].expected if clip.duration]
    durations = (min(known), max(known)) if known else None
    seen = frozenset(content_of(clip) for part in parts.values() for clip in part.expected)
    return Scorer(row, train, probe, source, fitted, thresholds, durations, seen)


def _fit(row: Row, seed: int, parts: Mapping[str, Part], device: str) -> Fitted:
    """From the store or trained now; features of another device than the CPU are kept apart."""
    store = FeatureStore(cache_root() / ("features" if device == "cpu" else f"features-{device.replace(':', '')}"))
    ctx = Context(device=device, seed=FIT_SEED, log=log)
    detector, signature = build(row.name, seed, store, ctx)
    return trained(
        detector,
        signature,
        row.needs,
        parts["train"].clips,
        parts["val"].clips,
        ctx,
        protocol=VERSION,
        stage=_announced(row, seed, parts["train"].expected),
    )


def _announced(row: Row, seed: int, clips: Sequence[Clip]) -> Stage:
    """Says in the log what takes long."""

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        words = {"encode_s": "encoding", "fit_s": "training"}[name]
        which = f" (seed {seed})" if len(row.seeds) > 1 else ""
        where = clips[0].dataset if clips else "nothing"
        log.info("%s%s is not fitted on %s yet: %s", row.name, which, where, words)
        yield

    return stage


def _threshold(row: Row, fitted: Fitted, val: Part) -> float | None:
    labels = np.array([clip.label for clip in val.expected])
    with suppress(ValueError):
        return threshold_at_val(row.needs, labels, score(fitted, val).values)
    return None


def _silence(clip: Clip) -> float | None:
    """Seconds of leading silence; None without sound that can be decoded."""
    try:
        samples = clip.audio()
    except ClipError:
        return None
    return None if samples is None else leading_silence(samples)
