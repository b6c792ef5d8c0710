"""AV-Deepfake1M with one fault each: exactly that finding, and the right clips."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import layouts
from datasets.errors import DatasetError
from datasets.importing import Imported, load
from datasets.protocols.av1m import by_literal_rule, by_repaired_rule

Plant = Callable[[Path], object]
Found = tuple[str, str, str]

TRAIN, VAL = "train_metadata.json", "val_metadata.json"
OWN = ("warning", "impossible_stream_segments", f"{TRAIN}[5]")
"""What the layout itself has."""
CLIP = "id90011/AAAAAAAAAA1/00047"
REAL, AUDIO, VIDEO, BOTH = (
    f"{CLIP}/{name}.mp4" for name in ("real", "real_video_fake_audio", "fake_video_real_audio", "fake_video_fake_audio")
)
PLACES = {REAL: 0, AUDIO: 1, VIDEO: 2, BOTH: 3}


def metadata(change: Callable[[list[Any]], object], name: str = TRAIN) -> Plant:
    def plant(root: Path) -> None:
        entries = json.loads((root / name).read_text())
        change(entries)
        (root / name).write_text(json.dumps(entries))

    return plant


def edited(file: str, /, **values: Any) -> Plant:
    """An entry of the training list with other values."""
    return metadata(lambda entries: entries[PLACES[file]].update(values))


def lacking(file: str, key: str) -> Plant:
    return metadata(lambda entries: entries[PLACES[file]].pop(key))


def appended(**values: Any) -> Plant:
    """One more entry, of a file that is not on disk."""
    return metadata(lambda entries: entries.append(entries[1] | values))


def segments(*spans: list[Any]) -> dict[str, Any]:
    return {"fake_segments": list(spans), "audio_fake_segments": list(spans)}


def moved(old: str, new: str) -> Plant:
    def plant(root: Path) -> None:
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (root / old).rename(root / new)

    return plant


def error(code: str, file: str) -> Found:
    return "error", code, f"{TRAIN}[{PLACES[file]}]"


def warning(code: str, file: str) -> Found:
    return "warning", code, f"{TRAIN}[{PLACES[file]}]"


FAULTS: dict[str, tuple[Plant, list[Found], dict[str, dict[str, Any] | None]]] = {
    "missing file": (lambda root: (root / "train" / REAL).unlink(), [error("missing_file", REAL)], {REAL: None}),
    "empty file": (
        lambda root: (root / "train" / REAL).write_bytes(b""),
        [("error", "empty_file", f"train/{REAL}")],
        {REAL: None},
    ),
    "absolute path": (appended(file=f"/data/{AUDIO}"), [("error", "absolute_path", f"{TRAIN}[12]")], {}),
    "drive": (appended(file=f"C:\\data\\{AUDIO}"), [("error", "absolute_path", f"{TRAIN}[12]")], {}),
    "traversal": (appended(file="../../outside.mp4"), [("error", "path_traversal", f"{TRAIN}[12]")], {}),
    "traversal by backslashes": (appended(file="..\\x.mp4"), [("error", "path_traversal", f"{TRAIN}[12]")], {}),
    "traversal instead of a file": (edited(REAL, file="../../x.mp4"), [error("path_traversal", REAL)], {REAL: None}),
    "backslashes": (edited(REAL, file=REAL.replace("/", "\\")), [warning("backslash_path", REAL)], {}),
    "split in the path": (edited(REAL, file=f"train/{REAL}"), [], {}),
    "upper-case ending": (
        moved(f"train/{REAL}", f"train/{REAL[:-4]}.MP4"),
        [warning("extension_case", REAL)],
        {REAL: None, f"{REAL[:-4]}.MP4": {"label": 0, "category": "RVRA", "split": "train"}},
    ),
    "entry twice": (
        metadata(lambda entries: entries.append(entries[1])),
        [("warning", "duplicate_row", f"{TRAIN}[12]")],
        {},
    ),
    "entry twice, as two methods": (
        appended(audio_model="vits"),
        [("warning", "duplicate_row_conflicting_method", f"{TRAIN}[12]")],
        {},
    ),
    "no object": (
        metadata(lambda entries: entries.append("x.mp4")),
        [("error", "entry_not_object", f"{TRAIN}[12]")],
        {},
    ),
    "null": (metadata(lambda entries: entries.append(None)), [("error", "entry_not_object", f"{TRAIN}[12]")], {}),
    "without file": (lacking(REAL, "file"), [error("missing_key", REAL)], {REAL: None}),
    "file is a number": (edited(REAL, file=7), [error("missing_key", REAL)], {REAL: None}),
    "without modify_type": (lacking(AUDIO, "modify_type"), [error("missing_key", AUDIO)], {AUDIO: None}),
    "without fake_segments": (lacking(AUDIO, "fake_segments"), [error("missing_key", AUDIO)], {AUDIO: None}),
    "without audio_model": (
        lacking(AUDIO, "audio_model"),
        [("info", "missing_optional_key", f"{TRAIN}[1]")],
        {AUDIO: {"method": None}},
    ),
    "without video_frames": (
        lacking(AUDIO, "video_frames"),
        [("info", "missing_optional_key", f"{TRAIN}[1]")],
        {AUDIO: {"duration": None}},
    ),
    "unknown modify_type": (edited(AUDIO, modify_type="maybe"), [error("unknown_label", AUDIO)], {AUDIO: None}),
    "no modify_type": (edited(AUDIO, modify_type=None), [error("unknown_label", AUDIO)], {AUDIO: None}),
    "hyphen": (edited(BOTH, modify_type="both-modified"), [warning("modify_type_spelling", BOTH)], {}),
    "capitals": (edited(BOTH, modify_type="Both_Modified"), [warning("modify_type_spelling", BOTH)], {}),
    "name and modify_type": (edited(REAL, modify_type="audio_modified"), [error("label_conflict", REAL)], {REAL: None}),
    "a real with segments": (
        edited(REAL, fake_segments=[[1, 2]], audio_fake_segments=[[1, 2]]),
        [error("label_conflict", REAL)],
        {REAL: None},
    ),
    "a fake without segments": (
        edited(AUDIO, **segments()),
        [warning("fake_without_segments", AUDIO)],
        {AUDIO: {"fake_segments": None}},
    ),
    "a stream without segments": (
        edited(BOTH, visual_fake_segments=[]),
        [warning("fake_without_segments", BOTH)],
        {},
    ),
    "segments of an untouched stream": (
        edited(VIDEO, audio_fake_segments=[[1.2, 1.56]]),
        [warning("impossible_stream_segments", VIDEO)],
        {},
    ),
    "a real's stream has segments": (
        edited(REAL, visual_fake_segments=[[1, 2]]),
        [warning("impossible_stream_segments", REAL)],
        {},
    ),
    "inverted": (edited(AUDIO, **segments([2, 1])), [error("segment_inverted", AUDIO)], {AUDIO: None}),
    "no pair": (edited(AUDIO, **segments([2])), [error("bad_segment", AUDIO)], {AUDIO: None}),
    "no list": (edited(AUDIO, fake_segments="1.2"), [error("bad_segment", AUDIO)], {AUDIO: None}),
    "no seconds": (edited(AUDIO, **segments(["one", 2])), [error("bad_segment", AUDIO)], {AUDIO: None}),
    "not a number": (edited(AUDIO, **segments([1, float("nan")])), [error("bad_segment", AUDIO)], {AUDIO: None}),
    "too long": (
        edited(AUDIO, **segments([9, 9.6])),
        [warning("segment_out_of_range", AUDIO)],
        {AUDIO: {"fake_segments": [[9, 9.6]]}},
    ),
    "before the start": (
        edited(AUDIO, **segments([-1, 2])),
        [warning("segment_out_of_range", AUDIO)],
        {AUDIO: {"fake_segments": [[-1, 2]]}},
    ),
    "two frames longer, as released ones are": (
        edited(AUDIO, **segments([9, 9.52])),
        [],
        {AUDIO: {"fake_segments": [[9, 9.52]]}},
    ),
    "frames as text": (edited(AUDIO, video_frames="236"), [warning("type_coerced", AUDIO)], {}),
    "segments as text": (edited(AUDIO, **segments(["1.2", "1.56"])), [warning("type_coerced", AUDIO)], {}),
    "segments as one text": (edited(AUDIO, fake_segments="[[1.2, 1.56]]"), [warning("type_coerced", AUDIO)], {}),
    "a pair alone": (edited(AUDIO, fake_segments=[1.2, 1.56]), [warning("type_coerced", AUDIO)], {}),
    "frames are nonsense": (
        edited(AUDIO, video_frames="x"),
        [warning("type_coerced", AUDIO)],
        {AUDIO: {"duration": None}},
    ),
    "no audio": (edited(REAL, audio_frames=0), [warning("no_audio", REAL)], {REAL: {"label_audio": None}}),
    "another split": (edited(AUDIO, split="val"), [error("split_conflict", AUDIO)], {AUDIO: None}),
    "a strange split": (edited(AUDIO, split="part1"), [warning("unknown_split", AUDIO)], {}),
    "a file that nothing lists": (
        lambda root: shutil.copy(root / "train" / REAL, root / "train" / "new.mp4"),
        [("warning", "unlisted_file", "train/new.mp4")],
        {},
    ),
}


def beyond(imported: Imported) -> list[Found]:
    found = [(f.severity, f.code, f.where) for f in imported.findings]
    if OWN in found:
        found.remove(OWN)
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_finding(fault: str, tmp_path: Path) -> None:
    plant, findings, changes = FAULTS[fault]
    imported = layouts.planted("av1m", tmp_path, plant)
    assert beyond(imported) == findings
    changes = {f"train/{path}": fields for path, fields in changes.items()}
    assert layouts.differences(imported.clips, layouts.samples_after("av1m", changes)) == []


def without(*splits: str) -> dict[str, None]:
    samples = layouts.expected("av1m")["samples"]
    return {sample["path"]: None for sample in samples if sample["split"] in splits}


def cut(root: Path) -> None:
    """A download that stopped in mid-file."""
    (root / TRAIN).write_bytes((root / TRAIN).read_bytes()[:-200])


def nested(root: Path) -> None:
    (root / "val").rename(root / "inner")
    (root / "val").mkdir()
    (root / "inner").rename(root / "val" / "val")


def packed(root: Path) -> None:
    shutil.rmtree(root / "train")
    (root / "train").mkdir()
    (root / "train" / "train.zip.001").write_bytes(b"PK")


WHOLE_SPLITS: dict[str, tuple[Plant, list[Found], tuple[str, ...]]] = {
    "cut": (cut, [("error", "broken_json", TRAIN)], ("train",)),
    "no list": (lambda root: (root / TRAIN).write_text("{}"), [("error", "broken_json", TRAIN)], ("train",)),
    "empty list": (lambda root: (root / TRAIN).write_text("[]"), [("warning", "empty_list", TRAIN)], ("train",)),
    "no metadata": (lambda root: (root / TRAIN).unlink(), [("warning", "missing_metadata", "train")], ("train",)),
    "not downloaded": (
        lambda root: shutil.rmtree(root / "train"),
        [("warning", "missing_folder", "train")],
        ("train",),
    ),
    "not unpacked": (packed, [("warning", "missing_folder", "train")], ("train",)),
    "both broken": (
        lambda root: (cut(root), (root / VAL).write_text("[")),
        [("error", "broken_json", TRAIN), ("error", "broken_json", VAL)],
        ("train", "val"),
    ),
    "no test list": (
        lambda root: (root / "test_files.txt").write_text("\n"),
        [("warning", "empty_list", "test_files.txt")],
        ("test",),
    ),
}


@pytest.mark.parametrize("fault", WHOLE_SPLITS)
def test_a_fault_of_a_split_costs_that_split_only(fault: str, tmp_path: Path) -> None:
    plant, findings, splits = WHOLE_SPLITS[fault]
    imported = layouts.planted("av1m", tmp_path, plant)
    assert beyond(imported) == findings
    assert layouts.differences(imported.clips, layouts.samples_after("av1m", without(*splits))) == []


def test_a_split_that_is_not_unpacked_is_told_by_its_archive(tmp_path: Path) -> None:
    (finding,) = (f for f in layouts.planted("av1m", tmp_path, packed).findings if f.code == "missing_folder")
    assert "12 entries" in str(finding.detail) and "unpack train/train.zip.001" in str(finding.detail)


def test_the_other_files_survive_one_that_does_not_exist_in_the_test_list(tmp_path: Path) -> None:
    imported = layouts.planted(
        "av1m", tmp_path, lambda root: (root / "test_files.txt").write_text("000001.mp4\n\n../x.mp4\n000009.mp4\n")
    )
    assert beyond(imported) == [
        ("info", "blank_line", "test_files.txt:2"),
        ("error", "path_traversal", "test_files.txt:3"),
        ("error", "missing_file", "test_files.txt:4"),
        ("warning", "unlisted_file", "test/000002.mp4"),
    ]
    assert layouts.differences(imported.clips, layouts.samples_after("av1m", {"test/000002.mp4": None})) == []


def test_a_nested_folder_is_read_and_said_once(tmp_path: Path) -> None:
    imported = layouts.planted("av1m", tmp_path, nested)
    assert beyond(imported) == [("info", "nested_split_folder", "val/val")]
    assert len(imported.clips) == layouts.expected("av1m")["n_samples"]
    assert sum(clip.path.startswith("val/val/id90013/") for clip in imported.clips) == 4


def test_faults_together_are_each_found(tmp_path: Path) -> None:
    names = ["hyphen", "inverted", "entry twice", "frames as text", "drive", "no object"]

    def plant(root: Path) -> None:
        for name in ("hyphen", "inverted"):
            FAULTS[name][0](root)
        edited(VIDEO, video_frames="236")(root)
        metadata(lambda entries: entries.extend([entries[0], entries[1] | {"file": "C:/x.mp4"}, 7]))(root)

    imported = layouts.planted("av1m", tmp_path, plant)
    assert sorted(code for _, code, _ in beyond(imported)) == sorted(FAULTS[name][1][0][1] for name in names)
    assert {clip.path for clip in imported.clips} == {
        sample["path"] for sample in layouts.expected("av1m")["samples"] if sample["path"] != f"train/{AUDIO}"
    }


def test_released_lists_stay_for_the_literal_rule() -> None:
    clips = {clip.path: clip for clip in load("av1m", layouts.root_of("av1m")).clips}
    for sample in layouts.expected("av1m")["samples"]:
        if "in_ssr_subset" in sample:
            assert by_literal_rule(clips[sample["path"]]) == sample["in_ssr_subset"]
    wrong = clips["train/id90011/AAAAAAAAAA1/00048/real_video_fake_audio.mp4"]
    assert (wrong.segments_video, wrong.label_video, by_repaired_rule(wrong)) == ((), 0, False)
    assert wrong.extra == {"visual_fake_segments": [[1.2, 1.56]]}


def test_streams_and_relations() -> None:
    clips = {clip.path: clip for clip in load("av1m", layouts.root_of("av1m")).clips}
    video = clips[f"train/{VIDEO}"]
    assert (video.segments_video, video.segments_audio, video.extra) == (((1.2, 1.56),), (), {})
    assert (video.source, video.split_from) == ("id90011/AAAAAAAAAA1", "release")
    test = clips["test/000001.mp4"]
    assert (test.label, test.identity, test.segments) == (None, None, None)


def test_the_other_release_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="import it as av1mpp"):
        load("av1m", layouts.root_of("av1mpp"))
    with pytest.raises(DatasetError, match="import it as av1m"):
        load("av1mpp", layouts.root_of("av1m"))
