"""What a card and a class must have to be registered. Each refusal says what is missing and what to write."""

import inspect
import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from .cards import DetectorCard, EncoderCard, HeadCard, Variant

Card = EncoderCard | HeadCard | DetectorCard

RESERVED = ("ood", "ind", "contract", "_to_")
"""Parts that no name may contain: `-k` selects by the first three, the last one joins the sets of a cell."""
_NAME = re.compile(r"[a-z0-9_]+")
_HASH = re.compile(r"[0-9a-f]{64}")
_MODALITIES = ("audio", "visual", "audio-visual")


class RegistryError(Exception):
    """A name, a card, a class or a file that the suite cannot take; the message says why and what to do."""


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _names(value: Any) -> bool:
    return isinstance(value, tuple) and all(_text(name) for name in value)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _variants(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(variant, Variant) for variant in value)


_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (_text, "'flicker', of a-z, 0-9 and _"),
    "modality": (lambda value: value in _MODALITIES, "'audio', 'visual' or 'audio-visual', the streams that it reads"),
    "needs": (
        lambda value: isinstance(value, frozenset) and value <= {"real", "fake"},
        "frozenset({'real', 'fake'}), the classes that fit must be given, or a part of it",
    ),
    "dim": (lambda value: _positive(value) and isinstance(value, int), "256, the columns of its features"),
    "fps": (_positive, "25, the rows of features per second"),
    "summary": (_text, "'what it does, in a few words'"),
    "licence": (_text, "'Apache-2.0' or another, that of the code and the weights"),
    "citation": (_text, "'the paper, or where it comes from'"),
    "version": (lambda value: _positive(value) and isinstance(value, int), "1, a whole number"),
    "taps": (lambda value: _names(value) and bool(value), "('last',), a tuple of the layers' names, the default first"),
    "pretraining": (_names, "('lrs3',), a tuple of the data sets that it has seen"),
    "randomisable": (_flag, "True or False"),
    "variants": (_variants, "(Variant('pretrained', 'what is other', {'weights': OTHER}),), other forms of it"),
    "layer_dim": (
        lambda value: value is None or (_positive(value) and isinstance(value, int)),
        "1024, the columns of its layers, or None where they are dim",
    ),
    "window": (lambda value: value == 0 or _positive(value), "0.64, seconds of the windows that it sees one by one"),
    "logit": (_flag, "True where 0 separates the classes, else False"),
    "control": (_flag, "True for a control of shortcuts, else False"),
}
_METHODS = {
    EncoderCard: {"load": "def load(self, ctx)", "encode": 'def encode(self, clip, taps=("last",))'},
    HeadCard: {"fit": "def fit(self, train, val, ctx)", "load": "def load(self, folder)"},
    DetectorCard: {"fit": "def fit(self, train, val, ctx)", "load": "def load(self, folder, ctx)"},
}


def check_name(name: str) -> None:
    """Refuse a name that would break cell ids or `-k`.

    Raises:
        RegistryError: other characters than `[a-z0-9_]`, or a part that `-k ood`, `-k ind` or `-k contract` would match
            by accident.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise RegistryError(f"the name {name!r} may hold only a-z, 0-9 and _ ('-' and '.' separate parts of a cell)")
    for part in RESERVED:
        if part in name:
            why = "it joins the two data sets of a cell" if part == "_to_" else f"-k {part} would select it by accident"
            raise RegistryError(f"the name {name!r} contains {part!r}, and {why}; choose another name")


def legal_name(stem: str) -> str:
    """A name made from a file's stem that `check_name` takes."""
    name = re.sub(r"[^a-z0-9_]", "_", stem.lower()) or "unnamed"
    for part in RESERVED:
        while part in name:
            name = name.replace(part, f"{part[:2]}_{part[2:]}")
    return name


def check_card(card: Card) -> None:
    """Refuse a card that is not complete, or that would stop other detectors' cells.

    Raises:
        RegistryError: it names the field, what it holds, and what to write.
    """
    if not isinstance(card, EncoderCard | HeadCard | DetectorCard):
        raise RegistryError(
            f"register is given {card!r}; write @register(CARD) above the class, with an EncoderCard, HeadCard or "
            "DetectorCard"
        )
    check_name(card.name)
    for field in fields(card):
        fits, write = _RULES.get(field.name, (None, ""))
        value = getattr(card, field.name)
        if fits is not None and not fits(value):
            raise RegistryError(f"{card.name}: {field.name} is {value!r} on its card; write {field.name}={write}")
    for tag in (*card.taps[1:], *(variant.tag for variant in card.variants)) if isinstance(card, EncoderCard) else ():
        check_name(tag)
    _check_weights(card)


def _check_weights(card: Card) -> None:
    """Refuse weights that could not be found, fetched or checked; see `Weights`."""
    weights = getattr(card, "weights", None)
    if weights is None:
        return
    for field in ("file", "source", "licence"):
        if not _text(getattr(weights, field, None)):
            raise RegistryError(f"{card.name}: the weights on its card have no {field}; write Weights({field}=...)")
    parts = weights.file.split("/")
    if "\\" in weights.file or not all(parts) or {".", ".."} & set(parts):
        write = "a path below the weights folder, such as 'net.pt' or 'mine/net.pt'"
        raise RegistryError(f"{card.name}: the file of its weights is {weights.file!r}; write {write}")
    if weights.sha256 is not None and not (isinstance(weights.sha256, str) and _HASH.fullmatch(weights.sha256)):
        raise RegistryError(
            f"{card.name}: sha256 of its weights is {weights.sha256!r}; write the 64 hexadecimal digits that "
            f"`sha256sum {weights.file}` prints, or None where none was published"
        )
    if weights.hub and not f"{weights.file}/".startswith(f"{weights.hub}/"):
        raise RegistryError(
            f"{card.name}: the file of its weights is {weights.file!r}; for a model of the hub write "
            f"{weights.hub!r}, or {weights.hub + '/'!r} and the path of its one file"
        )


def check_class(card: Card, cls: Any) -> None:
    """Refuse a class that lacks a method or cannot be built.

    Raises:
        RegistryError: it names the class and what to write.
    """
    name = getattr(cls, "__name__", repr(cls))
    for method, write in _METHODS[type(card)].items():
        if not callable(getattr(cls, method, None)):
            raise RegistryError(f"{card.name}: the class {name} has no {method}; write `{write}`")
    given = ("card", "seed") if isinstance(card, EncoderCard) else ("card",)
    try:
        inspect.signature(cls).bind(*given)
    except TypeError as error:
        write = ", ".join(["self", *given[:1], *("seed=None" for _ in given[1:])])
        raise RegistryError(
            f"{card.name}: it is built as {name}({', '.join(given)}), which fails ({error}); "
            f"write `def __init__({write})`"
        ) from None


def explain(error: BaseException) -> None:
    """Add to Python's own complaint about a card's missing fields what to write there."""
    text = str(error)
    if isinstance(error, TypeError) and "Card.__init__()" in text:
        named = [name for name in _RULES if f"'{name}'" in text]
        error.add_note("\n".join(f"write {name}={_RULES[name][1]}" for name in named))
