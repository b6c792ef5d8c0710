"""A data set's card."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """What is on record about a data set.

    Attributes:
        name: what commands call it.
        title, citation: as its authors call it, and the paper.
        licence: the terms, in a few words.
        page: where a person applies for it, or learns how.
        steps: what to do there, in order.
        holds: how many clips of which kind.
        size: on disk; None where unknown.
        gated: whether someone has to grant access.
        open_files: what of it anyone may download, beside the lists of `datasets.lists`; None for nothing.
    """

    name: str
    title: str
    citation: str
    licence: str
    page: str
    steps: tuple[str, ...]
    holds: str
    size: str | None = None
    gated: bool = True
    open_files: str | None = None


UNCHECKED = "not checked"
"""Ends a fact that is general knowledge and was not found in a release or a paper."""
