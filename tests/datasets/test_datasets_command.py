"""`python -m datasets` as a user types it."""

import subprocess
import sys
from pathlib import Path

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


def test_no_processes_and_a_place_that_cannot_be_written_are_said(tmp_path: Path) -> None:
    none = run("generate", "sim_null", "--jobs", "0")
    assert none.returncode == 2 and "'0' is no number of processes" in none.stderr
    (tmp_path / "file").touch()
    nowhere = run("example", str(tmp_path / "file" / "my.mp4"))
    assert nowhere.returncode == 1 and nowhere.stderr.startswith(f"error: {tmp_path / 'file'}: ")
    assert "name a folder that can be written" in nowhere.stderr and "Traceback" not in nowhere.stderr


def test_the_fakes_of_the_null_set_are_not_said_to_be_changed(tmp_path: Path) -> None:
    made = run("example", str(tmp_path / "my.mp4"), "--set", "sim_null", "--fake")
    assert made.returncode == 0 and "labelled fake, but nothing was changed" in made.stdout
