"""Every signal on one split: its standing, what is unknown, and how many of them chance would raise."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from datasets.clip import Clip
from datasets.probing import Facts

from .explained import why
from .signals import PICTURES, SIGNALS, SOUND, Signal, values
from .standing import Standing, holm, of_categories, of_names, of_numbers


@dataclass(frozen=True)
class Finding:
    """What one signal tells on one split.

    Attributes:
        unknown: clips of the split without a value; they are left out of this signal, and whether the value is there is
            a signal of its own.
        constant: whether all clips have the same value, so that there is nothing to tell.
        standing: None where it is constant, or the known clips are of one class.
        holds: whether it tells even when all signals of the split are looked at (Holm, 5 %).
        why: the reason known for it, None for a finding that nobody has explained.
    """

    signal: str
    kind: str
    words: str
    unknown: int
    constant: bool
    standing: Standing | None
    holds: bool = False
    why: str | None = None

    @property
    def tells(self) -> bool:
        """Whether its interval excludes 50."""
        return self.standing is not None and self.standing.tells


@dataclass(frozen=True)
class Split:
    """One split under audit.

    Attributes:
        findings: of all signals, the strongest first; empty where the split has one class alone.
        failed: why clips could not be probed, by id; they are in no signal.
    """

    name: str
    fakes: int
    reals: int
    clusters: int
    findings: tuple[Finding, ...]
    failed: Mapping[str, str]

    @property
    def tried(self) -> list[Finding]:
        """Signals with an interval."""
        return [finding for finding in self.findings if finding.standing is not None]

    @property
    def by_chance(self) -> float:
        """How many intervals would exclude 50 if no signal told anything."""
        return sum(0.025 if one.standing and one.standing.one_sided else 0.05 for one in self.tried)


def audit_split(
    name: str, dataset: str, clips: Sequence[Clip], facts: Mapping[str, Facts], failed: Mapping[str, str]
) -> Split:
    """Try every signal on the labelled clips of a split.

    Args:
        dataset: a data set or protocol, by which known reasons are found.
        facts, failed: of the clips, by id: each has facts or a reason.
    """
    ready = [clip for clip in clips if clip.id in facts]
    y = np.array([clip.label for clip in ready], np.int64)
    clusters = len({clip.cluster for clip in ready})
    lost = {clip.id: failed.get(clip.id, "not probed") for clip in clips if clip.id not in facts}
    if len(set(y.tolist())) < 2:
        return Split(name, int(y.sum()), int((1 - y).sum()), clusters, (), lost)
    found = _held(list(_findings(ready, y, facts)))
    told = [_explained(one, dataset) for one in found]
    told.sort(key=lambda one: -(one.standing.strength if one.standing else 0.0))
    return Split(name, int(y.sum()), int((1 - y).sum()), clusters, tuple(told), lost)


def _explained(one: Finding, dataset: str) -> Finding:
    if one.standing is None or not one.tells:
        return one
    return replace(one, why=why(dataset, one.signal, one.standing.lo, one.standing.hi))


def _held(found: list[Finding]) -> list[Finding]:
    tried = [one for one in found if one.standing is not None]
    passed = holm([one.standing.p for one in tried if one.standing])
    held = {one.signal for one, good in zip(tried, passed, strict=True) if good and one.tells}
    return [replace(one, holds=one.signal in held) for one in found]


def _findings(clips: Sequence[Clip], y: np.ndarray, facts: Mapping[str, Facts]) -> Iterator[Finding]:
    groups = np.array([clip.cluster for clip in clips])
    patterns = {
        name: np.array([getattr(facts[c.id], field) is None for c in clips]) for name, field in _STREAMS.items()
    }
    for signal in SIGNALS:
        found = values(signal, clips, facts)
        missing = np.array([value is None for value in found])
        if missing.all():
            continue
        yield _finding(signal, y[~missing], [value for value in found if value is not None], groups[~missing], missing)
        if missing.any() and not any((missing == patterns[name]).all() for name in _explaining(signal.name)):
            lacks = Signal(f"no_{signal.name}", "number", f"without {signal.words}", signal.of)
            yield _finding(lacks, y, missing.astype(int).tolist(), groups, np.zeros(len(y), bool))


_STREAMS = {"no_sound": "audio_codec", "no_pictures": "video_codec"}


def _explaining(signal: str) -> list[str]:
    """Which signals already say that a value of this one is missing."""
    return ["no_sound"] * (signal in SOUND) + ["no_pictures"] * (signal in PICTURES)


def _finding(signal: Signal, y: np.ndarray, found: list[Any], groups: np.ndarray, missing: np.ndarray) -> Finding:
    constant = len(set(found)) == 1
    standing = None if constant or len(set(y.tolist())) < 2 else _standing(signal, y, found, groups)
    return Finding(signal.name, signal.kind, signal.words, int(missing.sum()), constant, standing)


def _standing(signal: Signal, y: np.ndarray, found: list[Any], groups: np.ndarray) -> Standing | None:
    if signal.kind == "number":
        return of_numbers(y, np.array(found, np.float64), groups)
    if signal.kind == "name":
        return of_names(y, found, groups)
    try:
        return of_categories(y, found, groups)
    except ValueError:  # one class in both halves
        return None
