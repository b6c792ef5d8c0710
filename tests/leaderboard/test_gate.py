import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_records import clips, metric, record, write_measured

from leaderboard import rows
from leaderboard.__main__ import VERSION, main
from leaderboard.gate import FINGERPRINT, RED, concordance, gate, red
from leaderboard.gate_report import report
from leaderboard.sources import SourceError, cells_of, opened

HERE = dict.fromkeys(FINGERPRINT, "one")
THERE = HERE | {"processor": "another"}


def run(folder, *cells):
    """A results folder with cells `(record, scores)`, as measured here."""
    for one, scores in cells:
        write_measured(
            folder, replace(one, environment=one.environment if "torch" in one.environment else HERE), scores
        )
    return cells_of(folder)


def word(new, old, **how):
    verdicts = gate(new, old, whole=False, rows=how.pop("rows", False))
    assert len(verdicts) == 1
    return verdicts[0]


@pytest.fixture
def old(tmp_path):
    return run(tmp_path / "old", (record(), clips(1.2)))


def test_equal_code_clips_and_machine_have_to_give_equal_digits(old, tmp_path):
    same = run(tmp_path / "same", (record(), clips(1.2)))
    assert word(same, old).word == "equal"
    nudged = clips(1.2)
    nudged.loc[nudged.index[1], "seed43"] -= 3
    moved = word(run(tmp_path / "moved", (record(), nudged)), old)
    assert moved.word == "irreproducible" and "auc" in moved.reason and red([moved], rows=True)


def test_a_metric_that_is_gone_is_noticed_and_a_new_one_is_welcome(old):
    ((key, one),) = old.items()
    fewer = {name: value for name, value in one.record.metrics.items() if name != "eer"}
    short = {key: replace(one, record=replace(one.record, metrics=fewer))}
    assert word(short, old).word == "irreproducible"
    assert word(old, short).word == "equal"


def test_no_committed_cell_that_is_held_from_below_is_saturated():
    cells = [one.record for one in cells_of(VERSION).values() if not one.record.cell.control]
    assert cells and max(record.metrics["auc"].value for record in cells) <= 0.97


def test_elsewhere_only_what_chance_does_not_explain_counts(old, tmp_path):
    def elsewhere(scores, name, one=None):
        return word(run(tmp_path / name, (replace(one or record(), environment=THERE), scores)), old)

    nudged = clips(1.2)
    nudged["seed43"] += 1e-3 * clips(0, seed=9)["seed43"]
    assert elsewhere(nudged, "nudged").word == "same"
    assert elsewhere(clips(1.0, seed=5), "redrawn").word == "same"
    worse = elsewhere(clips(0.0, seed=5), "worse")
    assert worse.word == "fell" and worse.judged.critical < worse.old - worse.new
    better = elsewhere(clips(9.0, seed=5), "better")
    assert better.word == "rose" and not red([better], rows=True)


def test_scores_that_moved_are_seen_though_the_auc_is_within_chance(old, tmp_path):
    def again(name, scores, **change):
        return word(run(tmp_path / name, (record(environment=THERE, **change), scores)), old, rows=True)

    assert again("equal", clips(1.2)).word == "same"
    rounded = clips(1.2)
    rounded["seed43"] = rounded["seed43"].round(3)
    assert again("rounded", rounded).word == "same"
    redrawn = again("redrawn", clips(1.2, seed=5))
    assert redrawn.word == "irreproducible" and "concordance 0." in redrawn.reason and red([redrawn], rows=True)
    edited = again("edited", clips(1.2, seed=5), detectors={"43": "2f" * 32})
    assert edited.word == "changed" and red([edited], rows=True) and not red([edited], rows=False)
    control = run(tmp_path / "control", (record("silence"), clips(1.2)))
    moved = run(tmp_path / "moved", (record("silence", environment=THERE), clips(1.2, seed=5)))
    assert word(moved, control, rows=True).word == "same"
    worse = again("worse", clips(0.0, seed=5), detectors={"43": "2f" * 32})
    assert worse.word == "fell"


@given(
    st.lists(st.floats(-100, 100), min_size=3, max_size=30).filter(lambda a: np.var(a) > 1e-3),
    st.floats(-3, 3), st.floats(0.1, 3),
)  # fmt: skip
def test_concordance_is_what_lin_defined(values, shift, scale):
    table = clips(0, identities=len(values)).iloc[: len(values)]
    a, b = table.assign(seed43=values), table.assign(seed43=np.array(values) * scale + shift)
    x, y = a["seed43"], b["seed43"]
    expected = 2 * np.cov(x, y, ddof=0)[0, 1] / (np.var(x) + np.var(y) + (x.mean() - y.mean()) ** 2)
    close = np.allclose(x, y, rtol=0, atol=1e-6)
    assert concordance(a, b) == pytest.approx(1.0 if close else expected, abs=1e-9)
    assert concordance(a, a) == 1 and concordance(a, b) == pytest.approx(concordance(b, a))
    assert concordance(a, b.assign(seed43=[np.nan, *y[1:]])) == 0


