"""Real data sets as a user meets them: a release is imported, and its cells run. Its files are simulated clips."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark import explain, pairs
from datasets import importing, library
from datasets.importing import Imported
from detectors.__main__ import main as detectors
from leaderboard.__main__ import main as leaderboard
from leaderboard.records import Record
from paths import ROOT
from releases_made import av1m, favc, own, smoke_pairs
from suite import Suite

CELL = "logmel-linear-favc_to_av1m"
SELECTED = "favc_to_av1m and (logmel-linear or silence) and not probe"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """A suite without any data, in whose folders this process works too."""
    monkeypatch.setenv("AVDF_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("AVDF_DATA", raising=False)
    monkeypatch.setattr(pairs, "_asked", {})
    return Suite(tmp_path / "cache", tmp_path / "results" / "real")


def imports(suite: Suite, name: str, folder: Path) -> None:
    command = [sys.executable, "-m", "datasets", "import", name, str(folder)]
    run = subprocess.run(command, cwd=ROOT, env=suite.environment(), capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, run.stderr


def numbers(suite: Suite) -> dict[str, object]:
    return {name: (r.metrics, r.scores, r.coverage, r.signature) for name, r in suite.records().items()}


def test_an_imported_release_is_measured_like_any_other_set(
    here: Suite, smoke_cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    imports(here, "favc", favc(tmp_path / "FakeAVCeleb_v1.2", smoke_pairs(smoke_cache, "sim_whole")))
    imports(here, "av1m", av1m(tmp_path / "AV-Deepfake1M", smoke_pairs(smoke_cache, "sim_local")))
    run = here.run("-k", SELECTED, "-n", "2")
    assert run.returncode == 0 and "2 passed" in run.stdout, run.stdout + run.stderr
    assert "real data" in run.stdout and "procedural faces" not in run.stdout
    assert "favc: the split is our own" in run.stdout
    assert {path.name for path in here.results.parent.iterdir()} == {"real"}
    _is_right(here.record(CELL))
    silence = here.record("silence-favc_to_av1m")
    assert silence.metrics["auc"].value > 0.9 and silence.leakage == {}

    rows, other = str(tmp_path / "v1"), Suite(here.cache, tmp_path / "other" / "real")
    assert leaderboard(["--folder", rows, "accept", str(here.results)]) == 0
    again = other.run("-k", SELECTED, "-n", "0", "--rerun", "always", "--check", "--against", rows)
    assert again.returncode == 0 and "gate: green (2 equal)" in again.stdout, again.stdout
    assert numbers(here) == numbers(other)

    _explained_and_scored(here, next((tmp_path / "AV-Deepfake1M").rglob("fake*.mp4")), capsys)
    _clips_that_are_gone_are_failed_coverage(here, tmp_path / "AV-Deepfake1M" / "val")


def _explained_and_scored(suite: Suite, clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = suite.results.parents[1] / "pictures"
    command = [CELL, "--best", "1", "--worst", "0", "--out", str(out), "--results", str(suite.results.parent)]
    capsys.readouterr()
    assert explain.main(command) == 0 and capsys.readouterr().err == ""
    assert len(list(out.glob("*.png"))) == 2
    assert detectors(["score", str(clip), "--detector", "logmel-linear", "--train", "favc", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["data"], answer["size"], answer["corpus"]) == ("real", None, None)
    assert not any("procedural" in warning for warning in answer["clips"][0]["warnings"])


def _is_right(record: Record) -> None:
    assert (record.data, record.size, record.corpus, record.status) == ("real", None, None, "ok")
    assert {split: (c["found"], c["expected"]) for split, c in record.coverage.items()} == {
        "train": (26, 26), "val": (2, 2), "test": (16, 16),
    }  # fmt: skip
    auc = record.metrics["auc"]
    assert (auc.n_pos, auc.n_neg, auc.n_groups) == (8, 8, 8) and "frame_auc" in record.metrics
    assert record.leakage["identity"] == {"shared": 6, "of": 8}  # ids 13 to 20 of one are ids of the other
    assert record.leakage["source"] is None and record.leakage["segment"] is None  # named in two ways
    assert (
        record.published is not None
        and record.published["value"] is None
        and set(record.published["notes"]) == {"favc", "av1m"}
    )


def _clips_that_are_gone_are_failed_coverage(suite: Suite, tested: Path) -> None:
    before = suite.record(CELL)
    lost = sorted(tested.rglob("real.mp4"))[0]
    lost.unlink()
    run = suite.run("-k", SELECTED)
    assert run.returncode == 0 and "Clips without a score" in run.stdout, run.stdout
    after = suite.record(CELL)
    assert (after.coverage["test"]["found"], after.coverage["test"]["expected"]) == (15, 16)
    assert "real.mp4" in after.coverage["test"]["failed"][0]["reason"]
    assert after.signature != before.signature and after.manifests == before.manifests
    assert after.metrics["auc"].worst < after.metrics["auc"].best


def test_a_set_that_is_named_and_not_here_is_skipped_and_says_how_to_get_it(
    here: Suite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = here.run("-k", "silence and favc_to_av1m and not probe", "-rs")
    assert run.returncode == 0 and "1 skipped" in run.stdout
    assert "favc was not imported; python -m datasets import favc FOLDER, python -m datasets doctor" in run.stdout
    assert not here.results.exists()
    assert detectors(["score", str(tmp_path / "x.mp4"), "--detector", "silence", "--train", "favc"]) == 1
    assert "favc was not imported" in capsys.readouterr().err


def test_own_folders_say_what_they_lack(here: Suite, smoke_cache: Path, tmp_path: Path) -> None:
    known = smoke_pairs(smoke_cache, "sim_whole")
    clips, reals = [clip for pair in known for clip in pair], [real for real, _ in known]
    for split, some in (("train", clips[:16]), ("val", clips[16:24]), ("test", clips[24:])):
        own(tmp_path / "whole", some, split)
    own(own(tmp_path / "unvalidated", clips[:4], "train"), clips[4:8], "test")
    own(tmp_path / "reals", reals[:3])
    own(tmp_path / "single", reals[:1])
    library.keep(importing.load("favc", favc(tmp_path / "FakeAVCeleb", known)))
    for name in ("whole", "unvalidated", "reals", "single"):
        found = importing.load("folder", tmp_path / name)
        library.keep(Imported(name, found.root, found.clips, found.findings))
    wanted = "whole_to_whole or unvalidated_to_unvalidated or favc_to_whole or favc_to_reals or favc_to_single"
    run = here.run("-k", f"logmel-linear and not probe and not sim_whole and ({wanted})")
    assert "2 passed" in run.stdout and "3 failed" in run.stdout and "Traceback" not in run.stdout, run.stdout
    reasons = {name.removeprefix("logmel-linear-"): record.reason for name, record in here.records().items()}
    assert reasons["whole_to_whole"] is None and reasons["favc_to_whole"] is None
    assert "no validation clips" in str(reasons["unvalidated_to_unvalidated"])
    assert "reals has 3 test clips and no fake one" in str(reasons["favc_to_reals"])
    assert "single has 1 test clips and no fake one" in str(reasons["favc_to_single"])
    unknown = here.record("logmel-linear-whole_to_whole").leakage
    assert unknown == {"identity": None, "source": None, "segment": None}
