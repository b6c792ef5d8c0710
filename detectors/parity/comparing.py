"""A port held against its original on real weights: where, if anywhere, the two part.

The original cannot run beside this project, so that a script of its own environment dumps what it gives at every stage
(reference/README.md); a port runs here on the same inputs, or on the same files, and is compared stage by stage.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datasets.files import sha256_file

from .dump import STREAMS, Dump, ParityError, clips_in_order
from .inputs import own_inputs
from .ports import Port, Stages

if TYPE_CHECKING:
    from torch import Tensor

TOLERANCE = 1e-4
"""Largest difference that counts as rounding, relative to the largest value of the original's output."""
_WORDS = {
    "pictures": "input pictures",
    "sound": "input sound",
    "visual.front": "visual front end",
    "audio.front": "audio front end",
    "joined": "joined streams",
}


@dataclass(frozen=True)
class Stage:
    """One stage of one clip, compared.

    largest: the largest difference; relative: that by the largest value of the original's. Both are infinite where only
    one side is a finite number, NaN where they could not be compared. problem: why so, in words, else empty.
    given: the port took this input from the dump.
    """

    clip: str
    name: str
    largest: float
    relative: float
    problem: str = ""
    given: bool = False

    @property
    def words(self) -> str:
        """The stage's name for people."""
        return _WORDS.get(self.name, self.name.replace(".", " "))

    def parts(self, tolerance: float) -> bool:
        """Whether the two sides part here."""
        return bool(self.problem) or not (self.given or self.relative <= tolerance)


def compare(port: Port, dump: Dump, checkpoint: Path, clips: Path | None = None) -> Iterator[Stage]:
    """Every stage of every clip, in the order of a pass.

    Args:
        port: whose network is run.
        dump: of its original.
        checkpoint: the file that was dumped.
        clips: folder of the clips, to prepare them here too; None to start from the inputs of the dump.

    Raises:
        ParityError: dump, checkpoint and port do not belong together, or a file cannot be read.
        CheckpointError: the port does not load the checkpoint.
    """
    import torch

    check_same(port, dump, checkpoint)
    run = port.load(checkpoint)
    for clip, reference in clips_in_order(dump):
        names = STREAMS[dump.modality]
        dumped = {name: torch.from_numpy(reference[name]) for name in names}
        inputs = own_inputs(dump, clip, clips) if clips else dumped
        try:
            with torch.inference_mode():
                found = inputs | run(inputs)
        except (ValueError, RuntimeError) as error:
            raise ParityError(f"{clip.name}: the port cannot take this clip's inputs: {error}") from error
        yield from compared(clip.name, found, reference, given=() if clips else names)


def check_same(port: Port, dump: Dump, checkpoint: Path) -> None:
    """Refuse a dump of another model, modality or checkpoint; see `compare` for the errors."""
    if (dump.model, dump.modality) != (port.model, port.modality):
        raise ParityError(
            f"{dump.path}: is of {dump.model} {dump.modality}, {port.name} is {port.model} {port.modality}"
        )
    if not checkpoint.is_file():
        raise ParityError(f"{checkpoint}: there is no such file; --checkpoint names the weights that were dumped")
    found = sha256_file(checkpoint)
    if found != dump.sha256:
        raise ParityError(
            f"{checkpoint}: has the SHA-256 {found}, {dump.path} was made with {dump.checkpoint}, {dump.sha256}: "
            "name that file, or dump again"
        )


def compared(clip: str, found: Stages, reference: dict[str, np.ndarray], given: Sequence[str] = ()) -> Iterator[Stage]:
    """The stages of one clip, in the reference's order; one that the port lacks, or the dump, is a problem."""
    for name, expected in reference.items():
        if name in given:
            yield Stage(clip, name, 0.0, 0.0, given=True)
        elif name not in found:
            yield Stage(clip, name, np.nan, np.nan, "the port has no such stage")
        else:
            yield _stage(clip, name, found[name], expected)
    for name in found:
        if name not in reference:
            yield Stage(clip, name, np.nan, np.nan, "the dump has no such stage")


def _stage(clip: str, name: str, ours: "Tensor", expected: np.ndarray) -> Stage:
    values = ours.numpy()
    if values.shape != expected.shape:
        return Stage(clip, name, np.nan, np.nan, f"shape {values.shape} instead of {expected.shape}")
    return Stage(clip, name, *difference(values, expected))


def difference(ours: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """The largest difference of two arrays of one shape, as it is and by the largest finite value expected.

    NaN, or the same infinity, on both sides is no difference; on one side alone it is an infinite one.
    """
    with np.errstate(invalid="ignore"):
        apart = np.abs(ours.astype(np.float64) - expected)
    same = (ours == expected) | (np.isnan(ours) & np.isnan(expected))
    apart = np.where(same, 0.0, np.where(np.isfinite(apart), apart, np.inf))
    largest = float(apart.max())
    scale = float(np.abs(expected[np.isfinite(expected)]).max(initial=0))
    return largest, largest / scale if scale else (np.inf if largest else 0.0)


def verdict(stages: Sequence[Stage], tolerance: float) -> str:
    """In words: that all agree, or where they part first, and in how many clips."""
    first = {stage.clip: stage for stage in reversed(stages) if stage.parts(tolerance)}
    clips = list(dict.fromkeys(stage.clip for stage in stages))
    if not first:
        worst = max(stages, key=lambda stage: stage.relative)
        count = f"{len(stages)} stages of {len(clips)} clip{'s' * (len(clips) > 1)}"
        return f"They agree: {count}, none further apart than {worst.relative:.1e} of its scale ({worst.words})."
    clip = next(name for name in clips if name in first)
    places = Counter(first[name].words for name in clips if name in first)
    where = ", ".join(f"{place} in {number}" for place, number in places.items())
    text = f"{_sentence(first[clip], stages, tolerance)} They part in {len(first)} of {len(clips)} clips ({where})."
    if any(stage.name in ("pictures", "sound") for stage in first.values()):
        text += " Leave --clips out to compare the networks alone, on the original's inputs."
    return text


def _sentence(stage: Stage, stages: Sequence[Stage], tolerance: float) -> str:
    before = []
    for other in stages:
        if other is stage:
            break
        before += [other.words] if other.clip == stage.clip and not other.given else []
    how = stage.problem or f"{stage.largest:.2g} apart, {stage.relative:.2g} of its scale, more than {tolerance:g}"
    span = " to ".join(dict.fromkeys((before[0], before[-1]))) if before else ""
    rest = f"what comes before agrees ({span})" if span else "it is the first stage that is compared"
    return f"They part at {stage.words} of {stage.clip}: {how}; {rest}."
