"""Published split lists on this machine: where they are, whether they are what was published, and their rows.

They are kept in `AVDF_DATA/lists`, by repository and path. One that is not the published version is used only where a
user brought it, who was warned; its hash is pinned then, so that a later change is noticed.
"""

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import DatasetError
from ..fetching import pins
from ..library import data_root
from .published import BY_NAME as BY_NAME
from .published import LISTS as LISTS
from .published import List as List
from .published import of as of

State = Literal["missing", "published", "copy", "changed"]
COPY = "a copy of another version than the one that was published"


class ListError(DatasetError):
    """A list cannot be used; the message says which, and what to do."""


class MissingListError(ListError):
    """A list is not on this machine."""


@dataclass(frozen=True)
class Row:
    """One row of a list: a path as the list spells it, and its label where it gives one (1 fake)."""

    path: str
    label: int | None


def root() -> Path:
    """The folder of all lists."""
    return data_root() / "lists"


def place(one: List) -> Path:
    """Where a list is, or would be."""
    return root() / one.place


def state(one: List) -> State:
    """Whether a list is here, and what it is; small files, so they are hashed each time.

    Raises:
        ListError: it cannot be read, or the pins cannot.
    """
    path = place(one)
    if not path.is_file():
        return "missing"
    return _kind(one, _bytes(path))


def rows(name: str) -> tuple[list[Row], str | None]:
    """The rows of a list in their order, and what is to be said about it; rows that cannot be read have no path.

    Raises:
        MissingListError: it is not here.
        ListError: it is another file than was published or brought, or it has not the columns of such a list.
    """
    one = BY_NAME[name]
    path = place(one)
    if not path.is_file():
        raise MissingListError(f"{one.name} is not here; run `python -m datasets fetch {one.dataset}`")
    data = _bytes(path)
    kind = _kind(one, data)
    if kind == "changed":
        raise ListError(
            f"{path} is neither what was published nor what was brought here; remove it and run "
            f"`python -m datasets fetch {one.dataset}`"
        )
    return parsed(path, data), COPY if kind == "copy" else None


def _kind(one: List, data: bytes) -> State:
    found = hashlib.sha256(data).hexdigest()
    if found == one.sha256:
        return "published"
    try:
        pin = pins.read(root()).get(one.place)
    except pins.PinsError as error:
        raise ListError(str(error)) from error
    return "copy" if pin and pin["sha256"] == found else "changed"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ListError(f"{path} cannot be read: {error.strerror}") from error


def parsed(path: Path, data: bytes) -> list[Row]:
    """The rows of a list's bytes; `path` is for messages.

    Raises:
        ListError: it has not the columns of a split list.
    """
    text = data.decode("utf-8-sig", "replace").replace("\0", "")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=False)
    try:
        columns = reader.fieldnames or ()
        column = next((name for name in ("path", "full_path") if name in columns), None)
        if column is None:
            raise ListError(f"{path} is no split list: it has no column path or full_path; bring another copy")
        return [_row(row, column) for row in reader]
    except csv.Error as error:
        raise ListError(f"{path} is no split list: {error}; bring another copy") from error


def _row(row: dict[str, str | None], column: str) -> Row:
    path, label, category = (str(row.get(name) or "").strip() for name in (column, "label", "category"))
    if label in ("0", "1", "0.0", "1.0"):
        return Row(path, int(float(label)))
    if category in ("A", "B", "C", "D"):
        return Row(path, int(category != "A"))
    return Row(path, None) if not label and not category else Row("", None)
