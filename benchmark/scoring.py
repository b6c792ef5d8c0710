"""From clips to scores: the probe's cut, and every clip's score or the reason why it has none."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from datasets.clip import Clip
from datasets.errors import ClipError, DatasetError
from datasets.lineage import alike, bare
from datasets.trim import PROBES
from detectors.protocols import Fitted
from detectors.tracks import Track

from .cells import Cell


@dataclass(frozen=True)
class Part:
    """The clips of one split, cut as the probe says.

    Attributes:
        clips: those that can be used so far.
        expected: all clips of the manifest, in its order.
        failed: why the others cannot, by clip id.
    """

    clips: tuple[Clip, ...]
    expected: tuple[Clip, ...]
    failed: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def blind(self) -> tuple[Clip, ...]:
        """The clips as a detector sees them when it scores: without labels, times or relations.

        The path stays, since it leads to the file, and so does the id that importers make of it: in FakeAVCeleb,
        AVLips or a folder of one's own both say what is fake to a detector that looks. The contract looks for such.
        """
        return tuple(clip.blind() for clip in self.clips)


@dataclass(frozen=True)
class Scores:
    """What one fitted detector says of a part.

    Attributes:
        values: `(N,)` in the order of `Part.expected`; NaN where there is none.
        local: frame scores by clip id, where the detector has them.
        failed: why a clip has no score.
    """

    values: np.ndarray
    local: Mapping[str, Track]
    failed: Mapping[str, str]


def cut(clips: Sequence[Clip], probe: str | None) -> Part:
    """Apply a probe's cut; a clip that cannot be cut (undecodable, only silence) counts as failed."""
    if probe is None:
        return Part(tuple(clips), tuple(clips))
    ready: list[Clip] = []
    failed: dict[str, str] = {}
    for clip in clips:
        try:
            ready.append(PROBES[probe](clip))
        except ClipError as error:
            failed[clip.id] = error.reason
    return Part(tuple(ready), tuple(clips), failed)


def require(cell: Cell, train: Part, val: Part, test: Part) -> None:
    """Refuse sets that a cell cannot be measured on, before anything takes long; files are not looked at.

    Raises:
        DatasetError: no clip of a class that the detector is trained on or that is to be told apart, or none to
            validate on; the set is named.
    """
    need(cell, train, val)
    _both(cell.test, "test", test.expected, {"real", "fake"}, "so that there is nothing to tell apart")


def need(cell: Cell, train: Part, val: Part) -> None:
    """The same for the sets that it is trained on.

    Raises:
        DatasetError: as `require`.
    """
    _both(cell.train, "training", train.expected, cell.row.needs, f"which {cell.row.name} is trained on")
    if cell.row.head and not val.expected:
        raise DatasetError(f"{cell.train} has no validation clips (split val), which {cell.row.head} stops training by")


def _both(name: str, part: str, clips: Sequence[Clip], needs: Collection[str], why: str) -> None:
    there = {"fake" if clip.label else "real" for clip in clips}
    missing = [word for word in ("real", "fake") if word in needs and word not in there]
    if missing:
        raise DatasetError(f"{name} has {len(clips)} {part} clips and no {' and no '.join(missing)} one, {why}")


def score(fitted: Fitted, part: Part) -> Scores:
    """Score a part clip by clip; a `ClipError` or a score that is not finite is a failed clip, not a failed cell."""
    values: dict[str, float] = {}
    local: dict[str, Track] = {}
    failed = dict(part.failed)
    for clip in part.blind:
        try:
            scored = fitted.score(clip)
        except ClipError as error:
            failed[clip.id] = error.reason
            continue
        except Exception as error:
            raise RuntimeError(f"scoring {clip.id} ({clip.path}): {type(error).__name__}: {error}") from error
        if not np.isfinite(scored.score):
            failed[clip.id] = f"its score is {scored.score}"
            continue
        values[clip.id] = float(scored.score)
        if scored.local is not None:
            local[clip.id] = scored.local
    return Scores(np.array([values.get(clip.id, np.nan) for clip in part.expected]), local, failed)


def coverage(part: Part, failed: Mapping[str, str]) -> dict[str, object]:
    """How many clips could be used, and which could not, for the record."""
    lost = [{"clip": c.id, "reason": f"{c.path}: {failed[c.id]}"} for c in part.expected if c.id in failed]
    return {"found": len(part.expected) - len(lost), "expected": len(part.expected), "failed": lost}


def leakage(train: Iterable[Clip], test: Sequence[Clip]) -> dict[str, dict[str, int] | None]:
    """How many of the test set's identities, sources and source segments the training and validation sets share.

    None where either set has no such names, or names them in another way: what is not known is not absent.
    """
    train = list(train)
    return {
        "identity": _shared(train, test, "identity"),
        "source": _shared(train, test, "source"),
        "segment": _shared(train, test, "pair"),
    }


def _shared(train: Sequence[Clip], test: Sequence[Clip], field: str) -> dict[str, int] | None:
    """Of the names that are known; the clips of each part are of one data set."""
    if not train or not test or not alike(train[0].dataset, test[0].dataset, field):
        return None
    seen, wanted = ({bare(name) for clip in part if (name := getattr(clip, field))} for part in (train, test))
    return {"shared": len(wanted & seen), "of": len(wanted)} if seen and wanted else None
