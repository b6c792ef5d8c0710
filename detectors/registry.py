"""Which encoders, heads and detectors there are. Importing and listing them loads no torch.

A module in `detectors/encoders/`, `detectors/heads/` or `detectors/`, of an entry point, or a scratch file (see
`plugins`) registers a class with `@register(card)`. Every encoder composes with every head to a detector
`{encoder}-{head}`; `{encoder}.random` is the same architecture with untrained weights, and other tags after a dot name
further forms (see `tags`), which are rows only once they have been asked for.
"""

import difflib
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from .cardcheck import Card, RegistryError, check_card, check_class, legal_name
from .cardcheck import check_name as check_name
from .cards import EncoderCard, HeadCard
from .tags import RANDOM, form, split, summary_of

T = TypeVar("T", bound=type)

RANDOM_SEEDS = (0, 1, 2)
"""Untrained encoders are drawn with these seeds; their spread is reported."""
FIT_SEED = 43
"""The seed of trainings, SSR-DFD's."""


class UnknownNameError(RegistryError):
    """No such encoder, head or detector; the message suggests near ones."""


@dataclass(frozen=True)
class Entry:
    """A registered class; encoders are built as `cls(card, seed)`, heads and detectors as `cls(card)`."""

    card: Any
    cls: Callable[..., Any]
    module: str


@dataclass(frozen=True)
class Broken:
    """A module that could not be imported.

    Attributes:
        module: its name, or its path for a scratch file.
        path: its file, None where there is none.
        reason: one line; `traceback`: its own frames and the error.
    """

    module: str
    path: Path | None
    reason: str
    traceback: str


class BrokenModuleError(RegistryError):
    """A detector was asked for whose module fails to import; the message is its traceback."""


@dataclass
class Registry:
    """The tables that `register` fills, and by module those that could not be imported.

    `asked` has the forms of encoders that were asked for by name, as in `avhubert_v.layer12`.
    """

    encoders: dict[str, Entry] = field(default_factory=dict)
    heads: dict[str, Entry] = field(default_factory=dict)
    detectors: dict[str, Entry] = field(default_factory=dict)
    broken: dict[str, Broken] = field(default_factory=dict)
    asked: dict[str, None] = field(default_factory=dict)

    def table(self, card: Card) -> dict[str, Entry]:
        """The table that a card belongs in."""
        if isinstance(card, EncoderCard):
            return self.encoders
        return self.heads if isinstance(card, HeadCard) else self.detectors

    def forget(self, module: str) -> None:
        """Drop what a module registered."""
        for table in (self.encoders, self.heads, self.detectors):
            for name in [name for name, entry in table.items() if entry.module == module]:
                del table[name]


_registry = Registry()


@dataclass(frozen=True)
class Row:
    """A detector by name, and what is known of it without loading anything.

    Attributes:
        encoder: the encoder's name without its tags, None for a whole detector; `random`: its weights are untrained.
        tags: of the encoder's form, without `random`.
        head: None for a whole detector.
        seeds: one run each; several only for untrained encoders.
        modules: what registered it: an encoder's and a head's, or a detector's; a scratch file's path stands for it.
        broken: why its module does not import; then all of its cells fail.
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
    tags: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (FIT_SEED,)
    modules: tuple[str, ...] = ()
    broken: Broken | None = None

    @property
    def scope(self) -> str:
        """What one worker should run together: the weights that it has loaded."""
        if self.encoder is None:
            return self.name
        return ".".join((self.encoder, *self.tags, *((RANDOM,) if self.random else ())))


def register(card: Card) -> Callable[[T], T]:
    """Register the decorated class under its card, as of the module that calls this: the class may be another one's.

    Raises:
        RegistryError: the card or the class lacks something, or the name cannot be used or is taken (both modules are
            named).
    """
    check_card(card)
    module: str = sys._getframe(1).f_globals["__name__"]

    def add(cls: T) -> T:
        check_class(card, cls)
        table = _registry.table(card)
        taken = table.get(card.name)
        if taken is not None and taken.module != module:
            raise RegistryError(
                f"{card.name!r} is registered by {taken.module} and again by {module}; "
                "choose another name in the latter"
            )
        table[card.name] = Entry(card, cls, module)
        return cls

    return add


@cache
def registry() -> Registry:
    """All that is registered. A module that fails to import is kept in `broken`, and stops nothing else."""
    from . import plugins

    plugins.load_installed(_registry)
    return _registry


def rows() -> list[Row]:
    """Every detector that the suite can run, in the order of the table: encoders with each head, then the others.

    Modules that fail to import come last, each as a detector whose cells fail.
    """
    known = registry()
    found: list[Row] = []
    for encoder in sorted(known.encoders):
        for head in sorted(known.heads):
            found += [_composed(scope, head) for scope in _scopes(encoder)]
    found += [_whole(name) for name in sorted(known.detectors)]
    return found + [_broken(name, broken) for name, broken in broken_names().items()]


def broken_names() -> dict[str, Broken]:
    """The modules that fail to import by the name of their cells: the file's stem, made legal and unique."""
    known, found = registry(), {}
    taken = {*known.encoders, *known.heads, *known.detectors}
    for module, broken in known.broken.items():
        name = legal_name(broken.path.stem if broken.path else module.rpartition(".")[2])
        while name in taken:
            name += "_broken"
        taken.add(name)
        found[name] = broken
    return found


