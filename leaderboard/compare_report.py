"""The comparison of two detectors as text: tables, with the notice where it is due, and what was found in words."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import fill

from .compare import Compared
from .records import Record
from .tables import NOTICE, NULL, SELF_REPORTED, line_of, mark, percent

_WIDTH = 120
_FEW = 20
"""Fewer clips than these are not counted out: the standard error says nothing of so small a set."""
_NOTES = (
    "Difference: AUC of the first minus AUC of the second, in points, on the same clips. Separated: its interval "
    "leaves out zero; each interval is at 95 % by itself, so that about one in twenty equal pairs separates by chance. "
    "Clips needed: test clips of the same mix that would separate the two with 80 % power, were the true difference "
    f"the measured one; the set has as many as stand before it. {SELF_REPORTED}: self-reported."
)


def report(found: Sequence[Compared], a: str, b: str) -> str:
    """Tables by kind of data, corpus and probe, and a sentence on each; a real and a simulated pair share none."""
    blocks = [list(group) for _, group in groupby(sorted(found, key=_block), key=_block)]
    texts = [_table(block, a, b) for block in blocks] + [fill(_NOTES, _WIDTH)]
    words = [fill(sentence, _WIDTH, break_on_hyphens=False) for sentence in _summary(blocks, a, b)]
    return "\n\n".join([*texts, "\n".join(words)])


def _block(one: Compared) -> tuple[str, str, str]:
    return one.a.data, line_of(one.a).source, one.place[2]


def _table(block: Sequence[Compared], a: str, b: str) -> str:
    from tabulate import tabulate

    header = ["pair", a, b, "difference", "separated", "clips", "needed"]
    notice = [fill(NOTICE, _WIDTH)] if block[0].a.data == "sim" else []
    body = tabulate([_line(one) for one in block], header, "simple", disable_numparse=True)
    return "\n".join([f"AUC in % [95 %], {_name(block[0])}", *notice, body])


def _name(one: Compared) -> str:
    probe = f"probe {one.place[2]}" if one.place[2] else "plain"
    return ", ".join(filter(None, [f"{one.a.data} data", line_of(one.a).source, probe]))


def _line(one: Compared) -> list[str]:
    d = one.difference
    difference = f"{100 * d.value:+.1f} [{100 * d.lo:+.1f}, {100 * d.hi:+.1f}]"
    pair = " → ".join(one.place[:2])
    return [
        pair,
        _auc(one.a),
        _auc(one.b),
        difference,
        "yes" if one.separated else "no",
        f"{d.n:,}",
        _needed(one),
    ]


def _auc(record: Record) -> str:
    return percent(record.metrics["auc"]) + mark(record)


def _needed(one: Compared) -> str:
    """In words where there is no number, or nothing to be found: the control's classes do not differ."""
    if one.place[1] == NULL:
        return "–"
    if one.needed is None:
        return "cannot say"
    return f"under {_FEW}" if one.needed < _FEW else f"{one.needed:,}"


def _summary(blocks: Sequence[Sequence[Compared]], a: str, b: str) -> Iterator[str]:
    """A sentence a block; null controls, where neither can be better, are not counted."""
    for block in blocks:
        counted = [one for one in block if one.place[1] != NULL]
        if counted:
            higher, lower = ([one for one in counted if sign * one.difference.value > 0] for sign in (1, -1))
            yield (
                f"{_name(block[0])}: {a} is higher in {len(higher)} of {_pairs(len(counted))} (separated in "
                f"{_separated(higher)}), {b} in {len(lower)} (separated in {_separated(lower)})."
            )
    if any(block[0].a.data == "sim" for block in blocks):
        yield "That holds for these simulated pairs, null controls not counted; it ranks neither detector."


def _pairs(count: int) -> str:
    return f"{count} pair{'' if count == 1 else 's'}"


def _separated(found: Sequence[Compared]) -> int:
    return sum(one.separated for one in found)
