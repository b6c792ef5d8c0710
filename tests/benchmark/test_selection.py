"""What `-k` and `-m` select, as a user types it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.cells import MARKS, PAIRS, cells, known_words
from detectors.registry import registry
from paths import ROOT


def collect(*arguments: str) -> tuple[int, list[str], str]:
    """Exit code, selected cell ids, and the whole output of `pytest benchmark --collect-only -q ...`."""
    command = [sys.executable, "-m", "pytest", "benchmark", "--collect-only", "-q", *arguments]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    ids = [line.partition("[")[2].rstrip("]") for line in run.stdout.splitlines() if "::test_detection[" in line]
    return run.returncode, ids, run.stdout + run.stderr


def test_k_ood_selects_the_out_of_domain_cells_and_nothing_else() -> None:
    _, ids, _ = collect("-k", "ood")
    assert ids == [cell.id for cell in cells() if cell.train != cell.test]
    assert len(set(ids)) == len(ids) > 100


def test_k_ind_selects_the_in_domain_cells_and_nothing_else() -> None:
    _, ids, _ = collect("-k", "ind")
    assert ids == [cell.id for cell in cells() if cell.train == cell.test]


def test_words_combine() -> None:
    _, ids, _ = collect("-k", "ood and tiny_v and trim and not trimtest and not random")
    assert ids == [f"tiny_v-linear-{train}_to_{test}-trim" for train, test in PAIRS if train != test]


@pytest.mark.parametrize(
    ("expression", "condition"),
    [
        ("ood(test='sim_local')", lambda c: c.test == "sim_local" and c.train != "sim_local"),
        ("ind(train='sim_wild')", lambda c: c.train == c.test == "sim_wild"),
        (
            "ood and encoder(modality='visual') and not probe",
            lambda c: c.train != c.test and c.row.encoder == "tiny_v" and c.probe is None,
        ),
        ("encoder(name='tiny_a.random')", lambda c: c.row.name.startswith("tiny_a.random-")),
        ("probe(name='drop') and needs(dataset='sim_null')", lambda c: c.probe == "drop" and c.test == "sim_null"),
    ],
)
def test_marks_select_by_their_arguments(expression: str, condition: Callable[..., bool]) -> None:
    _, ids, _ = collect("-m", expression)
    assert ids == [cell.id for cell in cells() if condition(cell)] != []


def test_nothing_selected_exits_non_zero_and_says_what_there_is() -> None:
    code, ids, output = collect("-k", "sim_wole")
    assert code != 0 and ids == []
    assert "did you mean sim_whole" in output and known_words() in output


def test_nothing_selected_under_xdist_exits_non_zero_too() -> None:
    command = [sys.executable, "-m", "pytest", "benchmark", "-k", "nothing_like_it", "-n", "2"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert run.returncode != 0 and "data sets: sim_whole" in run.stdout


def test_an_unknown_mark_or_arrow_is_refused() -> None:
    code, _, output = collect("-k", "sim_whole->sim_lip")
    assert code == 4 and "unexpected character" in output.lower()


def test_every_mark_is_documented() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "benchmark", "--markers"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert all(f"@pytest.mark.{description}" in run.stdout for description in MARKS.values())


def test_names_cannot_match_k_ood_or_k_ind_by_accident() -> None:
    known = registry()
    names = [*known.encoders, *known.heads, *known.detectors, "test_detection", "test_detection.py"]
    assert not known.broken
    assert not [name for name in names if "ood" in name or "ind" in name]


def test_a_module_that_does_not_import_is_named_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "half.py").write_text("import nonsense_that_is_not_there\n")
    (tmp_path / "more.py").write_text(f"import detectors; detectors.__path__.append({str(tmp_path)!r})\n")
    command = [sys.executable, "-m", "pytest", "benchmark", "--collect-only", "-k", "silence", "-p", "more"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0 and "silence-sim_whole_to_sim_lip" in run.stdout
    assert (
        "not imported: detectors.half: ModuleNotFoundError: No module named 'nonsense_that_is_not_there'" in run.stdout
    )


def test_collection_imports_nothing_heavy() -> None:
    heavy = ("torch", "pandas", "scipy", "sklearn", "av", "matplotlib", "transformers", "hypothesis")
    code = (
        "import sys, pytest; code = pytest.main(['benchmark', '--collect-only', '-q', '-p', 'no:cacheprovider']);"
        f"heavy = [name for name in {heavy!r} if name in sys.modules]; print('HEAVY', heavy); sys.exit(int(code))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0 and "HEAVY []" in run.stdout
