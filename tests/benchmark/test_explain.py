"""`python -m benchmark.explain` as a user types it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmark.explain import main
from leaderboard import records
from paths import ROOT
from suite import Suite

CELL = "energy-sim_local_to_sim_local"


def explain(suite: Suite, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmark.explain", *arguments, "--size", "smoke"]
    command += ["--results", str(suite.results.parent)]
    return subprocess.run(command, cwd=ROOT, env=suite.environment(), capture_output=True, text=True, timeout=100)


def test_the_clips_drawn_are_those_on_record(suite: Suite, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    missing = explain(suite, CELL, "--out", out)
    assert missing.returncode == 1 and "measure the cell with pytest benchmark" in missing.stderr
    assert suite.run("-k", f"{CELL} and not trim and not drop").returncode == 0
    record = suite.record(CELL)
    assert record.scores
    table = records.read_scores(suite.results / record.scores["path"])
    drawn = explain(suite, CELL, "--best", "1", "--worst", "0", "--out", out)
    assert drawn.returncode == 0 and drawn.stderr == ""
    fakes, reals = table[table["label"] == 1], table[table["label"] == 0]
    best = fakes.iloc[int(np.argmax(fakes["seed43"]))], reals.iloc[int(np.argmin(reals["seed43"]))]
    for name, clip in zip(("fake", "real"), best, strict=True):
        for suffix in ("png", "svg"):
            path = Path(out) / f"best-{name}-1.{suffix}"
            assert f"{path}: {clip['clip']}, score {clip['seed43']:.4g}" in drawn.stdout
            assert path.stat().st_size > 10_000


OWN = """
from detectors.cards import DetectorCard
from detectors.registry import register
from detectors.signed import fit_sign, load_signed
from detectors.tracks import Scored

def loudness(clip):
    samples = clip.audio()
    if samples is None:
        raise clip.error("no sound")
    return Scored(float(abs(samples).mean()))

@register(DetectorCard("mine", "audio", frozenset({"real", "fake"}), "loudness", "MIT", "a test", logit=False))
class Mine:
    def __init__(self, card):
        self.card = card
    def fit(self, train, val, ctx):
        return fit_sign(loudness, train, ctx)
    def load(self, folder, ctx):
        return load_signed(loudness, folder)
"""


def test_a_scratch_file_s_cell_is_explained_and_an_unmeasured_one_says_how_to_measure_it(
    suite: Suite, tmp_path: Path
) -> None:
    file, out = tmp_path / "mine.py", tmp_path / "out"
    file.write_text(OWN)
    mine = ("mine-sim_local_to_sim_local", "--detector", str(file))
    missing = explain(suite, *mine)
    command = f"pytest benchmark -k {mine[0]} --detector {file} --size smoke --results {suite.results.parent}"
    assert missing.returncode == 1 and command in missing.stderr
    assert suite.run("-k", f"{mine[0]} and not trim and not drop", "--detector", str(file)).returncode == 0
    drawn = explain(suite, *mine, "--best", "1", "--worst", "0", "--out", str(out))
    assert drawn.returncode == 0 and drawn.stderr == "" and (out / "best-fake-1.png").exists()
    taken = explain(suite, *mine, "--best", "1", "--worst", "0", "--out", str(file))
    assert taken.returncode == 1 and taken.stderr.startswith("error: ") and "Traceback" not in taken.stderr


@pytest.mark.usefixtures("known")
def test_a_form_of_an_encoder_is_known_by_the_name_of_its_cell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = "clip_l14.layer3-linear-sim_local_to_sim_local"
    assert main([cell, "--results", str(tmp_path)]) == 1
    assert f"measure the cell with pytest benchmark -k {cell}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mine-sim_local_to_sim_local"], "needs --detector FILE.py"),
        ([CELL, "--best", "0", "--worst", "0"], "nothing to draw"),
        ([CELL, "--detector", "nobody"], "is called 'nobody'"),
    ],
)
def test_what_cannot_be_explained_is_a_usage_error(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2 and words in capsys.readouterr().err


def test_an_unknown_cell_gets_a_suggestion(suite: Suite) -> None:
    wrong = explain(suite, "energy-sim_local_to_sim_loca")
    assert wrong.returncode == 2 and CELL in wrong.stderr
