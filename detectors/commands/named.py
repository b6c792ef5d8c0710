"""Encoders and their weights by the names that a user types."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from detectors.cards import EncoderCard, Weights
from detectors.fetching.folder import users
from detectors.plugins import load_file
from detectors.registry import RANDOM, UnknownNameError, registry, suggest
from detectors.tags import form, split


def spelled_out(names: Iterable[str]) -> list[str]:
    """Names as they are, and for a Python file those of the encoders that it registers, or else of what it does.

    Raises:
        RegistryError: the file is missing, or registers nothing.
    """
    found: list[str] = []
    for name in names:
        if name.endswith(".py"):
            registered = load_file(Path(name))
            found += [own for own in registered if own in registry().encoders] or registered
        else:
            found.append(name)
    return found


def encoder_card(name: str) -> EncoderCard:
    """The card of an encoder, or of one of its forms, by its name; a head's after `-` is left aside.

    Raises:
        UnknownNameError: there is no such encoder; near names are suggested.
        TagError: it has no such form.
    """
    base, tags = split(name.partition("-")[0])
    known = registry().encoders
    if base not in known:
        raise UnknownNameError(f"no encoder is called {base!r}{suggest(base, known)}")
    return form(known[base].card, tags)


def weights_of(name: str) -> Weights | None:
    """The checkpoint of an encoder's form; None where it needs none, as with untrained weights.

    Raises:
        UnknownNameError, TagError: as `encoder_card`.
    """
    card = encoder_card(name)
    return None if RANDOM in split(name.partition("-")[0])[1] else card.weights


def every_weights(*, variants: bool) -> Iterator[tuple[str, Weights]]:
    """Each checkpoint once, with the first encoder that uses it; those of other forms too with `variants`."""
    seen: set[Weights] = set()
    for name, weights in users(variants=variants):
        if weights not in seen:
            seen.add(weights)
            yield name, weights
