"""Rows of real data name no clip, and those who hold the same data can still pair their scores."""

import json
import shutil

import pytest
from sample_records import clips, record, write_measured

from datasets.library import data_root
from leaderboard import records, rows, scores
from leaderboard.__main__ import main
from leaderboard.salted import NO_SCORE, PREFIX, salted, salted_scores
from leaderboard.sources import cells_of
from leaderboard.submissions import Here, inspect, pack, unpacked
from leaderboard.terminal import terminal_table

REAL = {"data": "real", "size": None, "corpus": None, "train": "favc.ssr", "test": "av1m.ssr"}
TOLD = {"published": {"value": 0.894, "source": "some paper, table 2"}}


@pytest.fixture
def results(tmp_path):
    frame = clips(1.0)
    frame = frame.assign(clip="video_" + frame["clip"], identity="person_" + frame["identity"])
    frame.loc[3, ["seed43", "reason"]] = [float("nan"), "id00076/secret.mp4: cannot be read"]
    failed = [{"clip": "video_c01f", "reason": "id00076/secret.mp4: gone"}]
    lost = {"test": {"found": 83, "expected": 84, "failed": failed}}
    write_measured(tmp_path / "real", record(**REAL, **TOLD, coverage=lost), frame)
    return tmp_path / "real"


@pytest.fixture
def version(results, tmp_path):
    assert main(["--folder", str(tmp_path / "v1"), "accept", str(results)]) == 0
    return tmp_path / "v1"


def test_a_salted_id_depends_on_the_data_set_and_not_on_the_protocol():
    one = salted("c01f", "favc")
    assert one == salted("c01f", "favc.ssr") == salted(one, "favc") and one.startswith(PREFIX)
    assert len({one, salted("c01f", "av1m"), salted("c01r", "favc")}) == 3


def test_nothing_that_is_accepted_names_a_clip(results, version):
    plain = records.read_scores(next((results / "scores").glob("*.csv")))
    kept = list((data_root() / "scores").glob("*.csv"))
    assert len(kept) == 1 and not (version / "scores").exists()
    texts = [path.read_text() for path in (*version.rglob("*.json"), *version.glob("real.*"), *kept)]
    for name in (*plain["clip"], *plain["identity"], "secret"):
        assert not any(name in text for text in texts)
    assert NO_SCORE in kept[0].read_text()
    row = rows.read_all(version)[0].cells[0]
    assert row.scores["sha256"] == kept[0].stem and "failed" not in row.coverage["test"]


def test_local_results_keep_their_names(results, version):
    assert "secret" in next((results / "scores").glob("*.csv")).read_text()
    assert "secret" in next(results.glob("*.json")).read_text()


def test_a_run_and_another_holders_rows_are_paired(results, version):
    run, row = (next(iter(cells_of(place).values())).scores() for place in (results, version))
    assert run.equals(row) and run["clip"].str.startswith(PREFIX).all()
    assert run.equals(salted_scores(run, "av1m.ssr"))


def test_check_computes_again_what_is_here_and_copes_with_what_is_not(version, capsys):
    assert main(["--folder", str(version), "check"]) == 0
    assert "not computed again" not in capsys.readouterr().out
    path = rows.path_for(version, "real", "tiny_a-linear")
    told = rows.read(path).cells
    text = path.read_text()
    cells = {one.cell.id: records.to_json(one) for one in told}
    next(iter(cells.values()))["metrics"]["auc"]["value"] += 0.01
    row = json.loads(text) | {"cells": cells, "sha256": rows._checksum(cells)}
    path.write_text(json.dumps(row))
    assert any("its scores give auc" in sentence for sentence in scores.problems(rows.read(path).cells, version))
    path.write_text(text)
    shutil.rmtree(data_root() / "scores")
    assert main(["--folder", str(version), "check"]) == 0
    assert "1 cells of real data have no scores on this machine" in capsys.readouterr().out


def test_scores_that_were_changed_are_not_accepted(results, tmp_path, capsys):
    file = next((results / "scores").glob("*.csv"))
    file.write_text(file.read_text() + "\n")
    assert main(["--folder", str(tmp_path / "v1"), "accept", str(results)]) == 1
    assert "was changed since" in capsys.readouterr().err and not (tmp_path / "v1" / "rows").exists()


def test_a_submission_of_real_data_carries_salted_scores(results, tmp_path):
    out = tmp_path / "one.zip"
    assert main(["submit", str(results), "tiny_a-linear", "--out", str(out)]) == 0
    shutil.unpack_archive(out, tmp_path / "unpacked")
    texts = [path.read_text() for path in (tmp_path / "unpacked").rglob("*.*")]
    assert len(texts) == 2 and not any("secret" in text or "video_c01f" in text for text in texts)


def test_published_numbers_stand_beside_and_never_in_the_measured_column(version):
    lines = (version / "real.md").read_text().splitlines()
    head = next(line for line in lines if "| published |" in line)
    row = lines[lines.index(head) + 2]
    column = [cell.strip() for cell in head.split("|")].index("published")
    assert row.split("|")[column].strip() == "89.4" and "89.4" not in row.split("|")[2]
    told = terminal_table([record(**REAL, **TOLD), record("silence", **REAL)])
    assert "published: some paper, table 2" in told and told.count("89.4") == 1
    assert not any("published" in line for line in terminal_table([record(**REAL)]).splitlines())


def test_why_a_protocol_does_not_compare_stands_in_the_table_of_real_data_once(results, tmp_path):
    notes = {"favc": "the split is our own", "av1m": "another subset"}
    for name in ("one-linear", "other-linear"):
        told = {"value": None, "source": None, "notes": notes}
        write_measured(results, record(name, **REAL, published=told), clips(1.0))
    assert main(["--folder", str(tmp_path / "v1"), "accept", str(results)]) == 0
    text = (tmp_path / "v1" / "real.md").read_text()
    assert text.count("- `favc`: the split is our own") == 1 and "held against published" in text


def test_whoever_has_the_data_can_check_the_clips_of_a_submission(results, tmp_path):
    out = tmp_path / "one.zip"
    pack(results, "tiny_a-linear", out)
    frame = records.read_scores(next((results / "scores").glob("*.csv")))
    roll = {
        salted(clip, "av1m"): (salted(who, "av1m"), label)
        for clip, who, label in frame[["clip", "identity", "label"]].itertuples(index=False)
    }
    flipped = {**roll, min(roll): (roll[min(roll)][0], 1 - roll[min(roll)][1])}
    with unpacked(out) as folder:
        for known, problem, note in (
            (roll, "", ""),
            (flipped, "1 clips have another label", ""),
            (None, "", "1 cells"),
        ):
            here = Here(lambda record, known=known: known, lambda *_: {"43": "1e" * 32}, lambda _: "")
            told = inspect(folder, tmp_path / "v1", here)
            assert bool(told.problems) == bool(problem) and problem in " ".join(told.problems)
            assert any("cannot be checked without the data" in text for text in told.notes) == bool(note)
