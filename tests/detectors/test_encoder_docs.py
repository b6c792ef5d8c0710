"""What docs/encoders.md and README say of the published encoders is what their cards say."""

import re

import pytest

from detectors.registry import registry
from paths import ROOT

PAGE = (ROOT / "docs" / "encoders.md").read_text()
COSTS = re.findall(r"^\| `([a-z0-9_]+)` \|", PAGE.partition("## Cost")[2], flags=re.MULTILINE)
TABLE = {
    name: [part.strip() for part in rest.split("|")]
    for name, rest in re.findall(r"^\| `([a-z0-9_]+)` \|(.*)\|$", PAGE.partition("## Names")[0], flags=re.MULTILINE)
}
PUBLISHED = {name: entry.card for name, entry in registry().encoders.items() if entry.card.variants}


def test_the_table_has_the_twelve_encoders() -> None:
    assert len(TABLE) == 12 and TABLE.keys() == PUBLISHED.keys() == set(COSTS)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_line_says_what_the_card_says(name: str) -> None:
    card, (columns, rate, _, layers, licence) = PUBLISHED[name], TABLE[name]
    assert (int(columns), float(rate), licence) == (card.dim, card.fps, card.licence)
    blocks = ", ".join(f"`{tap}`" for tap in card.taps[1:]) if name == "autoavsr_av" else str(len(card.taps) - 1)
    assert layers == blocks


@pytest.mark.parametrize("name", PUBLISHED)
def test_readme_says_how_to_get_its_weights(name: str) -> None:
    readme = (ROOT / "README.md").read_text()
    (line,) = [line for line in readme.splitlines() if line.startswith("| `") and f"`{name}`" in line]
    weights = PUBLISHED[name].weights
    assert weights is not None
    expected = "hub" if weights.hub else "Google Drive, by hand" if weights.drive else "direct download"
    assert expected in line


def test_every_form_is_on_the_page() -> None:
    tags = {variant.tag for card in PUBLISHED.values() for variant in card.variants}
    assert all(f".{tag}" in PAGE for tag in tags)
