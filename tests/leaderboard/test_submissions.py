import hashlib
import json
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sample_records import clips, record, write_measured

from leaderboard import intervals, rows
from leaderboard.__main__ import main
from leaderboard.records import RecordError
from leaderboard.submissions import Findings, Here, SubmissionError, inspect, inspect_row, pack, unpacked

CODE = {"43": "1e" * 32}


PEOPLE = {clip: (person, int(label)) for clip, person, label in clips(0)[["clip", "identity", "label"]].to_numpy()}


def here(roll=PEOPLE, code=CODE, name=""):
    return Here(lambda record: roll, lambda detector, seeds: code, lambda detector: name)


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results"
    for probe in (None, "trim"):
        write_measured(folder, record("flicker", probe=probe), clips(1.0, len(probe or "")))
    write_measured(folder, record("other"), clips(0.5))
    return folder


@pytest.fixture
def packed(results, tmp_path):
    pack(results, "flicker", tmp_path / "flicker.zip")
    return tmp_path / "flicker.zip"


def found(path, version, knows=None):
    with unpacked(path) as folder:
        return inspect(folder, version, knows or here())


def rewritten(path, change):
    """The submission with its row's text changed, checksum and all."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    name = next(name for name in members if name.startswith("rows"))
    row = json.loads(members[name])
    change(row["cells"])
    row["sha256"] = rows._checksum(row["cells"])
    members[name] = json.dumps(row).encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, data in members.items():
            new.writestr(name, data)
    return path


def test_a_submission_holds_one_detector_and_is_the_same_file_every_time(results, packed, tmp_path):
    first = packed.read_bytes()
    row = pack(results, "flicker", packed)
    assert packed.read_bytes() == first
    assert [cell.cell.id for cell in row.cells] == [
        "flicker-sim_whole_to_sim_lip",
        "flicker-sim_whole_to_sim_lip-trim",
    ]
    assert not any(cell.verified for cell in row.cells)
    told = found(packed, tmp_path / "v1")
    assert told == Findings((), ("flicker: measured with the code that is here",))


def test_what_was_not_measured_is_not_packed(results, tmp_path):
    with pytest.raises(SubmissionError, match="no such folder; name a run's"):
        pack(tmp_path / "nowhere", "flicker", tmp_path / "x.zip")
    with pytest.raises(SubmissionError, match="no records of flick"):
        pack(results, "flick", tmp_path / "x.zip")
    bad = record("other", probe="trim", status="failed", reason="x", metrics={})
    (results / f"{bad.cell.id}.json").write_text(json.dumps({}))
    with pytest.raises(RecordError, match=r"other-.*-trim\.json"):
        pack(results, "other", tmp_path / "x.zip")
    for path in (results / "scores").iterdir():
        path.write_text(path.read_text() + "\n")
    with pytest.raises(RecordError, match="was changed since"):
        pack(results, "flicker", tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda cells: [c["metrics"]["auc"].update(value=0.99) for c in cells.values()], "its scores give auc"),
        (lambda cells: [c["metrics"]["auc"].update(hi=0.99) for c in cells.values()], "its scores give hi"),
        (lambda cells: [c["metrics"]["auc"].update(n_groups=900) for c in cells.values()], "give n_groups 42 of auc"),
        (lambda cells: [c["metrics"]["ap"].update(lo=0.9) for c in cells.values()], "its scores give lo"),
        (lambda cells: [c["metrics"].update(acc_at_0=c["metrics"]["auc"]) for c in cells.values()], "of acc_at_0"),
        (lambda cells: [c["metrics"].update(fpr_at_val=c["metrics"]["auc"]) for c in cells.values()], "do not give"),
        (lambda cells: [c["metrics"].pop("eer") for c in cells.values()], "no value"),
        (lambda cells: [c["coverage"]["test"].update(found=80) for c in cells.values()], "84 of 84 test clips have"),
        (lambda cells: [c["cell"].update(test="sim_local") for c in cells.values()], "says to be measured as flicker"),
        (lambda cells: [c["cell"].update(domain="in") for c in cells.values()], "its domain is 'in'"),
        (lambda cells: [c["cell"].update(modality="smell") for c in cells.values()], "its modality is 'smell'"),
        (lambda cells: [c["cell"].update(encoder="x", head="y") for c in cells.values()], "are not those of flicker"),
        (lambda cells: [c["cell"].update(train="favc.ssr") for c in cells.values()], "are called sim, but were favc"),
        (lambda cells: [c["detectors"].update({"44": "00" * 32}) for c in cells.values()], "code of the seeds 43, 44"),
        (lambda cells: [c["detectors"].update({"x": "00" * 32}) for c in cells.values()], "invalid literal"),
        (lambda cells: next(iter(cells.values())).update(detectors={}), "some cells have no code"),
        (lambda cells: [c.update(verified=True) for c in cells.values()], "says to be verified"),
        (lambda cells: [c["code"].update(commit="/home/me/x") for c in cells.values()], "looks like a path"),
        (lambda cells: [c["scores"].update(path="../../x.csv") for c in cells.values()], "named by their content"),
        (lambda cells: [c["detectors"].update({"43": "00" * 32}) for c in cells.values()], "measured with other code"),
        (lambda cells: [c["cell"].update(seeds=[1]) for c in cells.values()], "scores of seeds [43]"),
        (lambda cells: cells.update({k: {**v, "schema": 99} for k, v in cells.items()}), "its schema is 99"),
    ],
)
def test_an_edited_row_is_refused_even_with_a_right_checksum(packed, tmp_path, change, words):
    told = found(rewritten(packed, change), tmp_path / "v1")
    assert any(words in text for text in told.problems), told


def test_scores_of_other_clips_labels_or_people_are_refused(packed, tmp_path):
    frame = clips(1.0)
    people = zip(frame["identity"], frame["label"].tolist(), strict=True)
    right = dict(zip(frame["clip"], people, strict=True))
    assert found(packed, tmp_path / "v1", here(right)).problems == ()
    for roll, words in (
        ({**right, "extra": ("i00", 1)}, "1 test clips have no line in its scores, extra"),
        ({k: v for k, v in right.items() if k != "c00r"}, "1 clips of its scores are not in the test set, c00r"),
        ({**right, "c00r": ("i00", 1)}, "1 clips have another label or identity than in the test set, c00r"),
    ):
        assert any(words in text for text in found(packed, tmp_path / "v1", here(roll)).problems)


def test_clips_that_cannot_be_looked_up_are_a_problem(packed, tmp_path):
    assert any("its clips cannot be checked" in text for text in found(packed, tmp_path / "v1", here(None)).problems)


def test_a_clip_that_is_scored_twice_is_refused(tmp_path):
    folder, frame = tmp_path / "sent", clips(1.0)
    doubled = pd.concat([frame, frame.iloc[1:2]])
    data = doubled.to_csv(index=False, lineterminator="\n").encode()
    sha256 = hashlib.sha256(data).hexdigest()
    one = write_measured(folder, record("flicker"), frame)
    labels, values, people = doubled["label"].to_numpy(), doubled["seed43"].to_numpy(), doubled["identity"]
    metrics = intervals.evaluate(labels, values, people)
    one = replace(one, metrics=metrics, scores={"path": f"scores/{sha256}.csv", "sha256": sha256})
    (folder / "scores" / f"{sha256}.csv").write_bytes(data)
    rows.accept([one], folder, verified=False)
    assert any("c00f twice" in text for text in inspect(folder, tmp_path / "v1", here()).problems)


def test_a_path_in_the_reason_of_a_clip_is_refused(tmp_path):
    frame = clips(1.0)
    frame.loc[3, ["seed43", "reason"]] = [np.nan, "OSError: /home/me/clips/x.mp4"]
    folder = tmp_path / "results"
    one = record("flicker", coverage={"test": {"found": 83, "expected": 84}})
    write_measured(folder, one, frame)
    pack(folder, "flicker", tmp_path / "x.zip")
    (problem,) = found(tmp_path / "x.zip", tmp_path / "v1").problems
    assert "reason of a clip without a score contains '/home/'" in problem


def test_an_archive_with_any_byte_changed_is_read_or_refused(packed, tmp_path):
    data, rng = packed.read_bytes(), np.random.default_rng(0)
    refused = 0
    for place, value in zip(rng.integers(0, len(data), 300), rng.integers(0, 256, 300), strict=True):
        packed.write_bytes(data[:place] + bytes([value]) + data[place + 1 :])
        try:
            with unpacked(packed):
                pass
        except SubmissionError:
            refused += 1
    assert refused > 200


def test_code_that_is_not_here_and_names_that_cannot_be_used_are_told(packed, tmp_path):
    assert "its code is not here" in found(packed, tmp_path / "v1", here(code=None)).notes[0]
    assert found(packed, tmp_path / "v1", here(name="the name is reserved")).problems == ("the name is reserved",)
    rewritten(packed, lambda cells: [c.update(detectors={}) for c in cells.values()])
    assert "scores without code" in found(packed, tmp_path / "v1", here(code=None)).notes[0]


def test_telling_untouched_clips_apart_is_remarked(tmp_path):
    row = rows.Row("x", "sim", (write_measured(tmp_path, record("x", test="sim_null"), clips(2.0)),))
    assert any("labels or file names were seen" in text for text in inspect_row(row, tmp_path, here()).notes)


def test_nothing_is_lost_and_nothing_verified_is_replaced(results, packed, tmp_path):
    version = tmp_path / "v1"
    write_measured(results, record("flicker", probe="drop"), clips(1.0, 7))
    pack(results, "flicker", tmp_path / "more.zip")
    with unpacked(tmp_path / "more.zip") as folder:
        rows.accept(rows.read_all(folder)[0].cells, version, verified=False)
    assert any("1 cells of flicker that are on record are missing" in t for t in found(packed, version).problems)
    assert found(tmp_path / "more.zip", version).problems == ()
    rows.accept(rows.read_all(version)[0].cells, version, verified=True)
    assert found(tmp_path / "more.zip", version).problems == ()  # the very same numbers
    write_measured(results, record("flicker", probe="drop"), clips(1.0, 8))
    pack(results, "flicker", tmp_path / "other.zip")
    assert any("is verified here with other" in text for text in found(tmp_path / "other.zip", version).problems)


@pytest.mark.parametrize("name", ["../x.json", "/etc/x", "rows/sim/../../x.json", "rows/sim/x.py", "scores/x.csv"])
def test_an_archive_with_other_files_is_not_unpacked(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(name, "{}")
    with pytest.raises(SubmissionError, match="nothing was unpacked"), unpacked(tmp_path / "x.zip"):
        pass


def test_damaged_doubled_and_huge_archives_are_refused(packed, tmp_path, monkeypatch):
    torn = tmp_path / "torn.zip"
    torn.write_bytes(packed.read_bytes()[:-40])
    with pytest.raises(SubmissionError, match=r"torn\.zip is not a readable zip"), unpacked(torn):
        pass
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("rows/sim/x.json", "{}")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("rows/sim/x.json", "{}")
    with pytest.raises(SubmissionError, match="in it twice"), unpacked(tmp_path / "two.zip"):
        pass
    monkeypatch.setattr("leaderboard.submissions.LARGEST", 100)
    with pytest.raises(SubmissionError, match="unpacks to more than"), unpacked(packed):
        pass


def test_a_cell_that_is_in_a_row_twice_is_noticed(results, tmp_path):
    version = tmp_path / "v1"
    assert main(["--folder", str(version), "accept", str(results)]) == 0
    path = rows.path_for(version, "sim", "other")
    path.write_text(path.read_text().replace('"cells": {', '"cells": {\n  "other-sim_whole_to_sim_lip": {},', 1))
    with pytest.raises(rows.RowError, match="'other-sim_whole_to_sim_lip' is in it twice"):
        rows.read(path)


def test_from_packing_to_a_marked_line_of_the_table(results, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    version = ["--folder", str(tmp_path / "v1")]
    assert main(["submit", str(results), "flicker"]) == 0
    monkeypatch.setattr("leaderboard.commands.submissions.HERE", here())
    assert main([*version, "validate", "flicker.zip"]) == 0
    assert main([*version, "accept", "flicker.zip"]) == 0
    assert "self-reported" in (tmp_path / "v1" / "sim.md").read_text()
    assert main([*version, "check"]) == 0 and main([*version, "validate"]) == 0
    assert "flicker: sound" in capsys.readouterr().out
    assert main([*version, "accept", "flicker.zip"]) == 0
    monkeypatch.setattr("leaderboard.commands.submissions.HERE", here(code={"43": "00" * 32}))
    assert main([*version, "validate"]) == 1
    assert "measured with other code" in capsys.readouterr().out
    assert main([*version, "accept", str(results)]) == 0  # measured here: verified from now on
    assert all(cell.verified for row in rows.read_all(tmp_path / "v1") for cell in row.cells)
    monkeypatch.setattr("leaderboard.commands.submissions.HERE", here())
    assert main([*version, "accept", "flicker.zip"]) == 0
    assert all(cell.verified for row in rows.read_all(tmp_path / "v1") for cell in row.cells)
    assert main([*version, "submit", str(results), "nobody"]) == 1
