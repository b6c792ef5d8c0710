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
    """Tables by their headings, of one corpus."""
    return {part.split("\n", 1)[0].lstrip("# "): part for part in re.split(r"\n(?=###)", text)[1:]}


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


def lines_of(section):
    """Lines of a table by detector, each a value by column."""
    header, body = table(section)
    return {row[0]: dict(zip(header, row, strict=True)) for row in body}


def test_overviews_hold_every_auc_with_its_interval(tmp_path):
    text = sections(board(sample(), tmp_path)["sim.md"])
    out, inside = lines_of(text["Out of domain"]), lines_of(text["In domain"])
    assert out["silence"]["sim_whole → sim_lip"] == "62.0 [56.0, 68.0]"
    pairs = {f"{a} → {b}" for a, b in PAIRS}
    assert out["silence"].keys() - {"detector"} == {pair for pair in pairs if pair.split(" → ")[0] not in pair[-9:]}
    assert inside["silence"].keys() - {"detector"} == {"sim_whole → sim_whole", "sim_local → sim_local"}


def test_the_table_of_a_pair_holds_all_that_belongs_beside_a_number(tmp_path):
    metrics = {"auc": metric(0.62), "fpr_at_val": metric(0.3), "frame_auc": metric(0.55)}
    text = sections(board([*sample(), record("silence", metrics=metrics)], tmp_path)["sim.md"])
    assert lines_of(text["sim_whole → sim_lip"])["silence"] == {
        "detector": "silence",
        "AUC [95 %]": "62.0 [56.0, 68.0]",
        "shortcut gap": "+10.0",
        "FPR at source threshold": "30.0 [24.0, 36.0]",
        "frame AUC": "55.0 [49.0, 61.0]",
        "leakage": "0/42 id",
        "coverage": "100.0 %",
        "measured": "here",
    }
    assert lines_of(text["sim_whole → sim_lip"])["tiny_a-linear"]["frame AUC"] == "–"
    inside = lines_of(text["sim_local → sim_local"])["silence"]
    assert "FPR at source threshold" not in inside and "frame AUC" not in inside


def test_a_line_changes_only_with_its_own_cells(tmp_path):
    before = board(sample(), tmp_path)["sim.md"].splitlines()
    after = board([record("tiny_v-linear"), record("silence", auc=0.9)], tmp_path)["sim.md"].splitlines()
    gone = [line for line in before if line not in after]
    assert gone and all(line.startswith("| silence |") for line in gone)


def test_contents_link_to_every_heading(tmp_path):
    measured = [*sample(), *(record(test=test, size="full") for test in ("sim_lip", "sim_wild"))]
    text = board(measured, tmp_path)["sim.md"]
    headings = re.findall(r"^##+ (.*)$", text, re.MULTILINE)
    links = re.findall(r"\[([^\]]*)\]\(#([^)]*)\)", text)
    assert [title for title, _ in links] == headings
    assert len({anchor for _, anchor in links}) == len(links)
    assert ("sim_whole → sim_lip", "sim_whole--sim_lip-1") in links  # as GitHub does for a heading that comes again


def test_every_simulated_table_carries_the_notice_inside_and_no_rank(tmp_path):
    measured = [*sample((None, "trim", "drop")), record(test="sim_null"), record(runs=[{"seed": 1, "auc": 0.7}] * 3)]
    measured.append(record(test="sim_local", metrics={"auc": metric(0.7), "frame_auc": metric(0.65)}))
    text = board(measured, tmp_path)["sim.md"]
    tables = sections(text)
    assert len(tables) == 3 + len(PAIRS) + 1 + 2 + 2  # overviews, pairs and null, probes, localisation and seeds
    for section in tables.values():
        assert NOTICE in table(section)[1][0][0]
        assert "**" not in section
    rest = text.replace(NOTICE, "").lower()
    assert "best" not in rest and "rank" not in rest.replace("no ranking", "").replace("between ranking", "")


def test_self_reported_numbers_are_marked_in_every_table_and_in_the_csv(tmp_path):
    metrics = {"auc": metric(0.7), "frame_auc": metric(0.65), "fpr_at_val": metric(0.1)}
    runs = [{"seed": 1, "auc": 0.7}] * 3
    measured = [
        record(test=test, probe=probe, metrics=metrics, runs=runs)
        for test in ("sim_lip", "sim_whole", "sim_null")
        for probe in (None, "trim")
    ]
    rows.accept(measured, tmp_path, verified=False)
    texts = board([record("silence"), record("silence", probe="trim")], tmp_path)
    text = sections(texts["sim.md"])
    assert {"Out of domain", "In domain", "Null control", "Probe `trim`", "Localisation"} < set(text)
    for section in text.values():
        numbers = {name: line for name, line in lines_of(section).items() if name in ("tiny_a-linear", "silence")}
        marked = {name: [cell for cell in line.values() if "†" in cell] for name, line in numbers.items()}
        assert marked["tiny_a-linear"] and not marked.get("silence")
        for column, cell in numbers["tiny_a-linear"].items():
            if column not in ("detector", "leakage", "coverage", "measured"):
                assert cell.endswith(" †")
    pair = lines_of(text["sim_whole → sim_lip"])
    assert [pair[name]["measured"] for name in ("tiny_a-linear", "silence")] == ["self-reported", "here"]
    told = {line["detector"]: line["verified"] for line in csv.DictReader(io.StringIO(texts["sim.csv"]))}
    assert told == {"tiny_a-linear": "no", "silence": "yes"}


