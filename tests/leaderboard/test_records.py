import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_records import record

from leaderboard import records
from leaderboard.records import RecordError

ROOT = Path(__file__).resolve().parents[2]


def test_a_record_comes_back_as_it_was(tmp_path):
    kept = record(probe="trim", costs={"fit_s": 1.25, "score_s": None})
    path = records.write(tmp_path, kept)
    assert path == records.path_for(tmp_path, "tiny_a-linear-sim_whole_to_sim_lip-trim")
    assert records.read(path) == kept
    assert records.loads(records.dumps(kept)) == kept
    assert json.loads(path.read_text())["schema"] == records.SCHEMA


def test_text_is_canonical_and_survives_the_wire():
    text = records.dumps(record(costs={"b": 1, "a": 2}))
    assert "\n" not in text and '"costs":{"a":2,"b":1}' in text
    assert records.dumps(records.loads(text)) == text


def test_numpy_values_become_json_values():
    kept = record(
        costs={"fit_s": np.float32(0.5), "steps": np.int64(3), "losses": np.array([1.0, 2.0]), "done": np.bool_(True)}
    )
    assert json.loads(records.dumps(kept))["costs"] == {"done": True, "fit_s": 0.5, "losses": [1.0, 2.0], "steps": 3}


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), np.float64("nan"), np.array([1.0, np.nan])])
def test_nan_is_refused_by_field(bad, tmp_path):
    with pytest.raises(RecordError, match=r"costs\.fit_s.*unknown is None"):
        records.write(tmp_path, record(costs={"fit_s": bad}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": "fine"}, "status is 'fine'"),
        ({"status": "failed"}, "without a reason"),
        ({"metrics": {}}, "no metrics"),
        ({"signature": None}, "no signature"),
        ({"data": "synthetic"}, "data is 'synthetic'"),
        ({"costs": {"x": object()}}, "which JSON cannot hold"),
        ({"costs": {1: 2}}, "no text"),
    ],
)
def test_contradictions_are_refused(change, message):
    with pytest.raises(RecordError, match=message):
        records.dumps(record(**change))


@pytest.mark.parametrize("cell_id", ["../x", "a b", "", "A-b", "x" * 201])
def test_ids_that_make_no_file_name_are_refused(cell_id, tmp_path):
    with pytest.raises(RecordError, match="cell id"):
        records.path_for(tmp_path, cell_id)


def _edit(row, name, value):
    row[name] = value


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda row: _edit(row, "schema", 3), "schema is 3 and this version reads up to 2"),
        (lambda row: row.pop("schema"), "schema is None"),
        (lambda row: row.pop("coverage"), r"missing fields \['coverage'\]"),
        (lambda row: _edit(row, "extra", 1), r"unknown fields \['extra'\]"),
        (lambda row: _edit(row["cell"], "seeds", ["43"]), "cell.seeds"),
        (lambda row: _edit(row, "manifests", None), "record.manifests is None"),
        (lambda row: row["metrics"]["auc"].pop("lo"), "metrics: a metric has the fields"),
        (lambda row: _edit(row["metrics"]["auc"], "value", "0.8"), "value of a metric"),
        (lambda row: _edit(row, "metrics", {"auc": 0.8}), "metrics"),
        (lambda row: _edit(row, "cell", []), "cell"),
        (lambda row: _edit(row, "signature", 7), "signature is 7"),
    ],
)
def test_files_of_another_shape_are_refused_by_name(edit, message, tmp_path):
    path = records.write(tmp_path, record())
    row = json.loads(path.read_text())
    edit(row)
    path.write_text(json.dumps(row))
    with pytest.raises(RecordError, match=message) as error:
        records.read(path)
    assert str(path) in str(error.value)


