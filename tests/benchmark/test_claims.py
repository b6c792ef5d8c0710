"""The report on the papers' findings, on made-up records: no number here was measured."""

import re
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from benchmark.cells import cells
from benchmark.claimed import FINDINGS, LIP, LOCAL, WHOLE, Claim, Control, Finding, NullRate, Place
from benchmark.claims import main
from benchmark.verdicts import STATUSES, Results, ResultsError, Verdict, judge
from detectors.lacking import lacking
from leaderboard import records
from leaderboard.intervals import Metric, evaluate
from leaderboard.tables import NOTICE

PLAIN, CUT = Place("tiny_a-linear", WHOLE, LOCAL), Place("tiny_a-linear", WHOLE, LOCAL, "trim")
IDENTITIES = 40


def scores(place: Place, shift: float, seeds: int = 1) -> pd.DataFrame:
    """A real and a fake of each identity, which has its level in a test set; the fakes lie higher by `shift`."""
    names = [f"{place.test}.{i:04d}{kind}" for i in range(IDENTITIES) for kind in "rf"]
    labels = np.tile([0, 1], IDENTITIES)
    level = np.repeat(np.random.default_rng(crc32(place.test.encode())).normal(size=IDENTITIES), 2)
    own = np.random.default_rng(crc32(place.id.encode())).normal(size=(seeds, 2 * IDENTITIES))
    table = {"clip": names, "identity": [name[:-1] for name in names], "label": labels}
    table |= {f"seed{i}": level + 0.3 * row + shift * labels for i, row in enumerate(own)}
    return pd.DataFrame(table | {"reason": ""})


def frame_metric(lo: float, hi: float) -> Metric:
    value = (lo + hi) / 2
    return Metric(value, lo, hi, 0.01, 900, 900, 40, "test", value, value)


def put(folder: Path, place: Place, shift: float = 0.0, *, seeds: int = 1, frames: Metric | None = None) -> None:
    """Write the record and the per-clip scores of a cell."""
    frame = scores(place, shift, seeds)
    path, sha256 = records.write_scores(folder, frame)
    values = frame.iloc[:, 3:-1].T
    metrics = evaluate(frame["label"], values, frame["identity"], metrics=("auc",), resamples=200)
    domain = "in" if place.train == place.test else "out"
    cell = records.Cell(
        place.id, place.detector, None, None, "audio", place.train, place.test, place.probe, domain, (0,) * seeds, False
    )
    records.write(
        folder,
        records.Record(
            cell=cell,
            data="sim",
            status="ok",
            size="default",
            corpus={"seed": 5, "version": 1},
            signature="0f" * 32,
            metrics=metrics | ({"frame_auc": frames} if frames else {}),
            scores={"path": path, "sha256": sha256},
        ),
    )


def change(folder: Path, place: Place, **fields: object) -> None:
    """Replace fields of a written record."""
    path = records.path_for(folder, place.id)
    records.write(folder, replace(records.read(path), **fields))


def verdict(folder: Path, claim: Claim | NullRate | Control) -> Verdict:
    """The first verdict on one claim."""
    return judge(Finding("title", "text", (claim,)), Results.load(folder))[0]


def test_claims_are_about_cells_that_the_suite_measures() -> None:
    known = {cell.id for cell in cells()}
    claims = [claim for finding in FINDINGS for claim in finding.claims]
    named = [place for c in claims if isinstance(c, Claim) for place in (c.first, c.second) if place]
    assert len(named) > 60
    assert {place.id for place in named} <= known
    assert {(c.detector, c.probe) for c in claims if isinstance(c, Control)} <= {(c.row.name, c.probe) for c in cells()}
    for claim in claims:
        if isinstance(claim, Claim):
            assert claim.second is None or claim.second.test == claim.first.test
            assert not (claim.holds and claim.word == "emergent"), "that nothing was seen cannot emerge"


