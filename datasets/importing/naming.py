"""What one's own data set may be called: its name stands in the ids of cells, beside names that mean something."""

import re

from ..errors import DatasetError
from . import NAMES

OWN = "folder"
"""The importer of one's own data, whose data set takes any other name."""
RESERVED = ("ood", "ind", "contract", "audit", "_to_")
"""Parts that no name may contain: `-k` selects by the first four, the last one joins the sets of a cell."""
_NAME = re.compile(r"[a-z0-9_]+")
_LONGEST = 40


def check_name(name: str) -> str:
    """The name, if one's own data set may be called so.

    Raises:
        DatasetError: it may not; the message says why.
    """
    if reason := _wrong(name):
        raise DatasetError(f"a data set cannot be called {name!r}: {reason}")
    return name


def _wrong(name: str) -> str | None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        return f"a name is 1 to {_LONGEST} of the signs a-z, 0-9 and _"
    if name.startswith("sim_"):
        return "names that begin with sim_ are those of simulated sets"
    if name in NAMES and name != OWN:
        return "it is a published data set; choose another name"
    if name in ("lists", "scores"):
        return f"the folder of {'split lists' if name == 'lists' else 'scores'} beside the data sets is called so"
    part = next((part for part in RESERVED if part in f"_{name}_"), None)
    return f"{part!r} in a name means something else to the suite; choose another name" if part else None
