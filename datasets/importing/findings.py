"""What an importer found wrong or remarkable: one line each, with a code that is the same in every data set."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

from ..files import write_atomic

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""error: the row or file is not in the manifest. warning: it is, or is left out as the code says. info: a remark."""

_WIDTH = 90
"""Of the column that says where, in a table."""


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        code: see docs/datasets.md.
        where: `file:line` (header = 1), `file[index]` of a JSON list, or a path inside the root.
        path: the media file that it is about, where there is one.
        detail: what was done about it.
    """

    code: str
    severity: Severity
    where: str
    path: str | None = None
    detail: str | None = None


class Findings:
    """Collects findings while a data set is read; what cannot be printed in them is written as an escape."""

    def __init__(self) -> None:
        self.all: list[Finding] = []

    def _add(self, code: str, severity: Severity, where: str, path: str | None, detail: str | None) -> None:
        self.all.append(Finding(code, severity, _printable(where) or "", _printable(path), _printable(detail)))

    def error(self, code: str, where: str, path: str | None = None, detail: str | None = None) -> None:
        """The row or file is left out of the manifest."""
        self._add(code, "error", where, path, detail)

    def warning(self, code: str, where: str, path: str | None = None, detail: str | None = None) -> None:
        """Something is wrong, and was dealt with as `detail` says."""
        self._add(code, "warning", where, path, detail)

    def info(self, code: str, where: str, path: str | None = None, detail: str | None = None) -> None:
        """A remark."""
        self._add(code, "info", where, path, detail)


def _printable(text: str | None) -> str | None:
    """The text, with escapes for what a terminal or UTF-8 cannot take: names and cells come from anywhere."""
    if text is None or text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def table(findings: Iterable[Finding], examples: int = 3) -> str:
    """Findings by code, worst first, with how many there are and the first places; empty without any."""
    from tabulate import tabulate

    places: dict[tuple[Severity, str], list[str]] = {}
    counts = Counter[tuple[Severity, str]]()
    for finding in findings:  # there may be a million
        key = finding.severity, finding.code
        counts[key] += 1
        if counts[key] <= examples:
            detail = f" ({finding.detail})" if finding.detail and counts[key] == 1 else ""
            places.setdefault(key, []).append(finding.where + detail)
    rows = []
    for severity, code in sorted(counts, key=lambda key: (SEVERITIES.index(key[0]), -counts[key], key[1])):
        count, shown = counts[severity, code], "\n".join(places[severity, code])
        more = f" and {count - examples:,} more" if count > examples else ""
        rows.append([severity, code, f"{count:,}", shown + more])
    widths = [None, None, None, _WIDTH]
    headers = ["severity", "finding", "count", "where"]
    return tabulate(rows, headers, "simple", disable_numparse=True, maxcolwidths=widths) if rows else ""


def write(path: Path, findings: Iterable[Finding]) -> None:
    """Write findings as CSV, whole."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.DictWriter(text, [f.name for f in fields(Finding)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(finding) for finding in findings)
    write_atomic(path, text.getvalue())
