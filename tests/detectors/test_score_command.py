"""`python -m detectors` as a user types it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from clips import tone, write_mp4
from detectors.__main__ import main
from detectors.commands.scoring import _row
from detectors.registry import UnknownNameError
from leaderboard import records
from paths import ROOT
from suite import Suite


def run(suite: Suite, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "detectors", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=suite.environment(), capture_output=True, text=True, timeout=200)


def score(suite: Suite, *arguments: object) -> subprocess.CompletedProcess[str]:
    return run(suite, "score", "--size", "smoke", *arguments)


def clip_file(suite: Suite, place: str) -> Path:
    return suite.cache / "sim" / "v1-seed0" / f"{place}.mp4"


def fitted_files(suite: Suite) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (suite.cache / "fitted").rglob("*")}


def recorded(suite: Suite, cell: str, clip: str) -> dict[str, float]:
    record = suite.record(cell)
    assert record.scores
    table = records.read_scores(suite.results / record.scores["path"]).set_index("clip")
    return {name.removeprefix("seed"): table.loc[clip, name] for name in table if name.startswith("seed")}


def test_score_and_threshold_are_those_on_record_to_the_last_digit_and_nothing_is_trained_twice(
    suite: Suite, tmp_path: Path
) -> None:
    cells = "sim_local_to_sim_wild and (tiny_av.random or logmel) and not drop and not trimtest"
    measured = suite.run("-k", cells)
    assert measured.returncode == 0, measured.stdout
    before = fitted_files(suite)
    for detector, probe, seeds in (("tiny_av.random-linear", None, "012"), ("logmel-linear", "trim", ["43"])):
        moved = shutil.copy(clip_file(suite, "sim_wild/test/0003-f"), tmp_path / "elsewhere.mp4")
        shutil.copy(clip_file(suite, "sim_wild/test/0003-f.landmarks").with_suffix(".npy"), tmp_path)
        (tmp_path / "0003-f.landmarks.npy").rename(tmp_path / "elsewhere.landmarks.npy")
        cut = ["--probe", probe] if probe else []
        told = score(suite, moved, "--detector", detector, "--train", "sim_local", "--json", *cut)
        assert told.returncode == 0, told.stderr
        assert told.stderr == ""
        answer = json.loads(told.stdout)["clips"][0]
        cell = "-".join(filter(None, [detector, "sim_local_to_sim_wild", probe]))
        on_record = recorded(suite, cell, "sim_wild.test.0003f")
        assert set(on_record) == set(seeds)
        assert {seed: run["score"] for seed, run in answer["seeds"].items()} == on_record
        thresholds = {str(each["seed"]): each["threshold_at_val"] for each in suite.record(cell).runs}
        assert {seed: each["threshold"] for seed, each in answer["seeds"].items()} == thresholds
        assert answer["score"] == np.mean(list(on_record.values()))
        frames = np.array([frame["score"] for frame in answer["frames"]])
        if len(on_record) == 1:
            assert np.logaddexp.reduce(frames) == pytest.approx(answer["score"], abs=1e-5)
    assert fitted_files(suite) == before


def test_what_is_not_fitted_is_fitted_and_said_and_one_bad_file_loses_no_other(suite: Suite, tmp_path: Path) -> None:
    good = clip_file(suite, "sim_whole/test/0001-f")
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"no video" * 99)
    mute = write_mp4(tmp_path / "mute.mp4")
    files = [junk, good, tmp_path / "none.mp4", mute, tmp_path]
    told = score(suite, *files, "--detector", "logmel-linear", "--train", "sim_whole")
    assert told.returncode == 1
    assert "logmel-linear is not fitted on sim_whole yet: training" in told.stderr
    assert "4 of 5 files could not be scored" in told.stderr
    for file, words in (
        (junk, "cannot be opened as video or sound"),
        (tmp_path / "none.mp4", "no such file"),
        (mute, "no audio track. This detector needs sound"),
        (tmp_path, "is a folder"),
    ):
        assert f"error: {file}: {words}" in told.stderr
    assert str(good) in told.stdout and "score is" in told.stdout and "no probability" in told.stdout
    before = fitted_files(suite)
    again = score(suite, good, "--detector", "logmel-linear", "--train", "sim_whole", "--device", "cpu:0")
    assert fitted_files(suite) == before
    assert again.returncode == 0 and again.stderr == "" and again.stdout == told.stdout


def test_without_landmarks_it_says_what_they_are_and_where_they_belong(suite: Suite, tmp_path: Path) -> None:
    file = write_mp4(tmp_path / "mine.mp4", audio=tone(2.0))
    told = score(suite, file, "--detector", "tiny_v-linear", "--train", "sim_whole", "--json")
    assert told.returncode == 1
    assert "mine.landmarks.npy" in told.stderr and "(T, 68, 2)" in told.stderr and "logmel-linear" in told.stderr
    assert json.loads(told.stdout)["clips"][0]["error"].startswith("no landmarks")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--detector", "silense", "--train", "sim_whole"], "did you mean silence"),
        (["--detector", "silence", "--train", "sim_hole"], "did you mean sim_whole"),
        (["--detector", "silence", "--train", "sim_lip"], "no training set"),
        (["--detector", "silence", "--train", "sim_whole", "--probe", "trin"], "did you mean trim"),
    ],
)
def test_unknown_names_get_suggestions(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["score", str(tmp_path / "x.mp4"), *arguments])
    assert stopped.value.code == 2 and words in capsys.readouterr().err


def test_pictures_of_an_example_are_the_same_bytes_again(suite: Suite, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "datasets", "example", "my.mp4", "--set", "sim_local", "--fake"]
    environment = suite.environment(PYTHONPATH=str(ROOT))
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=60)
    assert (tmp_path / "my.mp4").read_bytes() == clip_file(suite, "sim_local/test/0000-f").read_bytes()
    drawn = []
    for name in ("a.svg", "b.svg"):
        options = ["--detector", "energy", "--train", "sim_local", "--picture", tmp_path / name]
        told = score(suite, tmp_path / "my.mp4", *options)
        assert told.returncode == 0 and f"drawn: {tmp_path / name}" in told.stderr
        assert "truth      fake, voc_b (sound), 0.75 to 1.21 s" in told.stdout
        assert "energy is a control" in told.stdout
        drawn.append((tmp_path / name).read_bytes())
    assert drawn[0] == drawn[1] and b"<svg" in drawn[0]


def test_a_device_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "x.mp4", "--detector", "energy", "--train", "sim_local", "--device", "cuda:77"]) == 1
    assert "--device cuda:77 cannot be used here" in capsys.readouterr().err


def test_a_picture_of_another_format_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "x.mp4", "--detector", "energy", "--train", "sim_local", "--picture", "x.jpg"]) == 1
    assert ".png or .svg" in capsys.readouterr().err


def test_pictures_of_files_of_one_name_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "a/x.mp4", "b/x.wav", "--detector", "energy", "--train", "sim_local", "--picture", "x.png"])
    assert "several files are called x" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["silence", "energy"], "no detector is made of silence and energy"),
        (["linear"], r"linear makes several detectors \(autoavsr_a-linear, .*; add --detector"),
        (["silense"], "did you mean silence"),
    ],
)
def test_detectors_that_do_not_go_together_are_refused(values: list[str], words: str) -> None:
    with pytest.raises(UnknownNameError, match=words):
        _row(values)


def test_an_encoder_and_a_head_are_given_one_after_the_other() -> None:
    assert _row(["logmel", "linear"]).name == _row(["logmel"]).name == "logmel-linear"
    assert _row(["tiny_v"]).name == "tiny_v-linear"
    assert _row(["tiny_v.random-linear"]).name == "tiny_v.random-linear"


def test_code_that_fails_in_training_is_shown_with_what_to_do(suite: Suite, tmp_path: Path) -> None:
    text = """
