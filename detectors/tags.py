"""Tags: what follows an encoder's name after dots, and which of its forms that means.

`avhubert_v.layer12.random` is AV-HuBERT on pictures, its twelfth layer, with untrained weights. Tags come in one order,
so that a form has one name: the variants of the card in their order there, a layer, then `random`. A form with the tag
`tiny` has sizes of its own and no trained weights: it exists as `tiny.random` alone, for tests.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from .cardcheck import RegistryError
from .cards import EncoderCard, Variant

RANDOM = "random"
TINY = "tiny"


class TagError(RegistryError):
    """An encoder has no such form; the message says which tags it has, or how to write them."""


def split(name: str) -> tuple[str, tuple[str, ...]]:
    """The encoder's name and its tags."""
    base, *tags = name.split(".")
    return base, tuple(tags)


def known_tags(card: EncoderCard) -> tuple[str, ...]:
    """Every tag of an encoder, in the order of a name."""
    variants = tuple(variant.tag for variant in card.variants)
    return (*variants, *card.taps[1:], *((RANDOM,) if card.randomisable else ()))


def form(card: EncoderCard, tags: tuple[str, ...]) -> EncoderCard:
    """The card of one form of an encoder; `random`, which changes no field, is not among its `tags`.

    Raises:
        TagError: a tag that it does not have, two layers, two variants that exclude each other, `tiny` with trained
            weights, or another order of tags.
    """
    chosen = [variant for variant in card.variants if variant.tag in tags]
    changes: dict[str, Any] = {}
    for variant in chosen:
        changes |= variant.changes
    changed = replace(card, **changes)
    _check(changed, tags)
    _check_together(card.name, chosen)
    layer = tuple(tag for tag in tags if tag in changed.taps)
    if layer:
        changed = replace(changed, taps=layer, dim=changed.layer_dim or changed.dim)
    return replace(changed, tags=tuple(tag for tag in tags if tag != RANDOM))


def summary_of(card: EncoderCard, *, random: bool = False) -> str:
    """What one form of an encoder is, in words: the encoder's summary and what its tags add."""
    words = [variant.summary for variant in card.variants if variant.tag in card.tags]
    words += ["with untrained weights"] if random else []
    words += [f"of {card.taps[0]}"] if card.taps[0] in card.tags else []
    return " ".join([card.summary, *words])


def _check(card: EncoderCard, tags: tuple[str, ...]) -> None:
    known = known_tags(card)
    unknown = [tag for tag in tags if tag not in known]
    if unknown:
        has = f"its tags are {_listed(card)}" if known else "it has no tags"
        raise TagError(f"{card.name} has no form {unknown[0]!r}; {has}")
    if sum(tag in card.taps for tag in tags) > 1:
        raise TagError(f"{'.'.join((card.name, *tags))} names two layers; a detector uses one")
    ordered = tuple(sorted(dict.fromkeys(tags), key=known.index))
    if ordered != tags:
        raise TagError(f"write {'.'.join((card.name, *ordered))}: tags come in one order, each once")
    if TINY in tags and RANDOM not in tags:
        raise TagError(f"{card.name}.{TINY} has no trained weights; write {'.'.join((card.name, *tags, RANDOM))}")


def _check_together(name: str, chosen: Sequence[Variant]) -> None:
    """Refuse two variants that change the same, such as the weights; `tiny`, which has none, goes with any."""
    chosen = [variant for variant in chosen if variant.tag != TINY]
    for one, other in combinations(chosen, 2):
        if one.changes.keys() & other.changes.keys():
            raise TagError(f"{name}.{one.tag} and {name}.{other.tag} are two forms; no form is both")


def _listed(card: EncoderCard) -> str:
    """Its tags in words, layers as a range."""
    words = [variant.tag for variant in card.variants]
    layers = card.taps[1:]
    words += list(layers) if len(layers) < 3 else [f"{layers[0]} to {layers[-1]}"]
    return ", ".join(words + ([RANDOM] if card.randomisable else []))
