"""One's own data, as folders and as a table."""

from pathlib import Path
from typing import Any

import pytest

from datasets.clip import Clip
from datasets.errors import DatasetError
from datasets.importing import Imported, load


def made(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"\0\0\0")


def found(imported: Imported) -> list[tuple[str, str, str]]:
    return [(finding.severity, finding.code, finding.where) for finding in imported.findings]


def test_folders_give_label_and_split_at_any_depth(tmp_path: Path) -> None:
    made(tmp_path, "real/a.mp4", "Fake/deep/er/b.MOV", "lab/train/fake/c.mp4", "lab/validation/real/x/d.webm")
    made(tmp_path, "real/test/e.mp4", "real/film/test/f.mp4", "real/a.landmarks.npy", "real/a_roi.mp4")
    imported = load("folder", tmp_path)
    assert found(imported) == []
    assert {clip.id: (clip.label, clip.split) for clip in imported.clips} == {
        "real/a.mp4": (0, ""),
        "Fake/deep/er/b.MOV": (1, ""),
        "lab/train/fake/c.mp4": (1, "train"),
        "lab/validation/real/x/d.webm": (0, "val"),
        "real/test/e.mp4": (0, "test"),
        "real/film/test/f.mp4": (0, ""),
    }
    by_id = {clip.id: clip for clip in imported.clips}
    real, fake = by_id["real/a.mp4"], by_id["lab/train/fake/c.mp4"]
    assert (real.label_video, real.label_audio, real.method, real.segments, real.split_from) == (0, 0, "real", (), None)
    assert (fake.label_video, fake.label_audio, fake.method, fake.segments, fake.split_from) == (None,) * 4 + ("given",)


def test_videos_of_no_label_or_of_both_are_left_out_and_reported(tmp_path: Path) -> None:
    made(tmp_path, "real/a.mp4", "real/fake/b.mp4", "other/c.mp4", "other/d.mp4", "e.mp4")
    (tmp_path / "real/empty.mp4").touch()
    imported = load("folder", tmp_path)
    assert sorted(found(imported)) == [
        ("error", "empty_file", "real/empty.mp4"),
        ("error", "label_conflict", "real/fake/b.mp4"),
        ("warning", "unknown_label_folder", "."),
        ("warning", "unknown_label_folder", "other"),
    ]
    assert [clip.id for clip in imported.clips] == ["real/a.mp4"]


@pytest.mark.parametrize("tables", [(), ("one.csv", "two.csv")])
def test_a_folder_that_says_of_nothing_what_is_real_is_refused_with_what_to_do(
    tables: tuple[str, ...], tmp_path: Path
) -> None:
    made(tmp_path, "a.mp4", *tables)
    with pytest.raises(DatasetError, match=r"sort the videos into real/ and fake/, or write manifest\.csv"):
        load("folder", tmp_path)


HEADER = "path,label,label_video,label_audio,method,category,identity,source,pair,split,segments,duration\n"


def table(root: Path, *rows: str, header: str = HEADER, name: str = "manifest.csv") -> Imported:
    """Import a table of these rows; all files that a row may name are there."""
    made(root, *(f"clips/{letter}.mp4" for letter in "abc"), "clips/voice.wav", "clips/notes.txt")
    (root / name).write_text(header + "".join(row + "\n" for row in rows), encoding="utf-8")
    return load("folder", root)


def without_unlisted(imported: Imported) -> list[tuple[str, str, str]]:
    return [finding for finding in found(imported) if finding[1] != "unlisted_file"]


def test_a_table_gives_everything_that_is_known_of_a_clip(tmp_path: Path) -> None:
    imported = table(
        tmp_path,
        "clips/a.mp4,real,,,,,anna,film1,film1/3,train,,4.5",
        "clips/b.mp4,Fake,1,0,mygan,FVRA,anna,film1,film1/3,test,1.2-1.56;4 - 4.4,4.5",
        "clips/c.mp4,1,,,,,,,,,,",
        "clips/voice.wav,0,,,,,,,,valid,,",
    )
    assert found(imported) == []
    a, b, c, voice = imported.clips
    assert (a.label, a.label_video, a.label_audio, a.method, a.segments, a.duration) == (0, 0, 0, "real", (), 4.5)
    assert (a.identity, a.source, a.pair, a.split, a.split_from) == ("anna", "film1", "film1/3", "train", "given")
    assert (b.label, b.label_video, b.label_audio, b.method, b.category) == (1, 1, 0, "mygan", "FVRA")
    assert b.segments == ((1.2, 1.56), (4.0, 4.4)) and b.pair == a.pair
    unknown = (c.label_video, c.label_audio, c.method, c.identity, c.source, c.pair, c.segments, c.duration)
    assert unknown == (None,) * 8 and c.label == 1 and c.split == ""
    assert voice.split == "val"


@pytest.mark.parametrize("name", ["metadata.csv", "MANIFEST.CSV", "the only one.csv"])
def test_a_table_needs_two_columns_and_may_be_called_otherwise(name: str, tmp_path: Path) -> None:
    imported = table(tmp_path, "clips/a.mp4,0", header="path,label\n", name=name)
    assert [clip.id for clip in imported.clips] == ["clips/a.mp4"]
    assert [f.where for f in imported.findings if f.code == "unlisted_file"] == ["clips/b.mp4", "clips/c.mp4"]


