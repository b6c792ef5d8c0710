"""Which claims succeed on a results folder; computed from intervals alone, and missing where a cell is."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.lacking import lacking
from leaderboard import records
from leaderboard.differences import Difference, difference
from leaderboard.intervals import Metric, wilson
from leaderboard.records import Record, RecordError
from leaderboard.tables import NULL, imputed, percent

from .cells import Cell, cells
from .claimed import CHANCE, NOMINAL, Claim, Control, Finding, NullRate, Place

if TYPE_CHECKING:
    import pandas as pd

NOT_REPRODUCED, MISSING, CONTROL = "not reproduced", "missing", "control"
STATUSES = ("planted", "calibrated", "emergent", NOT_REPRODUCED, MISSING, CONTROL)


@dataclass(frozen=True)
class Verdict:
    """One line of the report; empty where there is nothing to say.

    Attributes:
        expected: what was claimed of `first`, in words.
        first, second: what was compared, with `value` and `other` in words.
        difference: first minus second in points, or how the two intervals lie.
        status: one of `STATUSES`.
    """

    expected: str
    first: str
    value: str
    second: str
    other: str
    difference: str
    status: str


class ResultsError(ValueError):
    """A results folder that no report can be made of."""


@dataclass
class Results:
    """The records on simulated data of one results folder; per-clip scores are read when they are needed.

    Attributes:
        records: by cell id, with any status.
        problems: what could not be read, a sentence each; grows as scores are read.
    """

    folder: Path
    records: Mapping[str, Record]
    problems: list[str] = field(default_factory=list)
    _scores: dict[str, "pd.DataFrame"] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> "Results":
        """All records of a folder.

        Raises:
            ResultsError: no measured cell, or cells of more than one corpus.
        """
        found, problems = {}, []
        for path in sorted(folder.glob("[!.]*.json")):
            try:
                record = records.read(path)
            except RecordError as error:
                problems.append(str(error))
                continue
            if record.data == "sim":
                found[record.cell.id] = record
        results = cls(folder, found, problems)
        corpora = Counter(results.corpus_of(record) for record in results.measured)
        if not corpora:
            raise ResultsError(f"{folder}: no measured cell of the embedded corpus; run `pytest benchmark` first")
        if len(corpora) > 1:
            listed = "; ".join(f"{name} ({count} cells)" for name, count in sorted(corpora.items()))
            raise ResultsError(f"{folder}: more than one corpus: {listed}; measure each into a folder of its own")
        return results

    @staticmethod
    def corpus_of(record: Record) -> str:
        """The embedded corpus of a record in words."""
        corpus = record.corpus or {}
        return f"size {record.size}, seed {corpus.get('seed')}, version {corpus.get('version')}"

    @cached_property
    def measured(self) -> tuple[Record, ...]:
        """The records with numbers, by cell id."""
        return tuple(record for _, record in sorted(self.records.items()) if record.status == "ok")

    def metric(self, cell: str, name: str) -> Metric | None:
        """A cell's metric; None where it has not been measured."""
        record = self.records.get(cell)
        return record.metrics.get(name) if record and record.status == "ok" else None

    def lack(self, cell: str, name: str) -> str:
        """Why there is no such metric, in two words."""
        record = self.records.get(cell)
        if record is None:
            return "not measured"
        return record.status if record.status != "ok" else f"no {name}"

    def difference(self, first: str, second: str) -> Difference | None:
        """The paired difference in AUC; None, with a problem noted, where the per-clip scores cannot be used."""
        try:
            return difference(self._read(first), self._read(second))
        except ValueError as error:  # damaged score files are ValueErrors too
            self.problems.append(f"{first} and {second} cannot be compared: {error}")
            return None

    def _read(self, cell: str) -> "pd.DataFrame":
        if cell not in self._scores:
            scores = self.records[cell].scores or {}
            if "path" not in scores:
                raise RecordError(f"the record of {cell} names no per-clip scores; measure it again")
            self._scores[cell] = records.read_scores(self.folder / scores["path"], scores.get("sha256"))
        return self._scores[cell]


def judge(finding: Finding, results: Results) -> list[Verdict]:
    """The verdicts on a finding's claims, in their order."""
    return [verdict for claim in finding.claims for verdict in _judged(claim, results)]


def _judged(claim: Claim | NullRate | Control, results: Results) -> Iterator[Verdict]:
    if isinstance(claim, NullRate):
        yield from _null_rate(claim, results)
    elif isinstance(claim, Control):
        yield from _control(claim, results)
    elif claim.second is None:
        yield _level(claim, results)
    elif claim.metric == "auc":
        yield _paired(claim, claim.second, results)
    else:
        yield _disjoint(claim, claim.second, results)


def succeeds(claim: Claim, lo: float | None, hi: float | None) -> bool:
    """Whether an interval lies above the claim's null, or contains it where that is the claim; without one, no."""
    if lo is None or hi is None:
        return False
    return lo <= claim.null <= hi if claim.holds else lo > claim.null


def _status(claim: Claim | NullRate, success: bool) -> str:
    return claim.word if success else NOT_REPRODUCED


