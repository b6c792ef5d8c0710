"""Metadata files as they come: encodings, line ends, quotes, and what is left of a file that is damaged."""

from pathlib import Path

import pytest

from datasets.importing.findings import Findings
from datasets.importing.tables import load_json, rows, table, text
from datasets.importing.tree import Tree


def tree_with(root: Path, data: bytes, name: str = "t.csv") -> Tree:
    (root / name).write_bytes(data)
    return Tree(root, Findings())


def found(tree: Tree) -> list[tuple[str, str, str]]:
    return [(finding.severity, finding.code, finding.where) for finding in tree.findings.all]


@pytest.mark.parametrize(
    ("data", "encodings", "codes"),
    [
        ("원본,é\n".encode(), ("utf-8",), []),
        (b"\xef\xbb\xbf" + "원본,é\r\n".encode(), ("utf-8",), ["bom", "crlf"]),
        ("원본,é\n".encode("utf-16"), ("utf-8",), ["encoding_fallback"]),
        ("원본\n".encode("cp949"), ("utf-8", "cp949"), ["encoding_fallback"]),
        (b"\xff\xff,a\n", ("utf-8", "cp949"), ["encoding_fallback"]),
    ],
)
def test_encodings(tmp_path: Path, data: bytes, encodings: tuple[str, ...], codes: list[str]) -> None:
    tree = tree_with(tmp_path, data)
    content = text(tree, "t.csv", encodings)
    assert [code for _, code, _ in found(tree)] == codes
    assert "원본" in content or data.startswith(b"\xff\xff")
    assert "\ufeff" not in content


def test_bytes_of_no_encoding_are_replaced_not_dropped(tmp_path: Path) -> None:
    tree = tree_with(tmp_path, b"a,\xff\nb,c\n")
    assert [cells for _, cells in rows(tree, "t.csv")] == [["a", "\ufffd"], ["b", "c"]]
    assert found(tree) == [("warning", "encoding_fallback", "t.csv")]


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    tree = tree_with(tmp_path, b'a,b\n\n"x\ny",1\nz,2\n,\nlast,3')
    assert list(rows(tree, "t.csv")) == [
        ("t.csv:1", ["a", "b"]),
        ("t.csv:3", ["x\ny", "1"]),
        ("t.csv:5", ["z", "2"]),
        ("t.csv:7", ["last", "3"]),
    ]
    assert found(tree) == [("info", "blank_line", "t.csv:2"), ("info", "blank_line", "t.csv:6")]


@pytest.mark.parametrize("after", [b"c,d\ne,f\n", b'c,"d"\ne,f\n', b'c,"d, ""x"""\ne,f\n', b'"c",d\n"e",f\n'])
def test_a_quote_that_is_not_closed_costs_its_line(tmp_path: Path, after: bytes) -> None:
    tree = tree_with(tmp_path, b'h,k\na,"b\n' + after)
    cells = [row for _, row in rows(tree, "t.csv")]
    assert [row[0] for row in cells] == ["h", "c", "e"]
    assert found(tree) == [("error", "row_unreadable", "t.csv:2")]


def test_an_open_quote_before_more_than_a_cell_may_hold(tmp_path: Path) -> None:
    tree = tree_with(tmp_path, b'h,k\na,"b\n' + b"c,d\n" * 50_000)
    assert sum(1 for _ in rows(tree, "t.csv")) == 50_001
    assert found(tree) == [("error", "row_unreadable", "t.csv:2")]


def test_a_cell_of_any_size_and_nul(tmp_path: Path) -> None:
    tree = tree_with(tmp_path, b"a," + b"x" * 200_000 + b"\nb\0,c\n")
    assert [row for _, row in rows(tree, "t.csv")] == [["b\0", "c"]]
    assert found(tree) == [("error", "row_unreadable", "t.csv:1")]


def test_a_table_by_names(tmp_path: Path) -> None:
    tree = tree_with(tmp_path, b"x,name,label\n1,a,0\n2,b\n3,c,1,\n4,d,1,more\n")
    lines = list(table(tree, "t.csv", ("label", "name")))
    assert [(line.where, line["name"], line["label"]) for line in lines] == [
        ("t.csv:2", "a", "0"),
        ("t.csv:4", "c", "1"),
    ]
    assert found(tree) == [
        ("info", "extra_column", "t.csv:1"),
        ("error", "row_too_short", "t.csv:3"),
        ("error", "row_too_long", "t.csv:5"),
    ]


@pytest.mark.parametrize(
    "data",
    [b"", b"[", b"[1, 2", b'{"a": 1}', b"nonsense", b"[" * 100_000, b"[1] 2", b"[" + b"9" * 5_000 + b"]"],
)
def test_json_that_is_no_list_gives_nothing_and_is_said(tmp_path: Path, data: bytes) -> None:
    tree = tree_with(tmp_path, data, "t.json")
    assert load_json(tree, "t.json", list) is None
    assert found(tree) == [("error", "broken_json", "t.json")]


def test_a_metadata_file_that_is_a_link_out_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a,b\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "t.csv").symlink_to("../secret.csv")
    tree = Tree(root, Findings())
    assert list(rows(tree, "t.csv")) == []
    assert {(severity, code) for severity, code, _ in found(tree)} == {
        ("error", "symlink_escape"),
        ("error", "unreadable_file"),
    }


def test_a_table_that_cannot_be_read_is_one_finding(tmp_path: Path) -> None:
    tree = tree_with(tmp_path, b"")
    assert list(table(tree, "t.csv", ["a"])) == [] and found(tree) == [("error", "empty_file", "t.csv")]
    tree = tree_with(tmp_path, b"", "other.csv")
    assert list(table(tree, "gone.csv", ["a"])) == [] and found(tree) == [("error", "unreadable_file", "gone.csv")]
