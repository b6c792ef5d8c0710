"""What Markdown, CSV and terminal tables share: which cells stand in a line, and how a number is written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from .intervals import Metric
from .records import Record

NOTICE = (
    "procedural faces and voices; shortcut planted by us; shows that the protocol detects what was planted, "
    "says nothing about real deepfakes or about any named detector"
)
"""Stands inside every table of simulated data."""
NULL = "sim_null"
"""The test set whose "fakes" are untouched reals."""
SELF_REPORTED = "†"
"""Stands after a number that was not measured by those who keep the leaderboard."""

Pair = tuple[str, str]


@dataclass(frozen=True, order=True)
class Line:
    """Where a table's line comes from: cells of another detector, size or corpus stand in another line."""

    detector: str
    size: str
    corpus: str

    @property
    def source(self) -> str:
        """Size and corpus in words; empty for real data."""
        return ", ".join(filter(None, [self.size, self.corpus]))


def line_of(record: Record) -> Line:
    """The line that a record belongs to."""
    corpus = record.corpus or {}
    words = ", ".join(f"{key} {corpus[key]}" for key in ("seed", "version") if corpus.get(key) is not None)
    return Line(record.cell.detector, record.size or "", words)


@dataclass(frozen=True)
class Grid:
    """Records by line, pair and probe; a later record of the same cell replaces an earlier one."""

    records: tuple[Record, ...]

    @cached_property
    def _by_place(self) -> Mapping[tuple[Line, Pair, str | None], Record]:
        return {(line_of(r), (r.cell.train, r.cell.test), r.cell.probe): r for r in self.records}

    def get(self, line: Line, pair: Pair, probe: str | None = None) -> Record | None:
        """The record at a place."""
        return self._by_place.get((line, pair, probe))

    def where(self, *, probe: str | None, domain: str | None = None, null: bool = False) -> "Grid":
        """The cells under one probe (None for plain), of one domain, with or without the null control alone."""
        return Grid(
            tuple(
                r
                for r in self.records
                if r.cell.probe == probe and domain in (None, r.cell.domain) and (r.cell.test == NULL) == null
            )
        )

    @property
    def lines(self) -> list[Line]:
        """Lines in order."""
        return sorted({line_of(r) for r in self.records})

    @property
    def pairs(self) -> list[Pair]:
        """Pairs (train, test), those of one test set side by side."""
        return sorted({(r.cell.train, r.cell.test) for r in self.records}, key=lambda p: (p[1], p[0]))

    @property
    def probes(self) -> list[str]:
        """Probes that occur."""
        return sorted({r.cell.probe for r in self.records if r.cell.probe})

    @property
    def sources(self) -> list[str]:
        """Sizes and corpora that occur, in words; real data have the empty one."""
        return sorted({line.source for line in self.lines})

    def of_source(self, source: str) -> "Grid":
        """The cells of one size and corpus."""
        return Grid(tuple(r for r in self.records if line_of(r).source == source))

    def gap(self, line: Line, pair: Pair) -> float | None:
        """The shortcut gap in [-1, 1]: AUC minus AUC with the leading silence cut everywhere; None if not known."""
        plain, trimmed = (value_of(self.get(line, pair, probe)) for probe in (None, "trim"))
        return None if plain is None or trimmed is None else plain - trimmed


def value_of(record: Record | None, name: str = "auc") -> float | None:
    """A metric's value; None where there is no record or no such metric."""
    return record.metrics[name].value if record and name in record.metrics else None


def percent(metric: Metric, decimals: int = 1) -> str:
    """A metric in %, `82.1 [75.0, 88.2]`, without the bracket where there is no interval."""
    text = f"{100 * metric.value:.1f}"
    if metric.lo is not None and metric.hi is not None:
        text += f" [{100 * metric.lo:.{decimals}f}, {100 * metric.hi:.{decimals}f}]"
    return text


def imputed(metric: Metric) -> str:
    """What clips without a score could have made of a metric, `, imputed 80.2–84.0`; empty if all have one."""
    if metric.worst == metric.best:
        return ""
    low, high = sorted((metric.worst, metric.best))
    return f", imputed {100 * low:.1f}–{100 * high:.1f}"


def mark(*records: Record | None) -> str:
    """What follows a number that comes from these records: the sign of a self-reported one, or nothing."""
    return f" {SELF_REPORTED}" if any(record and not record.verified for record in records) else ""


def score(record: Record | None, name: str = "auc") -> str:
    """A metric of a cell with its interval, what clips without a score leave open, and whether it is self-reported.

    Empty where it is not known.
    """
    metric = record.metrics.get(name) if record else None
    return percent(metric) + imputed(metric) + mark(record) if metric else ""


def published(record: Record | None) -> str:
    """The number that a paper reports for the same cell, in %; empty without one."""
    value = ((record.published if record else None) or {}).get("value")
    return "" if value is None else f"{100 * value:.1f}"


def not_comparable(records: Iterable[Record]) -> dict[str, str]:
    """Why protocols do not compare with the papers', by protocol, as their records say."""
    found = {name: why for record in records for name, why in (record.published or {}).get("notes", {}).items()}
    return dict(sorted(found.items()))


def points(difference: float | None) -> str:
    """A difference in percentage points, with its sign."""
    return "" if difference is None else f"{100 * difference:+.1f}"


def leakage(records: Iterable[Record]) -> str:
    """The worst overlap of test and training set, `0/42 id`, other kinds than identity only where they occur.

    Empty without a training set, or where the overlap is not known.
    """
    found = [record.leakage for record in records]
    texts = []
    for kind, word in (("identity", "id"), ("source", "source"), ("segment", "segment")):
        known = [leak[kind] for leak in found if leak.get(kind)]
        shares = [(leak["shared"] / leak["of"] if leak["of"] else 0.0, leak["shared"], leak["of"]) for leak in known]
        if shares and (kind == "identity" or max(shares)[1]):
            texts.append(f"{max(shares)[1]}/{max(shares)[2]} {word}")
    return ", ".join(texts)


def covered(record: Record, split: str = "test") -> float | None:
    """Share of the expected clips that were found and scored, in [0, 1]; None where unknown."""
    counts = record.coverage.get(split) or {}
    return counts["found"] / counts["expected"] if counts.get("expected") else None
