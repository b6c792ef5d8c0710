"""Deepfake-Eval-2024 with one fault each: exactly that finding, and the right clips."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import layouts

Plant = Callable[[Path], object]
TABLE, LINKS = "video-metadata-publish.csv", "video-metadata-publish-with-links.csv"
FIRST = "video-data/aB3dEfGhIjKlMnOpQrStUvWxYz0.mp4"
SECOND = "video-data/-QbZdEfGhIjKlMnOpQrStUvWxY1.mp4"
LAST = "video-data/E5fGhIjKlMnOpQrStUvWxYz1234.mp4"
LINE = "aB3dEfGhIjKlMnOpQrStUvWxYz0.mp4,2024-11-14,Fake,Unknown,lip sync is off,train\n"


def replaced(old: str, new: str, table: str = TABLE) -> Plant:
    def plant(root: Path) -> None:
        text = (root / table).read_text(encoding="utf-8")
        assert old in text
        (root / table).write_text(text.replace(old, new, 1), encoding="utf-8")

    return plant


def appended(row: str) -> Plant:
    return lambda root: (root / TABLE).write_text((root / TABLE).read_text() + row)


def bytes_of(change: Callable[[bytes], bytes]) -> Plant:
    return lambda root: (root / TABLE).write_bytes(change((root / TABLE).read_bytes()))


FAULTS: dict[str, tuple[Plant, list[tuple[str, str, str]], dict[str, dict[str, Any] | None]]] = {
    "bom": (bytes_of(lambda data: b"\xef\xbb\xbf" + data), [("info", "bom", TABLE)], {}),
    "crlf": (bytes_of(lambda data: data.replace(b"\n", b"\r\n")), [("info", "crlf", TABLE)], {}),
    "utf-16": (
        bytes_of(lambda data: data.decode().encode("utf-16")),
        [("warning", "encoding_fallback", TABLE)],
        {},
    ),
    "blank line": (replaced(LINE, f"\n{LINE}"), [("info", "blank_line", f"{TABLE}:2")], {}),
    "one more column": (
        bytes_of(lambda data: b"\n".join(line + b",x" for line in data.split(b"\n")[:-1]) + b"\n"),
        [("info", "extra_column", f"{TABLE}:1")],
        {},
    ),
    "columns in another order": (
        bytes_of(lambda data: b"\n".join(b"," + line for line in data.split(b"\n")[:-1]) + b"\n"),
        [("info", "extra_column", f"{TABLE}:1")],
        {},
    ),
    "label in lower case": (
        replaced("2024-11-14,Fake", "2024-11-14,fake"),
        [("warning", "label_normalised", f"{TABLE}:2")],
        {},
    ),
    "both labels in capitals": (
        replaced("Real,Real", "REAL,REAL"),
        [("warning", "label_normalised", f"{TABLE}:3")],
        {},
    ),
    "unknown label": (
        replaced("2024-11-14,Fake", "2024-11-14,Unknown"),
        [("error", "unknown_label", f"{TABLE}:2")],
        {FIRST: None},
    ),
    "another label": (
        replaced("2024-11-14,Fake", "2024-11-14,Maybe"),
        [("error", "unknown_label", f"{TABLE}:2")],
        {FIRST: None},
    ),
    "unknown label of a missing file": (
        appended("x.mp4,2024-01-01,Unknown,Unknown,,train\n"),
        [("error", "unknown_label", f"{TABLE}:7")],
        {},
    ),
    "another label of the audio": (
        replaced("Fake,Unknown", "Fake,Maybe"),
        [("warning", "unknown_audio_label", f"{TABLE}:2")],
        {},
    ),
    "set in capitals": (replaced("Real,Real,,test", "Real,Real,,Test"), [], {}),
    "unknown set": (
        replaced("Real,Real,,test", "Real,Real,,held out"),
        [("warning", "unknown_split", f"{TABLE}:3")],
        {SECOND: {"split": None}},
    ),
    "missing file": (lambda root: (root / FIRST).unlink(), [("error", "missing_file", f"{TABLE}:2")], {FIRST: None}),
    "file that nothing lists": (
        lambda root: (root / "video-data/new.mp4").write_bytes(b"\0\0\0"),
        [("warning", "unlisted_file", "video-data/new.mp4")],
        {},
    ),
    "traversal": (
        appended("../../outside.mp4,2024-01-01,Fake,Fake,,train\n"),
        [("error", "path_traversal", f"{TABLE}:7")],
        {},
    ),
    "traversal instead of a file": (
        replaced(LINE, f"../video-data/{LINE}"),
        [("error", "path_traversal", f"{TABLE}:2")],
        {FIRST: None},
    ),
    "row twice": (appended(LINE), [("warning", "duplicate_row", f"{TABLE}:7")], {}),
    "row twice, two labels": (
        appended(LINE.replace("Fake", "Real")),
        [("error", "duplicate_row_conflicting_label", f"{TABLE}:7")],
        {FIRST: None},
    ),
    "row thrice, two labels": (
        appended(LINE.replace("Fake", "Real") + LINE),
        [("error", "duplicate_row_conflicting_label", f"{TABLE}:7"), ("warning", "duplicate_row", f"{TABLE}:8")],
        {FIRST: None},
    ),
    "row twice, two sets": (
        appended(LINE.replace("train", "test")),
        [("error", "duplicate_row_conflicting_split", f"{TABLE}:7")],
        {FIRST: None},
    ),
    "comma without quotes": (
        appended("x.mp4,2024-01-01,Fake,Fake,a, b,train\n"),
        [("error", "row_too_long", f"{TABLE}:7")],
        {},
    ),
    "half a row": (appended("x.mp4,2024-01-01,Fake"), [("error", "row_too_short", f"{TABLE}:7")], {}),
    "a quote that is never closed": (
        replaced(LINE, 'x.mp4,2024-01-01,Fake,Fake,"he said,train\n' + LINE),
        [("error", "row_unreadable", f"{TABLE}:2")],
        {},
    ),
    "comment of two lines": (replaced("lip sync is off", '"lip sync\nis off"'), [], {}),
    "only the table with links": (
        lambda root: (root / TABLE).unlink(),
        [("info", "extra_column", f"{LINKS}:1")],
        {},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_finding(fault: str, tmp_path: Path) -> None:
    plant, findings, changes = FAULTS[fault]
    imported = layouts.planted("dfe", tmp_path, plant)
    assert layouts.beyond("dfe", imported) == findings
    assert layouts.differences(imported.clips, layouts.samples_after("dfe", changes)) == []


def uncorrected(root: Path) -> None:
    """960 videos whose label is not known, as in the table that was released first."""
    rows = [f"u{number}.mp4,2024-01-01,Unknown,Unknown,,train\n" for number in range(960)]
    for number in range(960):
        (root / f"video-data/u{number}.mp4").write_bytes(b"\0\0\0")
    (root / TABLE).write_text((root / TABLE).read_text() + "".join(rows))


def test_the_uncorrected_table_is_recognised(tmp_path: Path) -> None:
    imported = layouts.planted("dfe", tmp_path, lambda root: (uncorrected(root), (root / LINKS).unlink()))
    found = layouts.codes(imported.findings)
    assert found == {("error", "unknown_label"): 960, ("warning", "old_metadata"): 1}
    (old,) = (finding for finding in imported.findings if finding.code == "old_metadata")
    assert "960 videos" in str(old.detail) and LINKS in str(old.detail)
    assert layouts.differences(imported.clips, layouts.expected("dfe")["samples"]) == []


def test_the_corrected_table_wins(tmp_path: Path) -> None:
    def plant(root: Path) -> None:
        uncorrected(root)
        text = (root / TABLE).read_text().replace("Unknown,Unknown", "Real,Unknown")
        (root / LINKS).write_text(text)

    imported = layouts.planted("dfe", tmp_path, plant)
    assert layouts.beyond("dfe", imported) == [("info", "old_metadata", TABLE)]
    assert len(imported.clips) == 965


def test_a_table_without_its_columns_gives_nothing_and_says_so(tmp_path: Path) -> None:
    imported = layouts.planted(
        "dfe", tmp_path, lambda root: (replaced("Finetuning Set", "Split")(root), (root / LINKS).unlink())
    )
    assert layouts.beyond("dfe", imported) == [("error", "unexpected_header", f"{TABLE}:1")]
    assert imported.clips == ()
