"""What tests share: reference vectors, a cache folder of their own, and small clips."""

from collections.abc import Callable
from pathlib import Path

import pytest

from paths import golden_root


@pytest.fixture(scope="session")
def golden() -> Callable[[str], Path]:
    """A folder of reference vectors by name; the test is skipped where there are none."""

    def find(name: str) -> Path:
        folder = golden_root() / name
        if not folder.exists():
            pytest.skip(f"no reference vectors {name}: set AVDF_GOLDEN to the folder that holds them")
        return folder

    return find


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder for one test."""
    monkeypatch.setenv("AVDF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
