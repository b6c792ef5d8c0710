"""The leakage passport of a pair: what a test set shares with the training and validation sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from datasets.clip import Clip
from datasets.lineage import alike, bare
from datasets.probing import Facts
from datasets.probing.fingerprint import BITS, SECONDS, bits

from .standing import Standing, of_numbers

SWAPPED = ("target1", "target2", "source_identity", "source")
"""Fields of `Clip.extra` that name the people whose face or voice a fake was made with, in the words of releases."""


@dataclass(frozen=True)
class Overlap:
    """One kind of overlap.

    Attributes:
        kind: such as `identity`.
        shared, of: how many of the test set's names (for files: of its clips) training has too, and how many it has.
        clips: test clips concerned.
        note: why it cannot be told, where `shared` is None, or what else to know.
        memory: the AUC on the test set of who knows the training clips by these names alone: a test clip scores the
            share of fakes that its name has in training, or the overall share. None where no name is shared, or the
            test set has one class.
    """

    kind: str
    shared: int | None
    of: int | None
    clips: int | None
    note: str = ""
    memory: Standing | None = None


_NAMES = {"identity": "identity", "source": "source", "source clip": "pair"}
"""Fields of `Clip` by kind of overlap."""


def passport(
    train: Sequence[Clip], test: Sequence[Clip], seen: Mapping[str, Facts], tested: Mapping[str, Facts]
) -> list[Overlap]:
    """Every kind of overlap of a test set with what is trained and validated on.

    Args:
        seen, tested: facts of training and test clips by id; clips without are left out of the comparison of files.
    """
    return [
        *(_names(kind, train, test) for kind in _NAMES),
        _swapped(train, test),
        _same(train, test, seen, tested),
        _alike(train, test, seen, tested),
    ]


def incomparable(train: Sequence[Clip], test: Sequence[Clip], field: str) -> str:
    """Why equal names of two sets do not mean the same; empty where they do."""
    if not train or not test:
        return "one of the sets is empty"
    a, b = train[0].dataset, test[0].dataset
    return "" if alike(a, b, field) else f"{a} and {b} do not name them alike"


def _names(kind: str, train: Sequence[Clip], test: Sequence[Clip]) -> Overlap:
    why = incomparable(train, test, _NAMES[kind])
    a, b = ([bare(getattr(clip, _NAMES[kind])) for clip in part] for part in (train, test))
    seen, wanted = set(filter(None, a)), set(filter(None, b))
    if why or not wanted or not seen:
        return Overlap(kind, None, len(wanted) or None, None, why or "not known")
    both = seen & wanted
    memory = _memory(train, a, test, b) if both else None
    return Overlap(kind, len(both), len(wanted), sum(name in both for name in b), memory=memory)


def _memory(
    train: Sequence[Clip], seen: Sequence[str | None], test: Sequence[Clip], names: Sequence[str | None]
) -> Standing | None:
    y = np.array([clip.label for clip in test])
    if len(set(y.tolist())) < 2:
        return None
    labels: dict[str | None, list[int]] = {}
    for name, clip in zip(seen, train, strict=True):
        labels.setdefault(name, []).append(int(bool(clip.label)))
    overall = float(np.mean([bool(clip.label) for clip in train]))
    shares = {name: float(np.mean(of)) for name, of in labels.items() if name}
    scores = np.array([shares.get(name, overall) if name else overall for name in names])
    return of_numbers(y, scores, np.array([clip.cluster for clip in test]))


def _swapped(train: Sequence[Clip], test: Sequence[Clip]) -> Overlap:
    """People whom a test clip shows and training has by name, in either role, unless both show them as who is seen."""
    kind, why = "swapped identity", incomparable(train, test, "identity")
    trained, tested = [_people(clip) for clip in train], [_people(clip) for clip in test]
    if why or not any(swapped for _, swapped in (*trained, *tested)):
        return Overlap(kind, None, None, None, why or "no names of swapped people")
    shown = {name for own, _ in trained for name in own}
    taken = {name for _, swapped in trained for name in swapped}
    met = [(swapped & (shown | taken)) | (own & taken) for own, swapped in tested]
    wanted = {name for own, swapped in tested for name in own | swapped}
    return Overlap(kind, len(set().union(*met)), len(wanted), sum(map(bool, met)))


def _people(clip: Clip) -> tuple[frozenset[str], frozenset[str]]:
    """Who is seen, and who lent a face or voice."""
    swapped = frozenset(str(clip.extra[name]) for name in SWAPPED if clip.extra.get(name))
    own = frozenset({str(bare(clip.identity))} if clip.identity else ())
    return own, swapped - own


def _same(
    train: Sequence[Clip], test: Sequence[Clip], seen: Mapping[str, Facts], tested: Mapping[str, Facts]
) -> Overlap:
    had = {hash_ for clip in train if (hash_ := _hash(clip, seen))}
    hashes = [_hash(clip, tested) for clip in test]
    if not had or not any(hashes):
        return Overlap("same file", None, None, None, "files were not read")
    count = sum(one in had for one in hashes if one)
    return Overlap("same file", count, sum(map(bool, hashes)), count)


def _hash(clip: Clip, facts: Mapping[str, Facts]) -> str | None:
    return clip.sha256 or (facts[clip.id].sha256 if clip.id in facts else None)


def _alike(
    train: Sequence[Clip], test: Sequence[Clip], seen: Mapping[str, Facts], tested: Mapping[str, Facts]
) -> Overlap:
    """Test clips that look the same as a training clip in another file."""
    a, b = _looks(train, seen), _looks(test, tested)
    if not a or not b:
        return Overlap("same pictures", None, None, None, "pictures were not probed")
    alike = sum(look_alike(a, b))
    return Overlap("same pictures", alike, len(b), alike, f"lengths within {SECONDS} s, at most {BITS} of 320 bits")


Look = tuple[float, str, str]
"""Seconds, fingerprint and hash of a file."""


def _looks(clips: Sequence[Clip], facts: Mapping[str, Facts]) -> list[Look]:
    found = (facts[clip.id] for clip in clips if clip.id in facts)
    return [(one.video_seconds, one.pictures, one.sha256) for one in found if one.pictures and one.video_seconds]


def look_alike(train: Sequence[Look], test: Sequence[Look]) -> list[bool]:
    """For each test clip, whether a training clip in another file looks the same; see `datasets.probing.fingerprint`.

    Only clips of nearly the same length are compared, so that large sets take time about in proportion to their size.
    """
    ordered = sorted(train)
    seconds = np.array([look[0] for look in ordered])
    hashes = np.array([look[2] for look in ordered])
    known, wanted = bits([look[1] for look in ordered]), bits([look[1] for look in test])
    first = np.searchsorted(seconds, [look[0] - SECONDS for look in test], "left")
    last = np.searchsorted(seconds, [look[0] + SECONDS for look in test], "right")
    found = []
    for (_, _, own), one, start, end in zip(test, wanted, first, last, strict=True):
        differ = np.bitwise_count(known[start:end] ^ one).sum(axis=1, dtype=np.int64)
        found.append(bool(((differ <= BITS) & (hashes[start:end] != own)).any()))
    return found
