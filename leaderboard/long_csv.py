"""The CSV files: one line a cell with everything that a row knows."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from .intervals import spread
from .records import Record
from .tables import Grid, line_of, value_of

_METRICS = ("auc", "ap", "eer", "tpr_at_fpr1", "acc_at_0", "acc_at_val", "fpr_at_val", "frame_auc")
_SPLITS = ("train", "val", "test")
_LEAKS = ("identity", "source", "segment")
_CELL = ("detector", "encoder", "head", "modality", "train", "test", "probe", "domain", "control")


def long_csv(grid: Grid) -> str:
    """One line a cell; values in [0, 1], empty where unknown."""
    present = {name for record in grid.records for name in record.metrics}
    names = [*(name for name in _METRICS if name in present), *sorted(present - set(_METRICS))]
    out = io.StringIO()
    lines = [_flat(grid, record, names) for record in sorted(grid.records, key=lambda r: (r.cell.id, line_of(r)))]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(lines[0] if lines else ["data", "cell"])
    writer.writerows([_text(value) for value in line.values()] for line in lines)
    return out.getvalue()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(round(value, 6)) if isinstance(value, float) else str(value)


def _flat(grid: Grid, record: Record, names: Sequence[str]) -> dict[str, Any]:
    cell, corpus = record.cell, record.corpus or {}
    flat: dict[str, Any] = {"data": record.data, "cell": cell.id, "verified": record.verified}
    flat |= {key: getattr(cell, key) for key in _CELL}
    flat |= {"size": record.size, "corpus_seed": corpus.get("seed"), "corpus_version": corpus.get("version")}
    flat |= {"protocol": record.protocol, "seeds": " ".join(map(str, cell.seeds))}
    flat |= _numbers(record, names)
    plain = cell.probe is None
    flat["shortcut_gap"] = grid.gap(line_of(record), (cell.train, cell.test)) if plain else None
    for split in _SPLITS:
        flat |= {f"{split}_{k}": (record.coverage.get(split) or {}).get(k) for k in ("found", "expected")}
    for kind in _LEAKS:
        flat |= {f"{kind}_{k}": (record.leakage.get(kind) or {}).get(k) for k in ("shared", "of")}
    published = record.published or {}
    flat |= {"published": published.get("value"), "published_source": published.get("source")}
    return flat | {"version": record.code.get("version"), "signature": record.signature}


def _numbers(record: Record, names: Sequence[str]) -> dict[str, Any]:
    """Every metric with its interval and method, and how the AUC spreads over seeds."""
    auc = record.metrics.get("auc")
    flat: dict[str, Any] = {key: getattr(auc, key) if auc else None for key in ("n_pos", "n_neg", "n_groups")}
    for name in names:
        metric = record.metrics.get(name)
        flat[name] = value_of(record, name)
        for part in ("lo", "hi", "se", "worst", "best", "method"):
            flat[f"{name}_{part}"] = getattr(metric, part) if metric else None
    return flat | {f"auc_seed_{key}": value for key, value in spread(record.runs).items()}
