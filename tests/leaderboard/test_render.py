import csv
import io
import random
import re

import pytest
from sample_records import metric, record

from leaderboard import rows
from leaderboard.render import render
from leaderboard.tables import NOTICE
from leaderboard.terminal import terminal_table

PAIRS = [(a, b) for a in ("sim_whole", "sim_local") for b in ("sim_whole", "sim_local", "sim_lip", "sim_wild")]


def board(measured, tmp_path):
    rows.accept(measured, tmp_path)
    return render(rows.read_all(tmp_path))


def sections(text):
    return {part.split("\n", 1)[0]: part for part in text.split("\n## ")[1:]}


def table(section):
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert len({len(row) for row in cells}) == 1
    return cells[0], cells[2:]


def sample(probes=(None, "trim")):
    shift = {None: 0.0, "trim": -0.1, "drop": 0.05}
    return [
        record(detector, *pair, probe, auc=0.6 + 0.01 * i + shift[probe])
        for detector in ("tiny_a-linear", "silence")
        for i, pair in enumerate(PAIRS)
        for probe in probes
    ]


def test_same_rows_same_bytes_in_whatever_order_they_were_accepted(tmp_path):
    measured = sample()
    first = board(measured, tmp_path / "a")
    random.Random(0).shuffle(measured)
    for one in measured:
        rows.accept([one], tmp_path / "b")
    assert render(rows.read_all(tmp_path / "b")) == first


def test_main_table_holds_numbers_intervals_gap_and_leakage(tmp_path):
    header, body = table(sections(board(sample(), tmp_path)["sim.md"])["Out of domain"])
    assert header[0] == "detector" and "sim_whole → sim_lip" in header
    assert "sim_whole → sim_whole" not in header
    line = dict(zip(header, body[1], strict=True))
    assert line["detector"] == "silence"
    assert line["sim_whole → sim_lip"] == "62.0 [56.0, 68.0]"
    assert line["mean shortcut gap"] == "+10.0"
    assert line["leakage"] == "0/42 id"
    assert line["corpus"] == "default, seed 0, version 1"


def test_every_simulated_table_carries_the_notice_inside_and_no_rank(tmp_path):
    measured = [*sample((None, "trim", "drop")), record(test="sim_null"), record(runs=[{"seed": 1, "auc": 0.7}] * 3)]
    measured.append(record(test="sim_local", metrics={"auc": metric(0.7), "frame_auc": metric(0.65)}))
    text = board(measured, tmp_path)["sim.md"]
    assert len(sections(text)) == 8
    for section in sections(text).values():
        assert NOTICE in table(section)[1][0][0]
        assert "**" not in section
    rest = text.replace(NOTICE, "").lower()
    assert "best" not in rest and "rank" not in rest.replace("no ranking", "").replace("between ranking", "")


def test_gap_is_plain_minus_trimmed_for_each_pair(tmp_path):
    measured = [record(auc=0.9), record(auc=0.62, probe="trim"), record(test="sim_wild", auc=0.7)]
    texts = board(measured, tmp_path)
    header, body = table(sections(texts["sim.md"])["Shortcut gap: AUC minus AUC under `trim`, in points"])
    assert header[2:] == ["sim_whole → sim_lip"]
    assert body[1][2] == "+28.0"
    out = {line["cell"]: line for line in csv.DictReader(io.StringIO(texts["sim.csv"]))}
    assert float(out["tiny_a-linear-sim_whole_to_sim_lip"]["shortcut_gap"]) == pytest.approx(0.28)
    assert out["tiny_a-linear-sim_whole_to_sim_wild"]["shortcut_gap"] == ""


def test_sizes_are_never_mixed_in_one_line(tmp_path):
    measured = [
        record(auc=0.9),
        record(test="sim_wild", auc=0.62, size="full"),
        record(auc=0.5, probe="trim", size="full"),
    ]
    texts = board(measured, tmp_path)
    header, body = table(sections(texts["sim.md"])["Out of domain"])
    lines = [dict(zip(header, line, strict=True)) for line in body[1:]]
    assert [line["corpus"].split(",")[0] for line in lines] == ["default", "full"]
    assert lines[0]["sim_whole → sim_wild"] == lines[1]["sim_whole → sim_lip"] == "–"
    assert "Shortcut gap" not in texts["sim.md"]


def test_null_control_stands_apart(tmp_path):
    text = sections(board([record(), record(test="sim_null", auc=0.5)], tmp_path)["sim.md"])
    assert "sim_null" not in text["Out of domain"]
    null = next(part for title, part in text.items() if title.startswith("Null control"))
    assert "50.0 [44.0, 56.0]" in null


