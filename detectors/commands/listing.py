"""`list` and `describe`: what there is, and what is on record about one of it. Neither loads torch."""

import argparse
from collections.abc import Iterator
from typing import Any

from datasets.files import in_bytes
from detectors.cards import DetectorCard, EncoderCard, HeadCard, Weights
from detectors.fetching.files import located, pin_of, size_of
from detectors.fetching.folder import how_to_get, weights_root
from detectors.registry import UnknownNameError, registry, rows, suggest
from detectors.tags import RANDOM, known_tags, split, summary_of

from .named import encoder_card, spelled_out, weights_of


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser(
        "list", help="every detector that can be measured and scored with, and which encoders have their weights here"
    )
    parser.set_defaults(run=_list)
    parser = commands.add_parser(
        "describe",
        help="what is on record about an encoder, a head or a detector",
        description="What is on record about an encoder (tags included, such as avhubert_v.pretrained), a head or a "
        "detector: what it is, its features, licence, citation, and its weights: where they are or how to get them.",
    )
    parser.add_argument("name", metavar="NAME", help="such as braven_v or silence, or a .py file that registers it")
    parser.set_defaults(run=_describe)


def _list(options: argparse.Namespace) -> int:
    from tabulate import tabulate

    table = [
        [
            known.name,
            known.modality,
            " and ".join(sorted(known.needs, reverse=True)) or "nothing",
            "control" if known.control else "",
            known.summary,
        ]
        for known in rows()
    ]
    print(tabulate(table, ["detector", "modality", "trained on", "control", "what it is"], "simple"))
    encoders = [
        [name, entry.card.modality, *state_of(entry.card.weights)]
        for name, entry in sorted(registry().encoders.items())
    ]
    print("\n" + tabulate(encoders, ["encoder", "modality", "weights", "how to get them"], "simple"))
    return 0


def state_of(weights: Weights | None) -> tuple[str, str]:
    """Whether weights are here, and what it takes to get them, in a few words."""
    if weights is None:
        return "needs none", ""
    if located(weights):
        return "here", ""
    size = f", {in_bytes(weights.size)}" if weights.size else ""
    if weights.url or weights.hub:
        return "not here", f"fetch{size}"
    return "not here", f"by hand with a browser{size}; fetch says how" if weights.drive else "by hand; fetch says how"


def _describe(options: argparse.Namespace) -> int:
    names = spelled_out([options.name])
    parts = [part for name in names for part in ([name] if name in registry().detectors else name.split("-"))]
    told = [list(_lines(part, _card(part))) for part in parts]
    width = max(len(label) for lines in told for label, _ in lines) + 1
    print("\n\n".join("\n".join(f"{label + ':':<{width}} {value}" for label, value in lines) for lines in told))
    return 0


def _card(name: str) -> EncoderCard | HeadCard | DetectorCard:
    """The card of an encoder's form, a head or a whole detector.

    Raises:
        UnknownNameError, TagError: there is none.
    """
    known = registry()
    for table in (known.heads, known.detectors):
        if name in table:
            card: HeadCard | DetectorCard = table[name].card
            return card
    if split(name)[0] in known.encoders:
        return encoder_card(name)
    every = [*known.encoders, *known.heads, *known.detectors]
    raise UnknownNameError(f"nothing is called {name!r}{suggest(name, every)}")


def _lines(name: str, card: EncoderCard | HeadCard | DetectorCard) -> Iterator[tuple[str, str]]:
    """A label and a text for each line; `name` has the tags that were typed."""
    yield "name", name
    if isinstance(card, EncoderCard):
        yield "what it is", summary_of(card, random=RANDOM in split(name)[1])
    else:
        yield "what it is", card.summary
        yield "trained on", " and ".join(sorted(card.needs, reverse=True)) or "nothing"
    if not isinstance(card, HeadCard):
        yield "modality", card.modality
        yield "licence", card.licence
    yield "citation", card.citation
    if isinstance(card, EncoderCard):
        yield from _features(card)
        seen = "nothing: untrained" if RANDOM in split(name)[1] else ", ".join(card.pretraining)
        yield "pre-trained on", seen or "nothing on record"
        yield from _weights(weights_of(name), name)


def _features(card: EncoderCard) -> Iterator[tuple[str, str]]:
    yield "features", f"{card.dim} columns, {card.fps:g} rows a second"
    taps = list(card.taps)
    yield "layers", ", ".join(taps if len(taps) < 5 else [taps[0], f"{taps[1]} to {taps[-1]}"])
    for variant in card.variants:
        yield f"form .{variant.tag}", variant.summary
    if RANDOM in known_tags(card):
        yield f"form .{RANDOM}", "with untrained weights"


def _weights(weights: Weights | None, name: str) -> Iterator[tuple[str, str]]:
    """What is known of a checkpoint, and where it is or how to get it. Nothing is hashed."""
    if weights is None:
        yield "weights", "needs none"
        return
    yield "weights", weights.file
    path, pin = located(weights), pin_of(weights)
    yield "  from", weights.url or weights.source
    if weights.hub:
        yield "  of the hub", f"{weights.hub} at revision {weights.revision}"
    yield "  licence", weights.licence
    if path:
        yield "  size", in_bytes(size_of(path, weights))
    else:
        yield "  size", f"about {in_bytes(weights.size)}" if weights.size else "unknown"
    if weights.sha256:
        yield "  SHA-256", f"{weights.sha256} (published)"
    else:
        yield "  SHA-256", f"{pin['sha256']} (pinned on {pin.get('date')})" if pin else "not published, not pinned yet"
    yield "  where", str(path) if path else f"not in {weights_root()}: {how_to_get(weights, name)}"
