"""Which folder a message tells to move when a disk is full or a folder cannot be written."""

import errno
import os
from pathlib import Path

import pytest

from datasets.errors import DiskFullError, in_words
from datasets.files import disk_errors, variable_for


def test_each_folder_has_the_variable_that_moves_it(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AVDF_DATA", raising=False)
    monkeypatch.delenv("AVDF_WEIGHTS", raising=False)
    places = {"data/favc/x": "AVDF_DATA", "weights/x": "AVDF_WEIGHTS", "features/x": "AVDF_CACHE"}
    assert {place: variable_for(cache / place) for place in places} == places
    monkeypatch.setenv("AVDF_DATA", str(tmp_path / "elsewhere"))
    assert variable_for(tmp_path / "elsewhere" / "favc") == "AVDF_DATA"
    assert variable_for(cache / "data" / "favc") == "AVDF_CACHE"


def test_messages_name_it(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AVDF_DATA", raising=False)
    target = cache / "data" / "favc" / "manifest.jsonl"
    with pytest.raises(DiskFullError, match="point AVDF_DATA at a larger disk"), disk_errors(target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    said = in_words(PermissionError(errno.EACCES, "Permission denied", str(target)))
    assert said.endswith("name a folder that can be written (AVDF_DATA names the folder of imported data sets)")
