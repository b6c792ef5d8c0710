"""What is on record about each data set: what it is, who gives it out, and on which terms.

Facts are as of 2026, from the releases' pages and the papers; what could not be checked says so, and what is unknown is
None. No data set's media are fetched by a tool: their forms ask a person to agree to terms.
"""

from .card import Card as Card
from .deepfakes import CARDS as _DEEPFAKES
from .speech import CARDS as _SPEECH

CARDS = {card.name: card for card in sorted((*_DEEPFAKES, *_SPEECH), key=lambda card: card.name)}
"""By the name that commands take."""


def get(name: str) -> Card | None:
    """The card of a published data set; None for one's own."""
    return CARDS.get(name)