def test_missing_scores_are_shown_with_both_bounds(tmp_path):
    partial = {"test": {"found": 80, "expected": 84, "failed": [{"clip": "a", "reason": "b"}] * 4}}
    measured = [record(coverage=partial, metrics={"auc": metric(0.7, worst=0.66, best=0.74)})]
    header, body = table(sections(board(measured, tmp_path)["sim.md"])["Out of domain"])
    line = dict(zip(header, body[1], strict=True))
    assert line["sim_whole → sim_lip"] == "70.0 [64.0, 76.0], imputed 66.0–74.0"
    assert line["coverage"] == "95.2 %"


def test_leakage_shows_the_worst_cell_and_every_kind_that_leaks(tmp_path):
    leaking = {
        "identity": {"shared": 3, "of": 42},
        "source": {"shared": 2, "of": 84},
        "segment": {"shared": 0, "of": 9},
    }
    measured = [record(), record(test="sim_wild", leakage=leaking)]
    header, body = table(sections(board(measured, tmp_path)["sim.md"])["Out of domain"])
    assert dict(zip(header, body[1], strict=True))["leakage"] == "3/42 id, 2/84 source"
    untrained = sections(board([record("silence", leakage={})], tmp_path / "untrained")["sim.md"])["Out of domain"]
    assert table(untrained)[1][1][-1] == "–"


def test_spread_over_seeds(tmp_path):
    seeds = [{"seed": i, "auc": value} for i, value in enumerate((0.5, 0.6, 0.7))]
    text = sections(board([record("tiny_a.random-linear", runs=seeds), record()], tmp_path)["sim.md"])
    body = table(text["Spread over seeds: lowest and highest AUC"])[1]
    assert body[1:] == [["tiny_a.random-linear", "default, seed 0, version 1", "50.0–70.0 (sd 10.0, 3 seeds)"]]


def test_csv_has_one_line_a_cell_with_values_that_read_back(tmp_path):
    measured = sample()
    lines = list(csv.DictReader(io.StringIO(board(measured, tmp_path)["sim.csv"])))
    assert {line["data"] for line in lines} == {"sim"}
    by_id = {line["cell"]: line for line in lines}
    assert len(by_id) == len(lines) == len(measured)
    for one in measured:
        line, auc = by_id[one.cell.id], one.metrics["auc"]
        assert [float(line[k]) for k in ("auc", "auc_lo", "auc_hi")] == pytest.approx(
            [auc.value, auc.lo, auc.hi], abs=1e-6
        )
        assert (line["tpr_at_fpr1_lo"], line["auc_method"]) == ("", "test")
        assert (line["test_found"], line["identity_shared"], line["signature"]) == ("84", "0", one.signature)


def test_real_data_have_files_of_their_own_without_the_notice(tmp_path):
    assert set(board([record()], tmp_path)) == {"sim.md", "sim.csv"}
    real = record("braven_v-linear", "favc", "av1m", data="real", size=None, corpus=None)
    texts = board([real], tmp_path)
    assert set(texts) == {"sim.md", "sim.csv", "real.md", "real.csv"}
    assert "braven_v" not in texts["sim.md"] + texts["sim.csv"]
    assert "sim_" not in texts["real.md"] + texts["real.csv"]
    assert "favc → av1m" in texts["real.md"]
    assert NOTICE not in texts["real.md"]


def test_an_empty_leaderboard_says_so():
    texts = render([])
    assert "No rows yet." in texts["sim.md"]
    assert texts["sim.csv"] == "data,cell\n"


def test_terminal_table_fits_its_width_and_shows_every_cell():
    measured = [*sample(), record("broken", status="failed", reason="x", metrics={})]
    text = terminal_table(measured)
    assert max(map(len, text.splitlines())) <= 120
    assert len(re.findall(r"\d\d\.\d \[\d\d, \d\d\]", text)) == len(sample())
    assert text.count("62.0 [56, 68]") == 2  # both detectors, sim_whole → sim_lip
    assert "failed" in text and "probe trim" in text
    assert " ".join(NOTICE.split()) in " ".join(text.split())
    assert max(map(len, terminal_table(measured, 80).splitlines())) <= 80


def test_terminal_table_keeps_decimals_of_narrow_intervals_and_stars_missing_scores():
    partial = {"test": {"found": 80, "expected": 84, "failed": []}}
    text = terminal_table([record(metrics={"auc": metric(0.8, 0.004)}), record("silence", coverage=partial)])
    assert "80.0 [79.6, 80.4]" in text
    assert "80.0 [74, 86]*" in text
    assert "some test clips have no score" in text


def test_terminal_table_keeps_real_and_simulated_cells_apart():
    text = terminal_table([record(), record(train="favc", test="av1m", data="real", size=None, corpus=None)])
    real, sim = text.index("real data"), text.index("sim data")
    assert real < text.index("favc") < sim < text.index("sim_whole")
    assert terminal_table([]) == ""