def _scopes(encoder: str) -> list[str]:
    """The forms of an encoder that are rows: its own, `random`, and what was asked for."""
    random = [f"{encoder}.{RANDOM}"] if _registry.encoders[encoder].card.randomisable else []
    asked = [scope for scope in _registry.asked if split(scope)[0] == encoder]
    return list(dict.fromkeys([encoder, *random, *asked]))


def ask(scope: str) -> None:
    """Make a form of an encoder, such as `avhubert_v.layer12.random`, a row of its own.

    Raises:
        UnknownNameError: there is no such encoder.
        TagError: the encoder has no such form.
    """
    base, tags = split(scope)
    known = registry().encoders
    if base not in known:
        raise UnknownNameError(f"no encoder is called {base!r}{suggest(base, known)}")
    form(known[base].card, tags)
    _registry.asked[scope] = None


def asked(row: Row) -> bool:
    """Whether this form of the encoder was asked for by its full name."""
    return row.scope in _registry.asked


def card_of(row: Row) -> EncoderCard | None:
    """The card of the row's encoder in the form that it uses; None for a whole detector."""
    if row.encoder is None:
        return None
    return form(registry().encoders[row.encoder].card, (*row.tags, RANDOM) if row.random else row.tags)


def row(name: str) -> Row:
    """One detector by its name, such as `tiny_v-linear`, `tiny_v.random-linear` or `silence`.

    Raises:
        UnknownNameError: there is none; near names are suggested.
        TagError: its encoder has no such form.
    """
    by_name = {known.name: known for known in rows()}
    if name in by_name:
        return by_name[name]
    scope, _, head = name.partition("-")
    if split(scope)[0] in _registry.encoders and head in _registry.heads:
        return _composed(scope, head)
    raise UnknownNameError(f"no detector is called {name!r}{suggest(name, by_name)}")


def suggest(name: str, known: Iterable[str]) -> str:
    """A phrase that names near matches, or all there are."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=3)
    return f"; did you mean {' or '.join(near)}?" if near else f"; there are: {', '.join(known)}"


def _composed(scope: str, head: str) -> Row:
    encoder, tags = split(scope)
    card, top = form(_registry.encoders[encoder].card, tags), _registry.heads[head].card
    random = RANDOM in tags
    return Row(
        name=f"{scope}-{head}",
        modality=card.modality,
        summary=f"{summary_of(card, random=random)}; {top.summary}",
        needs=top.needs,
        logit=top.logit,
        control=random,
        encoder=encoder,
        head=head,
        random=random,
        tags=card.tags,
        seeds=RANDOM_SEEDS if random else (FIT_SEED,),
        modules=(_registry.encoders[encoder].module, _registry.heads[head].module),
    )


def _whole(name: str) -> Row:
    entry = _registry.detectors[name]
    card = entry.card
    return Row(name, card.modality, card.summary, card.needs, card.logit, card.control, modules=(entry.module,))


def _broken(name: str, broken: Broken) -> Row:
    summary = f"does not import: {broken.reason}"
    return Row(name, "unknown", summary, frozenset(), False, False, modules=(broken.module,), broken=broken)
