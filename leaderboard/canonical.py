"""The one JSON text of a value, for records, rows and everything that is hashed."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .intervals import Metric


class RecordError(ValueError):
    """A record cannot be read or written; the message names the file or field."""


def plain(value: Any, where: str = "value") -> Any:
    """JSON values for numpy scalars and arrays, tuples, mappings and metrics.

    Raises:
        RecordError: NaN, an infinity, a key that is no text, or another type; `where` says which field.
    """
    if isinstance(value, Metric):
        value = value.to_json()
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise RecordError(f"{where} is {value}: unknown is None, and a record holds no NaN or infinity")
        return value
    if isinstance(value, Mapping):
        if bad := [key for key in value if not isinstance(key, str)]:
            raise RecordError(f"{where} has the key {bad[0]!r}, which is no text")
        return {key: plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    raise RecordError(f"{where} is a {type(value).__name__}, which JSON cannot hold")


def canonical(value: Any, indent: int | None = None) -> str:
    """The one text of a JSON value: sorted keys, shortest floats, no NaN; compact unless indented."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = plain(value)
    return json.dumps(text, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
