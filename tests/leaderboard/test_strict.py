"""Texts that a reader must not misread: each was once taken for a record, or ended in a traceback."""

import errno
import json

import pytest
from sample_records import clips, record, write_measured

from datasets.errors import DiskFullError
from leaderboard import records, rows
from leaderboard.__main__ import main
from leaderboard.records import RecordError


@pytest.fixture
def whole(tmp_path):
    one = write_measured(tmp_path, record(), clips(1.2))
    return records.path_for(tmp_path, one.cell.id)


def _edited(old, new):
    def edit(text):
        assert old in text
        return text.replace(old, new, 1)

    return edit


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (_edited('"schema": 2', '"schema": NaN'), "nan"),
        (lambda text: text.replace(str(json.loads(text)["metrics"]["auc"]["value"]), "NaN"), "holds no NaN"),
        (lambda text: text.replace(str(json.loads(text)["metrics"]["auc"]["value"]), "1e999"), "no NaN or infinity"),
        (lambda text: text.replace(str(json.loads(text)["metrics"]["auc"]["value"]), "1.5"), r"not in \[0, 1\]"),
        (lambda _: '{"a":' * 100_000, "nested too deeply"),
        (lambda _: "[" * 600 + "]" * 600, "nested too deeply"),
        (_edited('"protocol": 1', '"protocol": ' + 5_000 * "9"), "not JSON that can be read"),
        (_edited('"protocol": 1', '"protocol": 1, "protocol": 1'), "'protocol' is in it twice"),
        (_edited('"schema": 2', '"schema": []'), r"its schema is \[\]"),
        (_edited('"schema": 2', '"schema": true'), "its schema is True"),
        (_edited('"schema": 2', '"schema": 1'), "schema 1, but has control, detectors, protocol, verified of schema 2"),
        (_edited('"published": null', '"published": {"value": "high"}'), "published"),
        (_edited('"found": 84', '"found": "84"'), "coverage"),
        (_edited('"of": 42', '"of": null'), "leakage"),
        (_edited('"seed": 0,', ""), "corpus"),
    ],
)
def test_what_says_no_one_thing_is_refused_by_name(whole, edit, words):
    text = whole.read_text()
    changed = edit(text)
    assert changed != text
    whole.write_text(changed)
    with pytest.raises(RecordError, match=f"{whole.name} is not a readable record.*{words}"):
        records.read(whole)


def test_a_migration_that_meets_another_type_is_a_sentence(whole):
    row = json.loads(whole.read_text())
    for name in ("protocol", "verified", "detectors"):
        del row[name]
    del row["cell"]["control"]
    row |= {"schema": 1, "cell": {**row["cell"], "encoder": 7}}
    whole.write_text(json.dumps(row))
    with pytest.raises(RecordError, match="it says schema 1, but is none"):
        records.read(whole)


def test_a_record_under_another_cells_name_is_refused_and_never_taken_for_one_of_two(whole, tmp_path, capsys):
    (whole.parent / "other-sim_whole_to_sim_lip.json").write_text(whole.read_text())
    assert main(["--folder", str(tmp_path / "v1"), "check", str(tmp_path)]) == 1
    assert "other-sim_whole_to_sim_lip.json holds the record of tiny_a-linear" in capsys.readouterr().err


def test_what_a_killed_writer_leaves_behind_stops_nothing(whole, tmp_path):
    version = tmp_path / "v1"
    (whole.parent / f".{whole.stem}-abc.json").write_text('{"torn')
    assert main(["--folder", str(version), "accept", str(tmp_path)]) == 0
    path = rows.path_for(version, "sim", "tiny_a-linear")
    (path.parent / ".tiny_a-linear-abc.json").write_text('{"torn')
    (version / "scores" / ".0123-abc.csv").write_text("torn")
    assert main(["--folder", str(version), "accept", str(tmp_path)]) == 0
    assert main(["--folder", str(version), "check"]) == 0


def test_a_row_with_a_field_of_somebodys_own_is_refused(whole, tmp_path):
    version = tmp_path / "v1"
    assert main(["--folder", str(version), "accept", str(tmp_path)]) == 0
    path = rows.path_for(version, "sim", "tiny_a-linear")
    path.write_text(path.read_text().replace("{", '{\n "note": "better than all",', 1))
    with pytest.raises(rows.RowError, match="unknown fields note"):
        rows.read(path)
    path.write_text('{"a":' * 100_000)
    with pytest.raises(rows.RowError, match="nested too deeply"):
        rows.read(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "No columns"),
        ("clip,identity,x,seed43,reason\na,b,1,2,\n", "need the columns"),
        ("clip,identity,label\na,b,1\n", "need the columns"),
        ("clip,identity,label,seed43,reason\na,b,1,high,\n", "high"),
        ("clip,identity,label,seed43,reason\na,b,1,1,\na,b,1,2,\n", "list a twice"),
        ("clip,identity,label,seed43,reason\na,b,7,1,\n", "0 or 1 as its label"),
        ("clip,identity,label,seed43,reason\na,,1,1,\n", "an identity"),
        ("clip,identity,label,seed43,reason\n\udcff,b,1,1,\n", "utf-8"),
    ],
)
def test_a_table_that_is_no_score_table_is_refused_by_name(tmp_path, text, words):
    path = tmp_path / "x.csv"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(RecordError, match=f"x.csv.*{words}"):
        records.read_scores(path)


def test_what_cannot_be_written_is_a_sentence_and_the_next_try_goes_on(whole, tmp_path, capsys, monkeypatch):
    version, no_folder = tmp_path / "v1", tmp_path / "file"
    no_folder.write_text("x")
    assert main(["--folder", str(no_folder), "accept", str(tmp_path)]) == 1
    assert "run the command again" in capsys.readouterr().err

    def full(*_):
        raise DiskFullError(errno.ENOSPC, "the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("leaderboard.rows.write_atomic", full)
        assert main(["--folder", str(version), "accept", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("the disk is full")
    assert main(["--folder", str(version), "accept", str(tmp_path)]) == 0
    assert main(["--folder", str(version), "check"]) == 0
    assert main(["submit", str(tmp_path), "tiny_a-linear", "--out", str(no_folder / "x.zip")]) == 1


def test_check_names_a_path_in_the_reason_of_a_clip(tmp_path, capsys):
    frame = clips(1.0)
    frame.loc[3, ["seed43", "reason"]] = [float("nan"), "OSError: /home/me/clips/x.mp4"]
    write_measured(tmp_path / "results", record(), frame)
    version = ["--folder", str(tmp_path / "v1")]
    assert main([*version, "accept", str(tmp_path / "results")]) == 0
    assert main([*version, "check"]) == 1
    assert "tiny_a-linear-sim_whole_to_sim_lip: the reason of a clip" in capsys.readouterr().out
