"""What `-k` and `-m` select, as a user types it."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from benchmark.cells import MARKS, PAIRS, cells, hint, known_words
from detectors import plugins
from detectors.registry import Registry, registry
from paths import ROOT


def collect(*arguments: str) -> tuple[int, list[str], str]:
    """Exit code, selected cell ids, and the whole output of `pytest benchmark --collect-only -q ...`."""
    command = [sys.executable, "-m", "pytest", "benchmark", "--collect-only", "-q", *arguments]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    ids = [line.partition("[")[2].rstrip("]") for line in run.stdout.splitlines() if "::test_detection[" in line]
    return run.returncode, ids, run.stdout + run.stderr


def test_k_ood_selects_the_out_of_domain_cells_and_nothing_else() -> None:
    _, ids, output = collect("-k", "ood")
    assert ids == [cell.id for cell in cells() if cell.domain == "out"]
    assert len(set(ids)) == len(ids) > 100
    assert "test_contract" not in output


def test_k_ind_selects_the_in_domain_cells_and_nothing_else() -> None:
    _, ids, output = collect("-k", "ind")
    assert ids == [cell.id for cell in cells() if cell.domain == "in"]
    assert "test_contract" not in output


def test_k_contract_selects_the_contract_of_everything_registered_and_no_cell() -> None:
    _, ids, output = collect("-k", "contract")
    subjects = [line.partition("[")[2].rstrip("]") for line in output.splitlines() if "::test_contract[" in line]
    known = registry()
    assert ids == [] and sorted(subjects) == sorted([*known.encoders, *known.heads, *known.detectors])


@pytest.mark.parametrize(
    ("names", "condition"),
    [
        (["tiny_v"], lambda row: row.encoder == "tiny_v"),
        (["tiny_v.random"], lambda row: row.encoder == "tiny_v" and row.random),
        (["linear"], lambda row: row.head == "linear"),
        (["braven_v.layer12", "avhubert_a.pretrained.random-linear"], lambda row: bool(row.tags)),
        (["silence", "tiny_a-linear"], lambda row: row.name in ("silence", "tiny_a-linear")),
    ],
)
def test_detector_selects_the_cells_of_what_it_names(
    known: Registry, names: list[str], condition: Callable[..., bool]
) -> None:
    _, ids, _ = collect("-k", "ood", *(f"--detector={name}" for name in names))
    plugins.ask_in(" ".join(names))
    assert ids == [cell.id for cell in cells() if cell.train != cell.test and condition(cell.row)] != []


@pytest.mark.parametrize(
    ("value", "words"),
    [("tiny_w", "did you mean tiny_v"), ("nowhere/flicker.py", "there is no file nowhere/flicker.py")],
)
def test_an_unknown_detector_is_a_usage_error_without_a_traceback(value: str, words: str) -> None:
    code, ids, output = collect("--detector", value)
    assert code == 4 and ids == []
    assert words in output and "Traceback" not in output and "INTERNALERROR" not in output


def test_k_selects_a_form_of_an_encoder_that_it_names(known: Registry) -> None:
    _, ids, _ = collect("-k", "ood and avhubert_v.layer12-linear and not trim and not drop")
    assert ids == [f"avhubert_v.layer12-linear-{train}_to_{test}" for train, test in PAIRS if train != test]
    code, ids, output = collect("--detector", "avhubert_v.layer25")
    assert code == 4 and "its tags are pretrained, tiny, nocrop, bf16, layer1 to layer24, random" in output


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
            lambda c: c.train != c.test and bool(c.row.encoder) and c.row.modality == "visual" and c.probe is None,
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


def test_only_the_misspelt_words_of_a_selection_are_guessed_at() -> None:
    said = hint("(favc_to_kofd or sim_wole) and silence and not trim")
    assert said.count("did you mean") == 2 and "favc_to_kodf" in said and "sim_whole" in said and "silence" not in said
    assert hint("silence and not silence") == ""


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
    modules = [name for path in (ROOT / "benchmark").glob("test_*.py") for name in (path.name, path.stem)]
    names = [*known.encoders, *known.heads, *known.detectors, *modules]
    assert not known.broken
    assert not [name for name in names if "ood" in name or "ind" in name]


def test_collection_imports_nothing_heavy() -> None:
    heavy = ("torch", "pandas", "scipy", "sklearn", "av", "matplotlib", "transformers", "hypothesis")
    code = (
        "import sys, pytest; code = pytest.main(['benchmark', '--collect-only', '-q', '-p', 'no:cacheprovider']);"
        f"heavy = [name for name in {heavy!r} if name in sys.modules]; print('HEAVY', heavy); sys.exit(int(code))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0 and "HEAVY []" in run.stdout
