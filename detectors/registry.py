"""Which encoders, heads and detectors there are. Importing and listing them loads no torch.

A module in `detectors/encoders/`, `detectors/heads/` or `detectors/` registers a class with `@register(card)`. Every
encoder composes with every head to a detector `{encoder}-{head}`; `{encoder}.random` is the same architecture with
untrained weights.
"""

import difflib
import importlib
import pkgutil
import re
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from .cards import DetectorCard, EncoderCard, HeadCard

Card = EncoderCard | HeadCard | DetectorCard
T = TypeVar("T", bound=type)

RANDOM = "random"
RANDOM_SEEDS = (0, 1, 2)
"""Untrained encoders are drawn with these seeds; their spread is reported."""
FIT_SEED = 43
"""The seed of trainings, SSR-DFD's."""

_NAME = re.compile(r"[a-z0-9_]+")
_RESERVED = ("ood", "ind", "_to_")


class RegistryError(Exception):
    """A name or a card that the suite cannot take; the message says why."""


class UnknownNameError(RegistryError):
    """No such encoder, head or detector; the message suggests near ones."""


@dataclass(frozen=True)
class Entry:
    """A registered class; encoders are built as `cls(card, seed)`, heads and detectors as `cls(card)`."""

    card: Any
    cls: Callable[..., Any]
    module: str


@dataclass
class Registry:
    """The tables that `register` fills, and the modules that could not be imported, with their tracebacks."""

    encoders: dict[str, Entry] = field(default_factory=dict)
    heads: dict[str, Entry] = field(default_factory=dict)
    detectors: dict[str, Entry] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def table(self, card: Card) -> dict[str, Entry]:
        """The table that a card belongs in."""
        if isinstance(card, EncoderCard):
            return self.encoders
        return self.heads if isinstance(card, HeadCard) else self.detectors


_registry = Registry()


@dataclass(frozen=True)
class Row:
    """A detector by name, and what is known of it without loading anything.

    Attributes:
        encoder: the encoder's name without its tag, None for a whole detector; `random`: its weights are untrained.
        head: None for a whole detector.
        seeds: one run each; several only for untrained encoders.
    """

    name: str
    modality: str
    summary: str
    needs: frozenset[str]
    logit: bool
    control: bool
    encoder: str | None = None
    head: str | None = None
    random: bool = False
    seeds: tuple[int, ...] = (FIT_SEED,)

    @property
    def scope(self) -> str:
        """What one worker should run together: the weights that it has loaded."""
        return f"{self.encoder}.{RANDOM}" if self.random else self.encoder or self.name


def check_name(name: str) -> None:
    """Refuse a name that would break cell ids or `-k`.

    Raises:
        RegistryError: other characters than `[a-z0-9_]`, or a part that `-k ood` or `-k ind` would match by accident.
    """
    if not _NAME.fullmatch(name):
        raise RegistryError(f"the name {name!r} may hold only a-z, 0-9 and _ ('-' and '.' separate parts of a cell)")
    for part in _RESERVED:
        if part in name:
            raise RegistryError(f"the name {name!r} contains {part!r}, which -k or the cell names use; choose another")


def register(card: Card) -> Callable[[T], T]:
    """Register the decorated class under its card.

    Raises:
        RegistryError: the name cannot be used or is taken (both modules are named).
    """
    check_name(card.name)
    _check_card(card)

    def add(cls: T) -> T:
        table = _registry.table(card)
        taken = table.get(card.name)
        if taken is not None and taken.module != cls.__module__:
            raise RegistryError(f"{card.name!r} is registered by {taken.module} and again by {cls.__module__}")
        table[card.name] = Entry(card, cls, cls.__module__)
        return cls

    return add


def _check_card(card: Card) -> None:
    """Refuse what would stop other detectors' cells; the message says what to write instead."""
    needs: Any = getattr(card, "needs", frozenset())
    if not isinstance(needs, frozenset) or not needs <= {"real", "fake"}:
        raise RegistryError(f"{card.name}: needs is {needs!r}; write frozenset({{'real', 'fake'}}), or a part of it")
    modality = getattr(card, "modality", "audio")
    if modality not in ("audio", "visual", "audio-visual"):
        raise RegistryError(f"{card.name}: modality is {modality!r}; there are audio, visual and audio-visual")


@cache
def registry() -> Registry:
    """All that is registered. A module that fails to import is kept in `broken`, and stops nothing else."""
    for package in ("detectors.encoders", "detectors.heads", "detectors"):
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            if not module.ispkg and not module.name.endswith("__main__"):
                _import(module.name)
    return _registry


def _import(module: str) -> None:
    try:
        importlib.import_module(module)
    except (Exception, SystemExit):  # a plug-in may fail in any way; it is reported where its cells would be
        _registry.broken[module] = traceback.format_exc()


def rows() -> list[Row]:
    """Every detector that the suite can run, in the order of the table: encoders with each head, then the others."""
    known = registry()
    found: list[Row] = []
    for encoder in sorted(known.encoders):
        for head in sorted(known.heads):
            found.append(_composed(encoder, head, random=False))
            if known.encoders[encoder].card.randomisable:
                found.append(_composed(encoder, head, random=True))
    return found + [_whole(name) for name in sorted(known.detectors)]


def row(name: str) -> Row:
    """One detector by its name, such as `tiny_v-linear`, `tiny_v.random-linear` or `silence`.

    Raises:
        UnknownNameError: there is none; near names are suggested.
    """
    by_name = {known.name: known for known in rows()}
    if name not in by_name:
        raise UnknownNameError(f"no detector is called {name!r}{suggest(name, by_name)}")
    return by_name[name]


def suggest(name: str, known: Iterable[str]) -> str:
    """A phrase that names near matches, or all there are."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=3)
    return f"; did you mean {' or '.join(near)}?" if near else f"; there are: {', '.join(known)}"


def _composed(encoder: str, head: str, *, random: bool) -> Row:
    entry, top = _registry.encoders[encoder].card, _registry.heads[head].card
    tag = f".{RANDOM}" if random else ""
    return Row(
        name=f"{encoder}{tag}-{head}",
        modality=entry.modality,
        summary=f"{entry.summary}{' with untrained weights' if random else ''}; {top.summary}",
        needs=top.needs,
        logit=top.logit,
        control=random,
        encoder=encoder,
        head=head,
        random=random,
        seeds=RANDOM_SEEDS if random else (FIT_SEED,),
    )


def _whole(name: str) -> Row:
    card = _registry.detectors[name].card
    return Row(name, card.modality, card.summary, card.needs, card.logit, card.control)
