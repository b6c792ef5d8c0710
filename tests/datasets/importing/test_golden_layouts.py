"""Every reference layout gives exactly the samples and findings that are expected of a good importer."""

import builtins
import io
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import layouts
from datasets.importing import NAMES, load

WITH_LAYOUT = [name for name in NAMES if name != "folder"]


@pytest.mark.parametrize("name", WITH_LAYOUT)
def test_samples_and_findings_are_those_expected(name: str) -> None:
    expected = layouts.expected(name)
    imported = load(name, layouts.root_of(name))
    assert layouts.differences(imported.clips, expected["samples"]) == []
    assert layouts.codes(imported.findings) == Counter((i["severity"], i["code"]) for i in expected["issues"])
    labels = Counter(clip.label for clip in imported.clips)
    assert (labels[0], labels[1], labels[None]) == tuple(expected[key] for key in ("n_real", "n_fake", "n_unlabelled"))


@pytest.mark.parametrize("name", WITH_LAYOUT)
def test_nothing_outside_the_layout_is_opened(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load(name, layouts.root_of(name))  # imports modules
    opened: list[Path] = []

    def noting(function: Any) -> Any:
        def note(path: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(path, str | os.PathLike):
                opened.append(Path(path).resolve())
            return function(path, *args, **kwargs)

        return note

    for module, function in ((builtins, "open"), (io, "open"), (os, "open")):
        monkeypatch.setattr(module, function, noting(getattr(module, function)))
    load(name, layouts.root_of(name))
    assert [path for path in opened if not path.is_relative_to(layouts.layout(name).resolve())] == []
