"""Cells: what the suite can measure, a detector on a train→test pair under a probe, and how each is marked."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import pytest

from datasets.registry import EMBEDDED
from detectors.registry import Row, rows, suggest

PAIRS = (
    ("sim_whole", "sim_whole"),
    ("sim_local", "sim_whole"),
    ("sim_local", "sim_local"),
    ("sim_whole", "sim_local"),
    ("sim_whole", "sim_lip"),
    ("sim_local", "sim_lip"),
    ("sim_wild", "sim_wild"),
    ("sim_whole", "sim_wild"),
    ("sim_local", "sim_wild"),
    ("sim_whole", "sim_null"),
    ("sim_local", "sim_null"),
)
"""Train and test sets. The last two are the null control: nothing to detect, so 50 must lie in the interval."""

PROBES = (None, "trim", "trimtest", "drop")
"""Plain; leading silence cut in train, validation and test; cut in test alone; the same cut for every clip."""

MARKS = {
    "ind": "ind(train, test): trained and tested on the same data set",
    "ood": "ood(train, test): tested on another data set than trained on",
    "encoder": "encoder(name, modality): the frozen encoder, with its tag, as in tiny_v.random",
    "head": "head(name, supervised): the head on its features",
    "detector": "detector(name, modality): the detector as a whole",
    "probe": "probe(name): trim, trimtest or drop",
    "needs": "needs(dataset): a data set that must be there",
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
        """`in` when trained and tested on the same data set, else `out`."""
        return "in" if self.train == self.test else "out"

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
    """Every cell, detector by detector."""
    for row in rows():
        for probe in PROBES:
            for train, test in PAIRS:
                yield Cell(row, train, test, probe)


def marks(cell: Cell) -> list[pytest.MarkDecorator]:
    """What `-m` and `-k` can select a cell by."""
    probe = [pytest.mark.probe(name=cell.probe)] if cell.probe else []
    return [*_pair_marks(cell.train, cell.test), *_row_marks(cell.row), *probe]


@cache
def _pair_marks(train: str, test: str) -> list[pytest.MarkDecorator]:
    domain = pytest.mark.ind if train == test else pytest.mark.ood
    needs = [pytest.mark.needs(dataset=name) for name in {train: None, test: None}]
    return [domain(train=train, test=test), *needs]


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
            "data sets: " + ", ".join(EMBEDDED),
            "probes:    " + ", ".join(filter(None, PROBES)),
            "detectors: " + ", ".join(row.name for row in rows()),
        ]
    )


def hint(expression: str) -> str:
    """A guess at what a `-k` expression that matched nothing was meant to be; empty without one."""
    words = ["contract", *MARKS, *EMBEDDED, *filter(None, PROBES), *(row.name for row in rows())]
    near = [suggest(word, words) for word in expression.replace("(", " ").replace(")", " ").split()]
    return " ".join(phrase for phrase in near if "did you mean" in phrase).lstrip("; ")