def test_a_table_counts_before_folders_if_it_is_called_manifest(tmp_path: Path) -> None:
    made(tmp_path, "real/x.mp4")
    (tmp_path / "notes.csv").write_text("what,ever\n")
    assert [clip.id for clip in load("folder", tmp_path).clips] == ["real/x.mp4"]
    (tmp_path / "manifest.csv").write_text("path,label\nreal/x.mp4,fake\n")
    assert [(clip.id, clip.label) for clip in load("folder", tmp_path).clips] == [("real/x.mp4", 1)]


# What is wrong with the row of clips/b.mp4, the finding, and what of the clip differs; None where it is left out.
ROWS: dict[str, tuple[str, str, str, dict[str, Any] | None]] = {
    "label": ("2,,,,,,,,,,", "error", "unknown_label", None),
    "blank label": (",,,,,,,,,,", "error", "unknown_label", None),
    "stream's label": ("1,maybe,,,,,,,,,", "error", "unknown_label", None),
    "real of a fake stream": ("0,,1,,,,,,,,", "error", "label_conflict", None),
    "fake of real streams": ("1,0,0,,,,,,,,", "error", "label_conflict", None),
    "real with segments": ("0,,,,,,,,,1-2,", "error", "label_conflict", None),
    "split": ("1,,,,,,,,later,,", "warning", "unknown_split", {"split": ""}),
    "segments in words": ("1,,,,,,,,,start-end,", "error", "bad_segments", None),
    "half a segment": ("1,,,,,,,,,1.5,", "error", "bad_segments", None),
    "segment below 0": ("1,,,,,,,,,-1-2,", "error", "bad_segments", None),
    "backward segment": ("1,,,,,,,,,2-1,", "error", "segment_inverted", None),
    "segment beyond the end": ("1,,,,,,,,,1-5,4", "warning", "segment_out_of_range", {"segments": ((1.0, 5.0),)}),
    "duration": ("1,,,,,,,,,,long", "warning", "bad_duration", {"duration": None}),
    "no duration": ("1,,,,,,,,,,0", "warning", "bad_duration", {"duration": None}),
    "endless": ("1,,,,,,,,,,inf", "warning", "bad_duration", {"duration": None}),
    "short row": ("", "error", "unknown_label", None),
}


@pytest.mark.parametrize("fault", ROWS)
def test_a_wrong_row_is_one_finding_with_its_line(fault: str, tmp_path: Path) -> None:
    cells, severity, code, fields = ROWS[fault]
    imported = table(tmp_path, "clips/a.mp4,0,,,,,,,,,,", f"clips/b.mp4,{cells}", "clips/c.mp4,1,,,,,,,,,,")
    assert found(imported) == [(severity, code, "manifest.csv:3")]
    clips: dict[str, Clip] = {clip.id: clip for clip in imported.clips}
    assert list(clips) == ["clips/a.mp4", *(["clips/b.mp4"] if fields is not None else []), "clips/c.mp4"]
    for field, value in (fields or {}).items():
        assert getattr(clips["clips/b.mp4"], field) == value


@pytest.mark.parametrize(
    ("row", "severity", "code"),
    [
        ("clips/z.mp4,0", "error", "missing_file"),
        ("../z.mp4,0", "error", "path_traversal"),
        ("/clips/z.mp4,0", "error", "absolute_path"),
        ("clips\\a.mp4,0", "warning", "backslash_path"),
        ("clips/a.MP4,0", "warning", "extension_case"),
        ("clips/notes.txt,0", "error", "not_media"),
    ],
)
def test_a_path_that_cannot_be_used_is_one_finding(row: str, severity: str, code: str, tmp_path: Path) -> None:
    imported = table(tmp_path, "clips/b.mp4,1", row, header="path,label\n")
    assert without_unlisted(imported) == [(severity, code, "manifest.csv:3")]
    assert len(imported.clips) == (1 if severity == "error" else 2)


def test_rows_that_contradict_each_other_leave_the_file_out(tmp_path: Path) -> None:
    imported = table(tmp_path, "clips/a.mp4,1", "clips/b.mp4,1", "clips/a.mp4,0", header="path,label\n")
    assert without_unlisted(imported) == [("error", "duplicate_row_conflicting_label", "manifest.csv:4")]
    assert [clip.id for clip in imported.clips] == ["clips/b.mp4"]


def test_a_table_that_lacks_a_column_says_which(tmp_path: Path) -> None:
    imported = table(tmp_path, "clips/a.mp4,1", header="file,label\n")
    (finding,) = imported.findings
    assert (finding.severity, finding.code) == ("error", "unexpected_header") and imported.clips == ()
    assert "lacks path" in str(finding.detail) and "and has file, label" in str(finding.detail)


def test_tables_of_other_programs_are_read(tmp_path: Path) -> None:
    made(tmp_path, "clips/é.mp4")
    (tmp_path / "manifest.csv").write_bytes("\ufeffpath,label\r\nclips/é.mp4,0\r\n".encode())
    imported = load("folder", tmp_path)
    assert [clip.id for clip in imported.clips] == ["clips/é.mp4"]
    assert found(imported) == [("info", "crlf", "manifest.csv")]
    (tmp_path / "manifest.csv").write_bytes("path,label\nclips/é.mp4,0\n".encode("cp1252"))
    imported = load("folder", tmp_path)
    assert [clip.id for clip in imported.clips] == ["clips/é.mp4"]
    assert found(imported) == [("warning", "encoding_fallback", "manifest.csv")]
