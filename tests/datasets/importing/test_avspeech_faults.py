"""AVSpeech with one fault each: exactly that finding, and the clips that are left."""

from collections.abc import Callable
from pathlib import Path

import pytest

import layouts
from datasets.importing.releases import avspeech

Plant = Callable[[Path], object]
TRAIN, TEST = "avspeech_train.csv", "avspeech_test.csv"
ROW = "LLLLLLLLLL2,90.000000,93.366667,0.429688,0.343056\n"
CLIP = "clips/train/LLLLLLLLLL2_90.000000_93.366667.mp4"


def written(text: str) -> Plant:
    return lambda root: (root / TRAIN).write_text(text)


def renamed(name: str) -> Plant:
    return lambda root: (root / CLIP).rename(root / name)


FAULTS: dict[str, tuple[Plant, list[tuple[str, str, str]], int]] = {
    "face beside the picture": (
        written(ROW.replace("0.429688", "1.2")),
        [("error", "coordinate_out_of_range", f"{TRAIN}:1")],
        1,
    ),
    "face above the picture": (
        written(ROW.replace("0.343056", "-0.1")),
        [("error", "coordinate_out_of_range", f"{TRAIN}:1")],
        1,
    ),
    "face at no place": (written(ROW.replace("0.429688", "nan")), [("error", "row_unreadable", f"{TRAIN}:1")], 1),
    "repeated": (written(ROW + ROW), [("warning", "duplicate_row", f"{TRAIN}:2")], 2),
    "in both tables": (
        lambda root: (root / TEST).write_text((root / TEST).read_text() + ROW),
        [("error", "duplicate_row_conflicting_split", f"{TEST}:2")],
        1,
    ),
    "no clip": (written(ROW + ROW.replace("LL2", "LL3")), [("error", "missing_file", f"{TRAIN}:2")], 2),
    "deleted clip": (lambda root: (root / CLIP).unlink(), [("error", "missing_file", f"{TRAIN}:1")], 1),
    "empty clip": (lambda root: (root / CLIP).write_bytes(b""), [("error", "empty_file", CLIP)], 1),
    "short row": (written("LLLLLLLLLL2,90.000000\n"), [("error", "row_too_short", f"{TRAIN}:1")], 1),
    "ends before it begins": (
        written("LLLLLLLLLL2,93.366667,90.000000,0.429688,0.343056\n"),
        [("error", "segment_inverted", f"{TRAIN}:1")],
        1,
    ),
    "header": (written("id,start,end,x,y\n" + ROW), [("warning", "unexpected_header", f"{TRAIN}:1")], 2),
    "no number": (written(ROW + ROW.replace("90.0", "now")), [("error", "row_unreadable", f"{TRAIN}:2")], 2),
    "clip of no row": (
        lambda root: (root / "clips/qQqQqQqQqQ4_1_2.mp4").write_bytes(b"\0\0\0"),
        [("warning", "unlisted_file", "clips/qQqQqQqQqQ4_1_2.mp4")],
        2,
    ),
    "test alone": (lambda root: [(root / TRAIN).unlink(), (root / CLIP).unlink()], [], 1),
    "crop beside a clip": (
        lambda root: (root / CLIP).with_name(Path(CLIP).stem + "_face.mp4").write_bytes(b"\0"),
        [],
        2,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_is_one_finding(fault: str, tmp_path: Path) -> None:
    plant, wanted, left = FAULTS[fault]
    imported = layouts.planted("avspeech", tmp_path, plant)
    assert layouts.beyond("avspeech", imported) == wanted
    assert len(imported.clips) == left
    assert all(clip.label == 0 and clip.source == clip.path.split("/")[-1][:11] for clip in imported.clips)


@pytest.mark.parametrize(
    "name", ["LLLLLLLLLL2_90_93.366667.mp4", "clips/LLLLLLLLLL2_90.0_93.3667.webm", "a/b/LLLLLLLLLL2_90.000.MP4"]
)
def test_clips_are_known_by_video_and_times_however_they_are_written(name: str, tmp_path: Path) -> None:
    imported = layouts.planted(
        "avspeech", tmp_path, lambda root: [(root / "a/b").mkdir(parents=True), renamed(name)(root)]
    )
    assert {clip.path: clip.split for clip in imported.clips}[name] == "train"
    assert imported.findings == ()


def test_of_two_copies_the_one_in_the_folder_of_the_set_is_taken(tmp_path: Path) -> None:
    def plant(root: Path) -> None:
        (root / "a" / Path(CLIP).name).parent.mkdir()
        (root / "a" / Path(CLIP).name).write_bytes(b"\0\0")

    imported = layouts.planted("avspeech", tmp_path, plant)
    assert CLIP in {clip.path for clip in imported.clips}
    assert layouts.beyond("avspeech", imported) == [("warning", "unlisted_file", f"a/{Path(CLIP).name}")]


def test_thousands_of_vanished_videos_are_counted_and_not_listed_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(avspeech, "MISSING_SHOWN", 3)
    rows = "".join(f"x{number:010d},1.0,2.0,0.5,0.5\n" for number in range(10))
    imported = layouts.planted("avspeech", tmp_path, written(ROW + rows))
    found = [f for f in imported.findings if f.code == "missing_file"]
    assert [f.where for f in found] == [TRAIN] + [f"{TRAIN}:{line}" for line in (2, 3, 4)]
    assert str(found[0].detail).startswith("10 rows have no clip here")
