"""Names of an encoder's forms: which there are, what they change, and what a wrong one is told."""

import re
from dataclasses import replace

import pytest

from detectors import plugins
from detectors.cards import EncoderCard, Variant
from detectors.registry import Registry, RegistryError, UnknownNameError, card_of, register, registry, row, rows
from detectors.tags import TagError, form, known_tags

CARD = EncoderCard(
    "lips",
    "visual",
    8,
    25,
    "a summary",
    "a licence",
    "a test",
    taps=("last", "layer1", "layer2", "layer3"),
    randomisable=True,
    variants=(
        Variant("wide", "twice as wide", {"dim": 16}),
        Variant("tiny", "small", {"dim": 2, "taps": ("last", "layer1")}),
        Variant("nocrop", "without a crop"),
    ),
)


class Lips:
    def __init__(self, card: EncoderCard, seed: int | None = None) -> None: ...

    def load(self, ctx: object) -> None: ...

    def encode(self, clip: object, taps: object = ("last",)) -> None: ...


@pytest.fixture
def lips(known: Registry) -> Registry:
    register(CARD)(Lips)
    return known


def test_tags_change_the_card_and_a_layer_is_the_only_tap() -> None:
    changed = form(CARD, ("wide", "nocrop", "layer2", "random"))
    assert (changed.dim, changed.taps, changed.tags) == (16, ("layer2",), ("wide", "nocrop", "layer2"))
    assert form(CARD, ()) == CARD
    assert form(CARD, ("random",)) == CARD


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        (("narrow",), "lips has no form 'narrow'; its tags are wide, tiny, nocrop, layer1 to layer3, random"),
        (("layer4",), "no form 'layer4'"),
        (("last",), "no form 'last'"),
        (("layer1", "layer2"), "lips.layer1.layer2 names two layers"),
        (("nocrop", "wide"), "write lips.wide.nocrop: tags come in one order"),
        (("wide", "wide"), "write lips.wide: tags"),
        (("random", "layer1"), "write lips.layer1.random"),
        (("tiny",), "lips.tiny has no trained weights; write lips.tiny.random"),
        (("tiny", "layer2", "random"), "no form 'layer2'; its tags are wide, tiny, nocrop, layer1, random"),
    ],
)
def test_a_name_that_is_no_form_is_told_what_to_write(tags: tuple[str, ...], words: str) -> None:
    with pytest.raises(TagError, match=re.escape(words)):
        form(CARD, tags)


@pytest.mark.parametrize("name", ["fsfm.deepfake_supervised.ffpp", "fsfm.deepfake_supervised.ffpp.layer3"])
def test_a_form_has_one_checkpoint(name: str) -> None:
    with pytest.raises(TagError, match=r"fsfm\.deepfake_supervised and fsfm\.ffpp are two forms"):
        plugins.chosen([name])
    card = registry().encoders["fsfm"].card
    assert form(card, ("deepfake_supervised", "own_input", "bf16")).weights != card.weights
    assert form(card, ("ffpp", "tiny", "random")).weights is None


def test_layers_may_have_other_columns_than_the_default_tap() -> None:
    card = replace(CARD, layer_dim=5)
    assert (form(card, ("layer2",)).dim, form(card, ("wide",)).dim, form(card, ()).dim) == (5, 16, 8)
    clip = registry().encoders["clip_l14"].card
    assert (clip.dim, form(clip, ("layer3",)).dim) == (768, 1024)


def test_an_encoder_without_tags_says_so() -> None:
    plain = replace(CARD, variants=(), taps=("last",), randomisable=False)
    assert known_tags(plain) == ()
    with pytest.raises(TagError, match="lips has no form 'random'; it has no tags"):
        form(plain, ("random",))


def test_tags_may_not_select_cells_by_accident() -> None:
    with pytest.raises(RegistryError, match="'wind' contains 'ind'"):
        register(replace(CARD, variants=(Variant("wind", "a draught"),)))
    with pytest.raises(RegistryError, match="'blood' contains 'ood'"):
        register(replace(CARD, taps=("last", "blood")))


def test_a_form_is_a_row_once_it_was_asked_for(lips: Registry) -> None:
    before = [known.name for known in rows()]
    assert [name for name in before if name.startswith("lips")] == ["lips-linear", "lips.random-linear"]
    assert plugins.chosen(["lips.wide.layer3"]) == {"lips.wide.layer3"}
    assert [known.name for known in rows() if known.name not in before] == ["lips.wide.layer3-linear"]
    plugins.ask_in("ood and (lips.nocrop-linear or not lips.tiny) and tiny_v.random")
    assert [known.name for known in rows() if "nocrop" in known.name] == ["lips.nocrop-linear"]


def test_a_row_has_its_form_without_being_asked_for(lips: Registry) -> None:
    known = row("lips.wide.layer3.random-linear")
    assert (known.encoder, known.tags, known.random, known.control) == ("lips", ("wide", "layer3"), True, True)
    assert (known.scope, known.seeds) == ("lips.wide.layer3.random", (0, 1, 2))
    card = card_of(known)
    assert card is not None and (card.dim, card.taps) == (16, ("layer3",))
    assert card_of(row("silence")) is None
    assert "twice as wide" in known.summary and "layer3" in known.summary


@pytest.mark.parametrize("value", ["lips.narrow", "lips.narrow-linear", "lips.random.wide"])
def test_detector_refuses_a_form_that_does_not_exist(lips: Registry, value: str) -> None:
    with pytest.raises(RegistryError, match=r"its tags are|write lips\.wide\.random"):
        plugins.chosen([value])


def test_an_unknown_encoder_with_a_tag_is_unknown(lips: Registry) -> None:
    with pytest.raises(UnknownNameError, match=r"'lipps\.wide'"):
        plugins.chosen(["lipps.wide"])
    with pytest.raises(UnknownNameError, match=r"no detector is called 'lipps\.wide-linear'"):
        row("lipps.wide-linear")
