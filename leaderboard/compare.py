"""Two detectors on the same test clips: the paired difference in every cell, and how many clips would settle it."""

from collections.abc import Collection
from dataclasses import dataclass
from math import ceil, floor, log10
from statistics import NormalDist
from typing import TYPE_CHECKING

from .differences import Difference, difference
from .records import Record, RecordError
from .sources import Cells, Measured

if TYPE_CHECKING:
    import pandas as pd

POWER, CONFIDENCE = 0.8, 0.95
ZERO = 0.0005
"""A smaller difference of AUC is printed as 0.0 points: too small to plan with."""

Place = tuple[str, str, str]
"""Training set, test set and probe (empty for none)."""


@dataclass(frozen=True)
class Compared:
    """One cell of two detectors.

    Attributes:
        a, b: what is on record of each.
        difference: AUC of the first minus AUC of the second, clips paired.
    """

    a: Record
    b: Record
    difference: Difference

    @property
    def place(self) -> Place:
        """Where both stand."""
        return place_of(self.a)

    @property
    def separated(self) -> bool:
        """Whether the 95 % interval of the difference leaves out zero."""
        return self.difference.lo > 0 or self.difference.hi < 0

    @property
    def needed(self) -> int | None:
        """As `clips_needed` says."""
        return clips_needed(self.difference)


def clips_needed(found: Difference) -> int | None:
    """Test clips that would separate two detectors with a power of 80 % at 95 % confidence, rounded up to two digits.

    Clips of the same mix, identities included, if the difference is truly what was measured: `n ((1.96 + 0.84) se /
    difference)^2`, since the standard error falls with the root of the number of clips. None where it cannot be said:
    without a standard error, or with (almost) no difference.
    """
    if not found.se or abs(found.value) < ZERO:
        return None
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) + NormalDist().inv_cdf(POWER)
    clips = found.n * (z * found.se / found.value) ** 2
    unit = 10 ** max(0, floor(log10(clips)) - 1) if clips > 1 else 1
    return ceil(round(clips / unit, 9)) * unit


def compare(
    cells: Cells, a: str, b: str, pairs: Collection[str] = (), probes: Collection[str] = ()
) -> tuple[list[Compared], list[str]]:
    """Every cell that two detectors both have, and a sentence for each that cannot be compared.

    Args:
        cells: where both come from.
        a, b: detectors.
        pairs, probes: those alone, as `pair_name` and `probe_name` write them; all when empty.
    """
    first, second = (_by_place(cells, name) for name in (a, b))
    found, refused = [], []
    for key in sorted(first.keys() & second.keys(), key=_order):
        if (pairs and pair_name(key[1]) not in pairs) or (probes and probe_name(key[1]) not in probes):
            continue
        try:
            found.append(_compared(first[key], second[key]))
        except (RecordError, ValueError) as error:
            refused.append(str(error))
    return found, refused


def place_of(record: Record) -> Place:
    """Where a cell stands, whatever was measured there."""
    return record.cell.train, record.cell.test, record.cell.probe or ""


def pair_name(place: Place) -> str:
    """`sim_whole_to_sim_lip`, as in a cell's id."""
    return f"{place[0]}_to_{place[1]}"


def probe_name(place: Place) -> str:
    """`trim`, or `none` for a plain cell."""
    return place[2] or "none"


def _by_place(cells: Cells, detector: str) -> dict[tuple[str, Place], Measured]:
    mine = [one for one in cells.values() if one.record.cell.detector == detector]
    return {(one.record.data, place_of(one.record)): one for one in mine}


def _order(key: tuple[str, Place]) -> tuple[str, ...]:
    data, (train, test, probe) = key
    return data, probe, test, train


def _compared(a: Measured, b: Measured) -> Compared:
    """One cell's comparison.

    Raises:
        ValueError, RecordError: the two are not about the same clips, or have no scores to compare; the cell is named.
    """
    _check(a.record, b.record)
    frames = [_scores(one) for one in (a, b)]
    names = f"{a.record.cell.id} and {b.record.cell.id}"
    try:
        found = difference(*frames)
    except ValueError as error:
        raise ValueError(f"{names}: {error}") from None
    return Compared(a.record, b.record, found)


def _check(a: Record, b: Record) -> None:
    for record in (a, b):
        if record.status != "ok" or "auc" not in record.metrics:
            raise ValueError(f"{record.cell.id}: {record.status}, without a number ({record.reason})")
    for what, one, other in (
        ("size", a.size, b.size),
        ("corpus", a.corpus, b.corpus),
        ("protocol", a.protocol, b.protocol),
        ("list of test clips", a.manifests.get("test"), b.manifests.get("test")),
    ):
        if one != other:
            told = "" if what.startswith("list") else f" ({one} and {other})"
            raise ValueError(f"{a.cell.id} and {b.cell.id} do not have the same {what}{told}; measure both anew")


def _scores(one: Measured) -> "pd.DataFrame":
    try:
        return one.scores()
    except RecordError as error:
        remedy = (
            "restore it from version control, or measure the cell again and accept it"
            if one.record.data == "sim"
            else "scores of real data are in AVDF_DATA/scores where rows were accepted, not with the rows: name "
            "the results folder of a run with --results"
        )
        raise RecordError(f"{one.record.cell.id}: {error}; {remedy}") from None
