"""What a detector lacks on this machine before it can be measured: the weights of its encoder."""

from .fetching.files import MissingWeightsError, find
from .registry import Row, asked, card_of


def lacking(row: Row) -> str | None:
    """Why the row cannot be measured here, in one line that says how to change it; None where it can.

    An untrained control is measured beside the encoder that it is a control of: where that one's weights are not here,
    only when it was asked for by name. Twelve large networks would otherwise run for days beside nothing.
    """
    card = card_of(row)
    weights = card.weights if card else None
    if weights is None or (row.random and asked(row)):
        return None
    try:
        find(weights)
    except MissingWeightsError as error:
        return str(error)
    return None
