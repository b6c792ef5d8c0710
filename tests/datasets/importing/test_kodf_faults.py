"""KoDF with one fault each, and in its other layouts: exactly that finding, and the right clips."""

import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import layouts
from datasets.importing import load

Plant = Callable[[Path], object]
Case = tuple[Plant, list[tuple[str, str, str]], dict[str, dict[str, Any] | None]]

A, B = "9a0b1c2d3e4f5a6b7c8d", "8b1c2d3e4f5a6b7c8d9e"
TABLES = "1.Training/라벨링데이터/train_meta_data"
REALS, FAKES = f"{TABLES}/원본영상_training_메타데이터.csv", f"{TABLES}/변조영상_training_메타데이터.csv"
MEDIA = "1.Training/원천데이터"
ORIGINAL, OTHER = (f"{MEDIA}/train_원본/원본1/{A}/{A}_00{number}.mp4" for number in (1, 2))
DFL = f"{MEDIA}/train_변조/dfl1/{A}/{A}_{B}_1_0260.mp4"
FSGAN = f"{MEDIA}/train_변조/fsgan1/{A}/{A}_{B}_3_0260.mp4"
REAL_ROW = f"{A}_003.mp4,{A},남,실내,2020.07.24:15.05.30,script_2.txt,2\n"


def replaced(table: str, old: str, new: str) -> Plant:
    def plant(root: Path) -> None:
        text = (root / table).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (root / table).write_text(text.replace(old, new), encoding="utf-8")

    return plant


def added(table: str, row: str) -> Plant:
    return lambda root: (root / table).write_text((root / table).read_text(encoding="utf-8") + row, encoding="utf-8")


def as_cp949(root: Path) -> None:
    (root / FAKES).write_bytes((root / FAKES).read_text(encoding="utf-8-sig").encode("cp949"))


def made(name: str) -> Plant:
    def plant(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"\0\0\0")

    return plant


def to_validation(root: Path) -> None:
    folder = root / "2.Validation/원천데이터/validate_원본/원본1" / A
    folder.mkdir()
    (root / OTHER).rename(folder / f"{A}_002.mp4")


