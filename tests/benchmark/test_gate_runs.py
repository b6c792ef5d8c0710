"""`pytest benchmark --check`: red when a fault is planted, green when nothing changed that matters."""

import subprocess
from pathlib import Path

import pytest

from benchmark.mutations import lines, verdicts
from leaderboard.__main__ import main
from leaderboard.gate import Verdict, red
from suite import Suite

CELLS = "logmel and sim_whole_to_sim_whole and not drop and not trimtest"


@pytest.fixture
def measured(suite: Suite, tmp_path: Path) -> tuple[Suite, str]:
    """The suite after one run, and a leaderboard that has accepted it."""
    assert suite.run("-k", CELLS).returncode == 0
    assert main(["--folder", str(tmp_path / "v1"), "accept", str(suite.results)]) == 0
    return suite, str(tmp_path / "v1")


def mutated(suite: Suite, rows: str, name: str, *more: str) -> subprocess.CompletedProcess[str]:
    """A run with a fault planted, every cell measured anew and held against the rows."""
    arguments = ("-p", "benchmark.mutations", "--check", "--against", rows, "--rerun", "always", *more)
    return suite.run("-k", CELLS, *arguments, AVDF_MUTATION=name)


def test_a_planted_fault_turns_the_run_red_and_harmless_changes_do_not(measured: tuple[Suite, str]) -> None:
    suite, rows = measured
    again = suite.run("-k", CELLS, "--check", "--against", rows, "-n", "2")
    assert again.returncode == 0 and "gate: green (2 equal)" in again.stdout, again.stdout
    harmless = mutated(suite, rows, "bootstrap")
    assert harmless.returncode == 0 and "gate: green (2 equal)" in harmless.stdout, harmless.stdout
    broken = mutated(suite, rows, "mean")
    assert broken.returncode == 1 and "2 passed" in broken.stdout, broken.stdout
    assert (
        "gate: RED (2 irreproducible)" in broken.stdout and "logmel-linear-sim_whole_to_sim_whole-trim" in broken.stdout
    )
    assert red(verdicts(suite.results, Path(rows), elsewhere=False), rows=True)


def test_cells_without_a_number_and_rows_of_another_size_are_red(measured: tuple[Suite, str], tmp_path: Path) -> None:
    suite, rows = measured
    missing = suite.run(
        "-k", CELLS, "--check", "--against", rows, "--rerun", "never", "--results", str(tmp_path / "no")
    )
    assert missing.returncode == 1 and "not measured yet" in missing.stdout and "2 failed" in missing.stdout
    stale = suite.run("-k", CELLS, "--check")  # against the committed rows, of the default size
    assert stale.returncode == 1 and "size smoke against default on record" in stale.stdout
    nothing = suite.run("-k", CELLS, "--check", "--against", str(tmp_path / "none"))
    assert nothing.returncode == 1 and "neither rows of a leaderboard version nor records" in nothing.stdout


def test_a_run_of_which_nothing_can_be_compared_is_red(suite: Suite) -> None:
    arguments = ("-k", "contract", "--detector", "silence", "--check")
    contract = suite.run(*arguments)
    assert "1 passed" in contract.stdout, contract.stdout
    assert contract.returncode == 1 and "gate: RED (nothing compared)" in contract.stdout
    assert suite.run(*arguments, "--collect-only").returncode == 0
    nobody = suite.run("-k", "nobody", "--check")
    assert nobody.returncode == pytest.ExitCode.NO_TESTS_COLLECTED and "nothing compared" in nobody.stdout


def test_a_mutation_that_was_held_against_nothing_shows_nothing() -> None:
    for name in ("mean", "bootstrap"):
        for found in ([], [Verdict("x", "incomparable")], [Verdict("x", "new")]):
            assert "NOT" in lines(name, found, elsewhere=False)[-1]
    assert "NOT" not in lines("bootstrap", [Verdict("x", "equal")], elsewhere=False)[-1]
    assert "NOT" not in lines("mean", [Verdict("x", "fell")], elsewhere=False)[-1]
