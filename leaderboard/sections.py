"""The tables of one corpus, or of all real data: an overview of each domain, each pair alone, probes and controls."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from .intervals import spread
from .markdown import table
from .ranks import extent, rank_ranges
from .records import Record
from .tables import NOTICE, Grid, Line, Pair, covered, leakage, mark, points, published, score

Column = Callable[[Line], str]
_DOMAINS = (("Out of domain", "out", False), ("In domain", "in", False), ("Null control", "out", True))
_NULL_TEXT = "Untouched clips are labelled fake, so that 50 is right."
_FPR = "FPR at source threshold"


@dataclass(frozen=True)
class Section:
    """A heading with a table; `inner` ones belong to the section before them."""

    title: str
    body: str
    inner: bool = False


def sections(grid: Grid, data: str) -> Iterator[Section]:
    """The sections of cells that share a size and a corpus; tables of simulated data (`sim`) carry the notice."""
    tables = _Tables(grid, NOTICE if data == "sim" else None)
    for title, domain, null in _DOMAINS:
        part = grid.where(probe=None, domain=domain, null=null)
        if part.records:
            body = tables.matrix(part, part.pairs)
            yield Section(title, f"{_NULL_TEXT}\n\n{body}" if null else body)
            yield from (Section(" → ".join(pair), tables.pair(part, pair, domain), inner=True) for pair in part.pairs)
    for probe in grid.probes:
        plain, null_part = (grid.where(probe=probe, null=null) for null in (False, True))
        both = Grid(plain.records + null_part.records)
        yield Section(f"Probe `{probe}`", tables.matrix(both, plain.pairs + null_part.pairs, beside=True))
    known = Grid(tuple(r for r in grid.records if "frame_auc" in r.metrics))
    if known.records:
        yield Section("Localisation", "Frame AUC within fakes with known segments.\n\n" + tables.localisation(known))
    many = Grid(tuple(r for r in grid.where(probe=None).records if len(r.runs) > 1))
    if many.records:
        yield Section("Spread over seeds", "Lowest and highest AUC.\n\n" + tables.seeds(many))


@dataclass(frozen=True)
class _Tables:
    """Tables of the cells of `grid`, with the notice inside when there is one."""

    grid: Grid
    notice: str | None

    def matrix(self, part: Grid, pairs: Iterable[Pair], *, beside: bool = False) -> str:
        """AUC of detectors by pairs, of cells under one probe; `beside` it the worst leakage and coverage of a line."""
        probe = part.records[0].cell.probe
        columns = {_head(pair): _scores(part, pair, probe) for pair in pairs}
        if beside:
            of_line = {line: [r for p in part.pairs if (r := part.get(line, p, probe))] for line in part.lines}
            columns["leakage"] = lambda line: leakage(of_line[line])
            columns["coverage"] = lambda line: _coverage(of_line[line])
        return self._table(part.lines, columns)

    def pair(self, part: Grid, pair: Pair, domain: str) -> str:
        """One line a detector with everything that belongs beside its AUC on one pair."""
        cells = {line: record for line in part.lines if (record := part.get(line, pair))}
        columns: dict[str, Column] = {"AUC [95 %]": _scores(part, pair)}
        if any(map(published, cells.values())):
            columns["published"] = lambda line: published(cells[line])
        if not self.notice:
            columns["rank range"] = _rank_range(cells)
        columns["shortcut gap"] = lambda line: self._gap(line, pair)
        if domain == "out":
            columns[_FPR] = _scores(part, pair, name="fpr_at_val")
        if any("frame_auc" in record.metrics for record in cells.values()):
            columns["frame AUC"] = _scores(part, pair, name="frame_auc")
        columns["leakage"] = lambda line: leakage([cells[line]])
        columns["coverage"] = lambda line: _coverage([cells[line]])
        columns["measured"] = lambda line: "here" if cells[line].verified else "self-reported"
        return self._table(cells, columns)

    def _gap(self, line: Line, pair: Pair) -> str:
        gap = self.grid.gap(line, pair)
        return "" if gap is None else points(gap) + mark(*(self.grid.get(line, pair, p) for p in (None, "trim")))

    def localisation(self, known: Grid) -> str:
        """Frame AUC by pair, plain and under each probe."""
        places = [(pair, probe) for pair in known.pairs for probe in (None, *known.probes)]
        heads = [_head(pair) + (f", {probe}" if probe else "") for pair, probe in places]
        texts = [_scores(known, pair, probe, "frame_auc") for pair, probe in places]
        return self._table(known.lines, dict(zip(heads, texts, strict=True)))

    def seeds(self, many: Grid) -> str:
        """Spread of the AUC over seeds by pair."""
        return self._table(many.lines, {_head(pair): _spreads(many, pair) for pair in many.pairs})

    def _table(self, lines: Iterable[Line], columns: Mapping[str, Column]) -> str:
        body = [[f"_{self.notice}_", *[""] * len(columns)]] if self.notice else []
        body += [[line.detector, *(text(line) or "–" for text in columns.values())] for line in lines]
        return table(["detector", *columns], body)


def _head(pair: Pair) -> str:
    return " → ".join(pair)


def _coverage(records: Iterable[Record]) -> str:
    known = [share for record in records if (share := covered(record)) is not None]
    return f"{100 * min(known):.1f} %" if known else "unknown"


def _scores(grid: Grid, pair: Pair, probe: str | None = None, name: str = "auc") -> Column:
    return lambda line: score(grid.get(line, pair, probe), name)


def _rank_range(cells: Mapping[Line, Record]) -> Column:
    """`2–4`, or `1` where there is one rank alone."""
    ranges = rank_ranges({line: extent(r.metrics["auc"]) for line, r in cells.items() if "auc" in r.metrics})
    return lambda line: "–".join(map(str, dict.fromkeys(ranges.get(line, ()))))


def _spreads(grid: Grid, pair: Pair) -> Column:
    def text(line: Line) -> str:
        record = grid.get(line, pair)
        if record is None:
            return ""
        low, high, sd = (_hundred(spread(record.runs)[key]) for key in ("min", "max", "sd"))
        return f"{low}–{high} (sd {sd}, {len(record.runs)} seeds){mark(record)}"

    return text


def _hundred(value: float | None) -> str:
    return "?" if value is None else f"{100 * value:.1f}"
