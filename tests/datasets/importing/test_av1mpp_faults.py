"""AV-Deepfake1M++ with one fault each: exactly that finding, and the right clips."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import layouts
from datasets.importing import load

Plant = Callable[[Path], object]
VAL = "val_metadata.json"
VOX = "vox_celeb_2/id90021/DDDDDDDDDD4/00030"
FOLDER = f"val/{VOX}"


def edited(index: int, /, **values: Any) -> Plant:
    def plant(root: Path) -> None:
        entries = json.loads((root / VAL).read_text())
        entries[index].update(values)
        (root / VAL).write_text(json.dumps(entries))

    return plant


def elsewhere(new: str) -> Plant:
    """The first clip in another folder."""

    def plant(root: Path) -> None:
        (root / "val" / new).parent.mkdir(parents=True)
        (root / f"{FOLDER}/real.mp4").rename(root / "val" / new)
        edited(0, file=new)(root)

    return plant


def nested(root: Path) -> None:
    (root / "val").rename(root / "inner")
    (root / "val").mkdir()
    (root / "inner").rename(root / "val" / "val")


UNKNOWN = {"label": 0, "split": "val", "identity": None, "pair_id": None}
FAULTS: dict[str, tuple[Plant, list[tuple[str, str, str]], dict[str, dict[str, Any] | None]]] = {
    "unknown model of the video": (
        edited(2, video_model="Wav3Lip"),
        [("warning", "unknown_method", f"{VAL}[2]")],
        {f"{FOLDER}/fake_video_fake_audio_p1.mp4": {"method": "Wav3Lip+yourtts"}},
    ),
    "unknown model of the audio": (edited(1, audio_model="say"), [("warning", "unknown_method", f"{VAL}[1]")], {}),
    "known model, spelled otherwise": (edited(2, video_model="TalkLip"), [], {}),
    "the same unknown model twice": (
        lambda root: (edited(2, video_model="X")(root), edited(4, video_model="X")(root)),
        [("warning", "unknown_method", f"{VAL}[2]")],
        {},
    ),
    "another corpus": (
        elsewhere("youtube/a/b/real.mp4"),
        [("warning", "unknown_source_corpus", f"{VAL}[0]")],
        {f"{FOLDER}/real.mp4": None, "val/youtube/a/b/real.mp4": UNKNOWN},
    ),
    "another layout": (
        elsewhere("vox_celeb_2/real/real.mp4"),
        [("warning", "unexpected_name", f"{VAL}[0]")],
        {f"{FOLDER}/real.mp4": None, "val/vox_celeb_2/real/real.mp4": UNKNOWN},
    ),
    "no audio": (
        edited(0, audio_frames=0),
        [("warning", "no_audio", f"{VAL}[0]")],
        {f"{FOLDER}/real.mp4": {"label_audio": None, "label": 0}},
    ),
    "audio frames are null": (
        edited(4, audio_frames=None),
        [("warning", "no_audio", f"{VAL}[4]")],
        {"val/silent_videos/subject_17_abcdefghij_vid_2_6/fake.mp4": {"label_audio": None, "label": 1}},
    ),
    "a perturbed part that is real": (
        edited(2, modify_type="real", fake_segments=[], audio_fake_segments=[], visual_fake_segments=[]),
        [],
        {
            f"{FOLDER}/fake_video_fake_audio_p1.mp4": {
                "label": 0,
                "label_video": 0,
                "label_audio": 0,
                "category": "RVRA",
                "fake_segments": [],
            }
        },
    ),
    "test list of a part that is not here": (
        lambda root: (root / "testB_files.txt").write_text("000001.mp4\n000002.mp4\n"),
        [("warning", "missing_folder", "testB")],
        {},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_finding(fault: str, tmp_path: Path) -> None:
    plant, findings, changes = FAULTS[fault]
    imported = layouts.planted("av1mpp", tmp_path, plant)
    assert layouts.beyond("av1mpp", imported) == findings
    assert layouts.differences(imported.clips, layouts.samples_after("av1mpp", changes)) == []


def test_nested_archives_are_read_and_said_once(tmp_path: Path) -> None:
    imported = layouts.planted("av1mpp", tmp_path, nested)
    assert layouts.beyond("av1mpp", imported) == [("info", "nested_split_folder", "val/val")]
    moved = [
        sample | {"path": sample["path"].replace("val/", "val/val/", 1)}
        for sample in layouts.expected("av1mpp")["samples"]
    ]
    assert layouts.differences(imported.clips, moved) == []


def test_sources_are_named_as_in_the_corpora_that_they_come_from() -> None:
    clips = {clip.path: clip for clip in load("av1mpp", layouts.root_of("av1mpp")).clips}
    vox, lrs3 = clips[f"{FOLDER}/real.mp4"], clips["val/lrs3/eEeEeEeEeE5/00004/00004_p4.mp4"]
    assert (vox.source, vox.pair) == ("id90021/DDDDDDDDDD4", "id90021/DDDDDDDDDD4/00030")
    assert (lrs3.source, lrs3.pair) == ("eEeEeEeEeE5", "eEeEeEeEeE5/00004")
    silent = clips["val/silent_videos/subject_17_abcdefghij_vid_2_6/fake.mp4"]
    assert (silent.pair, silent.method) == ("subject_17_abcdefghij_vid_2_6", "diff2lip")
    released = load("voxceleb2", layouts.root_of("voxceleb2")).clips[0]
    assert str(released.source).count("/") == str(vox.source).count("/")
    assert clips[f"{FOLDER}/fake_video_fake_audio_p1.mp4"].method == "Talklip+yourtts"
