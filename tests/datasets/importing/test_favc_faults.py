"""FakeAVCeleb with one fault each: exactly that finding, and the right clips."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import layouts
from datasets.importing import Imported, load
from datasets.protocols.favc import spelled

Plant = Callable[[Path], object]
TABLE = "meta_data.csv"
HEADER = "source,target1,target2,method,category,type,race,gender,path,\n"
REAL = "RealVideo-RealAudio/African/men/id90001/00109.mp4"
CLONED = "RealVideo-FakeAudio/African/men/id90001/00109_fake.mp4"
EAST = "RealVideo-RealAudio/Asian (East)/men/id90003/00015.mp4"
ROW = (
    "id90001,-,-,real,A,RealVideo-RealAudio,African,men,00109.mp4,FakeAVCeleb/RealVideo-RealAudio/African/men/id90001\n"
)
FOLDER = "FakeAVCeleb/FakeVideo-RealAudio/African/men/id90001"
SWAPPED = f"id90001,1,-,fsgan,C,FakeVideo-RealAudio,African,men,00109_1.mp4,{FOLDER}\n"
ROWS = 41
LAST = f"{TABLE}:{ROWS + 2}"
"""Where an appended row is."""
OWN = ("duplicate_row_conflicting_method", "FakeVideo-FakeAudio/African/men/id90001/00109_id90002_wavtolip.mp4")
"""What the layout itself has."""


def replaced(old: str, new: str) -> Plant:
    def plant(root: Path) -> None:
        text = (root / TABLE).read_text()
        assert old in text
        (root / TABLE).write_text(text.replace(old, new, 1))

    return plant


def appended(rows: str) -> Plant:
    return lambda root: (root / TABLE).write_text((root / TABLE).read_text() + rows)


def bytes_of(change: Callable[[bytes], bytes]) -> Plant:
    return lambda root: (root / TABLE).write_bytes(change((root / TABLE).read_bytes()))


def lines_of(change: Callable[[list[str]], list[str]]) -> Plant:
    return lambda root: (root / TABLE).write_text(
        "".join(f"{line}\n" for line in change((root / TABLE).read_text().splitlines()))
    )


def moved(old: str, new: str) -> Plant:
    def plant(root: Path) -> None:
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (root / old).rename(root / new)

    return plant


ANOTHER = ROW.replace("00109.mp4", "00777.mp4")
"""A row of a file that is not there."""
FAULTS: dict[str, tuple[Plant, list[tuple[str, str, str]], dict[str, dict[str, Any] | None]]] = {
    "bom": (bytes_of(lambda data: b"\xef\xbb\xbf" + data), [("info", "bom", TABLE)], {}),
    "crlf": (bytes_of(lambda data: data.replace(b"\n", b"\r\n")), [("info", "crlf", TABLE)], {}),
    "cp949": (
        bytes_of(lambda data: data.replace(b"id90001,-,-,real", "id90001,한,-,real".encode("cp949"), 1)),
        [("warning", "encoding_fallback", TABLE)],
        {},
    ),
    "header of nine names": (
        replaced("path,\n", "path\n"),
        [("warning", "header_shorter_than_rows", f"{TABLE}:1")],
        {},
    ),
    "header of eleven": (replaced("path,\n", "path,,note\n"), [("warning", "extra_column", f"{TABLE}:1")], {}),
    "eleven columns": (
        lines_of(lambda lines: [f"{line},x" for line in lines]),
        [("warning", "extra_column", f"{TABLE}:1")],
        {},
    ),
    "one row of eleven": (
        replaced("men/id90001\n", "men/id90001,x\n"),
        [("warning", "extra_column", f"{TABLE}:2")],
        {},
    ),
    "names of another copy": (replaced("path,\n", "filename,path\n"), [], {}),
    "saved with an index": (
        lines_of(lambda lines: [f"{number - 1 if number else ''},{line}" for number, line in enumerate(lines)]),
        [],
        {},
    ),
    "no header": (lines_of(lambda lines: lines[1:]), [("warning", "unexpected_header", f"{TABLE}:1")], {}),
    "blank line": (replaced(HEADER, HEADER + "\n"), [("warning", "blank_line", f"{TABLE}:2")], {}),
    "line of commas": (replaced(HEADER, f"{HEADER},,,,,,,,,\n"), [("warning", "blank_line", f"{TABLE}:2")], {}),
    "row twice": (appended(ROW), [("warning", "duplicate_row", LAST)], {}),
    "row twice, two methods": (
        appended(SWAPPED.replace("fsgan", "faceswap")),
        [("warning", "duplicate_row_conflicting_method", LAST)],
        {},
    ),
    "half a row": (appended("id90001,-,-,real,A"), [("error", "row_too_short", LAST)], {}),
    "no folder": (appended(ROW.rpartition(",")[0] + ",\n"), [("error", "row_too_short", LAST)], {}),
    "folder cut off": (
        replaced(ROW, ROW.rpartition(",")[0] + "\n"),
        [("error", "row_too_short", f"{TABLE}:2")],
        {REAL: None},
    ),
    "traversal instead of a folder": (
        replaced(ROW, ROW.replace("FakeAVCeleb/", "../FakeAVCeleb/")),
        [("error", "path_traversal", f"{TABLE}:2")],
        {REAL: None},
    ),
    "missing file": (lambda root: (root / REAL).unlink(), [("error", "missing_file", f"{TABLE}:2")], {REAL: None}),
    "empty file": (lambda root: (root / REAL).write_bytes(b""), [("error", "empty_file", REAL)], {REAL: None}),
    "a link out of the folder": (
        lambda root: ((root / REAL).rename(root.parent / "x.mp4"), (root / REAL).symlink_to(root.parent / "x.mp4")),
        [("error", "symlink_escape", REAL)],
        {REAL: None},
    ),
    "file that nothing lists": (
        lambda root: (root / "RealVideo-RealAudio/new.mp4").write_bytes(b"\0\0\0"),
        [("warning", "unlisted_file", "RealVideo-RealAudio/new.mp4")],
        {},
    ),
    "upper-case ending": (
        moved(REAL, REAL[:-4] + ".MP4"),
        [("warning", "extension_case", f"{TABLE}:2")],
        {REAL: None, REAL[:-4] + ".MP4": {"label": 0, "method": "real"}},
    ),
    "odd ending": (
        moved(REAL, REAL[:-4] + ".mP4"),
        [("warning", "extension_case", f"{TABLE}:2")],
        {REAL: None, REAL[:-4] + ".mP4": {"label": 0, "method": "real"}},
    ),
    "backslashes": (
        replaced(
            "FakeAVCeleb/RealVideo-RealAudio/African/men/id90001",
            "FakeAVCeleb\\RealVideo-RealAudio\\African\\men\\id90001",
        ),
        [("warning", "backslash_path", f"{TABLE}:2")],
        {},
    ),
    "traversal": (
        appended(ANOTHER.replace("FakeAVCeleb/", "FakeAVCeleb/../../")),
        [("error", "path_traversal", LAST)],
        {},
    ),
    "absolute": (appended(ANOTHER.replace("FakeAVCeleb/", "/data/")), [("error", "absolute_path", LAST)], {}),
    "race as lists write it": (
        replaced("RealVideo-RealAudio/Asian (East)", "RealVideo-RealAudio/Asian_East"),
        [("warning", "race_folder_normalised", f"{TABLE}:18")],
        {},
    ),
    "race folder renamed": (
        moved(EAST, EAST.replace("Asian (East)", "Asian_East")),
        [("warning", "race_folder_normalised", f"{TABLE}:18")],
        {EAST: None, EAST.replace("Asian (East)", "Asian_East"): {"label": 0, "method": "real"}},
    ),
    "race as lists write it, but no file": (
        appended(ANOTHER.replace("African", "Asian_East")),
        [("error", "missing_file", LAST)],
        {},
    ),
    "category and type": (replaced("rtvc,B", "rtvc,D"), [("error", "label_conflict", f"{TABLE}:3")], {CLONED: None}),
    "unknown category": (replaced("rtvc,B", "rtvc,E"), [("error", "label_conflict", f"{TABLE}:3")], {CLONED: None}),
    "conflict of a file that is not there": (
        appended(ANOTHER.replace("real,A", "real,B")),
        [("error", "label_conflict", LAST)],
        {},
    ),
    "unknown method": (
        replaced("rtvc,B", "sv2tts,B"),
        [("warning", "unknown_method", f"{TABLE}:3")],
        {CLONED: {"method": "sv2tts"}},
    ),
    "method of another category": (
        replaced("rtvc,B", "fsgan,B"),
        [("warning", "unknown_method", f"{TABLE}:3")],
        {CLONED: {"method": "fsgan"}},
    ),
    "another identity than the folder's": (
        replaced("id90001,-,-,rtvc", "id90009,-,-,rtvc"),
        [("warning", "identity_conflict", f"{TABLE}:3")],
        {CLONED: {"identity": "id90009"}},
    ),
    "a quote that is not closed": (
        replaced(HEADER, HEADER + 'id90001,"-,-,real,A\n'),
        [("error", "row_unreadable", f"{TABLE}:2")],
        {},
    ),
    "crops beside a clip": (
        lambda root: (root / REAL.replace(".mp4", "_roi.mp4")).write_bytes(b"\0\0\0"),
        [],
        {},
    ),
}


def beyond(imported: Imported) -> list[tuple[str, str, str]]:
    """Findings beside the layout's own, whose line moves where rows are planted before it."""
    found = [f for f in imported.findings if (f.code, f.path) != OWN]
    assert len(found) == len(imported.findings) - 1
    return [(f.severity, f.code, f.where) for f in found]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_finding(fault: str, tmp_path: Path) -> None:
    plant, findings, changes = FAULTS[fault]
    imported = layouts.planted("favc", tmp_path, plant)
    assert beyond(imported) == findings
    assert layouts.differences(imported.clips, layouts.samples_after("favc", changes)) == []


