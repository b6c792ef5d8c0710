"""HiFi-AVDF with one fault each: exactly that finding, and the right clips."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import layouts

Plant = Callable[[Path], object]
Case = tuple[Plant, list[tuple[str, str, str]], dict[str, dict[str, Any] | None]]

KLING, VEO = "kling2.5.csv", "veo3.1.csv"
REAL, FAKE = "kling2.5/kling25_0001.mp4", "kling2.5/kling25_0001_generated.mp4"


def replaced(table: str, old: str, new: str) -> Plant:
    def plant(root: Path) -> None:
        text = (root / table).read_text()
        assert old in text
        (root / table).write_text(text.replace(old, new))

    return plant


def added(row: str, *files: str, table: str = KLING) -> Plant:
    def plant(root: Path) -> None:
        (root / table).write_text((root / table).read_text() + row)
        for name in files:
            (root / name).write_bytes(b"\0\0\0")

    return plant


def moved_to_veo(root: Path) -> None:
    """A pair of Kling in the folder of Veo."""
    for name in (REAL, FAKE):
        (root / name).rename(root / name.replace("kling2.5/", "veo3.1/"))
    replaced(KLING, "kling2.5/kling25_0001", "veo3.1/kling25_0001")(root)


MOVED = {"pair_id": "veo3.1/kling25_0001", "generation": "I2V"}

FAULTS: dict[str, Case] = {
    "absolute path": (
        replaced(KLING, f"{FAKE},", f"/data/HiFi-AVDF/{FAKE},"),
        [("error", "absolute_path", f"{KLING}:3")],
        {FAKE: None},
    ),
    "drive": (
        replaced(KLING, f"{FAKE},", "D:\\" + FAKE.replace("/", "\\") + ","),
        [("error", "absolute_path", f"{KLING}:3")],
        {FAKE: None},
    ),
    "backslashes": (
        replaced(KLING, f"{FAKE},", FAKE.replace("/", "\\") + ","),
        [("warning", "backslash_path", f"{KLING}:3")],
        {},
    ),
    "pair in another generator's folder": (
        moved_to_veo,
        [("warning", "generator_folder_mismatch", f"{KLING}:2")],
        {
            REAL: None,
            FAKE: None,
            "veo3.1/kling25_0001.mp4": {"label": 0, "method": "real", **MOVED},
            "veo3.1/kling25_0001_generated.mp4": {"label": 1, "method": "kling2.5", **MOVED},
        },
    ),
    "another generator's clip": (
        added("veo3.1/veo31_0001_generated.mp4,1,1,1\n"),
        [("warning", "generator_folder_mismatch", f"{KLING}:6")],
        {},
    ),
    "overall label": (
        replaced(KLING, f"{FAKE},1,1,1", f"{FAKE},1,1,0"),
        [("error", "label_conflict", f"{KLING}:3")],
        {FAKE: None},
    ),
    "generated and yet real": (
        replaced(KLING, f"{FAKE},1,1,1", f"{FAKE},0,0,0"),
        [("error", "label_conflict", f"{KLING}:3")],
        {FAKE: None},
    ),
    "fake beside a generated one": (
        replaced(KLING, f"{REAL},0,0,0", f"{REAL},1,1,1"),
        [("error", "label_conflict", f"{KLING}:2")],
        {REAL: None},
    ),
    "labels as decimals": (
        replaced(KLING, "0,0,0", "0.0,0.0,0.0"),
        [("info", "type_coerced", f"{KLING}:2")],
        {},
    ),
    "no label": (
        replaced(KLING, f"{FAKE},1,1,1", f"{FAKE},1,1,"),
        [("error", "unknown_label", f"{KLING}:3")],
        {FAKE: None},
    ),
    "clip of no row": (
        lambda root: (root / "sora2/sora2_0009.mp4").write_bytes(b"\0\0\0"),
        [("warning", "unlisted_file", "sora2/sora2_0009.mp4")],
        {},
    ),
    "row taken out": (
        replaced(KLING, f"{FAKE},1,1,1\n", ""),
        [("warning", "unlisted_file", FAKE)],
        {FAKE: None},
    ),
    "real without a generated one": (
        added("kling2.5/kling25_0003.mp4,0,0,0\n", "kling2.5/kling25_0003.mp4"),
        [("warning", "unpaired_sample", "kling2.5/kling25_0003.mp4")],
        {"kling2.5/kling25_0003.mp4": {"label": 0, "method": "real", "pair_id": "kling2.5/kling25_0003"}},
    ),
    "generated one without a real": (
        added("kling2.5/k_generated.mp4,1,1,1\n", "kling2.5/k_generated.mp4"),
        [("warning", "unpaired_sample", "kling2.5/k_generated.mp4")],
        {"kling2.5/k_generated.mp4": {"label": 1, "method": "kling2.5", "pair_id": "kling2.5/k"}},
    ),
    "deleted file": (
        lambda root: (root / FAKE).unlink(),
        [("error", "missing_file", f"{KLING}:3")],
        {FAKE: None},
    ),
    "empty file": (lambda root: (root / FAKE).write_bytes(b""), [("error", "empty_file", FAKE)], {FAKE: None}),
    "repeated row": (added(f"{FAKE},1,1,1\n"), [("warning", "duplicate_row", f"{KLING}:6")], {}),
    "contradicting row": (
        added(f"{FAKE},0,1,1\n"),
        [("error", "duplicate_row_conflicting_label", f"{KLING}:6")],
        {FAKE: None},
    ),
    "release's name before the path": (replaced(KLING, "kling2.5/", "HiFi-AVDF/kling2.5/"), [], {}),
    "path inside the generator's folder": (replaced(KLING, "kling2.5/", ""), [], {}),
    "fakes of another name": (
        added(
            "sora2/cat.mp4,0,0,0\nsora2/cat_sora.mp4,1,1,1\n", "sora2/cat.mp4", "sora2/cat_sora.mp4", table="sora2.csv"
        ),
        [("warning", "unpaired_sample", "sora2/cat.mp4"), ("warning", "unpaired_sample", "sora2/cat_sora.mp4")],
        {"sora2/cat.mp4": {"label": 0}, "sora2/cat_sora.mp4": {"label": 1, "method": "sora2"}},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_is_one_finding(fault: str, tmp_path: Path) -> None:
    plant, wanted, changes = FAULTS[fault]
    imported = layouts.planted("hifi_avdf", tmp_path, plant)
    assert layouts.beyond("hifi_avdf", imported) == wanted
    assert layouts.differences(imported.clips, layouts.samples_after("hifi_avdf", changes)) == []
    assert {(clip.split, clip.split_from) for clip in imported.clips} == {("test", "release")}