def test_a_control_is_held_on_both_sides(tmp_path):
    control = record("tiny_a.random-linear")
    old = run(tmp_path / "old", (control, clips(0.3)))
    for name, shift in (("up", 9.0), ("down", -9.0)):
        moved = run(tmp_path / name, (replace(control, environment=THERE), clips(shift, seed=3)))
        assert word(moved, old).word == "leak"


def test_what_is_not_the_same_thing_is_stale_and_not_compared(old, tmp_path):
    changes = {
        "protocol 2 against 1": {"protocol": 2},
        "size full against default": {"size": "full"},
        "corpus seed 1": {"corpus": {"seed": 1, "version": 1}},
        "other train clips": {"manifests": {"train": "zz", "val": "bb", "test": "cc"}},
    }
    for number, (words, change) in enumerate(changes.items()):
        verdict = word(run(tmp_path / str(number), (record(**change), clips(1.2))), old)
        assert verdict.word == "incomparable" and words in verdict.reason
        beside = [verdict, word(old, old)]
        assert red(beside, rows=True) and not red(beside, rows=False)
    other = run(tmp_path / "clips", (record(environment=THERE), clips(1.2, identities=40)))
    assert "clips are in one of the two" in word(other, old).reason
    assert word(other, old, rows=True).word == "incomparable"


def test_a_lost_a_failed_and_a_new_cell(old, tmp_path):
    new = run(tmp_path / "new", (record("other"), clips(1.0)))
    words = {verdict.cell: verdict.word for verdict in gate(new, old, whole=True, rows=False)}
    assert words == {"other-sim_whole_to_sim_lip": "new", "tiny_a-linear-sim_whole_to_sim_lip": "lost"}
    assert word(new, old).word == "new"
    key = ("sim", "tiny_a-linear-sim_whole_to_sim_lip")
    broken = replace(old[key], record=replace(record(), status="failed", reason="ValueError: x", metrics={}))
    verdict = word({key: broken}, old)
    assert verdict.word == "failed" and verdict.reason == "ValueError: x" and red([verdict], rows=False)


def test_the_frame_auc_is_held_too(tmp_path):
    def cell(name, value, environment):
        one = write_measured(tmp_path / name, record(environment=environment), clips(1.0))
        metrics = {**one.metrics, **({"frame_auc": metric(value, se=0.02)} if value else {})}
        known = cells_of(tmp_path / name)
        return {key: replace(found, record=replace(one, metrics=metrics)) for key, found in known.items()}

    old = cell("old", 0.8, HERE)
    for value, expected in ((0.79, "same"), (0.55, "fell"), (None, "failed")):
        verdicts = gate(cell("new", value, THERE), old, whole=False, rows=False)
        assert {v.metric: v.word for v in verdicts} == {"auc": "same", "frame_auc": expected}


def test_rows_whose_scores_are_gone_are_named(old, tmp_path):
    new = run(tmp_path / "new", (record(environment=THERE), clips(1.2)))
    shutil.rmtree(tmp_path / "old" / "scores")
    verdict = word(new, old, rows=True)
    assert verdict.word == "incomparable" and "no per-clip scores at" in verdict.reason


def test_without_scores_to_pair_a_number_is_held_all_the_same(tmp_path):
    def real(name, shift, environment):
        one = (record(data="real", size=None, corpus=None, environment=environment), clips(shift))
        found = run(tmp_path / name, one)
        shutil.rmtree(tmp_path / name / "scores")
        return found

    old = real("old", 2.5, HERE)
    for rows_ in (True, False):
        same = word(real("same", 2.4, THERE), old, rows=rows_)
        assert same.word == "same" and "not paired: no per-clip scores at" in same.reason
        assert "1 of them are AUCs without scores to pair" in report([same], rows=rows_)
        fell = word(real("fell", 0.0, THERE), old, rows=rows_)
        assert fell.word == "fell" and red([fell], rows=rows_)
    simulated = run(tmp_path / "sim", (record(), clips(2.5)))
    shutil.rmtree(tmp_path / "sim" / "scores")
    worse = run(tmp_path / "worse", (record(environment=THERE), clips(0.0)))
    assert word(worse, simulated).word == "fell"


def test_numbers_near_1_are_held_by_their_interval(tmp_path):
    def cell(name, value, **more):
        one = write_measured(tmp_path / name, record(environment=more.pop("environment")), clips(1.0))
        known = cells_of(tmp_path / name)
        metrics = {**one.metrics, "frame_auc": metric(value, **more)}
        return {key: replace(found, record=replace(one, metrics=metrics)) for key, found in known.items()}

    old = cell("old", 1.0, environment=HERE, se=None, lo=0.92, hi=1.0)
    fallen = gate(cell("new", 0.6, environment=THERE), old, whole=False, rows=False)
    assert {v.metric: v.word for v in fallen} == {"auc": "same", "frame_auc": "fell"}
    blind = cell("blind", 1.0, environment=HERE, se=None, lo=None, hi=None)
    told = gate(cell("new2", 0.6, environment=THERE), blind, whole=False, rows=True)
    assert {v.metric: v.word for v in told} == {"auc": "same", "frame_auc": "incomparable"} and red(told, rows=True)


