"""What a record's text may hold: JSON that says one thing, finite numbers, and nested values of the shape told.

A reader that takes NaN, a name given twice or a text where a number belongs would misread a record: NaN differs from
no number by more than anything, so that a gate would call it equal.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from .canonical import RecordError, plain

_SHOWN = 80


def parsed(text: str) -> Any:
    """The one value that a JSON text stands for.

    Raises:
        RecordError: no JSON, nested without end, a name that is in an object twice, NaN, an infinity, or an integer
            without bounds.
    """
    try:
        return plain(json.loads(text, object_pairs_hook=_once))
    except json.JSONDecodeError as error:
        raise RecordError(f"not JSON ({error}); is the file truncated?") from None
    except RecursionError:
        raise RecordError("nested too deeply to be a record") from None
    except RecordError:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise RecordError(f"not JSON that can be read ({error})") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, unless a name is in it twice: one of the two would be lost without a word."""
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        raise RecordError(f"{next(name for name in names if names.count(name) > 1)!r} is in it twice")
    return result


def _integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return value is None or _integer(value) or isinstance(value, float)


def _text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _counts(*names: str) -> Callable[[Any], bool]:
    """Of objects by name, whether each has these whole numbers."""
    return lambda value: all(isinstance(x, dict) and all(_integer(x.get(name)) for name in names) for x in value)


_SHAPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "corpus": ("whole numbers seed and version", lambda x: _integer(x.get("seed")) and _integer(x.get("version"))),
    "detectors": ("texts", lambda x: all(isinstance(one, str) for one in x.values())),
    "runs": ("objects of numbers", lambda x: all(_number(one) for run in x for one in run.values())),
    "scores": ("texts path and sha256", lambda x: all(isinstance(x.get(name), str) for name in ("path", "sha256"))),
    "manifests": ("texts", lambda x: all(_text(one) for one in x.values())),
    "coverage": ("objects of found and expected", lambda x: _counts("found", "expected")(x.values())),
    "leakage": ("objects of shared and of, or null", lambda x: _counts("shared", "of")(filter(None, x.values()))),
    "published": (
        "a number value, a text source and notes that are texts",
        lambda x: _number(x.get("value")) and _text(x.get("source")) and _texts(x.get("notes", {})),
    ),
}


def check_shapes(values: Mapping[str, Any]) -> None:
    """Refuse a record whose nested values are not what tables and the gate read; absent ones (null) may be.

    Raises:
        RecordError: naming the field.
    """
    for name, (words, good) in _SHAPES.items():
        if values[name] is not None and not good(values[name]):
            raise RecordError(f"record.{name} is {str(values[name])[:_SHOWN]}, expected {words}")
