"""Markdown: tables, and a table of contents."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence


def table(header: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its first column to the left and the others to the right.

    Cells are not padded, so that a changed cell changes one line of the file.
    """
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, rule, *body])


def anchors(titles: Sequence[str]) -> list[str]:
    """The fragments that GitHub gives headings, in their order; a repeated one is numbered."""
    seen: Counter[str] = Counter()
    found = []
    for title in titles:
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        found.append(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found
