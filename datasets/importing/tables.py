"""Metadata files as they come: CSV and JSON in unknown encodings, with blank lines, short rows or a missing end."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from ..errors import DatasetError
from .findings import Severity
from .tree import Tree

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SHOWN = 100
"""Characters of a wrong header that are shown."""


@dataclass(frozen=True)
class Line:
    """One row of a table.

    Attributes:
        where: `file:line`, counted from 1.
        cells: by column name, or by number where the table has no header; blanks around them are cut off.
    """

    where: str
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def text(tree: Tree, path: str, encodings: Sequence[str] = ("utf-8",)) -> str:
    """The text of a file on disk; a byte order mark, CRLF and an unexpected encoding are findings.

    Args:
        encodings: the expected one, then what is tried; undecodable bytes become U+FFFD in the end. With "utf-8-sig"
            first, a byte order mark is expected and no finding.
    """
    data = tree.read(path)
    if data.startswith(_BOM):
        if encodings[0] != "utf-8-sig":
            tree.findings.info("bom", path, detail="read without it")
        data = data.removeprefix(_BOM)
    if data.startswith(_UTF16):
        tree.findings.warning("encoding_fallback", path, detail="read as utf-16")
        return data.decode("utf-16", "replace")
    if b"\r\n" in data:
        tree.findings.info("crlf", path, detail="Windows line ends")
    found = _decoded(data, encodings)
    if found is None:
        tree.findings.warning("encoding_fallback", path, detail="undecodable bytes were replaced")
        return data.decode(encodings[0], "replace")
    decoded, encoding = found
    if encoding != encodings[0]:
        tree.findings.warning("encoding_fallback", path, detail=f"read as {encoding}")
    return decoded


def _decoded(data: bytes, encodings: Sequence[str]) -> tuple[str, str] | None:
    for encoding in encodings:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return None


def rows(
    tree: Tree, path: str, encodings: Sequence[str] = ("utf-8",), *, blank: Severity = "info"
) -> Iterator[tuple[str, list[str]]]:
    """The rows of a CSV file, its header first where it has one, as (where, cells); blank lines are findings.

    A quote that is opened and not closed would swallow the lines up to the next one: that line is `row_unreadable`, and
    the next ones are read as if it were not there. A file that cannot be read is `unreadable_file` and gives nothing.
    """
    lines = io.StringIO(content(tree, path, encodings), newline="").readlines()
    for number, cells in _parsed(tree, path, lines):
        cells = [cell.strip() for cell in cells]
        if any(cells):
            yield f"{path}:{number}", cells
        else:
            report = {"info": tree.findings.info, "warning": tree.findings.warning, "error": tree.findings.error}
            report[blank]("blank_line", f"{path}:{number}")


def content(tree: Tree, path: str, encodings: Sequence[str] = ("utf-8",)) -> str:
    """As `text`; a file that cannot be read is `unreadable_file`, and its text empty."""
    try:
        return text(tree, path, encodings)
    except DatasetError as error:
        tree.findings.error("unreadable_file", path, detail=f"{error}; nothing is taken from it")
        return ""


def report_empty(tree: Tree, path: str, detail: str) -> None:
    """A finding that a table has no rows, unless one says already that it cannot be read."""
    if not any(finding.code == "unreadable_file" and finding.where == path for finding in tree.findings.all):
        tree.findings.error("empty_file", path, detail=detail)


def _parsed(tree: Tree, path: str, lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows, each with the number of its first line; after a row that cannot be read, its second line is next."""
    start, reader, first = 0, csv.reader(lines), 0
    while start < len(lines):
        reason = None
        try:
            cells = next(reader)
        except csv.Error as error:
            cells, reason = [], f"{error}; the row is left out"
        following = first + reader.line_num
        if following > start + 1 and not _is_strict(lines[start:following]):
            reason = "a quote is opened and not closed; the row is left out"
        if reason is None:
            yield start + 1, cells
            start = following
        else:
            tree.findings.error("row_unreadable", f"{path}:{start + 1}", detail=reason)
            start = first = start + 1
            reader = csv.reader(islice(lines, first, None))


def _is_strict(lines: list[str]) -> bool:
    """Whether the lines are one row whose quotes are opened and closed where they should be."""
    try:
        next(csv.reader(lines, strict=True))
    except csv.Error:
        return False
    return True


def table(
    tree: Tree,
    path: str,
    needed: Sequence[str],
    *,
    known: Sequence[str] = (),
    encodings: Sequence[str] = ("utf-8",),
    blank: Severity = "info",
) -> Iterator[Line]:
    """The rows of a CSV file with a header, by column name.

    A row without a cell of every needed column is `row_too_short`, and one with more cells than the header
    `row_too_long`, since a comma without quotes shifted them: both are left out. Columns that are neither `needed` nor
    `known` are `extra_column`. Where a needed column is missing from the header, the file is `unexpected_header` and
    gives nothing.
    """
    lines = rows(tree, path, encodings, blank=blank)
    first = next(lines, None)
    if first is None:
        report_empty(tree, path, "no header; nothing is taken from it")
        return
    header = first[1]
    if missing := [name for name in needed if name not in header]:
        here = ", ".join(header)
        detail = f"lacks {', '.join(missing)}, and has {here[:_SHOWN]}; nothing is taken from it"
        tree.findings.error("unexpected_header", first[0], detail=detail)
        return
    for name in header:
        if name not in (*needed, *known):
            tree.findings.info("extra_column", first[0], detail=f"{name or 'without a name'}, not used")
    least = max(header.index(name) for name in needed) + 1
    for where, cells in lines:
        if len(cells) < least:
            tree.findings.error("row_too_short", where, detail=f"{len(cells)} cells of {len(header)}")
        elif any(cells[len(header) :]):
            detail = f"{len(cells)} cells of {len(header)}: a comma without quotes? the row is left out"
            tree.findings.error("row_too_long", where, detail=detail)
        else:
            yield Line(where, dict(zip(header, cells, strict=False)))


def load_json(tree: Tree, path: str, kind: type, severity: Literal["error", "warning"] = "error") -> Any:
    """A JSON file that should hold a list or an object (`kind`); None, with a finding, where it does not."""
    report = tree.findings.error if severity == "error" else tree.findings.warning
    try:
        value = json.loads(text(tree, path))
    except DatasetError as error:
        report("unreadable_file", path, detail=f"{error}; nothing is taken from it")
        return None
    except (ValueError, RecursionError) as error:
        detail = f"{str(error) or 'nested too deeply'}; nothing is taken from it. Was the download complete?"
        report("broken_json", path, detail=detail)
        return None
    if not isinstance(value, kind):
        report("broken_json", path, detail=f"holds no {'list' if kind is list else 'object'}; nothing is taken from it")
        return None
    return value
