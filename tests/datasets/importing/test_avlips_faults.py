"""AVLips with one fault each: exactly that finding, and the right clips."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import layouts
from datasets.importing import load

Plant = Callable[[Path], object]
Case = tuple[Plant, list[tuple[str, str, str]], dict[str, dict[str, Any] | None]]


def made(*names: str) -> Plant:
    def plant(root: Path) -> None:
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(b"\0\0\0")

    return plant


def renamed(old: str, new: str) -> Plant:
    return lambda root: (root / old).rename(root / new)


def emptied(name: str) -> Plant:
    return lambda root: (root / name).write_bytes(b"")


def linked(name: str) -> Plant:
    def plant(root: Path) -> None:
        (root.parent / "elsewhere").write_bytes(b"\0\0\0")
        (root / name).unlink()
        (root / name).symlink_to(root.parent / "elsewhere")

    return plant


FAULTS: dict[str, Case] = {
    "empty video": (emptied("0_real/1.mp4"), [("error", "empty_file", "0_real/1.mp4")], {"0_real/1.mp4": None}),
    "empty wav": (
        emptied("wav/0_real/1.wav"),
        [("error", "empty_file", "wav/0_real/1.wav")],
        {"0_real/1.mp4": {"audio": None}},
    ),
    "ending in capitals": (
        renamed("1_fake/3.mp4", "1_fake/3.MP4"),
        [("warning", "extension_case", "1_fake/3.MP4")],
        {"1_fake/3.mp4": None, "1_fake/3.MP4": {"label": 1, "audio": "wav/1_fake/3.wav", "pair_id": "3"}},
    ),
    "what a file manager leaves": (made("0_real/.DS_Store"), [("info", "ignored_junk", "0_real/.DS_Store")], {}),
    "what macOS leaves": (made("0_real/._1.mp4"), [("info", "ignored_junk", "0_real/._1.mp4")], {}),
    "no wav": (
        lambda root: (root / "wav/1_fake/2.wav").unlink(),
        [("warning", "missing_audio", "1_fake/2.mp4")],
        {"1_fake/2.mp4": {"audio": None}},
    ),
    "video in a folder below": (
        made("0_real/more/9.mp4", "wav/0_real/more/9.wav"),
        [("warning", "nested_file_ignored", "0_real/more/9.mp4")],
        {},
    ),
    "wav without a video": (made("wav/1_fake/9.wav"), [("warning", "orphan_audio", "wav/1_fake/9.wav")], {}),
    "deleted video": (
        lambda root: (root / "1_fake/2.mp4").unlink(),
        [("warning", "orphan_audio", "wav/1_fake/2.wav")],
        {"1_fake/2.mp4": None},
    ),
    "video elsewhere": (
        linked("0_real/1.mp4"),
        [("error", "symlink_escape", "0_real/1.mp4")],
        {"0_real/1.mp4": None},
    ),
    "wav elsewhere": (
        linked("wav/0_real/1.wav"),
        [("error", "symlink_escape", "wav/0_real/1.wav")],
        {"0_real/1.mp4": {"audio": None}},
    ),
    "no number": (
        made("0_real/copy of 1.mp4", "wav/0_real/copy of 1.wav"),
        [("warning", "unexpected_name", "0_real/copy of 1.mp4")],
        {"0_real/copy of 1.mp4": {"label": 0, "pair_id": None, "audio": "wav/0_real/copy of 1.wav"}},
    ),
    "strange folder": (
        made("2_unknown/1.mp4", "2_unknown/2.mp4", "wav/2_unknown/1.wav"),
        [("warning", "unknown_label_folder", "2_unknown")],
        {},
    ),
    "crop beside a video": (made("0_real/1_roi.mp4"), [], {}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_is_one_finding(fault: str, tmp_path: Path) -> None:
    plant, wanted, changes = FAULTS[fault]
    imported = layouts.planted("avlips", tmp_path, plant)
    assert layouts.beyond("avlips", imported) == wanted
    assert layouts.differences(imported.clips, layouts.samples_after("avlips", changes)) == []


def test_videos_without_any_sound_file_are_one_finding(tmp_path: Path) -> None:
    made("0_real/1.mp4", "0_real/2.mp4", "1_fake/1.mp4")(tmp_path)
    imported = load("avlips", tmp_path)
    assert [(f.code, f.where) for f in imported.findings] == [("missing_audio", "wav")]
    assert [(clip.path, clip.sound) for clip in imported.clips] == [
        ("0_real/1.mp4", None),
        ("0_real/2.mp4", None),
        ("1_fake/1.mp4", None),
    ]
