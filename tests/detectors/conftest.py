"""What tests of detectors share."""

import sys
from collections.abc import Iterator

import pytest

from detectors.registry import Registry, registry


@pytest.fixture
def known() -> Iterator[Registry]:
    """The registry, as it was before when the test is over."""
    found = registry()
    tables = (found.encoders, found.heads, found.detectors, found.broken, found.asked)
    before, modules, path = [dict(table) for table in tables], set(sys.modules), list(sys.path)
    yield found
    for table, kept in zip(tables, before, strict=True):
        table.clear()
        table.update(kept)
    for module in set(sys.modules) - modules:
        if module.startswith("/") or module == "beside_it":
            del sys.modules[module]
    sys.path[:] = path
