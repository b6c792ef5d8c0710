"""LRS3 with one fault each: exactly that finding, and the clips that are left."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import layouts

Plant = Callable[[Path], object]
TALK = "pretrain/iIiIiIiIiI9"
CLIP = f"{TALK}/00001"


def cut_before(mark: str) -> Plant:
    """The text of a clip without what begins at a mark."""

    def plant(root: Path) -> None:
        path = root / f"{CLIP}.txt"
        path.write_text(path.read_text().partition(mark)[0])

    return plant


FAULTS: dict[str, tuple[Plant, list[tuple[str, str, str]], int]] = {
    "a talk in two sets": (
        lambda root: shutil.copytree(root / TALK, root / "test/iIiIiIiIiI9"),
        [("warning", "identity_in_two_splits", "test/iIiIiIiIiI9")],
        4,
    ),
    "a talk in three sets": (
        lambda root: [shutil.copytree(root / TALK, root / name / "iIiIiIiIiI9") for name in ("trainval", "test")],
        [("warning", "identity_in_two_splits", "test/iIiIiIiIiI9")],
        5,
    ),
    "text without pictures": (
        lambda root: (root / f"{CLIP}.mp4").unlink(),
        [("warning", "missing_video", f"{CLIP}.txt")],
        2,
    ),
    "pictures without text": (
        lambda root: (root / f"{CLIP}.txt").unlink(),
        [("warning", "missing_transcript", f"{CLIP}.mp4")],
        3,
    ),
    "no words": (cut_before("WORD"), [("warning", "transcript_without_words", f"{CLIP}.txt")], 3),
    "words' header alone": (cut_before("GOOD 0"), [("warning", "transcript_without_words", f"{CLIP}.txt")], 3),
    "empty text": (cut_before("Text"), [("warning", "transcript_without_words", f"{CLIP}.txt")], 3),
    "text of other bytes": (
        lambda root: (root / f"{CLIP}.txt").write_bytes(b"\xff\xfe\0WORD"),
        [("warning", "transcript_without_words", f"{CLIP}.txt")],
        3,
    ),
    "Windows line ends": (
        lambda root: (root / f"{CLIP}.txt").write_bytes((root / f"{CLIP}.txt").read_bytes().replace(b"\n", b"\r\n")),
        [],
        3,
    ),
    "empty clip": (
        lambda root: (root / f"{CLIP}.mp4").write_bytes(b""),
        [("error", "empty_file", f"{CLIP}.mp4")],
        2,
    ),
    "file at another depth": (
        lambda root: shutil.copy(root / f"{CLIP}.mp4", root / "pretrain/00001.mp4"),
        [("warning", "unexpected_name", "pretrain/00001.mp4")],
        3,
    ),
    "test alone": (lambda root: [shutil.rmtree(root / name) for name in ("pretrain", "trainval")], [], 1),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_is_one_finding(fault: str, tmp_path: Path) -> None:
    plant, wanted, left = FAULTS[fault]
    imported = layouts.planted("lrs3", tmp_path, plant)
    assert layouts.beyond("lrs3", imported) == wanted
    assert len(imported.clips) == left
    assert all(clip.label == 0 and clip.identity == clip.path.split("/")[1] for clip in imported.clips)