@pytest.mark.parametrize("word", ["planted", "calibrated", "emergent"])
@pytest.mark.parametrize(
    ("plain", "cut", "holds", "success"),
    [
        (2.5, 0.0, False, True),
        (0.0, 2.5, False, False),
        (1.0, 1.0, False, False),
        (2.5, 0.0, True, False),
        (0.0, 2.5, True, False),
        (1.0, 1.0, True, True),
    ],
)
def test_a_comparison_flips_with_the_numbers(tmp_path, word, plain, cut, holds, success) -> None:
    put(tmp_path, PLAIN, plain)
    put(tmp_path, CUT, cut, seeds=3)
    found = verdict(tmp_path, Claim(word, PLAIN, CUT, null=0.0, holds=holds))
    assert found.status == (word if success else "not reproduced")
    a, b = scores(PLAIN, plain), scores(CUT, cut, 3)
    aucs = [np.mean([roc_auc_score(x["label"], x[s]) for s in x.columns[3:-1]]) for x in (a, b)]
    value, lo, hi = map(float, re.findall(r"[+-]\d+\.\d", found.difference))
    assert value == pytest.approx(100 * (aucs[0] - aucs[1]), abs=0.0501)
    assert lo <= value <= hi
    assert [found.value.split()[0], found.other.split()[0]] == [f"{100 * auc:.1f}" for auc in aucs]
    assert [found.first, found.second] == [f"`{PLAIN.id}`", f"`{CUT.id}`"]


@pytest.mark.parametrize(
    ("shift", "null", "holds", "status"),
    [
        (2.5, 0.5, False, "calibrated"),
        (2.5, 0.99, False, "not reproduced"),
        (0.0, 0.5, False, "not reproduced"),
        (-2.5, 0.5, False, "not reproduced"),
        (0.0, 0.5, True, "calibrated"),
        (2.5, 0.5, True, "not reproduced"),
        (-2.5, 0.5, True, "not reproduced"),
    ],
)
def test_a_level_flips_with_the_numbers(tmp_path, shift, null, holds, status) -> None:
    put(tmp_path, PLAIN, shift)
    found = verdict(tmp_path, Claim("calibrated", PLAIN, null=null, holds=holds))
    assert (found.status, found.second, found.difference) == (status, "", "")
    auc = records.read(records.path_for(tmp_path, PLAIN.id)).metrics["auc"]
    assert found.value == f"{100 * auc.value:.1f} [{100 * auc.lo:.1f}, {100 * auc.hi:.1f}]"


@pytest.mark.parametrize(
    ("first", "second", "status", "text"),
    [
        ((0.6, 0.7), (0.5, 0.59), "calibrated", "intervals disjoint"),
        ((0.6, 0.7), (0.5, 0.61), "not reproduced", "intervals overlap"),
        ((0.5, 0.59), (0.6, 0.7), "not reproduced", "intervals disjoint"),
    ],
)
def test_frame_scores_need_disjoint_intervals(tmp_path, first, second, status, text) -> None:
    put(tmp_path, PLAIN, frames=frame_metric(*first))
    put(tmp_path, CUT, frames=frame_metric(*second))
    found = verdict(tmp_path, Claim("calibrated", PLAIN, CUT, null=0.0, metric="frame_auc"))
    assert (found.status, found.difference) == (status, text)


def test_missing_cells_are_said_to_be_missing(tmp_path) -> None:
    put(tmp_path, PLAIN, 2.5)
    paired = Claim("emergent", PLAIN, CUT, null=0.0)
    found = verdict(tmp_path, paired)
    assert (found.status, found.other, found.difference) == ("missing", "missing: not measured", "")
    assert verdict(tmp_path, replace(paired, metric="frame_auc")).value == "missing: no frame_auc"
    put(tmp_path, CUT)
    assert verdict(tmp_path, paired).status == "emergent"
    change(tmp_path, CUT, status="failed", reason="a folder that nobody should see", metrics={})
    assert verdict(tmp_path, paired).other == "missing: failed"
    assert verdict(tmp_path, Claim("planted", CUT)).status == "missing"
    assert verdict(tmp_path, Claim("planted", PLAIN)).status == "planted"


