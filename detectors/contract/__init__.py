"""The contract: what every encoder, head and detector keeps, whatever it is. `pytest benchmark -k contract` checks it.

Checks return complaints in plain words, each with what to mend; nothing is raised for what a detector does wrong.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from detectors.cards import EncoderCard
from detectors.registry import Entry, RegistryError, broken_names, registry
from detectors.tags import RANDOM, TINY, form

if TYPE_CHECKING:
    from .kit import Kit

_COLUMNS, _EXAMPLES = 16, 8


@dataclass(frozen=True)
class Subject:
    """Something registered that is checked, or a module that does not import."""

    kind: Literal["encoder", "head", "detector", "module"]
    name: str

    def concerns(self, names: Collection[str]) -> bool:
        """Whether it is one of these names or a part of one, as `tiny_v` is of `tiny_v.random-linear`."""
        return self.name in {part.partition(".")[0] for name in names for part in name.split("-")}

    def __str__(self) -> str:
        return self.name


def subjects() -> list[Subject]:
    """All that is registered."""
    known = registry()
    return [
        *(Subject("encoder", name) for name in sorted(known.encoders)),
        *(Subject("head", name) for name in sorted(known.heads)),
        *(Subject("detector", name) for name in sorted(known.detectors)),
        *(Subject("module", name) for name in broken_names()),
    ]


def complaints(subject: Subject, kit: "Kit", folder: Path) -> list[str]:
    """What is wrong with it; empty when it keeps the contract.

    Args:
        kit: the clips to try it on.
        folder: a folder that exists and is empty.
    """
    from .encoder import encoder_complaints

    if subject.kind == "module":
        broken = broken_names()[subject.name]
        return [f"{broken.module} does not import: {broken.reason}\n{broken.traceback}"]
    known = registry()
    entry = {"encoder": known.encoders, "head": known.heads, "detector": known.detectors}[subject.kind][subject.name]
    if found := registration_complaints(entry):
        return found
    if subject.kind == "encoder":
        return encoder_complaints(_checked(entry.card), entry.cls, kit)
    if subject.kind == "head":
        return head_complaints(entry, folder)
    return detector_complaints(entry.card.needs, lambda: entry.cls(entry.card), kit, folder)


def _checked(card: EncoderCard) -> EncoderCard:
    """The form of an encoder that is checked: the toy size of one that has it, since its weights may not be here."""
    tiny = card.randomisable and any(variant.tag == TINY for variant in card.variants)
    return form(card, (TINY, RANDOM)) if tiny else card


def registration_complaints(entry: Entry) -> list[str]:
    """What `register` would refuse: an incomplete card, a missing method."""
    from detectors.cardcheck import check_card, check_class

    try:
        check_card(entry.card)
        check_class(entry.card, entry.cls)
    except RegistryError as error:
        return [str(error)]
    return []


def detector_complaints(needs: frozenset[str], make: Callable[[], Any], kit: "Kit", folder: Path) -> list[str]:
    """What is wrong with a whole detector that must be given these classes; `make` gives a new instance."""
    from detectors.protocols import Context
    from detectors.training import allowed

    from .common import relation_complaints
    from .fitted import Trial, trained_complaints
    from .kit import blinded

    ctx = Context()
    train, val = allowed(kit.train, needs), allowed(kit.val, needs)
    odd = allowed(list(kit.odd.values()), needs)
    items = {name: blinded(clip) for name, clip in kit.scored.items()}
    trial = Trial(
        fit=lambda: make().fit(train, val, ctx),
        load=lambda folder: make().load(folder, ctx),
        items=items,
        odd={name: blinded(clip) for name, clip in kit.odd.items()},
        seen={name: (clip.start, clip.duration or 0.0) for name, clip in items.items()},
        fit_odd=(lambda: make().fit([*train, *odd], [*val, *odd], ctx)) if needs else None,
        relations=lambda fitted: relation_complaints(lambda clip: float(fitted.score(clip).score), "score", kit),
    )
    return trained_complaints(trial, folder)


def head_complaints(entry: Entry, folder: Path) -> list[str]:
    """What is wrong with a head, on features of its own; it meets no clip."""
    from detectors.protocols import Context

    from .fitted import Trial, trained_complaints

    ctx, needs = Context(), entry.card.needs
    examples, odd = _examples()
    seen = [example for example in examples if ("fake" if example.label else "real") in needs]
    items = {example.clip: example.tracks for example in examples[-4:]}
    trial = Trial(
        fit=lambda: entry.cls(entry.card).fit(seen[:-2], seen[-2:], ctx),
        load=lambda folder: entry.cls(entry.card).load(folder),
        items=items,
        odd=odd,
        seen={name: (0.0, tracks["features"].spans[-1, 1]) for name, tracks in items.items()},
    )
    return trained_complaints(trial, folder)


def _examples() -> tuple[list[Any], dict[str, Any]]:
    """Features of real and fake clips that differ, and odd ones: an example's name is what complaints call it."""
    import numpy as np

    from detectors.protocols import Example
    from detectors.tracks import Track, frame_spans

    rng = np.random.default_rng(0)

    def track(rows: int, shift: float = 0.0) -> Track:
        values = rng.normal(size=(rows, _COLUMNS)) + shift * (np.arange(_COLUMNS) == 0)
        return Track(values.astype(np.float32), frame_spans(rows, 25))

    examples = [
        Example(f"features{i} of {20 + i} frames", {"features": track(20 + i, 2.0 * (i % 2))}, i % 2)
        for i in range(2 * _EXAMPLES)
    ]
    missing = track(20)
    missing.values[3] = np.nan
    zeros = Track(np.zeros((20, _COLUMNS), np.float32), frame_spans(20, 25))
    odd = {"one frame": track(1), "frames of zeros": zeros, "a frame of NaN": missing, "no frame": track(0)}
    return examples, {f"features with {name}": {"features": value} for name, value in odd.items()}
