"""`python -m benchmark.explain` as a user types it."""

import subprocess
import sys
from pathlib import Path

import numpy as np

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


def test_an_unknown_cell_gets_a_suggestion(suite: Suite) -> None:
    wrong = explain(suite, "energy-sim_local_to_sim_loca")
    assert wrong.returncode == 2 and CELL in wrong.stderr
