import shutil
from dataclasses import replace

import numpy as np
import pytest
from sample_records import clips, record, write_measured
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from leaderboard import rows
from leaderboard.__main__ import main
from leaderboard.compare import clips_needed, compare
from leaderboard.compare_report import report
from leaderboard.differences import Difference
from leaderboard.sources import cells_of
from leaderboard.tables import NOTICE

STRONG, WEAK = clips(1.5, seed=1), clips(0.3, seed=2)
REAL = {"data": "real", "size": None, "corpus": None, "train": "favc", "test": "av1m"}


@pytest.fixture
def results(tmp_path):
    """Two detectors on a plain, a probed, a control and a real cell, and one that a third has alone."""
    folder = tmp_path / "run"
    for name, scores in (("strong-linear", STRONG), ("weak-linear", WEAK)):
        for cell in ({}, {"probe": "trim"}, {"test": "sim_null"}):
            write_measured(folder, record(name, **cell), scores)
        write_measured(folder, record(name, **REAL), scores.assign(seed43=2 * scores["seed43"]))
    write_measured(folder, record("lonely-linear", test="sim_wild"), WEAK)
    return folder


@pytest.fixture
def version(results, tmp_path):
    """The same as rows; without the scores of real data, which are not kept there."""
    assert main(["--folder", str(tmp_path / "v1"), "accept", str(results)]) == 0
    return tmp_path / "v1"


def run(capsys, *arguments):
    status = main(list(map(str, arguments)))
    out, err = capsys.readouterr()
    return status, out, err


def auc(frame):
    return roc_auc_score(frame["label"], frame["seed43"])


def change(folder, name, scores=None, **fields):
    """Replace a cell of the results."""
    old = next(one.record for one in cells_of(folder).values() if one.record.cell.id == name)
    return write_measured(folder, replace(old, **fields), WEAK if scores is None else scores)


def test_every_common_cell_has_both_aucs_and_their_paired_difference(results):
    found, refused = compare(cells_of(results), "strong-linear", "weak-linear")
    assert not refused
    assert {one.place for one in found} == {
        ("favc", "av1m", ""), ("sim_whole", "sim_lip", ""), ("sim_whole", "sim_lip", "trim"),
        ("sim_whole", "sim_null", ""),
    }  # fmt: skip
    for one in found:
        values = [record.metrics["auc"].value for record in (one.a, one.b)]
        assert values == pytest.approx([auc(STRONG), auc(WEAK)])
        assert one.difference.value == pytest.approx(auc(STRONG) - auc(WEAK))
        assert one.difference.lo < one.difference.value < one.difference.hi
        assert one.separated and one.difference.lo > 0
    turned, _ = compare(cells_of(results), "weak-linear", "strong-linear")
    assert [one.difference.value for one in turned] == pytest.approx([-one.difference.value for one in found])
    assert all(one.separated and one.difference.hi < 0 for one in turned)


def test_a_detector_is_not_separated_from_its_own_scores_and_no_number_of_clips_is_promised(results):
    change(results, "weak-linear-sim_whole_to_sim_lip", STRONG)
    found, _ = compare(cells_of(results), "strong-linear", "weak-linear", ["sim_whole_to_sim_lip"], ["none"])
    assert [(one.difference.value, one.separated, one.needed) for one in found] == [(0.0, False, None)]


@pytest.mark.parametrize(("value", "se", "n"), [(0.05, 0.03, 84), (-0.012, 0.02, 840), (0.2, 0.05, 84)])
def test_clips_needed_give_a_normal_test_the_promised_power(value, se, n):
    needed = clips_needed(Difference(value, -1, 1, se, n, ""))

    def power(clips):
        z = abs(value) / (se * np.sqrt(n / clips))
        return norm.sf(norm.isf(0.025) - z)

    assert power(needed) >= 0.8
    assert power(needed * 0.9 - 1) < 0.8  # two digits round up by less than a tenth
    assert len(str(needed).rstrip("0")) <= 2
    assert clips_needed(Difference(-value, -1, 1, se, n, "")) == needed


def test_clips_needed_cannot_be_said_without_a_standard_error_or_a_difference():
    assert clips_needed(Difference(0.1, -1, 1, None, 84, "")) is None
    assert clips_needed(Difference(0.0004, -1, 1, 0.03, 84, "")) is None
    assert clips_needed(Difference(0.0, -1, 1, 0.0, 84, "")) is None
    assert clips_needed(Difference(0.5, -1, 1, 0.001, 84, "")) == 1


def test_the_command_keeps_real_and_simulated_pairs_apart_and_ranks_nothing(results, capsys):
    status, out, err = run(capsys, "compare", "strong-linear", "weak-linear", "--results", results)
    assert status == 0 and err == ""
    tables = out.split("AUC in % [95 %], ")[1:]
    assert [text.split("\n")[0] for text in tables] == [
        "real data, plain", "sim data, default, seed 0, version 1, plain",
        "sim data, default, seed 0, version 1, probe trim",
    ]  # fmt: skip
    flat = [" ".join(text.split()) for text in tables]
    assert NOTICE not in flat[0].split("Difference:")[0] and all(NOTICE in text for text in flat[1:])
    assert "sim_" not in tables[0] and "favc" not in tables[1].split("Difference:")[0]
    assert "real data, plain: strong-linear is higher in 1 of 1 pair (separated in 1), weak-linear in 0" in flat[2]
    assert "default, seed 0, version 1, plain: strong-linear is higher in 1 of 1 pair" in flat[2]  # null not counted
    assert "ranks neither detector" in flat[2]
    assert max(map(len, out.splitlines())) <= 120


