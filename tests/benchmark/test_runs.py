"""The suite as a user runs it: the same numbers however it is spread, resumed after a kill, mended after damage."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from subprocess import Popen

import pytest

from clips import tone, write_mp4
from datasets.registry import Corpus
from suite import Suite

QUICK = "(logmel or silence or energy) and sim_whole_to_sim_local"


def _numbers(suite: Suite) -> dict[str, object]:
    """Everything in the records that must not depend on how the run was spread."""
    return {name: (r.metrics, r.runs, r.fit, r.scores, r.coverage, r.signature) for name, r in suite.records().items()}


def test_the_numbers_do_not_depend_on_the_workers(suite: Suite, tmp_path: Path) -> None:
    selection = ["-k", "sim_whole_to_sim_local and (tiny_v or tiny_av.random or logmel) and not trimtest"]
    found = []
    for name, spread in (("one", ["-n", "1"]), ("four", ["-n", "4"]), ("none", ["-p", "no:xdist"])):
        one = Suite(suite.cache, tmp_path / name / "smoke-seed0")
        run = one.run(*selection, "--rerun", "always", *spread)
        assert run.returncode == 0, run.stdout + run.stderr
        found.append(_numbers(one))
    assert len(found[0]) == 3 * 4
    assert found[0] == found[1] == found[2]


def test_one_encoder_meets_one_worker(suite: Suite) -> None:
    run = suite.run("-k", "sim_whole_to and (tiny_v or logmel or silence or length)", "-n", "3", "-v")
    assert run.returncode == 0, run.stdout + run.stderr
    workers: dict[str, set[str]] = {}
    for worker, encoder in re.findall(r"\[(gw\d)\].*PASSED.*test_detection\[([a-z_.]+)", run.stdout):
        workers.setdefault(encoder, set()).add(worker)
    assert set(workers) == {"tiny_v", "tiny_v.random", "logmel", "silence", "length"}
    assert all(len(met) == 1 for met in workers.values()) and len(set.union(*workers.values())) > 1


def test_the_table_is_printed_with_its_notice(suite: Suite) -> None:
    run = suite.run("-k", "silence and sim_whole_to_sim_local")
    assert "→ sim_local" in run.stdout and "procedural faces and voices" in run.stdout
    assert "4 of 4 cells measured" in run.stdout
    auc = suite.record("silence-sim_whole_to_sim_local").metrics["auc"].value
    assert f"{100 * auc:.1f}" in run.stdout


def test_finished_cells_are_kept_and_rerun_says_when_not(suite: Suite) -> None:
    assert suite.run("-k", QUICK).returncode == 0
    written = {path: path.stat().st_mtime_ns for path in suite.results.glob("*.json")}
    assert len(written) == 12
    lost = suite.results / "logmel-linear-sim_whole_to_sim_local.json"
    lost.unlink()
    damaged = suite.results / "silence-sim_whole_to_sim_local.json"
    damaged.write_text(damaged.read_text()[:100])

    never = suite.run("-k", QUICK, "--rerun", "never", "-rs")
    assert "2 skipped" in never.stdout and "not measured yet" in never.stdout and not lost.exists()

    only = suite.run("-k", QUICK)
    assert only.returncode == 0 and lost.exists() and suite.record("silence-sim_whole_to_sim_local").status == "ok"
    changed = {path for path, at in written.items() if path.stat().st_mtime_ns != at}
    assert changed == {lost, damaged}

    assert suite.run("-k", QUICK, "--rerun", "always").returncode == 0
    assert all(path.stat().st_mtime_ns != at for path, at in written.items())


def test_corpora_do_not_overwrite_each_others_results(suite: Suite) -> None:
    assert suite.run("-k", "silence and sim_whole_to_sim_lip").returncode == 0
    other = suite.run("-k", "silence and sim_whole_to_sim_lip", "--corpus-seed", "3", "--rerun", "never")
    assert "4 skipped" in other.stdout and "smoke-seed3" in other.stdout
    assert {record.status for record in suite.records().values()} == {"ok"}


def _wait_for(process: Popen[str], suite: Suite, count: int) -> None:
    """Until `count` cells have a record."""
    until = time.monotonic() + 120
    while len(list(suite.results.glob("[!.]*.json"))) < count:
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.02)


def test_a_run_killed_at_any_point_loses_no_finished_cell(suite: Suite) -> None:
    selection = ["-k", "sim_whole_to_sim_local and (logmel or tiny_a or silence)"]
    kept: dict[str, tuple[int, object]] = {}
    for count in (1, 4, 7):
        process = suite.start(*selection, "-n", "2")
        _wait_for(process, suite, count)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        found = suite.records()
        assert len(found) >= count and all(record.status == "ok" for record in found.values())
        for cell, (at, number) in kept.items():
            path = suite.results / f"{cell}.json"
            assert path.stat().st_mtime_ns == at and found[cell] == number
        kept = {cell: ((suite.results / f"{cell}.json").stat().st_mtime_ns, r) for cell, r in found.items()}
    last = suite.run(*selection, "-n", "2")
    assert last.returncode == 0, last.stdout
    assert len(suite.records()) == 24


def test_a_killed_worker_costs_one_cell_at_most_and_the_next_run_mends_it(suite: Suite) -> None:
    import psutil

    selection = ["-k", "sim_whole_to_sim_local and (logmel or tiny_a or length)"]
    process = suite.start(*selection, "-n", "2")
    _wait_for(process, suite, 1)
    workers = [p for p in psutil.Process(process.pid).children() if "python" in p.name()]
    workers[0].kill()
    output, _ = process.communicate(timeout=200)
    assert len(suite.records()) >= 15, output
    again = suite.run(*selection, "-n", "2")
    assert again.returncode == 0, again.stdout
    assert {record.status for record in suite.records().values()} == {"ok"}


def test_two_runs_at_once_share_a_cache(suite: Suite, tmp_path: Path) -> None:
    both = [Suite(suite.cache, tmp_path / name / "smoke-seed0") for name in ("first", "second")]
    running = [one.start("-k", QUICK) for one in both]
    for process in running:
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, output
    assert _numbers(both[0]) == _numbers(both[1]) and len(both[0].records()) == 12


def test_broken_clips_are_reported_and_counted_and_stop_nothing(suite: Suite) -> None:
    test = next(suite.cache.glob("sim/*/sim_local/test"))
    clips = sorted(test.glob("*.mp4"))
    clips[0].write_bytes(clips[0].read_bytes()[:3000])  # truncated
    clips[1].write_bytes(b"not a video")
    planned = {clip.path: clip.duration or 0.0 for clip in Corpus("smoke").clips("sim_local", "test")}
    lasts = {clip: planned[f"sim_local/test/{clip.name}"] for clip in clips}
    write_mp4(clips[2], count=round(25 * lasts[clips[2]]))  # no audio track
    write_mp4(clips[3], video=False, audio=tone(lasts[clips[3]]))
    write_mp4(clips[4], count=10, audio=tone(0.4))  # far shorter than the manifest says
    run = suite.run("-k", "sim_whole_to_sim_local and (logmel or tiny_av or silence) and not random")
    assert run.returncode == 0, run.stdout + run.stderr
    for detector, whole in (("logmel-linear", 3), ("tiny_av-linear", 2), ("silence", 3)):  # the fifth one it can use
        lost = {f"sim_local/test/{clip.name}" for clip in clips[:5]} - {f"sim_local/test/{clips[whole].name}"}
        record = suite.record(f"{detector}-sim_whole_to_sim_local")
        coverage = record.coverage["test"]
        assert coverage["expected"] == 16 and coverage["found"] == 16 - len(coverage["failed"]) == 12
        assert {failed["reason"].partition(":")[0] for failed in coverage["failed"]} == lost
        auc = record.metrics["auc"]
        assert auc.worst < auc.value < auc.best and auc.value == pytest.approx((auc.worst + auc.best) / 2)
    assert all(f"sim_local/test/{clip.name}" in run.stdout for clip in clips[:5])
    assert "Clips without a score" in run.stdout


def test_a_missing_clip_is_made_again(suite: Suite) -> None:
    clip = sorted(suite.cache.glob("sim/*/sim_local/test/*.mp4"))[0]
    content = clip.read_bytes()
    clip.unlink()
    assert suite.run("-k", "silence and sim_whole_to_sim_local").returncode == 0
    assert clip.read_bytes() == content


def test_a_full_disk_is_an_error_that_says_so_and_keeps_what_was_finished(suite: Suite, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("a small file system can only be mounted by root")
    try:
        full = Suite(small / "cache", suite.results)
        run = full.run("-k", "logmel and sim_whole_to_sim_local and not probe")
        assert run.returncode != 0 and "the disk is full" in run.stdout and "AVDF_CACHE" in run.stdout
        assert "Traceback" not in run.stdout and "Errno" not in run.stdout
        finished = list(small.rglob("[!.]*.mp4"))
        assert finished
        for path in finished:
            same = next(suite.cache.rglob(f"{path.parent.parent.name}/{path.parent.name}/{path.name}"))
            assert path.read_bytes() == same.read_bytes()
    finally:
        subprocess.run(["umount", str(small)], check=True)
