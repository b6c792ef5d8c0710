"""Runs the audit of one data set or protocol: its clips, their facts, every signal, every pair that it is in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from datasets import library
from datasets.clip import Clip
from datasets.errors import DatasetError
from datasets.probing import Probed, known, probe
from datasets.registry import EMBEDDED, Corpus
from datasets.sim import plan

from .passport import Overlap, passport
from .pretraining import Seen, seen_before
from .splits import Split, audit_split

SPLITS = ("train", "val", "test")
REALS = "sim_real"
"""The embedded set without fakes."""


@dataclass(frozen=True)
class Pair:
    """The passport of one train→test pair."""

    train: str
    test: str
    overlaps: tuple[Overlap, ...]


@dataclass(frozen=True)
class Audit:
    """All that came out.

    Attributes:
        name: a data set or protocol.
        data: `sim` for embedded sets.
        source: size and seed of an embedded set in words; else what the protocol is.
        left_out: clips of the data set that are in no split, by reason.
        broken: why pairs could not be looked at, by pair.
        seen: what encoders have seen of the test split; empty without one.
    """

    name: str
    data: Literal["sim", "real"]
    source: str
    left_out: Mapping[str, int]
    splits: tuple[Split, ...]
    pairs: tuple[Pair, ...]
    broken: Mapping[str, str]
    seen: tuple[Seen, ...]


@dataclass(frozen=True)
class Loaded:
    """Clips with the hashes of their files, by split, and what is not among them."""

    clips: tuple[Clip, ...]
    source: str
    left_out: Mapping[str, int]

    def part(self, *splits: str) -> list[Clip]:
        """The clips of some splits."""
        return [clip for clip in self.clips if clip.split in splits]


def subjects() -> list[str]:
    """What can be audited on this machine: the embedded sets that have fakes, and protocols of imported data sets."""
    real = [protocol for dataset in library.names() for protocol in _protocols(dataset)]
    return [*(name for name in EMBEDDED if name != REALS), *real]


def _protocols(dataset: str) -> list[str]:
    from datasets import protocols

    try:
        return protocols.names(dataset)
    except DatasetError:  # a damaged manifest: its own audit says so
        return [dataset]


def run(name: str, corpus: Corpus, *, jobs: int | None = None, progress: bool = True) -> Audit:
    """Audit a data set or protocol.

    Embedded sets are made where they are missing. Files are hashed and probed once, and what is known of them is kept.

    Raises:
        DatasetError: it is not there, and how to get it, or its clips cannot be probed at all.
        DiskFullError: what was finished is kept.
    """
    if name == REALS:
        raise DatasetError(f"{REALS} holds reals alone, so that there is nothing to tell apart")
    loaded = load(name, corpus, progress=progress)
    if not loaded.clips:
        raise DatasetError(f"{name} has no labelled clip, so that there is nothing to audit")
    probed = probe(loaded.clips, jobs=jobs, progress=progress)
    if not probed.facts:
        first = next(iter(probed.failed.items()))
        raise DatasetError(
            f"none of the {len(loaded.clips)} clips of {name} could be probed (the first, {first[0]}: {first[1]}); "
            "is the disk there that they are on?"
        )
    splits = [
        audit_split(split, name, part, probed.facts, probed.failed) for split in SPLITS if (part := loaded.part(split))
    ]
    pairs, broken = _pairs(name, loaded, probed, corpus)
    test = loaded.part("test")
    seen = tuple(seen_before(test)) if test else ()
    data: Literal["sim", "real"] = "sim" if name in EMBEDDED else "real"
    return Audit(name, data, loaded.source, loaded.left_out, tuple(splits), pairs, broken, seen)


def unprobed(name: str, corpus: Corpus) -> float:
    """Share of a set's clips that have no facts on record, in [0, 1]; no media is read.

    Raises:
        DatasetError: it is not there, and how to get it.
    """
    clips = _listed(name, corpus)
    return 1 - len(known(clips)) / len(clips) if clips else 0.0


def load(name: str, corpus: Corpus, *, progress: bool = True) -> Loaded:
    """The clips of a data set or protocol, with the hashes of their files.

    Raises:
        DatasetError: it is not there, and how to get it.
    """
    if name in EMBEDDED:
        corpus.generate([name], progress=progress)
        clips = [clip for split in plan.splits(name) for clip in corpus.load(name, split)]
        return Loaded(tuple(clips), f"{corpus.size}, seed {corpus.seed}, version {corpus.version}", {})
    from datasets import protocols

    drawn = protocols.draw(name)
    clips = library.with_hashes(drawn.clips, progress=progress)
    return Loaded(tuple(clips), protocols.get(name).summary, dict(drawn.left_out))


def _pairs(name: str, loaded: Loaded, probed: Probed, corpus: Corpus) -> tuple[tuple[Pair, ...], Mapping[str, str]]:
    """The passports of all pairs of cells that the set is in and of its own splits, and why others have none.

    The other set's facts are those on record, so that the audit of one set does not read the files of another.
    """
    found, broken = [], {}
    own = [(name, name)] if loaded.part("train") and loaded.part("test") else []
    for train, test in dict.fromkeys([*own, *_paired(name)]):
        try:
            there = {other: _other(other, loaded, probed, name, corpus) for other in (train, test)}
        except DatasetError as error:
            broken[f"{train} → {test}"] = str(error)
            continue
        (trained, seen), (tested, facts) = there[train], there[test]
        overlaps = passport(trained.part("train", "val"), tested.part("test"), seen.facts, facts.facts)
        found.append(Pair(train, test, tuple(overlaps)))
    return tuple(found), broken


def _paired(name: str) -> Sequence[tuple[str, str]]:
    from benchmark.pairs import collected

    return [pair for pair in collected() if name in pair]


def _other(other: str, loaded: Loaded, probed: Probed, name: str, corpus: Corpus) -> tuple[Loaded, Probed]:
    if other == name:
        return loaded, probed
    clips = _listed(other, corpus)
    return Loaded(tuple(clips), "", {}), Probed(known(clips), {})


def _listed(name: str, corpus: Corpus) -> list[Clip]:
    """The clips of another set, with those hashes that are on record; no file is read."""
    if name in EMBEDDED:
        return [clip for split in plan.splits(name) for clip in corpus.load(name, split)]
    from datasets import protocols

    kept = library.hashes(protocols.get(name).dataset)
    return [replace(clip, sha256=kept.get(clip.path)) for clip in protocols.clips(name)]