def test_rows_are_compared_by_default_and_missing_scores_are_named_with_what_to_do(version, capsys, tmp_path):
    status, out, err = run(capsys, "--folder", version, "compare", "strong-linear", "weak-linear")
    assert status == 0 and "favc → av1m" in out
    shutil.rmtree(tmp_path / "avdf_data")  # as on a machine where the rows were not accepted
    status, out, err = run(capsys, "--folder", version, "compare", "strong-linear", "weak-linear")
    assert status == 1
    assert "sim_whole → sim_lip" in out and "real data" not in out
    assert "strong-linear-favc_to_av1m: no per-clip scores" in err and "with --results" in err
    for path in (version / "scores").glob("*.csv"):
        path.unlink()
    status, out, err = run(capsys, "--folder", version, "compare", "strong-linear", "weak-linear", "--pair",
                           "sim_whole_to_sim_lip", "--probe", "trim")  # fmt: skip
    assert (status, out) == (1, "")
    assert "strong-linear-sim_whole_to_sim_lip-trim: no per-clip scores" in err and "version control" in err


def test_self_reported_rows_are_marked_and_those_of_a_run_are_not(version, results, capsys):
    path = rows.path_for(version, "sim", "weak-linear")
    told = rows.read(path).cells
    path.unlink()
    rows.accept(told, version, verified=False)
    command = ["--folder", version, "compare", "strong-linear", "weak-linear", "--pair", "sim_whole_to_sim_lip"]
    for more, marks in ([], 1), (["--results", results], 0):
        _, out, _ = run(capsys, *command, *more)
        lines = [line for line in out.splitlines() if "→" in line]
        assert len(lines) == 2 and all(line.count("†") == marks for line in lines)


def test_filters(results, capsys):
    command = ["compare", "strong-linear", "weak-linear", "--results", results]
    _, out, _ = run(capsys, *command, "--probe", "trim")
    assert out.count("AUC in %") == 1 and "probe trim" in out
    _, out, _ = run(capsys, *command, "--pair", "sim_whole_to_sim_null", "--pair", "favc_to_av1m")
    assert "sim_lip" not in out and "sim_null" in out and "favc" in out


def test_unknown_names_get_suggestions(results, capsys):
    command = ["compare", "--results", results, "strong-linear"]
    for words, told in (
        (["weak-liner"], "no detector is called 'weak-liner' in these cells; did you mean weak-linear"),
        (["weak-linear", "--pair", "sim_whole_to_sim_lap"], "no pair is called 'sim_whole_to_sim_lap'"),
        (["weak-linear", "--probe", "tri"], "did you mean trim"),
        (["weak-linear", "--pair", "favc_to_av1m", "--probe", "trim"], "they have none"),
        (["strong-linear"], "compared with itself"),
        (["lonely-linear"], "share no pair; the first has favc_to_av1m, sim_whole_to_sim_lip"),
    ):
        status, out, err = run(capsys, *command, *words)
        assert (status, out) == (1, "") and told in err


def test_a_folder_without_cells_is_named(tmp_path, capsys):
    status, _, err = run(capsys, "compare", "a", "b", "--results", tmp_path / "none")
    assert status == 1 and "none: neither rows" in err


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"size": "full"}, "do not have the same size (default and full)"),
        ({"protocol": 2}, "do not have the same protocol (1 and 2)"),
        ({"corpus": {"seed": 1, "version": 1}}, "do not have the same corpus"),
        ({"manifests": {"test": "dd"}}, "do not have the same list of test clips"),
        ({"scores": None}, "no per-clip scores"),
        ({"status": "failed", "reason": "out of memory"}, "failed, without a number (out of memory)"),
    ],
)
def test_cells_about_other_things_are_refused_by_name_and_the_others_compared(results, fields, told):
    cells = cells_of(results)
    key = ("sim", "weak-linear-sim_whole_to_sim_lip-trim")
    cells = {**cells, key: replace(cells[key], record=replace(cells[key].record, **fields))}
    found, refused = compare(cells, "strong-linear", "weak-linear")
    assert len(found) == 3
    assert len(refused) == 1 and told in refused[0] and key[1] in refused[0]


def test_other_clips_are_refused_by_name(results):
    change(results, "weak-linear-favc_to_av1m", WEAK.assign(clip=[f"x{name}" for name in WEAK["clip"]]))
    found, refused = compare(cells_of(results), "strong-linear", "weak-linear")
    assert len(found) == 3
    assert "weak-linear-favc_to_av1m" in refused[0] and "in one of the two score tables alone" in refused[0]


def test_small_needs_and_controls_are_not_counted_out_in_clips(results):
    found, _ = compare(cells_of(results), "strong-linear", "weak-linear")
    far = [replace(one, difference=replace(one.difference, value=0.6)) for one in found]
    lines = [line for line in report(far, "strong-linear", "weak-linear").splitlines() if "→" in line]
    assert [line.split()[-1] for line in lines if "sim_null" in line] == ["–"]
    assert all(line.endswith("under 20") for line in lines if "sim_null" not in line)
