"""Detection: each detector, trained on one set and tested on another (or the same), plain and under the probes."""

from typing import Any

import pytest

from benchmark.cells import Cell, params


@pytest.mark.parametrize("cell", params())
def test_detection(cell: Cell, bench: Any, record_property: Any) -> None:
    bench.measure(cell, record_property)