def test_damaged_files_are_named_and_cost_only_their_own_lines(tmp_path, capsys) -> None:
    put(tmp_path, Place("tiny_av.random-linear", LOCAL, LOCAL), 2.5)
    cut = Place("tiny_av.random-linear", LOCAL, LOCAL, "trim")
    put(tmp_path, cut)
    put(tmp_path, Place("silence", LOCAL, LIP))
    out = tmp_path / "report.md"
    assert main([str(tmp_path), "--out", str(out)]) == 0
    assert "| emergent |\n" in out.read_text()
    record = records.read(records.path_for(tmp_path, cut.id))
    (tmp_path / record.scores["path"]).write_text("clip,identity\n")
    (tmp_path / "torn.json").write_text('{"schema"')
    assert main([str(tmp_path), "--out", str(out)]) == 1
    complaint = capsys.readouterr().err
    assert "torn.json" in complaint and cut.id in complaint and "was changed" in complaint
    text = out.read_text()
    assert "missing: scores unusable | missing |" in text and "| emergent |\n" not in text
    assert re.search(r"`silence-sim_local_to_sim_lip` \| \d.* \| planted \|", text)


def null_cells(count: int) -> list[Place]:
    found = [
        Place(c.row.name, c.train, c.test, c.probe) for c in cells() if c.test == "sim_null" and not lacking(c.row)
    ]
    return found[:count]


def test_the_null_rate_is_counted_against_its_nominal_value(tmp_path) -> None:
    put(tmp_path, PLAIN)
    wanted = len(null_cells(10_000))
    assert verdict(tmp_path, NullRate("planted")).status == "missing"
    for place in null_cells(20):
        put(tmp_path, place)
    found = verdict(tmp_path, NullRate("planted"))
    assert found.status == "planted"
    assert found.first == f"`sim_null`: 20 cells, {wanted - 20} more missing"
    assert found.value.startswith("20 contain 50: 100.0 %")
    for place in null_cells(4):
        put(tmp_path, place, 2.5)
    lines = judge(Finding("", "", (NullRate("planted"),)), Results.load(tmp_path))
    assert lines[0].status == "not reproduced"
    assert lines[0].value.startswith("16 contain 50: 80.0 % [58.4, 91.9]")
    assert {line.first for line in lines[1:]} == {f"`{place.id}`" for place in null_cells(4)}


def test_controls_are_listed_where_they_see_something(tmp_path) -> None:
    seen, unseen = Place("length", WHOLE, WHOLE, "trim"), Place("length", LOCAL, LOCAL, "trim")
    put(tmp_path, seen, 2.5)
    put(tmp_path, unseen)
    lines = judge(Finding("", "", (Control("length", "trim"), Control("length", None))), Results.load(tmp_path))
    assert [line.status for line in lines] == ["control", "control", "missing"]
    assert lines[0].first.startswith("`length`, trim: 2 cells, ") and lines[0].value == "1 exclude 50"
    assert lines[1].first == f"`{seen.id}`"


def test_the_report_is_the_same_bytes_and_carries_its_notice(tmp_path, capsys) -> None:
    put(tmp_path, PLAIN, 2.5)
    put(tmp_path, Place("silence", WHOLE, WHOLE), 9.0)
    change(tmp_path, PLAIN, environment={"python": "3.11"})
    texts = []
    for name in ("one.md", "two.md"):
        assert main([str(tmp_path), "--out", str(tmp_path / name)]) == 0
        texts.append((tmp_path / name).read_bytes())
    assert main([str(tmp_path)]) == 0
    assert texts[0] == texts[1] == capsys.readouterr().out.encode()
    text = texts[0].decode()
    tables = re.findall(r"^\| ---.*\n\| _(.*)_ \|", text, re.MULTILINE)
    assert tables == [NOTICE] * (1 + len(FINDINGS))
    assert "size default, seed 5, version 1; 2 measured cells" in text
    assert str(tmp_path) not in text and "python -m benchmark.claims RESULTS" in text
    statuses = re.findall(r"\| ([a-z ]+) \|$", text.partition("## 1.")[2], re.MULTILINE)
    assert set(statuses) - {"status"} <= set(STATUSES)
    assert statuses.count("planted") == 1


def test_a_folder_of_more_than_one_corpus_or_none_is_refused(tmp_path, capsys) -> None:
    assert main([str(tmp_path)]) == 1
    assert "no measured cell" in capsys.readouterr().err
    put(tmp_path, PLAIN)
    put(tmp_path, CUT)
    change(tmp_path, CUT, corpus={"seed": 6, "version": 1})
    with pytest.raises(ResultsError, match=r"seed 5, version 1 \(1 cells\); size default, seed 6"):
        Results.load(tmp_path)
    assert main([str(tmp_path), "--out", str(tmp_path / "no.md")]) == 1
    assert not (tmp_path / "no.md").exists()