def test_faults_together_are_each_found(tmp_path: Path) -> None:
    def plant(root: Path) -> None:
        (root / EAST).unlink()
        appended(SWAPPED + ANOTHER.replace("FakeAVCeleb/", "../"))(root)
        for name in ("unknown method", "empty file", "blank line", "bom"):
            FAULTS[name][0](root)

    imported = layouts.planted("favc", tmp_path, plant)
    assert sorted(code for _, code, _ in beyond(imported)) == [
        "blank_line",
        "bom",
        "duplicate_row",
        "empty_file",
        "missing_file",
        "path_traversal",
        "unknown_method",
    ]
    changes = {REAL: None, EAST: None, CLONED: {"method": "sv2tts"}}
    assert layouts.differences(imported.clips, layouts.samples_after("favc", changes)) == []


def test_an_empty_table_is_one_finding(tmp_path: Path) -> None:
    imported = layouts.planted("favc", tmp_path, lambda root: (root / TABLE).write_bytes(b""))
    assert (imported.clips, [(f.code, f.where) for f in imported.findings]) == ((), [("empty_file", TABLE)])


def test_a_copy_that_nests_its_name_is_found(tmp_path: Path) -> None:
    root = layouts.copied("favc", tmp_path)
    outer = tmp_path / "outer"
    (outer / "FakeAVCeleb_v1.2").mkdir(parents=True)
    root.rename(outer / "FakeAVCeleb_v1.2" / "FakeAVCeleb_v1.2")
    imported = load("favc", outer)
    assert (len(imported.clips), beyond(imported)) == (40, [])


@pytest.mark.parametrize("name", ["FakeAVCeleb", "FakeAVCeleb_v1.2"])
def test_folders_below_one_of_the_releases_name_are_found(tmp_path: Path, name: str) -> None:
    def plant(root: Path) -> None:
        (root / name).mkdir()
        for folder in sorted(root.glob("*Video-*Audio")):
            folder.rename(root / name / folder.name)

    imported = layouts.planted("favc", tmp_path, plant)
    assert len(imported.clips) == 40 and len(imported.findings) == 1
    assert {clip.path.partition("/")[0] for clip in imported.clips} == {name}
    plain = load("favc", layouts.root_of("favc"))
    assert {spelled(clip.path) for clip in imported.clips} == {spelled(clip.path) for clip in plain.clips}