FAULTS: dict[str, Case] = {
    "archive": (
        made(f"{MEDIA}/train_변조/dfl2.zip"),
        [("warning", "archive_not_extracted", f"{MEDIA}/train_변조/dfl2.zip")],
        {},
    ),
    "part of an archive": (
        made(f"{MEDIA}/dfl2.zip.part0"),
        [("warning", "archive_not_extracted", f"{MEDIA}/dfl2.zip.part0")],
        {},
    ),
    "encoding": (as_cp949, [("warning", "encoding_fallback", FAKES)], {}),
    "id without its ending": (
        replaced(REALS, f"{A}_002.mp4,", f"{A}_002,"),
        [("warning", "id_without_extension", f"{REALS}:3")],
        {},
    ),
    "a fake among the originals": (
        added(REALS, f"{A}_{B}_1_0260.mp4,{A},남,실내,2020.07.24:15.05.30,script_2.txt,2\n"),
        [("error", "label_conflict", f"{REALS}:4")],
        {DFL: None},
    ),
    "an original among the fakes": (
        added(FAKES, f"{A}_002.mp4,{A}_002.mp4,{A},{B},dfl,2020.08.03:10.00.00,여\n"),
        [("error", "label_conflict", f"{FAKES}:7")],
        {OTHER: None},
    ),
    "no file": (added(REALS, REAL_ROW), [("error", "missing_file", f"{REALS}:4")], {}),
    "deleted file": (lambda root: (root / DFL).unlink(), [("error", "missing_file", f"{FAKES}:3")], {DFL: None}),
    "empty file": (lambda root: (root / DFL).write_bytes(b""), [("error", "empty_file", DFL)], {DFL: None}),
    "method": (
        replaced(FAKES, ",dfl,", ",dfl9,"),
        [("warning", "unknown_method", f"{FAKES}:3")],
        {DFL: {"method": "dfl9", "label_audio": None}},
    ),
    "method of another folder": (
        replaced(FAKES, ",dfl,", ",fo,"),
        [("warning", "generator_folder_mismatch", f"{FAKES}:3")],
        {DFL: {"method": "fo"}},
    ),
    "original of no row": (
        made(ORIGINAL.replace("_001", "_009")),
        [("warning", "unlisted_file", ORIGINAL.replace("_001", "_009"))],
        {},
    ),
    "interference copy of an original": (
        made(f"{MEDIA}/train_탐지방해/원본영상/02_blur/{A}_001.mp4"),
        [("warning", "unlisted_file", f"{MEDIA}/train_탐지방해/원본영상/02_blur/{A}_001.mp4")],
        {},
    ),
    "repeated row": (
        added(REALS, REAL_ROW.replace("_003", "_002")),
        [("warning", "duplicate_row", f"{REALS}:4")],
        {},
    ),
    "short row": (added(FAKES, "x.mp4,y.mp4\n"), [("error", "row_too_short", f"{FAKES}:7")], {}),
    "file of another part": (
        to_validation,
        [("error", "split_conflict", f"{REALS}:3")],
        {OTHER: None},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_is_one_finding(fault: str, tmp_path: Path) -> None:
    plant, wanted, changes = FAULTS[fault]
    imported = layouts.planted("kodf", tmp_path, plant)
    assert layouts.beyond("kodf", imported) == wanted
    assert layouts.differences(imported.clips, layouts.samples_after("kodf", changes)) == []


def test_relations_of_a_fake_are_its_targets(tmp_path: Path) -> None:
    clips = {clip.path: clip for clip in layouts.planted("kodf", tmp_path, lambda root: None).clips}
    fake, real = clips[DFL], clips[ORIGINAL]
    assert (
        (fake.pair, fake.source, fake.identity) == (real.pair, real.source, real.identity) == (f"{A}_001",) * 2 + (A,)
    )
    assert fake.extra == {"gender": "여", "source_identity": B} and fake.split_from == "release"
    assert clips[OTHER].pair == f"{A}_002"


def test_names_may_be_decomposed(tmp_path: Path) -> None:
    root = layouts.copied("kodf", tmp_path)
    for path in sorted(root.rglob("*"), key=lambda path: -len(path.parts)):
        path.rename(path.with_name(unicodedata.normalize("NFD", path.name)))
    root = root.rename(root.with_name(unicodedata.normalize("NFD", root.name)))
    imported = load("kodf", root)
    wanted = {sample["path"]: sample["label"] for sample in layouts.expected("kodf")["samples"]}
    assert {clip.id: clip.label for clip in imported.clips} == wanted
    assert all(clip.file.is_file() for clip in imported.clips)
    assert [finding.code for finding in imported.findings] == ["unlisted_file"]


def test_single_downloads_are_joined_without_the_nested_folders(tmp_path: Path) -> None:
    root = layouts.copied("kodf", tmp_path)
    flat = tmp_path / "flat"
    for table in (REALS, FAKES):
        kind = "원본" if table == REALS else "변조"
        (flat / f"[라벨][{kind}]train_meta_data").mkdir(parents=True)
        shutil.copy(root / table, flat / f"[라벨][{kind}]train_meta_data")
    shutil.copytree(root / MEDIA / "train_원본/원본1", flat / "[원천][원본]train_data/원본1")
    for part in ("dffs1", "dfl1", "fo1", "fsgan1", "audio_driven1"):
        shutil.copytree(root / MEDIA / "train_변조" / part, flat / f"[원천][변조]train_{part}_data")
    imported = load("kodf", flat)
    assert imported.findings == ()
    assert sorted((clip.label, clip.method, clip.split) for clip in imported.clips) == sorted(
        [(0, "original", "train")] * 2
        + [(1, method, "train") for method in ("dffs", "dfl", "fo", "fsgan", "audio-driven")]
    )


def test_without_tables_the_folders_of_speechforensics_say_what_a_file_is(tmp_path: Path) -> None:
    names = (f"original_videos/{A}/{A}_022.mp4", f"dfl/20200811/{A}/{A}_{B}_1_0004.mp4")
    for name in (*names, f"audio-driven/20200811/{B}/{B}_{A}_5_0001.mp4", "notes/x.mp4"):
        made(name)(tmp_path)
    imported = load("kodf", tmp_path)
    assert [(f.code, f.where) for f in imported.findings] == [
        ("metadata_absent", "."),
        ("unlisted_file", "notes/x.mp4"),
    ]
    assert [(c.label, c.label_audio, c.method, c.identity, c.split) for c in imported.clips] == [
        (1, 0, "audio-driven", B, ""),
        (1, 0, "dfl", A, ""),
        (0, 0, "original", A, ""),
    ]
