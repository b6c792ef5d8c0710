"""VoxCeleb2 with one fault each: exactly that finding, and the clips that are left."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import layouts
from datasets.errors import DatasetError
from datasets.importing import load

TABLE = "vox2_meta.csv"
Plant = Callable[[Path], object]


def rewritten(old: bytes, new: bytes) -> Plant:
    return lambda root: (root / TABLE).write_bytes((root / TABLE).read_bytes().replace(old, new))


def moved(old: str, new: str) -> Plant:
    return lambda root: (root / old).rename(root / new)


def copied(old: str, new: str) -> Plant:
    return lambda root: shutil.copytree(root / old, root / new)


def removed(path: str) -> Plant:
    return lambda root: (root / path).unlink()


def both(*plants: Plant) -> Plant:
    return lambda root: [plant(root) for plant in plants]


SPEAKER = "dev/mp4/id90041"
CLIP = f"{SPEAKER}/FFFFFFFFFF6/00001"
FAULTS: dict[str, tuple[Plant, list[tuple[str, str, str]], int]] = {
    "bom": (rewritten(b"Vox", b"\xef\xbb\xbfVox"), [("info", "bom", TABLE)], 6),
    "crlf": (rewritten(b"\n", b"\r\n"), [("info", "crlf", TABLE)], 6),
    "tabs": (rewritten(b" ,", b"\t,"), [], 6),
    "folder's name": (
        both(copied(SPEAKER, "dev/mp4/speaker_x"), copied("dev/aac/id90041", "dev/aac/speaker_x")),
        [("warning", "bad_identity", "dev/mp4/speaker_x")],
        8,
    ),
    "speaker's name": (
        rewritten(b"test \n", b"test \nid9 ,n9 ,m ,dev\n"),
        [("warning", "bad_identity", f"{TABLE}:5")],
        6,
    ),
    "speaker in both folders": (
        both(copied(SPEAKER, "test/mp4/id90041"), copied("dev/aac/id90041", "test/aac/id90041")),
        [("error", "identity_in_two_splits", "test/mp4/id90041")],
        4,
    ),
    "table and folder disagree": (
        rewritten(b"m ,dev", b"m ,test"),
        [("error", "identity_in_two_splits", f"{TABLE}:2")],
        4,
    ),
    "table names both": (
        rewritten(b"test \n", b"test \nid90041 ,n900001 ,m ,test\n"),
        [("error", "identity_in_two_splits", f"{TABLE}:5")],
        4,
    ),
    "speaker without files": (
        rewritten(b"test \n", b"test \nid90044 ,n4 ,m ,dev\n"),
        [("info", "identity_without_files", f"{TABLE}:5")],
        6,
    ),
    "speaker without a row": (
        rewritten(b"id90041 ,n900001 ,m ,dev \n", b""),
        [("warning", "identity_without_metadata", SPEAKER)],
        6,
    ),
    "no table": (removed(TABLE), [("warning", "identity_without_metadata", TABLE)], 6),
    "header alone": (
        lambda root: (root / TABLE).write_text("VoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set \n"),
        [("warning", "identity_without_metadata", TABLE)],
        6,
    ),
    "another header": (rewritten(b"VoxCeleb2 ID", b"id"), [("error", "unexpected_header", f"{TABLE}:1")], 6),
    "another set": (rewritten(b"m ,dev", b"m ,train"), [("warning", "unknown_split", f"{TABLE}:2")], 6),
    "short row": (rewritten(b"test \n", b"test \nid90044\n"), [("error", "row_too_short", f"{TABLE}:5")], 6),
    "sound without pictures": (
        removed(f"{CLIP}.mp4"),
        [("warning", "missing_video", "dev/aac/id90041/FFFFFFFFFF6/00001.m4a")],
        5,
    ),
    "pictures without sound": (
        removed("dev/aac/id90041/FFFFFFFFFF6/00001.m4a"),
        [("warning", "missing_audio", f"{CLIP}.mp4")],
        6,
    ),
    "no tree of sound": (lambda root: [shutil.rmtree(root / name / "aac") for name in ("dev", "test")], [], 6),
    "empty file": (lambda root: (root / f"{CLIP}.mp4").write_bytes(b""), [("error", "empty_file", f"{CLIP}.mp4")], 5),
    "file at another depth": (
        both(moved(f"{CLIP}.mp4", "dev/mp4/00001.mp4"), removed("dev/aac/id90041/FFFFFFFFFF6/00001.m4a")),
        [("warning", "unexpected_name", "dev/mp4/00001.mp4")],
        5,
    ),
    "crop beside a clip": (lambda root: shutil.copy(root / f"{CLIP}.mp4", root / f"{CLIP}_roi.mp4"), [], 6),
    "test alone": (
        both(lambda root: shutil.rmtree(root / "dev")),
        [("info", "identity_without_files", f"{TABLE}:{line}") for line in (2, 3)],
        2,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_is_one_finding(fault: str, tmp_path: Path) -> None:
    plant, wanted, left = FAULTS[fault]
    imported = layouts.planted("voxceleb2", tmp_path, plant)
    assert layouts.beyond("voxceleb2", imported) == sorted(wanted, key=lambda found: found[2])
    assert len(imported.clips) == left
    assert all(clip.label == 0 and clip.split_from == "release" for clip in imported.clips)


def test_a_folder_that_is_no_speaker_has_no_identity_and_no_sound_is_the_clips_own(tmp_path: Path) -> None:
    imported = layouts.planted("voxceleb2", tmp_path, FAULTS["folder's name"][0])
    odd = [clip for clip in imported.clips if "speaker_x" in clip.path]
    assert [clip.identity for clip in odd] == [None, None] and odd[0].source == "speaker_x/FFFFFFFFFF6"
    assert {clip.identity for clip in imported.clips if clip not in odd} == {"id90041", "id90042", "id90043"}
    silent = layouts.planted("voxceleb2", tmp_path / "silent", FAULTS["no tree of sound"][0])
    assert {clip.sound for clip in silent.clips} == {None}
    assert {clip.extra.get("gender") for clip in silent.clips} == {"m", "f"}


def test_another_folder_is_told_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"does not look like voxceleb2.*vox2_meta\.csv or dev/mp4 or test/mp4"):
        load("voxceleb2", tmp_path)