def test_a_gate_that_compares_nothing_is_red(old, tmp_path, capsys):
    new = run(tmp_path / "new", (record("other"), clips(1.0)))
    for rows_ in (True, False):
        verdicts = gate(new, old, whole=False, rows=rows_)
        assert red(verdicts, rows=rows_) and red([], rows=rows_)
        assert report(verdicts, rows=rows_).endswith("gate: RED (nothing compared: 1 new)")
    assert main(["diff", str(tmp_path / "old"), str(tmp_path / "new")]) == 1
    both = gate({**new, **old}, old, whole=False, rows=False)
    assert not red(both, rows=False) and report(both, rows=False).endswith("gate: green (1 equal, 1 new)")


def test_records_without_an_auc_are_no_traceback(old):
    ((key, one),) = old.items()
    without = {key: replace(one, record=replace(one.record, metrics={"ap": one.record.metrics["ap"]}, environment={}))}
    assert word(without, old).word == "failed"
    failed = {key: replace(one, record=replace(one.record, status="failed", reason="x", metrics={}))}
    for before in (without, failed):
        assert word(old, before).word == "incomparable" and word(failed, before).word == "incomparable"


def test_a_published_number_is_only_remarked(tmp_path):
    new = run(tmp_path / "new", (record(published={"value": 0.999, "source": "a paper"}), clips(0.5)))
    verdict = word(new, {})
    assert verdict.word == "new" and "published 99.9 (a paper) lies outside" in verdict.reason


def test_the_report_says_what_fell_and_what_it_could_have_seen(old, tmp_path):
    worse = gate(run(tmp_path / "worse", (record(environment=THERE), clips(0.0, seed=5))), old, whole=False, rows=False)
    text = report(worse, rows=True)
    assert "Fell by more than chance explains (1):\n  tiny_a-linear-sim_whole_to_sim_lip: AUC" in text
    assert "is called in 80 % of cases" in text and text.endswith("gate: RED (1 fell)")
    same = report(gate(old, old, whole=False, rows=False), rows=True)
    assert "1 cells compared exactly" in same and same.endswith("gate: green (1 equal)")
    assert report([], rows=True) == "gate: RED (nothing compared)"


def test_every_red_word_has_a_place_in_the_report(old):
    verdict = gate(old, old, whole=False, rows=False)[0]
    for name in RED:
        assert report([replace(verdict, word=name, reason="why")], rows=False).endswith(f"gate: RED (1 {name})")


@pytest.fixture
def version(tmp_path):
    results = tmp_path / "results"
    run(results, (record(), clips(1.2)), (record("other"), clips(0.8, seed=2)))
    assert main(["--folder", str(tmp_path / "v1"), "accept", str(results)]) == 0
    return tmp_path / "v1"


def test_check_of_a_run_and_diff_of_two_leaderboards(version, tmp_path, capsys):
    folder = ["--folder", str(version)]
    assert main([*folder, "check", str(tmp_path / "results")]) == 0
    run(tmp_path / "worse", (record(environment=THERE), clips(0.0, seed=5)))
    assert main([*folder, "check", str(tmp_path / "worse")]) == 1
    assert "gate: RED (1 fell)" in capsys.readouterr().out
    shutil.copytree(version, tmp_path / "v2")
    assert main(["diff", str(version), str(tmp_path / "v2")]) == 0
    assert main(["diff", str(version), str(tmp_path / "worse")]) == 1
    rows.path_for(tmp_path / "v2", "sim", "other").unlink()
    assert main(["diff", str(version), str(tmp_path / "v2")]) == 1
    assert "1 lost" in capsys.readouterr().out
    (tmp_path / "empty").mkdir()
    assert main(["diff", str(version), str(tmp_path / "empty")]) == 1
    assert "neither rows of a leaderboard version nor records" in capsys.readouterr().err


def test_diff_takes_git_revisions(version, tmp_path, capsys):
    def git(*arguments):
        command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments]
        subprocess.run(command, cwd=version, check=True, capture_output=True)

    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        git(*arguments)
    rows.path_for(version, "sim", "other").unlink()
    assert main(["--folder", str(version), "diff", "HEAD", str(version)]) == 1
    assert "1 lost" in capsys.readouterr().out
    assert main(["--folder", str(version), "diff", "HEAD", "HEAD"]) == 0
    with pytest.raises(SourceError, match="neither a folder nor a git revision"), opened("nonsense", version):
        pass


def test_damaged_records_are_named_and_nothing_is_compared(version, tmp_path, capsys):
    (tmp_path / "results" / "torn.json").write_text("{")
    assert main(["--folder", str(version), "check", str(tmp_path / "results")]) == 1
    assert "torn.json is not a readable record" in capsys.readouterr().err
