"""A folder of simulated clips to try one's own data with."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from datasets.__main__ import main
from datasets.importing import load

pytestmark = pytest.mark.usefixtures("cache")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["datasets", *arguments])
    return main()


def test_the_folder_is_imported_with_both_labels_and_has_landmarks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "here" / "my_videos"
    assert run(monkeypatch, "example", str(folder), "--pairs", "1") == 0
    assert capsys.readouterr().out.startswith(f"{folder}: 2 clips of sim_wild in real/ and fake/")
    imported = load("folder", folder)
    assert Counter(clip.label for clip in imported.clips) == {0: 1, 1: 1} and imported.findings == ()
    real, fake = sorted(imported.clips, key=lambda clip: clip.label)
    assert (real.id, fake.id) == ("real/000.mp4", "fake/000.mp4")
    assert all(clip.landmarks.is_file() and clip.audio() is not None and clip.count() for clip in imported.clips)
    assert real.content != fake.content
    assert [path.name for path in folder.parent.iterdir()] == ["my_videos"]

    assert run(monkeypatch, "example", str(folder), "--pairs", "1") == 1
    assert f"{folder} exists and is not overwritten" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("--pairs", "0"), "ask for 1 to 32"), (("--pairs", "2", "--set", "sim_real"), "sim_real has no fakes")],
)
def test_what_no_set_has_is_said_and_nothing_is_written(
    arguments: tuple[str, ...],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(monkeypatch, "example", str(tmp_path / "mine"), *arguments) == 1
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
