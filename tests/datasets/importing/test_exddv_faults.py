"""ExDDV with one fault each: exactly that finding, and the right clips and clicks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import layouts

Plant = Callable[[Path], object]
Case = tuple[Plant, list[tuple[str, str, str]], dict[str, dict[str, Any] | None]]

TABLE, REALS = "ExDDV.csv", "ExDDV_reals_FF++.csv"
DEEPER = "DeeperForensics-1.0/manipulated_videos/end_to_end/901_W040.mp4"
F2F = "FaceForensics++/manipulated_sequences/Face2Face/c23/videos/744_674.mp4"
SHIFTER = "FaceForensics++/manipulated_sequences/FaceShifter/c23/videos/823_584.mp4"
ORIGINALS = "FaceForensics++/original_sequences/youtube/c23/videos"
CLICKS = '"{""126"": {""x"": 0.34, ""y"": 0.29}}"'
ROW = f"6,Annotator1,744_674.mp4,Text.,Farceforensics++,Face2Face,{CLICKS},1,train\n"


def replaced(table: str, old: str, new: str) -> Plant:
    def plant(root: Path) -> None:
        text = (root / table).read_text()
        assert text.count(old) == 1
        (root / table).write_text(text.replace(old, new))

    return plant


def clicked(cell: str) -> Plant:
    return replaced(TABLE, CLICKS, '"' + cell.replace('"', '""') + '"')


def added(row: str, table: str = TABLE) -> Plant:
    return lambda root: (root / table).write_text((root / table).read_text() + row)


def warned(code: str) -> list[tuple[str, str, str]]:
    return [("warning", code, f"{TABLE}:3")]


FAULTS: dict[str, Case] = {
    "click without y": (clicked('{"126": {"x": 0.34}}'), warned("bad_click"), {F2F: {"clicks": []}}),
    "click in words": (clicked('{"126": {"x": "left", "y": 0.3}}'), warned("bad_click"), {F2F: {"clicks": []}}),
    "click at no number": (clicked('{"126": {"x": NaN, "y": 0.3}}'), warned("bad_click"), {F2F: {"clicks": []}}),
    "click far away": (
        clicked(f'{{"1": {{"x": 1{"0" * 400}, "y": 0.3}}}}'),
        warned("bad_click"),
        {F2F: {"clicks": []}},
    ),
    "one bad click of two": (
        clicked('{"last": {"x": 0.5, "y": 0.3}, "7": {"x": 0.5, "y": 0.3}}'),
        warned("bad_click"),
        {F2F: {"clicks": [{"frame": 7, "x": 0.5, "y": 0.3}]}},
    ),
    "list for a click": (clicked('{"126": [0.3, 0.4]}'), warned("bad_click"), {F2F: {"clicks": []}}),
    "clicks cut off": (clicked('{"126": {"x": 0.34,'), warned("broken_json"), {F2F: {"clicks": []}}),
    "list of clicks": (clicked('[{"x": 0.34, "y": 0.29}]'), warned("broken_json"), {F2F: {"clicks": []}}),
    "click outside the frame": (
        clicked('{"468": {"x": 0.53, "y": 1.003}, "9": {"x": 0, "y": 1}}'),
        warned("click_out_of_range"),
        {F2F: {"clicks": [{"frame": 9, "x": 0, "y": 1}]}},
    ),
    "no clicks": (clicked("{}"), warned("empty_clicks"), {F2F: {"clicks": []}}),
    "blank clicks": (clicked(""), warned("empty_clicks"), {F2F: {"clicks": []}}),
    "no click in a list": (clicked("[]"), warned("empty_clicks"), {F2F: {"clicks": []}}),
    "another spelling": (
        replaced(TABLE, "BioDeepAV,videos", "biodeepav,videos"),
        [("info", "dataset_alias", f"{TABLE}:7")],
        {},
    ),
    "a spelling put right, in several rows": (
        lambda root: (root / TABLE).write_text((root / TABLE).read_text().replace("Farceforensics", "FaceForensics")),
        [("info", "dataset_alias", f"{TABLE}:3")],
        {},
    ),
    "another set": (
        replaced(TABLE, "BioDeepAV,videos", "MySet,videos"),
        [("error", "unknown_source_corpus", f"{TABLE}:7")],
        {"BioDeepAV/fake/videos/00000000-32dc-45bd-8e84-a3df73586e84.mp4": None},
    ),
    "in two splits": (
        added(ROW.replace(",train", ",test")),
        [("error", "duplicate_row_conflicting_split", f"{TABLE}:8")],
        {F2F: None},
    ),
    "repeated row": (added(ROW), [("warning", "duplicate_row", f"{TABLE}:8")], {}),
    "deleted file": (lambda root: (root / F2F).unlink(), [("error", "missing_file", f"{TABLE}:3")], {F2F: None}),
    "no file": (added(ROW.replace("744", "745")), [("error", "missing_file", f"{TABLE}:8")], {}),
    "empty file": (lambda root: (root / F2F).write_bytes(b""), [("error", "empty_file", F2F)], {F2F: None}),
    "path out of the folder": (
        added(ROW.replace("744_674.mp4", "../../744_674.mp4")),
        [("error", "path_traversal", f"{TABLE}:8")],
        {},
    ),
    "manipulation out of the folder": (
        added(ROW.replace("Face2Face", "../Face2Face")),
        [("error", "path_traversal", f"{TABLE}:8")],
        {},
    ),
    "original out of the folder": (
        added("002.mp4,/x/original_sequences/../../002.mp4,val\n", REALS),
        [("error", "path_traversal", f"{REALS}:5")],
        {},
    ),
    "split": (replaced(TABLE, ",2,train", ",2,dev"), warned("unknown_split"), {F2F: {"split": None}}),
    "no split": (replaced(TABLE, ",2,train", ",2,"), warned("unknown_split"), {F2F: {"split": None}}),
    "deleted original": (
        lambda root: (root / ORIGINALS / "001.mp4").unlink(),
        [("error", "missing_file", f"{REALS}:3")],
        {f"{ORIGINALS}/001.mp4": None},
    ),
    "no originals' table": (
        lambda root: (root / REALS).unlink(),
        [("info", "metadata_absent", REALS)],
        {f"{ORIGINALS}/00{number}.mp4": None for number in range(3)},
    ),
    "other videos of the same data sets": (
        lambda root: (root / F2F).with_name("000_003.mp4").write_bytes(b"\0\0\0"),
        [],
        {},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_is_one_finding(fault: str, tmp_path: Path) -> None:
    plant, wanted, changes = FAULTS[fault]
    imported = layouts.planted("exddv", tmp_path, plant)
    assert layouts.beyond("exddv", imported) == wanted
    assert layouts.differences(imported.clips, layouts.samples_after("exddv", changes)) == []


def test_fakes_are_clustered_with_the_original_that_they_were_made_from(tmp_path: Path) -> None:
    clips = {clip.path: clip for clip in layouts.planted("exddv", tmp_path, lambda root: None).clips}
    assert [(clips[path].identity, clips[path].pair) for path in (DEEPER, F2F, SHIFTER, f"{ORIGINALS}/002.mp4")] == [
        ("901", "901"),
        ("744", "744"),
        ("823", "823"),
        ("002", "002"),
    ]
    assert clips["dfdc/dfdc_train_part_48/zzzzspyemj.mp4"].identity is None
    assert clips[F2F].extra == {"dataset": "Farceforensics++", "difficulty": 2}
    assert (clips[F2F].split_from, clips[f"{ORIGINALS}/002.mp4"].split_from) == ("release", "SSR-DFD")