def test_gap_is_plain_minus_trimmed_for_each_pair(tmp_path):
    measured = [record(auc=0.9), record(auc=0.62, probe="trim"), record(test="sim_wild", auc=0.7)]
    texts = board(measured, tmp_path)
    text = sections(texts["sim.md"])
    assert lines_of(text["sim_whole → sim_lip"])["tiny_a-linear"]["shortcut gap"] == "+28.0"
    assert lines_of(text["sim_whole → sim_wild"])["tiny_a-linear"]["shortcut gap"] == "–"
    out = {line["cell"]: line for line in csv.DictReader(io.StringIO(texts["sim.csv"]))}
    assert float(out["tiny_a-linear-sim_whole_to_sim_lip"]["shortcut_gap"]) == pytest.approx(0.28)
    assert out["tiny_a-linear-sim_whole_to_sim_wild"]["shortcut_gap"] == ""


def test_sizes_are_never_mixed_in_one_table(tmp_path):
    measured = [
        record(auc=0.9),
        record(test="sim_wild", auc=0.62, size="full"),
        record(auc=0.5, probe="trim", size="full"),
    ]
    text = board(measured, tmp_path)["sim.md"]
    _, first, second = re.split(r"\n## ", text)
    assert first.startswith("Embedded corpus: default, seed 0") and "90.0" in first and "62.0" not in first
    assert second.startswith("Embedded corpus: full, seed 0") and "62.0" in second and "90.0" not in second
    assert lines_of(sections(first)["sim_whole → sim_lip"])["tiny_a-linear"]["shortcut gap"] == "–"


def test_null_control_stands_apart(tmp_path):
    text = sections(board([record(), record(test="sim_null", auc=0.5)], tmp_path)["sim.md"])
    assert "sim_null" not in text["Out of domain"]
    assert "50.0 [44.0, 56.0]" in text["Null control"]
    assert "50.0 [44.0, 56.0]" in text["sim_whole → sim_null"]


def test_missing_scores_are_shown_with_both_bounds(tmp_path):
    partial = {"test": {"found": 80, "expected": 84, "failed": [{"clip": "a", "reason": "b"}] * 4}}
    measured = [record(coverage=partial, metrics={"auc": metric(0.7, worst=0.66, best=0.74)})]
    line = lines_of(sections(board(measured, tmp_path)["sim.md"])["sim_whole → sim_lip"])["tiny_a-linear"]
    assert line["AUC [95 %]"] == "70.0 [64.0, 76.0], imputed 66.0–74.0"
    assert line["coverage"] == "95.2 %"


def test_leakage_shows_the_worst_cell_and_every_kind_that_leaks(tmp_path):
    leaking = {
        "identity": {"shared": 3, "of": 42},
        "source": {"shared": 2, "of": 84},
        "segment": {"shared": 0, "of": 9},
    }
    measured = [record(probe="trim"), record(test="sim_wild", leakage=leaking, probe="trim"), record(leakage={})]
    text = sections(board(measured, tmp_path)["sim.md"])
    assert lines_of(text["Probe `trim`"])["tiny_a-linear"]["leakage"] == "3/42 id, 2/84 source"
    assert lines_of(text["sim_whole → sim_lip"])["tiny_a-linear"]["leakage"] == "–"


def test_spread_over_seeds(tmp_path):
    seeds = [{"seed": i, "auc": value} for i, value in enumerate((0.5, 0.6, 0.7))]
    text = sections(board([record("tiny_a.random-linear", runs=seeds), record()], tmp_path)["sim.md"])
    body = table(text["Spread over seeds"])[1]
    assert body[1:] == [["tiny_a.random-linear", "50.0–70.0 (sd 10.0, 3 seeds)"]]


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


def test_real_tables_have_rank_ranges_and_simulated_ones_have_not(tmp_path):
    aucs = {"clear-linear": 0.95, "close-linear": 0.72, "near-linear": 0.7}
    real = [record(name, "favc", "av1m", data="real", size=None, corpus=None, auc=auc) for name, auc in aucs.items()]
    missing = {"auc": metric(0.6, worst=0.5, best=0.7), "ap": metric(0.5)}
    real.append(record("partial-linear", "favc", "av1m", data="real", size=None, corpus=None, metrics=missing))
    texts = board([*real, record()], tmp_path)
    lines = lines_of(sections(texts["real.md"])["favc → av1m"])
    assert {name: line["rank range"] for name, line in lines.items()} == {
        "clear-linear": "1",
        "close-linear": "2–4",
        "near-linear": "2–4",
        "partial-linear": "2–4",  # its interval ends below that of close-linear, but its unscored clips may lift it
    }
    assert "Rank range" in texts["real.md"] and "rank range" not in texts["sim.md"].lower()


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
