"""Rows to Markdown and CSV, the same bytes for the same rows. Simulated and real data never share a table."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import Any

from .intervals import spread
from .markdown import table
from .records import Record
from .rows import Row
from .tables import NOTICE, Grid, Line, Pair, covered, imputed, leakage, line_of, percent, points, value_of
from .terminal import terminal_table

__all__ = ["FILES", "long_csv", "markdown", "render", "terminal_table"]

FILES = ("sim.md", "sim.csv", "real.md", "real.csv")
"""Every file that `render` may make; those of real data only when there are real rows."""

_METRICS = ("auc", "ap", "eer", "tpr_at_fpr1", "acc_at_0", "acc_at_val", "fpr_at_val", "frame_auc")
_SPLITS = ("train", "val", "test")
_LEAKS = ("identity", "source", "segment")
_TITLES = {"sim": "Simulated data", "real": "Real data"}
_INTRO = """AUC in % with a 95 % interval that treats the clips of one identity as dependent, by train → test pair.
Generated from `rows/` by `python -m leaderboard render`; not to be edited. The CSV file beside it has every metric, its
interval and how that was made. Leakage is the largest share of test identities (and of sources or segments, where any
are shared) that the training set holds too, – without a training set. Where clips have no score, the value lies midway
between ranking them all wrong and all right, and these two follow as imputed bounds."""

CellText = Callable[[Line, Pair], str]


def render(rows: Sequence[Row]) -> dict[str, str]:
    """The texts of all generated files by name."""
    texts: dict[str, str] = {}
    for data in ("sim", "real"):
        grid = Grid(tuple(record for row in rows if row.data == data for record in row.cells))
        if grid.records or data == "sim":
            texts[f"{data}.md"] = markdown(grid, data)
            texts[f"{data}.csv"] = long_csv(grid)
    return texts


def markdown(grid: Grid, data: str) -> str:
    """The tables of simulated (`sim`) or real data."""
    notice = NOTICE if data == "sim" else None
    head = [f"# {_TITLES[data]}", _INTRO]
    if notice:
        head.append(f"**Notice:** {notice}. Lines are in alphabetical order; there is no ranking.")
    sections = [text for text in _sections(grid, notice) if text] or ["No rows yet."]
    return "\n\n".join(head + sections) + "\n"


def _sections(grid: Grid, notice: str | None) -> Iterable[str]:
    for domain, title in (("out", "Out of domain"), ("in", "In domain")):
        yield _scores(title, grid.where(probe=None, domain=domain), notice, whole=grid)
    title = "Null control: untouched clips labelled fake, so that 50 is right"
    yield _scores(title, grid.where(probe=None, null=True), notice)
    yield _gaps(grid, notice)
    for probe in grid.probes:
        yield _scores(f"Probe `{probe}`", grid.where(probe=probe), notice)
        yield _scores(f"Probe `{probe}`, null control", grid.where(probe=probe, null=True), notice)
    for name in (None, *grid.probes):
        yield _localisation(grid.where(probe=name), name, notice)
    yield _seeds(grid, notice)


def _scores(title: str, part: Grid, notice: str | None, whole: Grid | None = None) -> str:
    """AUC by line and pair, leakage, and coverage where a clip has no score; given `whole`, the mean shortcut gap."""

    def text(line: Line, pair: Pair) -> str:
        record = part.get(line, pair, part.records[0].cell.probe)
        return percent(record.metrics["auc"]) + imputed(record.metrics["auc"]) if record else ""

    of_line = {line: [r for r in part.records if line_of(r) == line] for line in part.lines}
    extra: dict[str, Callable[[Line], str]] = {}
    if whole:
        extra["mean shortcut gap"] = lambda line: _mean_gap(whole, line, part.pairs)
    extra["leakage"] = lambda line: leakage(of_line[line])
    if any((covered(record) or 1.0) < 1 for record in part.records):
        extra["coverage"] = lambda line: _coverage(of_line[line])
    return _table(title, part, text, extra, notice)


def _mean_gap(grid: Grid, line: Line, pairs: Iterable[Pair]) -> str:
    gaps = [gap for pair in pairs if (gap := grid.gap(line, pair)) is not None]
    return points(fmean(gaps)) if gaps else ""


def _coverage(records: Iterable[Record]) -> str:
    known = [share for record in records if (share := covered(record)) is not None]
    return f"{100 * min(known):.1f} %" if known else "unknown"


def _gaps(grid: Grid, notice: str | None) -> str:
    plain = grid.where(probe=None).records
    known = [r for r in plain if grid.gap(line_of(r), (r.cell.train, r.cell.test)) is not None]
    title = "Shortcut gap: AUC minus AUC under `trim`, in points"
    return _table(title, Grid(tuple(known)), lambda line, pair: points(grid.gap(line, pair)), {}, notice)


def _localisation(part: Grid, probe: str | None, notice: str | None) -> str:
    known = Grid(tuple(record for record in part.records if "frame_auc" in record.metrics))

    def text(line: Line, pair: Pair) -> str:
        record = known.get(line, pair, probe)
        return percent(record.metrics["frame_auc"]) + imputed(record.metrics["frame_auc"]) if record else ""

    title = "Localisation: frame AUC within fakes with known segments"
    return _table(title + (f", probe `{probe}`" if probe else ""), known, text, {}, notice)


def _seeds(grid: Grid, notice: str | None) -> str:
    many = Grid(tuple(r for r in grid.records if r.cell.probe is None and len(r.runs) > 1))

    def text(line: Line, pair: Pair) -> str:
        record = many.get(line, pair)
        if record is None:
            return ""
        s = spread(record.runs)
        return f"{_hundred(s['min'])}–{_hundred(s['max'])} (sd {_hundred(s['sd'])}, {len(record.runs)} seeds)"

    return _table("Spread over seeds: lowest and highest AUC", many, text, {}, notice)


def _hundred(value: float | None) -> str:
    return "?" if value is None else f"{100 * value:.1f}"


def _table(title: str, grid: Grid, text: CellText, extra: dict[str, Callable[[Line], str]], notice: str | None) -> str:
    """A section with one table; empty without cells. Unpadded, so that one changed cell changes one line of text."""
    if not grid.records:
        return ""
    sources = any(line.source for line in grid.lines)
    header = ["detector", *(["corpus"] if sources else []), *(f"{a} → {b}" for a, b in grid.pairs), *extra]
    body = [[f"_{notice}_"] + [""] * (len(header) - 1)] if notice else []
    for line in grid.lines:
        name = [line.detector, *([line.source] if sources else [])]
        cells = [text(line, pair) or "–" for pair in grid.pairs]
        body.append(name + cells + [column(line) or "–" for column in extra.values()])
    return f"## {title}\n\n{table(header, body)}"


def long_csv(grid: Grid) -> str:
    """One line a cell with everything that a row knows; values in [0, 1], empty where unknown."""
    present = {name for record in grid.records for name in record.metrics}
    names = [*(name for name in _METRICS if name in present), *sorted(present - set(_METRICS))]
    out = io.StringIO()
    lines = [_flat(grid, record, names) for record in sorted(grid.records, key=lambda r: (r.cell.id, line_of(r)))]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(lines[0] if lines else ["data", "cell"])
    writer.writerows([_csv_text(value) for value in line.values()] for line in lines)
    return out.getvalue()


def _csv_text(value: Any) -> str:
    if value is None:
        return ""
    return repr(round(value, 6)) if isinstance(value, float) else str(value)


def _flat(grid: Grid, record: Record, names: Sequence[str]) -> dict[str, Any]:
    cell, corpus, auc = record.cell, record.corpus or {}, record.metrics.get("auc")
    flat: dict[str, Any] = {"data": record.data, "cell": cell.id}
    flat |= {
        k: getattr(cell, k) for k in ("detector", "encoder", "head", "modality", "train", "test", "probe", "domain")
    }
    flat |= {"size": record.size, "corpus_seed": corpus.get("seed"), "corpus_version": corpus.get("version")}
    flat["seeds"] = " ".join(map(str, cell.seeds))
    flat |= {key: getattr(auc, key) if auc else None for key in ("n_pos", "n_neg", "n_groups")}
    for name in names:
        metric = record.metrics.get(name)
        flat[name] = value_of(record, name)
        for part in ("lo", "hi", "se", "worst", "best", "method"):
            flat[f"{name}_{part}"] = getattr(metric, part) if metric else None
    flat |= {f"auc_seed_{key}": value for key, value in spread(record.runs).items()}
    plain = cell.probe is None
    flat["shortcut_gap"] = grid.gap(line_of(record), (cell.train, cell.test)) if plain else None
    for split in _SPLITS:
        flat |= {f"{split}_{k}": (record.coverage.get(split) or {}).get(k) for k in ("found", "expected")}
    for kind in _LEAKS:
        flat |= {f"{kind}_{k}": (record.leakage.get(kind) or {}).get(k) for k in ("shared", "of")}
    published = record.published or {}
    flat |= {"published": published.get("value"), "published_source": published.get("source")}
    return flat | {"version": record.code.get("version"), "signature": record.signature}
