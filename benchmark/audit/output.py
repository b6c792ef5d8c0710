"""Where an audit is written: tables as CSV and Markdown, and a picture."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from datasets import library
from datasets.files import write_atomic
from datasets.registry import EMBEDDED, Corpus

from .passport import Overlap
from .picture import draw
from .run import Audit
from .text import markdown

_SIGNALS = (
    *(
        "data",
        "audit",
        "source",
        "split",
        "signal",
        "kind",
        "auc",
        "lo",
        "hi",
        "either_way",
        "p",
        "fakes",
        "reals",
        "clusters",
    ),
    *("unknown", "constant", "excludes_50", "after_holm", "reason", "method"),
)
_PASSPORT = ("data", "train", "test", "kind", "shared", "of", "test_clips", "auc", "lo", "hi", "note")


def folder_of(name: str, corpus: Corpus) -> Path:
    """Where an audit goes: `audit` in the folder of its data set, below it a folder a protocol or embedded corpus."""
    dataset = name.partition(".")[0]
    folder = library.home(dataset) / "audit"
    if name in EMBEDDED:
        return folder / f"{corpus.size}-seed{corpus.seed}"
    return folder if name == dataset else folder / name


def write(audit: Audit, folder: Path) -> list[Path]:
    """Write the tables of signals, of what is shared and of clips that could not be probed, the page and the picture.

    The picture is left out where no split has both classes. Returns the paths.

    Raises:
        OSError: the folder cannot be written to.
    """
    texts = {
        "audit.csv": signals_csv(audit),
        "passport.csv": passport_csv(audit),
        "unprobed.csv": unprobed_csv(audit),
        "audit.md": markdown(audit),
    }
    for name, text in texts.items():
        write_atomic(folder / name, text)
    paths = [folder / name for name in texts]
    if any(split.tried for split in audit.splits):
        draw(audit, folder / "audit.png")
        paths.append(folder / "audit.png")
    return paths


def signals_csv(audit: Audit) -> str:
    """One line a signal and split; AUCs in [0, 1], empty where there is none."""
    rows = []
    for split in audit.splits:
        for one in split.findings:
            s = one.standing
            numbers = [s.auc, s.lo, s.hi, s.strength, s.p, s.fakes, s.reals, s.clusters] if s else [None] * 8
            about = [audit.data, audit.name, audit.source, split.name, one.signal, one.kind]
            told = [one.unknown, one.constant, one.tells, one.holds, one.why, s.method if s else None]
            rows.append([*about, *numbers, *told])
    return _csv(_SIGNALS, rows)


def passport_csv(audit: Audit) -> str:
    """One line a pair and kind of overlap; empty where it cannot be told."""
    return _csv(
        _PASSPORT,
        (
            [audit.data, pair.train, pair.test, one.kind, one.shared, one.of, one.clips, *_memory(one), one.note]
            for pair in audit.pairs
            for one in pair.overlaps
        ),
    )


def _memory(one: Overlap) -> list[float | None]:
    return [one.memory.auc, one.memory.lo, one.memory.hi] if one.memory else [None] * 3


def unprobed_csv(audit: Audit) -> str:
    """One line a clip that could not be probed, with the reason."""
    return _csv(
        ("data", "audit", "split", "clip", "reason"),
        (
            [audit.data, audit.name, split.name, clip, why]
            for split in audit.splits
            for clip, why in split.failed.items()
        ),
    )


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_text(value) for value in row] for row in rows)
    return out.getvalue()


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
