"""Markdown tables."""

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its first column to the left and the others to the right.

    Cells are not padded, so that a changed cell changes one line of the file.
    """
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, rule, *body])
