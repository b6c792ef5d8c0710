"""What encoders have seen before: their pre-training data against a test set."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from datasets import library
from datasets.clip import Clip
from datasets.errors import DatasetError
from datasets.lineage import SIM, alike, bare, origins, roots
from detectors.registry import registry


@dataclass(frozen=True)
class Seen:
    """What one data set, on which encoders were pre-trained, has of a test set.

    Attributes:
        dataset: the pre-training data.
        encoders: which encoders, all forms of one under its name.
        related: whether the test set was made from it: "yes", "none on record", "not known", or "no".
        why: in words.
        identities, sources: names of the test set that it has, and how many the test set has; None where they cannot be
            compared here.
    """

    dataset: str
    encoders: tuple[str, ...]
    related: str
    why: str
    identities: tuple[int, int] | None = None
    sources: tuple[int, int] | None = None


def pretraining() -> dict[str, list[str]]:
    """Encoders by the data sets that they were pre-trained on, variants included."""
    found: dict[str, list[str]] = {}
    for name, entry in registry().encoders.items():
        tagged = {
            f"{name}.{v.tag}": v.changes["pretraining"] for v in entry.card.variants if "pretraining" in v.changes
        }
        for form, seen in {name: entry.card.pretraining, **tagged}.items():
            for dataset in seen:
                found.setdefault(dataset, []).append(form)
    return found


def seen_before(test: Sequence[Clip], by: Mapping[str, Sequence[str]] | None = None) -> list[Seen]:
    """For each data set that an encoder was pre-trained on, what it has of the test set; related ones first.

    Args:
        by: encoders by pre-training data set, those of the registry by default.
    """
    by = pretraining() if by is None else by
    found = [_seen(dataset, tuple(sorted(names)), test) for dataset, names in by.items()]
    order = ("yes", "not known", "none on record", "no")
    return sorted(found, key=lambda one: (order.index(one.related), one.dataset))


def _seen(dataset: str, encoders: tuple[str, ...], test: Sequence[Clip]) -> Seen:
    name = test[0].dataset
    related, why = _lineage(dataset, name)
    if not library.here(dataset):
        return Seen(dataset, encoders, related, why)
    identities, sources = _names_of(dataset)
    people = _shared(identities, (bare(clip.identity) for clip in test)) if alike(name, dataset, "identity") else None
    recordings = _shared(sources, (clip.source for clip in test)) if alike(name, dataset, "source") else None
    if any(counts and counts[0] for counts in (people, recordings)):
        related, why = "yes", "by name, in both manifests"
    return Seen(dataset, encoders, related, why, people, recordings)


def _lineage(dataset: str, name: str) -> tuple[str, str]:
    if name.startswith(SIM):
        if dataset == name:
            return "yes", "it is the test set"
        return "no", "embedded sets share no talker with each other, nor with anything that is real"
    known = roots(name)
    if known is None:
        return "not known", "where its recordings come from is not known here"
    own = name.partition(".")[0]
    if dataset == own:
        return "yes", "it is the test set"
    if dataset in known:
        return "yes", _said(own, dataset)
    return "none on record", ""


def _said(name: str, dataset: str) -> str:
    direct = next((origin for origin in origins(name) or () if origin.dataset == dataset), None)
    return f"{direct.what} ({direct.said_by})" if direct else f"over {', '.join(sorted(_between(name, dataset)))}"


def _between(name: str, dataset: str) -> set[str]:
    return {origin.dataset for origin in origins(name) or () if dataset in (roots(origin.dataset) or ())}


@cache
def _names_of(dataset: str) -> tuple[frozenset[str], frozenset[str]]:
    """Identities and sources of an imported data set; none where its manifest is damaged."""
    try:
        clips = library.clips(dataset)
    except DatasetError:
        return frozenset(), frozenset()
    people = frozenset(clip.identity for clip in clips if clip.identity)
    return people, frozenset(clip.source for clip in clips if clip.source)


def _shared(seen: frozenset[str], names: Iterable[str | None]) -> tuple[int, int]:
    wanted = {name for name in names if name}
    return len(wanted & seen), len(wanted)
