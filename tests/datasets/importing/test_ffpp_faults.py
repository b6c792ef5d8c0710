"""FaceForensics++ with one fault each: exactly that finding, and the right clips."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import layouts

Plant = Callable[[Path], object]
Changes = dict[str, dict[str, Any] | None]
Case = tuple[Plant, list[tuple[str, str, str]], Changes]

METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter")
YOUTUBE, FAKES = "original_sequences/youtube/c23/videos", "manipulated_sequences/Deepfakes/c23/videos"
TEST, TRAIN = "splits/test.json", "splits/train.json"


def files(*ids: str, value: dict[str, Any] | None = None) -> Changes:
    """The same change of the originals of these ids, two by two, and of their fakes in both directions."""
    changes: Changes = {f"{YOUTUBE}/{one}.mp4": value for one in ids}
    for one, other in zip(ids[::2], ids[1::2], strict=True):
        for method in METHODS:
            for name in (f"{one}_{other}", f"{other}_{one}"):
                changes[f"manipulated_sequences/{method}/c23/videos/{name}.mp4"] = value
    return changes


def split(name: str, pairs: Any) -> Plant:
    return lambda root: (root / name).write_text(json.dumps(pairs))


def made(name: str) -> Plant:
    def plant(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"\0\0\0")

    return plant


FAKE = {"label": 1, "split": "test", "target": "905", "source": "906", "compression": "c23"}

FAULTS: dict[str, Case] = {
    "no pair": (split(TEST, [["905", "906"], ["907"]]), [("warning", "bad_pair", f"{TEST}[1]")], {}),
    "three in a pair": (
        split(TEST, [["905", "906"], ["907", "908", "909"]]),
        [("warning", "bad_pair", f"{TEST}[1]")],
        {},
    ),
    "number for a pair": (split(TEST, [["905", "906"], 907]), [("warning", "bad_pair", f"{TEST}[1]")], {}),
    "pair with itself": (
        split(TEST, [["905", "905"], ["905", "906"]]),
        [("warning", "bad_pair", f"{TEST}[0]")],
        {},
    ),
    "pair of three in place of two": (
        split(TEST, [["905", "906", "907"]]),
        [("warning", "bad_pair", f"{TEST}[0]")],
        files("905", "906"),
    ),
    "fake of no pair's name": (made(f"{FAKES}/905.mp4"), [("warning", "bad_pair", f"{FAKES}/905.mp4")], {}),
    "split file cut off": (
        lambda root: (root / TEST).write_text('[["905", "90'),
        [("error", "broken_json", TEST)],
        files("905", "906"),
    ),
    "split file of another kind": (split(TEST, {"905": "906"}), [("error", "broken_json", TEST)], files("905", "906")),
    "no split file": (
        lambda root: (root / TEST).unlink(),
        [("error", "missing_file", TEST)],
        files("905", "906"),
    ),
    "pair across splits": (
        made(f"{FAKES}/901_903.mp4"),
        [("error", "pair_not_in_splits", f"{FAKES}/901_903.mp4")],
        {},
    ),
    "fake of no split": (
        made(f"{FAKES}/907_908.mp4"),
        [("error", "pair_not_in_splits", f"{FAKES}/907_908.mp4")],
        {},
    ),
    "original of no split": (
        made(f"{YOUTUBE}/907.mp4"),
        [("error", "pair_not_in_splits", f"{YOUTUBE}/907.mp4")],
        {},
    ),
    "ids as numbers": (split(TEST, [[905, 906], [907, 908]]), [("info", "type_coerced", f"{TEST}[0]")], {}),
    "pair in two splits": (
        split(TEST, [["905", "906"], ["901", "902"]]),
        [("error", "sample_in_two_splits", f"{TEST}[1]")],
        files("901", "902"),
    ),
    "method": (
        made("manipulated_sequences/Mine/c23/videos/905_906.mp4"),
        [("warning", "unknown_method", "manipulated_sequences/Mine/c23/videos/905_906.mp4")],
        {"manipulated_sequences/Mine/c23/videos/905_906.mp4": {**FAKE, "method": "Mine"}},
    ),
    "empty file": (
        lambda root: (root / FAKES / "905_906.mp4").write_bytes(b""),
        [("error", "empty_file", f"{FAKES}/905_906.mp4")],
        {f"{FAKES}/905_906.mp4": None},
    ),
    "file beside the folders": (
        made("manipulated_sequences/Deepfakes/c23/905_906.mp4"),
        [("warning", "unlisted_file", "manipulated_sequences/Deepfakes/c23/905_906.mp4")],
        {},
    ),
    "another compression": (
        made(f"{FAKES.replace('c23', 'c40')}/905_906.mp4"),
        [],
        {f"{FAKES.replace('c23', 'c40')}/905_906.mp4": {**FAKE, "method": "Deepfakes", "compression": "c40"}},
    ),
    "masks": (made("manipulated_sequences/Deepfakes/masks/videos/905_906.mp4"), [], {}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_is_one_finding(fault: str, tmp_path: Path) -> None:
    plant, wanted, changes = FAULTS[fault]
    imported = layouts.planted("ffpp", tmp_path, plant)
    assert layouts.beyond("ffpp", imported) == wanted
    assert layouts.differences(imported.clips, layouts.samples_after("ffpp", changes)) == []


def test_without_split_files_all_clips_are_imported_without_a_split(tmp_path: Path) -> None:
    def plant(root: Path) -> None:
        for path in (root / "splits").iterdir():
            path.unlink()

    imported = layouts.planted("ffpp", tmp_path, plant)
    assert layouts.beyond("ffpp", imported) == [("info", "metadata_absent", "splits")]
    assert {sample["path"] for sample in layouts.expected("ffpp")["samples"]} == {clip.path for clip in imported.clips}
    assert {(clip.split, clip.split_from) for clip in imported.clips} == {("", None)}


def test_a_fake_shares_what_was_manipulated_with_its_real(tmp_path: Path) -> None:
    clips = {clip.path: clip for clip in layouts.planted("ffpp", tmp_path, lambda root: None).clips}
    fake, real = clips[f"{FAKES}/905_906.mp4"], clips[f"{YOUTUBE}/905.mp4"]
    assert (fake.identity, fake.source, fake.pair) == (real.identity, real.source, real.pair) == ("905",) * 3
    acted = clips["manipulated_sequences/DeepFakeDetection/c23/videos/01_02__exit_phone_room__ABCDEFGH.mp4"]
    original = clips["original_sequences/actors/c23/videos/01__exit_phone_room.mp4"]
    assert (acted.identity, acted.pair) == (original.identity, original.pair) == ("actor01", "01__exit_phone_room")
    assert (acted.extra["target"], acted.extra["source"]) == ("01", "02")
