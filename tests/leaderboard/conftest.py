"""The salted scores of real data go to a folder of the test."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVDF_DATA", str(tmp_path / "avdf_data"))
