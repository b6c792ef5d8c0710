import json

import pytest
from sample_records import metric, record

from leaderboard import rows
from leaderboard.rows import RowError


def ids(folder):
    return {row.detector: [r.cell.id for r in row.cells] for row in rows.read_all(folder)}


def test_accepted_records_come_back_by_detector(tmp_path):
    changed = rows.accept([record(), record("silence"), record("silence", probe="trim")], tmp_path)
    assert changed == sorted(
        ["tiny_a-linear-sim_whole_to_sim_lip", "silence-sim_whole_to_sim_lip", "silence-sim_whole_to_sim_lip-trim"]
    )
    assert sorted(p.name for p in (tmp_path / "rows" / "sim").iterdir()) == ["silence.json", "tiny_a-linear.json"]
    assert len(ids(tmp_path)["silence"]) == 2


def test_a_record_replaces_its_own_cell_and_no_other(tmp_path):
    rows.accept([record(auc=0.7), record(test="sim_wild", auc=0.6)], tmp_path)
    other = rows.path_for(tmp_path, "sim", "silence")
    rows.accept([record("silence")], tmp_path)
    before = other.read_bytes()
    assert rows.accept([record(auc=0.9)], tmp_path) == ["tiny_a-linear-sim_whole_to_sim_lip"]
    kept = {r.cell.test: r for r in rows.read(rows.path_for(tmp_path, "sim", "tiny_a-linear")).cells}
    assert kept["sim_lip"].metrics["auc"].value == 0.9
    assert kept["sim_wild"].metrics["auc"].value == 0.6
    assert other.read_bytes() == before


def test_a_cell_is_never_replaced_by_one_of_another_size(tmp_path):
    rows.accept([record(auc=0.7)], tmp_path)
    before = rows.path_for(tmp_path, "sim", "tiny_a-linear").read_bytes()
    with pytest.raises(RowError, match="accepted from size default"):
        rows.accept([record(test="sim_wild"), record(size="full")], tmp_path)
    assert rows.path_for(tmp_path, "sim", "tiny_a-linear").read_bytes() == before


def test_accepting_the_same_again_changes_nothing_in_any_order(tmp_path):
    measured = [record(), record(test="sim_wild"), record(probe="drop")]
    rows.accept(measured, tmp_path)
    path = rows.path_for(tmp_path, "sim", "tiny_a-linear")
    before = path.read_bytes()
    assert rows.accept(measured[::-1], tmp_path) == []
    assert path.read_bytes() == before


def test_failed_and_skipped_records_never_replace_a_number(tmp_path):
    rows.accept([record()], tmp_path)
    failed = record(status="failed", reason="broken", metrics={})
    skipped = record("other-linear", status="skipped", reason="no weights", metrics={})
    assert rows.accept([failed, skipped], tmp_path) == []
    assert list(ids(tmp_path)) == ["tiny_a-linear"]


def test_real_and_simulated_rows_stand_in_folders_of_their_own(tmp_path):
    real = record(train="favc", test="av1m", data="real", size=None, corpus=None)
    rows.accept([record(), real], tmp_path)
    assert [(r.data, r.detector) for r in rows.read_all(tmp_path)] == [
        ("sim", "tiny_a-linear"),
        ("real", "tiny_a-linear"),
    ]


def test_names_of_clips_and_training_reports_stay_out_of_rows(tmp_path):
    failed = [{"clip": "secret_name", "reason": "broken"}]
    rows.accept([record(coverage={"test": {"found": 83, "expected": 84, "failed": failed}}, fit={"x": 1})], tmp_path)
    text = rows.path_for(tmp_path, "sim", "tiny_a-linear").read_text()
    assert "secret_name" not in text
    kept = rows.read_all(tmp_path)[0].cells[0]
    assert kept.coverage == {"test": {"found": 83, "expected": 84}}
    assert kept.fit == {}


DAMAGE = {
    "truncated": lambda text: text[: len(text) // 2],
    "empty": lambda text: "",
    "value edited": lambda text: text.replace('"value": 0.8', '"value": 0.9'),
    "cell removed": lambda text: json.dumps({**json.loads(text), "cells": {}}),
    "other schema": lambda text: text.replace('"schema": 1,\n "sha256"', '"schema": 2,\n "sha256"'),
    "renamed": lambda text: text.replace('"detector": "tiny_a-linear",\n "schema"', '"detector": "x",\n "schema"'),
    "no object": lambda text: "[]",
    "no cells": lambda text: '{"schema": 1}',
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_row_is_refused_by_name_and_not_overwritten(damage, tmp_path):
    rows.accept([record(), record("silence")], tmp_path)
    path = rows.path_for(tmp_path, "sim", "tiny_a-linear")
    before = path.read_text()
    path.write_text(damage(before))
    broken = path.read_text()
    assert broken != before
    with pytest.raises(RowError, match=r"tiny_a-linear\.json: .*restore it"):
        rows.read_all(tmp_path)
    new = record("silence", test="sim_wild")
    with pytest.raises(RowError):
        rows.accept([record(test="sim_wild"), new], tmp_path)
    assert path.read_text() == broken
    assert len(rows.read(rows.path_for(tmp_path, "sim", "silence")).cells) == 1


def test_every_unusable_row_is_named(tmp_path):
    rows.accept([record(), record("silence")], tmp_path)
    for path in (tmp_path / "rows" / "sim").iterdir():
        path.write_text("{")
    with pytest.raises(RowError, match=r"(?s)silence\.json.*\n.*tiny_a-linear\.json"):
        rows.read_all(tmp_path)


def test_no_rows_folder_is_an_empty_leaderboard(tmp_path):
    assert rows.read_all(tmp_path / "nothing") == []


def test_unknown_bounds_survive(tmp_path):
    rows.accept([record(metrics={"auc": metric(1.0, None, se=None)})], tmp_path)
    auc = rows.read_all(tmp_path)[0].cells[0].metrics["auc"]
    assert (auc.lo, auc.se, auc.value) == (None, None, 1.0)


def test_scores_without_code_are_never_verified(tmp_path):
    rows.accept([record(), record("secret", detectors={})], tmp_path, verified=True)
    assert {row.detector: row.cells[0].verified for row in rows.read_all(tmp_path)} == {
        "secret": False,
        "tiny_a-linear": True,
    }
