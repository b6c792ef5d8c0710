"""Progress bars on stderr, quiet for short work and sparing in log files."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm


def bar(total: int | None, what: str, unit: str, shown: bool = True) -> "tqdm[Any]":
    """A bar that appears when the work takes longer than a second.

    Args:
        total: None where nobody knows it.
        unit: "B" counts bytes, in MB and GB.
    """
    from tqdm import tqdm

    every = 0.2 if sys.stderr.isatty() else 15.0  # seconds; a log file wants few lines
    scaled = unit == "B"
    unit = unit if scaled else f" {unit}"
    return tqdm(
        total=total,
        desc=what,
        unit=unit,
        unit_scale=scaled,
        disable=not shown,
        mininterval=every,
        delay=1.0,
        leave=False,
    )
