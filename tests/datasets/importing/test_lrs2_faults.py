"""LRS2 with one fault each: exactly that finding, and the clips that are left."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import layouts
from datasets.errors import DatasetError
from datasets.importing import load

Plant = Callable[[Path], object]
FIRST, SECOND = "9330311066473698535/00011", "9330311066473698535/00012"


def added(name: str, text: str) -> Plant:
    """Lines at the end of a list."""

    def plant(root: Path) -> None:
        path = root.parent / f"{name}.txt"
        path.write_text(path.read_text() + text, newline="")

    return plant


def written(name: str, data: bytes) -> Plant:
    return lambda root: (root.parent / f"{name}.txt").write_bytes(data)


def removed(path: str) -> Plant:
    return lambda root: (root / path).unlink()


FAULTS: dict[str, tuple[Plant, list[tuple[str, str, str]], int]] = {
    "blank line": (added("train", "\n  \n"), [("info", "blank_line", f"train.txt:{line}") for line in (3, 4)], 5),
    "blank last line": (added("train", "\n"), [("info", "blank_line", "train.txt:3")], 5),
    "blank lines alone": (written("test", b"\n \n"), [("warning", "empty_list", "test.txt")], 4),
    "crlf": (written("train", f"{FIRST}\r\n{SECOND}\r\n".encode()), [("info", "crlf", "train.txt")], 5),
    "repeated": (added("train", f"{FIRST}\n"), [("warning", "duplicate_row", "train.txt:3")], 5),
    "repeated with a remark": (added("train", f"{FIRST} MV\n"), [("warning", "duplicate_row", "train.txt:3")], 5),
    "empty list": (written("test", b""), [("warning", "empty_list", "test.txt")], 4),
    "no list": (removed("../val.txt"), [("warning", "empty_list", "val.txt")], 4),
    "a list that is a folder": (
        lambda root: [(root.parent / "val.txt").unlink(), (root.parent / "val.txt").mkdir()],
        [("warning", "empty_list", "val.txt")],
        4,
    ),
    "missing clip": (added("val", "9331559613336179781/00099\n"), [("error", "missing_file", "val.txt:2")], 5),
    "deleted clip": (removed(f"main/{SECOND}.mp4"), [("error", "missing_file", "train.txt:2")], 4),
    "empty clip": (
        lambda root: (root / f"main/{SECOND}.mp4").write_bytes(b""),
        [("error", "empty_file", f"main/{SECOND}.mp4")],
        4,
    ),
    "no text": (removed(f"main/{FIRST}.txt"), [("warning", "missing_transcript", "train.txt:1")], 5),
    "out of the root": (added("train", "../../etc/passwd\n"), [("error", "path_traversal", "train.txt:3")], 5),
    "out of the root instead of a clip": (
        written("train", f"{FIRST}\n../main/{SECOND}\n".encode()),
        [("error", "path_traversal", "train.txt:2")],
        4,
    ),
    "absolute": (added("train", "/etc/passwd\n"), [("error", "absolute_path", "train.txt:3")], 5),
    "backslashes": (
        written("test", b"9334228990048465120\\00007\n"),
        [("warning", "backslash_path", "test.txt:1")],
        5,
    ),
    "two sets": (added("val", f"{FIRST}\n"), [("error", "sample_in_two_splits", "val.txt:2")], 4),
    "three sets": (
        lambda root: [added(name, f"{FIRST}\n")(root) for name in ("val", "test")],
        [("error", "sample_in_two_splits", "val.txt:2")],
        4,
    ),
    "in no list": (written("train", f"{SECOND}\n".encode()), [("warning", "unlisted_file", f"main/{FIRST}.mp4")], 4),
    "no bytes but UTF-8": (
        added("pretrain", "\0\x01/1 x\n"),
        [("error", "missing_file", "pretrain.txt:2")],
        5,
    ),
    "main alone": (lambda root: [shutil.rmtree(root / "pretrain"), written("pretrain", b"")(root)], [], 4),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_is_one_finding(fault: str, tmp_path: Path) -> None:
    plant, wanted, left = FAULTS[fault]
    imported = layouts.planted("lrs2", tmp_path, plant)
    assert layouts.beyond("lrs2", imported) == sorted(wanted, key=lambda found: found[2])
    assert len(imported.clips) == left
    assert all(clip.label == 0 and clip.identity is None and clip.split for clip in imported.clips)


def test_an_empty_list_says_how_many_clips_it_leaves_out(tmp_path: Path) -> None:
    imported = layouts.planted("lrs2", tmp_path, written("train", b""))
    assert [f.detail for f in imported.findings] == [
        "not beside mvlrs_v1, or names no clip; 2 clips in main are in no list and not imported"
    ]


def test_the_folder_above_may_be_named(tmp_path: Path) -> None:
    root = layouts.copied("lrs2", tmp_path)
    assert load("lrs2", root.parent) == load("lrs2", root)


def test_lists_may_lie_in_the_folder_itself(tmp_path: Path) -> None:
    def plant(root: Path) -> None:
        for path in root.parent.glob("*.txt"):
            path.rename(root / path.name)

    imported = layouts.planted("lrs2", tmp_path, plant)
    assert imported.findings == () and len(imported.clips) == 5


def test_a_list_that_leads_elsewhere_is_not_read(tmp_path: Path) -> None:
    root = layouts.copied("lrs2", tmp_path / "copy")
    (root.parent / "val.txt").rename(tmp_path / "val.txt")
    (root.parent / "val.txt").symlink_to(tmp_path / "val.txt")
    assert layouts.beyond("lrs2", load("lrs2", root)) == [("warning", "empty_list", "val.txt")]


def test_lrs3_is_not_taken_for_lrs2() -> None:
    with pytest.raises(DatasetError, match="does not look like lrs2"):
        load("lrs2", layouts.layout("lrs3"))
    with pytest.raises(DatasetError, match="does not look like lrs3"):
        load("lrs3", layouts.layout("lrs2"))
