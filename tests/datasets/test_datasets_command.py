"""`python -m datasets` as a user types it."""

import subprocess
import sys

import pytest

from paths import ROOT

pytestmark = pytest.mark.usefixtures("cache")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "datasets", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)


def test_list_counts_what_each_set_holds() -> None:
    listed = run("list")
    assert listed.returncode == 0
    lines = [line.split() for line in listed.stdout.splitlines()]
    assert ["sim_whole", "test", "42", "42", "42", "0"] in lines
    assert ["sim_real", "train", "400", "0", "400", "0"] in lines
    assert "procedural faces and voices" in listed.stdout


def test_generate_makes_a_set_with_a_progress_bar_and_then_has_nothing_to_do() -> None:
    made = run("generate", "sim_null", "--size", "smoke")
    assert made.returncode == 0 and "making simulated clips: 100%" in made.stderr
    assert ["sim_null", "test", "8", "8", "8", "16"] in [
        s.split() for s in run("list", "--size", "smoke").stdout.splitlines()
    ]
    again = run("generate", "sim_null", "--size", "smoke")
    assert again.returncode == 0 and again.stderr == ""


def test_an_unknown_set_is_named() -> None:
    wrong = run("generate", "sim_hole")
    assert wrong.returncode == 2 and "sim_hole" in wrong.stderr and "sim_whole" in wrong.stderr
