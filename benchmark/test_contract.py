"""The contract: what a detector must keep before its numbers mean anything. The first thing to run on a new one."""

from pathlib import Path
from typing import Any

import pytest

from detectors.contract import Subject, complaints, subjects


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from detectors.contract.kit import make_kit

    return make_kit(tmp_path_factory.mktemp("clips"))


@pytest.mark.parametrize("subject", subjects(), ids=str)
def test_contract(
    subject: Subject, kit: Any, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any
) -> None:
    from detectors.contract.common import numbered

    monkeypatch.setenv("AVDF_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    found = complaints(subject, kit, tmp_path / "fitted")
    if found:
        pytest.fail(f"{subject}: the contract is broken in {len(found)} point(s)\n{numbered(found)}", pytrace=False)
