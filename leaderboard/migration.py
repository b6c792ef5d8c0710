"""Records of older schemas, brought to the present one step by step; what cannot be is refused in words."""

from collections.abc import Callable, Mapping
from typing import Any

from .canonical import RecordError

Json = dict[str, Any]


def migrated(row: Mapping[str, Any], schema: int) -> Json:
    """The JSON of a record in the present schema; its own is left as it is.

    Raises:
        RecordError: it has no schema that this version knows.
    """
    found = row.get("schema")
    if not isinstance(found, int) or isinstance(found, bool):
        raise RecordError(f"its schema is {found!r} and this version reads {schema}; measure the cell again")
    if found > schema:
        raise RecordError(f"its schema is {found} and this version reads up to {schema}; use a newer avdf-bench")
    result = dict(row)
    while result.get("schema") != schema:
        step = _STEPS.get(result.get("schema"))
        if step is None:
            raise RecordError(f"its schema is {found!r} and this version reads {schema}; measure the cell again")
        try:
            result = step(result)
        except (AttributeError, KeyError, TypeError) as error:
            raise RecordError(f"it says schema {found}, but is none ({error!r}); measure the cell again") from None
    return result


def _from_1(row: Json) -> Json:
    """Schema 2 says which cells are controls, which protocol was used, and who measured.

    With schema 1 there were one protocol, three control detectors, and no code hash beside the signature.
    """
    cell = row["cell"]
    if later := sorted({"protocol", "verified", "detectors"} & row.keys() | {"control"} & cell.keys()):
        raise RecordError(f"it says schema 1, but has {', '.join(later)} of schema 2; measure the cell again")
    untrained = (cell["encoder"] or "").endswith(".random")
    control = untrained or cell["detector"] in ("silence", "length", "energy") or cell["test"] == "sim_null"
    added = {"schema": 2, "protocol": 1, "verified": False, "detectors": {}, "cell": {**cell, "control": control}}
    return {**row, **added}


_STEPS: Mapping[Any, Callable[[Json], Json]] = {1: _from_1}
