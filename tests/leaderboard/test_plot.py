import subprocess
import sys

import pytest
from sample_records import record

from leaderboard import rows
from leaderboard.plot import plot
from paths import ROOT


@pytest.fixture
def folder(tmp_path):
    cells = [record(auc=0.7), record(auc=0.6, probe="trim"), record("silence"), record(test="sim_wild")]
    rows.accept(cells, tmp_path)
    return tmp_path


def test_the_picture_names_pairs_and_detectors_and_holds_the_notice(folder):
    out = folder / "a.svg"
    plot(rows.read_all(folder), "sim", out)
    text = out.read_text()
    # an SVG keeps each text as a comment before its outlines
    for words in (
        "sim_whole → sim_lip",
        "sim_whole → sim_wild",
        "tiny_a-linear",
        "silence",
        "procedural faces and voices",
    ):
        assert words in text
    again = folder / "b.svg"
    plot(rows.read_all(folder), "sim", again)
    assert again.read_text() == text


def test_the_command_draws_a_png_and_says_when_there_is_nothing_to_draw(folder):
    command = [sys.executable, "-m", "leaderboard", "--folder", str(folder), "plot", str(folder / "a.png")]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    assert (folder / "a.png").read_bytes().startswith(b"\x89PNG")
    real = subprocess.run([*command, "--data", "real"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert real.returncode == 1 and "no out-of-domain cells of real data" in real.stderr
