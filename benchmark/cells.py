"""Cells: what the suite can measure, a detector on a train→test pair under a probe, and how each is marked."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import pytest

from detectors.registry import Row, rows, suggest
from leaderboard.domains import data_set, domain

from . import pairs

PAIRS = pairs.SIM
"""Those of the embedded corpus, which are always collected."""

PROBES = (None, "trim", "trimtest", "drop")
"""Plain; leading silence cut in train, validation and test; cut in test alone; the same cut for every clip."""

MARKS = {
    "ind": "ind(train, test): trained and tested on the same data set",
    "ood": "ood(train, test): tested on another data set than trained on, or on a manipulation that was left out",
    "encoder": "encoder(name, modality): the frozen encoder, with its tag, as in tiny_v.random",
    "head": "head(name, supervised): the head on its features",
    "detector": "detector(name, modality): the detector as a whole",
    "probe": "probe(name): trim, trimtest or drop",
    "needs": "needs(dataset): a data set that must be there, or its protocol, as favc or favc.ssr",
}


@dataclass(frozen=True)
class Cell:
    """One number of the leaderboard, still to be measured."""

    row: Row
    train: str
    test: str
    probe: str | None = None

    @property
    def id(self) -> str:
        """`{detector}-{train}_to_{test}[-{probe}]`; legal in a shell, in `-k` and as a file name."""
        return "-".join(filter(None, [self.row.name, f"{self.train}_to_{self.test}", self.probe]))

    @property
    def domain(self) -> Literal["in", "out"]:
        """`in` when trained and tested on the same data set, no manipulation left out, else `out`."""
        return domain(self.train, self.test)

    @property
    def train_cut(self) -> str | None:
        """How training and validation clips are cut, of `datasets.trim.PROBES`."""
        return None if self.probe == "trimtest" else self.probe

    @property
    def test_cut(self) -> str | None:
        """How test clips are cut."""
        return "trim" if self.probe == "trimtest" else self.probe

    def concerns(self, names: Collection[str]) -> bool:
        """Whether it is of one of these detectors, of an encoder with any head, or of a head with any encoder."""
        return any(name in names for name in (self.row.name, self.row.scope, self.row.encoder, self.row.head))

    @property
    def places(self) -> dict[str, tuple[str, str]]:
        """Data set and split of its training, validation and test clips."""
        return {"train": (self.train, "train"), "val": (self.train, "val"), "test": (self.test, "test")}

    def __str__(self) -> str:
        return self.id


def cells() -> Iterator[Cell]:
    """Every cell of the embedded corpus, and of real data sets that are here or were asked for, by detector."""
    collected = pairs.collected()
    for row in rows():
        for probe in PROBES:
            yield from (Cell(row, *pair, probe) for pair in collected if pairs.suits(pair[0], row.needs))


def marks(cell: Cell) -> list[pytest.MarkDecorator]:
    """What `-m` and `-k` can select a cell by."""
    probe = [pytest.mark.probe(name=cell.probe)] if cell.probe else []
    return [*_pair_marks(cell.train, cell.test), *_row_marks(cell.row), *probe]


@cache
def _pair_marks(train: str, test: str) -> list[pytest.MarkDecorator]:
    mark = pytest.mark.ind if domain(train, test) == "in" else pytest.mark.ood
    names = dict.fromkeys(found for name in (train, test) for found in (name, data_set(name)))
    return [mark(train=train, test=test), *(pytest.mark.needs(dataset=name) for name in names)]


@cache
def _row_marks(row: Row) -> list[pytest.MarkDecorator]:
    found = [pytest.mark.detector(name=row.name, modality=row.modality)]
    if row.encoder:
        found.append(pytest.mark.encoder(name=row.scope, modality=row.modality))
        found.append(pytest.mark.head(name=row.head, supervised="fake" in row.needs))
    return found


def params() -> list[Any]:
    """The cells as pytest parameters."""
    return [pytest.param(cell, id=cell.id, marks=marks(cell)) for cell in cells()]


def known_words() -> str:
    """What a selection can be made of, for whoever selected nothing."""
    return "\n".join(
        [
            "marks:     " + "; ".join(MARKS.values()),
            "data sets: " + ", ".join(pairs.names()),
            "probes:    " + ", ".join(filter(None, PROBES)),
            "detectors: " + ", ".join(row.name for row in rows()),
        ]
    )


_OPERATORS = ("and", "or", "not")


def hint(expression: str) -> str:
    """A guess at what a `-k` expression that matched nothing was meant to be; empty without one."""
    words = [
        "contract",
        *MARKS,
        *pairs.every_name(),
        *pairs.every_pair(),
        *filter(None, PROBES),
        *(row.name for row in rows()),
    ]
    asked = expression.replace("(", " ").replace(")", " ").split()
    unknown = [word for word in asked if word not in _OPERATORS and not any(word in known for known in words)]
    near = [suggest(word, words) for word in unknown]
    return " ".join(phrase for phrase in near if "did you mean" in phrase).lstrip("; ")
