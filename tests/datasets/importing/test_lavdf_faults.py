"""LAV-DF with one fault each: exactly that finding, and the right clips."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import layouts
from datasets.importing import load

Plant = Callable[[Path], object]
MIN, FULL = "metadata.min.json", "metadata.json"
REAL, FAKE, DEV = "train/000001.mp4", "train/000002.mp4", "dev/000003.mp4"


def edited(index: int, /, **values: Any) -> Plant:
    def plant(root: Path) -> None:
        entries = json.loads((root / MIN).read_text())
        entries[index].update(values)
        (root / MIN).write_text(json.dumps(entries))

    return plant


def removed(*names: str) -> Plant:
    return lambda root: [(root / name).unlink() for name in names]


def cut(*names: str) -> Plant:
    return lambda root: [(root / name).write_bytes((root / name).read_bytes()[:-9]) for name in names]


FAULTS: dict[str, tuple[Plant, list[tuple[str, str, str]], dict[str, dict[str, Any] | None]]] = {
    "no full metadata": (removed(FULL), [("info", "metadata_full_absent", FULL)], {}),
    "only full metadata": (removed(MIN), [], {}),
    "short metadata cut": (cut(MIN), [("error", "broken_json", MIN)], {}),
    "missing file": (removed(FAKE), [("error", "missing_file", f"{MIN}[1]")], {FAKE: None}),
    "count": (edited(1, n_fakes=2), [("warning", "count_mismatch", f"{MIN}[1]")], {}),
    "count of a real": (edited(0, n_fakes=1), [("warning", "count_mismatch", f"{MIN}[0]")], {}),
    "fakes that have no periods": (
        edited(1, fake_periods=[]),
        [("warning", "count_mismatch", f"{MIN}[1]")],
        {FAKE: {"fake_segments": None}},
    ),
    "no periods": (
        edited(1, fake_periods=[], n_fakes=0),
        [("warning", "fake_without_segments", f"{MIN}[1]")],
        {FAKE: {"fake_segments": None}},
    ),
    "too long": (
        edited(1, fake_periods=[[6.9, 7.2]]),
        [("warning", "segment_out_of_range", f"{MIN}[1]")],
        {FAKE: {"fake_segments": [[6.9, 7.2]]}},
    ),
    "inverted": (edited(1, fake_periods=[[2, 1]]), [("error", "segment_inverted", f"{MIN}[1]")], {FAKE: None}),
    "split and folder": (edited(1, split="test"), [("error", "split_conflict", f"{MIN}[1]")], {FAKE: None}),
    "dev under its other name": (edited(2, split="val"), [], {}),
    "strange split": (edited(2, split="part"), [("warning", "unknown_split", f"{MIN}[2]")], {}),
    "real with periods": (
        edited(0, fake_periods=[[1, 2]], n_fakes=1),
        [("error", "label_conflict", f"{MIN}[0]")],
        {REAL: None},
    ),
    "flag as text": (edited(1, modify_video="True"), [("warning", "type_coerced", f"{MIN}[1]")], {}),
    "no flag": (edited(1, modify_video=None), [("error", "unknown_label", f"{MIN}[1]")], {FAKE: None}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_finding(fault: str, tmp_path: Path) -> None:
    plant, findings, changes = FAULTS[fault]
    imported = layouts.planted("lavdf", tmp_path, plant)
    assert layouts.beyond("lavdf", imported) == findings
    assert layouts.differences(imported.clips, layouts.samples_after("lavdf", changes)) == []


def test_both_files_broken_leave_nothing_and_say_so(tmp_path: Path) -> None:
    imported = layouts.planted("lavdf", tmp_path, cut(MIN, FULL))
    assert layouts.beyond("lavdf", imported) == [("error", "broken_json", FULL), ("error", "broken_json", MIN)]
    assert imported.clips == ()


def test_a_fake_is_paired_with_its_real_across_splits() -> None:
    clips = {clip.path: clip for clip in load("lavdf", layouts.root_of("lavdf")).clips}
    assert {clips[path].pair for path in (REAL, FAKE, DEV)} == {REAL}
    assert clips[DEV].cluster == REAL
    assert (clips[DEV].segments_video, clips[DEV].segments_audio) == (((0.5, 1.1),), ())
