"""Scores of a detector whose code is not shared become records with the numbers of any other detector."""

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmark.from_scores import main
from datasets.registry import Corpus
from leaderboard import records
from leaderboard.__main__ import main as leaderboard

COMMON = ("--name", "secret", "--modality", "audio", "--size", "smoke")
PAIR = "sim_whole_to_sim_lip"


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """Templates for every pair, filled with made-up scores; no clip is generated for it."""
    folder = tmp_path / "given"
    assert main([str(folder), *COMMON, "--template"]) == 0
    labels = {c.id: c.label for name in ("sim_whole", "sim_local", "sim_lip", "sim_wild", "sim_null")
              for split in ("val", "test") for c in Corpus("smoke").clips(name, split)}  # fmt: skip
    rng = np.random.default_rng(0)
    for path in folder.iterdir():
        rows = list(csv.DictReader(path.open()))
        lines = [f"{row['clip']},{labels[row['clip']] + rng.normal()}" for row in rows]
        path.write_text("\n".join(["clip,score", *lines]) + "\n")
    return folder


def converted(folder: Path, tmp_path: Path) -> int:
    return main([str(folder), *COMMON, "--results", str(tmp_path / "results")])


def test_metrics_are_those_of_the_scores_and_the_cell_is_like_any_other(filled: Path, tmp_path: Path) -> None:
    assert converted(filled, tmp_path) == 0
    record = records.read(tmp_path / "results" / "smoke-seed0" / f"secret-{PAIR}.json")
    given = {row["clip"]: float(row["score"]) for row in csv.DictReader((filled / f"{PAIR}.csv").open())}
    clips = Corpus("smoke").clips("sim_lip", "test")
    expected = roc_auc_score([clip.label for clip in clips], [given[clip.id] for clip in clips])
    assert record.metrics["auc"].value == pytest.approx(expected)
    assert {"ap", "eer", "acc_at_val", "fpr_at_val"} <= set(record.metrics)
    assert record.leakage["identity"] == {"shared": 0, "of": len({clip.identity for clip in clips})}
    assert record.detectors == {} and record.environment == {} and not record.verified


def test_the_record_can_be_submitted_accepted_and_checked(filled: Path, tmp_path: Path, monkeypatch: object) -> None:
    assert converted(filled, tmp_path) == 0
    out, version = tmp_path / "secret.zip", ["--folder", str(tmp_path / "v1")]
    assert leaderboard(["submit", str(tmp_path / "results" / "smoke-seed0"), "secret", "--out", str(out)]) == 0
    assert leaderboard([*version, "accept", str(out)]) == 0
    assert leaderboard([*version, "check"]) == 0 and leaderboard([*version, "validate"]) == 0


def test_a_clip_without_a_score_is_failed_coverage(filled: Path, tmp_path: Path) -> None:
    path = filled / f"{PAIR}.csv"
    lines = path.read_text().splitlines()
    test = [i for i, line in enumerate(lines) if "sim_lip" in line]
    lines[test[0]] = lines[test[0]].partition(",")[0] + ","
    del lines[test[1]]
    path.write_text("\n".join(lines))
    assert converted(filled, tmp_path) == 0
    record = records.read(tmp_path / "results" / "smoke-seed0" / f"secret-{PAIR}.json")
    counts = record.coverage["test"]
    assert counts["found"] == counts["expected"] - 2
    assert record.metrics["auc"].worst < record.metrics["auc"].best


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sim_lip.test.9999r,1", "neither a test clip"),
        ("sim_lip.test.0000r,1", "is there twice"),
        ("sim_lip.test.0001r,inf", "no finite number"),
        ("sim_lip.test.0001r,high", "no finite number"),
    ],
)
def test_a_bad_line_is_named_and_the_other_files_are_kept(
    filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, words: str
) -> None:
    path = filled / f"{PAIR}.csv"
    kept = [old for old in path.read_text().splitlines() if not old.startswith("sim_lip.test.0001r")]
    path.write_text("\n".join([*kept, line]) + "\n")
    assert converted(filled, tmp_path) == 1
    told = capsys.readouterr().err
    assert f"{PAIR}.csv, line {len(kept) + 1}" in told and words in told
    assert len(list((tmp_path / "results" / "smoke-seed0").glob("*.json"))) == 10


def test_files_of_another_kind_and_names_in_use_are_refused(
    filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (filled / f"{PAIR}.csv").write_text("name;value\n")
    assert converted(filled, tmp_path) == 1
    assert "needs the columns clip and score" in capsys.readouterr().err
    assert main([str(tmp_path / "none"), *COMMON]) == 2
    assert "--template writes them" in capsys.readouterr().err
    for name, words in (("energy", "is a detector of this benchmark"), ("blood", "'ood'")):
        assert main([str(filled), "--name", name, "--modality", "audio"]) == 2
        assert words in capsys.readouterr().err
