"""The imported sets in `python -m datasets list`."""

from .. import library
from ..errors import DatasetError
from ..manifest import read_header
from ..verify import share

_HEADERS = ["imported", "split", "real", "fake", "unlabelled", "identities", "verified"]


def imported() -> str:
    """A table of the sets that were imported on this machine; empty where there are none."""
    from tabulate import tabulate

    rows = [row for name in library.names() for row in _rows(name)]
    return tabulate(rows, _HEADERS, "simple", disable_numparse=True) if rows else ""


def _rows(name: str) -> list[list[str]]:
    """A row for each split."""
    try:
        splits = read_header(library.manifest_path(name))["splits"]
        right = share(name)
        verified = "no" if right is None else f"{right:.1%}"
        return [
            [name, split["split"] or "none", *(f"{split[key]:,}" for key in library.COUNTED), verified]
            for split in splits
        ]
    except (DatasetError, KeyError, TypeError, ValueError) as error:
        words = str(error) if isinstance(error, DatasetError) else "its manifest is of another version; import it again"
        return [[name, words, *[""] * (len(_HEADERS) - 2)]]