def _expected(claim: Claim) -> str:
    name = {"auc": "AUC", "frame_auc": "frame AUC"}[claim.metric]
    if claim.second is None:
        return f"{name} {'equal to' if claim.holds else 'above'} {100 * claim.null:g}"
    return f"{name} the same" if claim.holds else f"{name} higher"


def _shown(results: Results, place: Place, name: str) -> str:
    metric = results.metric(place.id, name)
    return percent(metric) + imputed(metric) if metric else f"missing: {results.lack(place.id, name)}"


def _level(claim: Claim, results: Results) -> Verdict:
    metric = results.metric(claim.first.id, claim.metric)
    status = _status(claim, succeeds(claim, metric.lo, metric.hi)) if metric else MISSING
    value = _shown(results, claim.first, claim.metric)
    return Verdict(_expected(claim), f"`{claim.first.id}`", value, "", "", "", status)


def _compared(claim: Claim, second: Place, results: Results, text: str, status: str) -> Verdict:
    values = [_shown(results, place, claim.metric) for place in (claim.first, second)]
    return Verdict(_expected(claim), f"`{claim.first.id}`", values[0], f"`{second.id}`", values[1], text, status)


def _paired(claim: Claim, second: Place, results: Results) -> Verdict:
    known = all(results.metric(place.id, "auc") for place in (claim.first, second))
    if not known:
        return _compared(claim, second, results, "", MISSING)
    found = results.difference(claim.first.id, second.id)
    if found is None:
        return _compared(claim, second, results, "missing: scores unusable", MISSING)
    text = f"{_signed(found.value)} [{_signed(found.lo)}, {_signed(found.hi)}]"
    return _compared(claim, second, results, text, _status(claim, succeeds(claim, found.lo, found.hi)))


def _signed(difference: float) -> str:
    """Percentage points with a sign, and no sign of zero."""
    return f"{round(100 * difference, 1) + 0.0:+.1f}"


def _disjoint(claim: Claim, second: Place, results: Results) -> Verdict:
    """First higher than second where the lower end of the one lies above the upper end of the other."""
    a, b = (results.metric(place.id, claim.metric) for place in (claim.first, second))
    if a is None or b is None:
        return _compared(claim, second, results, "", MISSING)
    lo, hi = _between(a, b)
    apart = lo is not None and hi is not None and (lo > 0 or hi < 0)
    text = "intervals disjoint" if apart else "intervals overlap"
    return _compared(claim, second, results, text, _status(claim, succeeds(claim, lo, hi)))


def _between(a: Metric, b: Metric) -> tuple[float | None, float | None]:
    """Least and greatest difference of two values in the intervals of `a` and `b`; None where one has none."""
    if a.lo is None or a.hi is None or b.lo is None or b.hi is None:
        return None, None
    return a.lo - b.hi, a.hi - b.lo


def _excludes(metric: Metric) -> bool:
    return metric.lo is not None and metric.hi is not None and not metric.lo <= CHANCE <= metric.hi


def _aucs(places: Sequence[Cell], results: Results) -> dict[str, Metric]:
    """AUC with an interval of those cells that have been measured."""
    found = {cell.id: results.metric(cell.id, "auc") for cell in places}
    return {cell: auc for cell, auc in found.items() if auc and auc.lo is not None}


def _measured(known: int, wanted: int) -> str:
    return f"{known} cells" + (f", {wanted - known} more missing" if wanted > known else "")


def _null_rate(claim: NullRate, results: Results) -> Iterator[Verdict]:
    every = [cell for cell in cells() if cell.test == NULL]
    known = _aucs(every, results)
    wanted = [cell for cell in every if cell.id in known or not lacking(cell.row)]
    name = f"`{NULL}`: {_measured(len(known), len(wanted))}"
    expected = f"{100 * NOMINAL:g} % contain 50"
    if not known:
        yield Verdict(expected, name, "missing: not measured", "", "", "", MISSING)
        return
    outside = {cell: auc for cell, auc in known.items() if _excludes(auc)}
    inside = len(known) - len(outside)
    lo, hi = wilson(inside / len(known), len(known))
    share = f"{inside} contain 50: {100 * inside / len(known):.1f} % [{100 * lo:.1f}, {100 * hi:.1f}]"
    yield Verdict(expected, name, share, "", "", "", _status(claim, hi >= NOMINAL))
    for cell, auc in outside.items():
        yield Verdict("listed: excludes 50", f"`{cell}`", percent(auc) + imputed(auc), "", "", "", CONTROL)


def _control(claim: Control, results: Results) -> Iterator[Verdict]:
    wanted = [cell for cell in cells() if (cell.row.name, cell.probe) == (claim.detector, claim.probe)]
    known = _aucs(wanted, results)
    name = f"`{claim.detector}`, {claim.probe or 'plain'}: {_measured(len(known), len(wanted))}"
    if not known:
        yield Verdict("none", name, "missing: not measured", "", "", "", MISSING)
        return
    outside = {cell: auc for cell, auc in known.items() if _excludes(auc)}
    yield Verdict("none", name, f"{len(outside)} exclude 50", "", "", "", CONTROL)
    for cell, auc in outside.items():
        yield Verdict("listed: excludes 50", f"`{cell}`", percent(auc) + imputed(auc), "", "", "", CONTROL)