from detectors.cards import DetectorCard
from detectors.registry import register

@register(DetectorCard("bad", "audio", frozenset({"real", "fake"}), "fails", "MIT", "a test"))
class Bad:
    def __init__(self, card): ...
    def fit(self, train, val, ctx): return {}["weights"]
    def load(self, folder, ctx): ...
"""
    (tmp_path / "bad.py").write_text(text)
    told = score(suite, "x.mp4", "--detector", tmp_path / "bad.py", "--train", "sim_local")
    assert told.returncode == 1
    assert "error: bad cannot be trained: KeyError: 'weights'" in told.stderr and 'bad.py", line 8' in told.stderr
    assert f"pytest benchmark -k contract --detector {tmp_path / 'bad.py'} says what to mend" in told.stderr


def test_a_picture_that_cannot_be_written_is_said(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    options = ["--detector", "energy", "--train", "sim_local", "--picture", tmp_path / "file" / "a.png"]
    told = score(suite, clip_file(suite, "sim_local/test/0000-f"), *options)
    assert told.returncode == 1 and "called" in told.stdout
    assert f"error: {tmp_path / 'file'}: " in told.stderr and "Traceback" not in told.stderr


def test_list_names_every_detector_and_the_controls(suite: Suite) -> None:
    listed = run(suite, "list")
    assert listed.returncode == 0
    lines = {line.split()[0]: line for line in listed.stdout.splitlines() if line}
    assert "real and fake" in lines["tiny_v-linear"] and "control" not in lines["tiny_v-linear"]
    assert "control" in lines["silence"] and "nothing" in lines["silence"] and "audio" in lines["silence"]