def test_damaged_and_missing_files_are_refused_by_name(tmp_path):
    path = records.write(tmp_path, record())
    whole = path.read_bytes()
    for data in (whole[: len(whole) // 2], b"", b"\xff\xfe", b"[]"):
        path.write_bytes(data)
        with pytest.raises(RecordError, match="is not a readable record"):
            records.read(path)
    path.unlink()
    with pytest.raises(RecordError, match="No such file"):
        records.read(path)


def test_signature_depends_on_content_and_not_on_order_or_number_type():
    one = records.signature({"a": 1, "b": [0.1, "x"], "c": None})
    assert one == records.signature({"c": None, "b": (np.float64(0.1), "x"), "a": np.int64(1)})
    assert one != records.signature({"a": 1, "b": [0.1, "x"], "c": 0})
    assert len(one) == 64
    with pytest.raises(RecordError):
        records.signature({"a": float("nan")})


def scores(values, seed="seed_43"):
    clips = [f"c{i}" for i in range(len(values))]
    return pd.DataFrame(
        {"clip": clips, "identity": "NA", "label": 1, seed: values, "reason": [None] * len(clips)},
        columns=["clip", "identity", "label", seed, "reason"],
    )


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8))
def test_scores_round_trip_to_the_bit(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("scores")
    name, sha256 = records.write_scores(folder, scores(values))
    back = records.read_scores(folder / name, sha256)
    assert back["seed_43"].tolist() == values
    assert back["identity"].tolist() == ["NA"] * len(values)


def test_scores_are_named_by_content_and_missing_ones_stay_missing(tmp_path):
    frame = scores([1.0, np.nan])
    frame.loc[1, "reason"] = "no audio track"
    name, sha256 = records.write_scores(tmp_path, frame)
    assert records.write_scores(tmp_path, frame) == (name, sha256)
    assert records.write_scores(tmp_path, scores([1.0, 2.0]))[0] != name
    assert not Path(name).is_absolute() and sha256 in name
    back = records.read_scores(tmp_path / name, sha256)
    assert back["seed_43"].isna().tolist() == [False, True]
    assert back["reason"].tolist()[1] == "no audio track"
    assert pd.isna(back["reason"][0])


def test_changed_or_misshapen_scores_are_refused(tmp_path):
    name, sha256 = records.write_scores(tmp_path, scores([1.0]))
    (tmp_path / name).write_text((tmp_path / name).read_text().replace("1.0", "2.0"))
    with pytest.raises(RecordError, match="was changed since it was written"):
        records.read_scores(tmp_path / name, sha256)
    with pytest.raises(RecordError, match="no per-clip scores at"):
        records.read_scores(tmp_path / "absent.csv")
    with pytest.raises(RecordError, match="columns"):
        records.write_scores(tmp_path, scores([1.0]).drop(columns="reason"))
    with pytest.raises(RecordError, match="c0 twice"):
        records.write_scores(tmp_path, pd.concat([scores([1.0])] * 2))


WRITER = """
import sys, pathlib
sys.path[:0] = [{root!r}, {here!r}]
from sample_records import record
from leaderboard import records
print("ready", flush=True)
while True:
    records.write(pathlib.Path({folder!r}), record(costs={{"fit_s": 0.5, "losses": [0.1] * 20000}}))
"""


def test_a_writer_that_is_killed_leaves_whole_records(tmp_path):
    code = WRITER.format(root=str(ROOT), here=str(Path(__file__).parent), folder=str(tmp_path))
    whole = record(costs={"fit_s": 0.5, "losses": [0.1] * 20000})
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env={**os.environ})
        process.stdout.readline()
        path = records.path_for(tmp_path, whole.cell.id)
        while not path.exists():
            pass
        process.kill()
        process.wait()
        process.stdout.close()
        assert records.read(path) == whole
        path.unlink()


def test_reading_a_record_imports_no_heavy_package():
    heavy = ("torch", "pandas", "sklearn", "scipy", "matplotlib", "av")
    code = f"import sys, leaderboard.records; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"


def test_skipped_cells_need_nothing_but_a_reason():
    skipped = replace(record(), status="skipped", reason="no weights", metrics={}, signature=None, runs=[])
    assert records.loads(records.dumps(skipped)) == skipped
