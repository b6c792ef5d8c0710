"""A data set's folder as importers see it: nothing outside it, each file once, whatever names and links are like."""

import os
import unicodedata
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.clip import Clip
from datasets.errors import ClipError, DatasetError
from datasets.importing.findings import Findings, table, write
from datasets.importing.tree import Tree

PIECES = st.sampled_from(
    [
        "..",
        ".",
        "/",
        "\\",
        "//",
        "a",
        "b.mp4",
        "B.MP4",
        "C:",
        "~",
        "\0",
        "\n",
        " ",
        "é",
        "e\u0301",
        "%2e%2e",
        "link",
        "%",
    ]
)
PATHS = st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=8).map("".join), st.lists(PIECES).map("/".join))


def made(root: Path, *paths: str, content: bytes = b"x") -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def a_clip(root: Path, path: str) -> Clip:
    return Clip(path, "s", "", root, path, 0, 0, 0, None, None, None)


def tree_of(root: Path) -> Tree:
    tree = Tree(root, Findings())
    assert tree.files is not None
    return tree


def found(tree: Tree) -> list[tuple[str, str, str]]:
    return [(finding.severity, finding.code, finding.where) for finding in tree.findings.all]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A tree with links, beside files that it must not reach."""
    top = tmp_path_factory.mktemp("top")
    made(top, "secret.mp4", "outside/b.mp4")
    root = made(top / "root", "a/b.mp4", "a/é.mp4", "b.mp4", "a/C.MP4", "a/~/x.mp4")
    (root / "link").symlink_to(top / "outside")
    (root / "a" / "up").symlink_to("../..")
    (root / "a" / "inside").symlink_to("../b.mp4")
    return tree_of(root)


@given(PATHS)
@settings(max_examples=400, deadline=None)
def test_no_text_leads_out_of_the_root(full: Tree, text: str) -> None:
    before = len(full.findings.all)
    named = full.named(text, "row")
    if named is None:
        assert [finding.severity for finding in full.findings.all[before:]] == ["error"]
        return
    assert not PurePosixPath(named).is_absolute() and ".." not in named.split("/") and "\\" not in named
    disk = full.existing(named, "row")
    for path in (disk, full.existing(text, "row")):
        if path is not None:
            assert (full.root / path).resolve().is_relative_to(full.root)
            assert full.read(path) == b"x"


@given(PATHS)
@settings(max_examples=200, deadline=None)
def test_only_files_of_the_tree_are_read(full: Tree, text: str) -> None:
    if unicodedata.normalize("NFC", text) not in full.files:
        with pytest.raises(DatasetError):
            full.read(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("/a/b.mp4", "absolute_path"),
        ("\\\\server\\share\\b.mp4", "absolute_path"),
        ("\\a\\b.mp4", "absolute_path"),
        ("C:\\a\\b.mp4", "absolute_path"),
        ("c:b.mp4", "absolute_path"),
        ("../b.mp4", "path_traversal"),
        ("a/../../b.mp4", "path_traversal"),
        ("a\\..\\..\\b.mp4", "path_traversal"),
        ("a/..", "path_traversal"),
        ("a\0/b.mp4", "path_traversal"),
        (" ../b.mp4", "path_traversal"),
    ],
)
def test_a_refused_path_is_one_finding(full: Tree, text: str, code: str) -> None:
    before = len(full.findings.all)
    assert full.named(text, "row") is None
    assert [(f.severity, f.code) for f in full.findings.all[before:]] == [("error", code)]


def test_names_with_dots_are_no_traversal(tmp_path: Path) -> None:
    tree = tree_of(made(tmp_path, "a../..b/...mp4", "x..mp4"))
    for path in ("a../..b/...mp4", "x..mp4", "./x..mp4", "a..//..b/...mp4"):
        assert tree.existing(str(tree.named(path, "row")), "row")
    assert found(tree) == []


def test_links_inside_are_other_names_and_links_out_are_refused(tmp_path: Path) -> None:
    made(tmp_path, "other/secret.mp4")
    root = made(tmp_path / "root", "real/one.mp4")
    (root / "alias.mp4").symlink_to("real/one.mp4")
    (root / "folder").symlink_to("real")
    (root / "chain").symlink_to("folder")
    (root / "out").symlink_to("../other")
    (root / "out.mp4").symlink_to(tmp_path / "other" / "secret.mp4")
    (root / "nowhere.mp4").symlink_to("gone.mp4")
    (root / "self").symlink_to("self")
    tree = tree_of(root)
    assert {tree.find(path) for path in ("alias.mp4", "folder/one.mp4", "chain/one.mp4")} == {"real/one.mp4"}
    assert list(tree.under("")) == ["real/one.mp4"]
    assert list(tree.under("folder")) == ["real/one.mp4"]
    escaped = [("error", "symlink_escape", path) for path in ("nowhere.mp4", "out", "out.mp4", "self")]
    assert found(tree) == escaped


def test_rows_of_files_below_a_refused_link_are_no_further_findings(tmp_path: Path) -> None:
    (tmp_path / "disk/a").mkdir(parents=True)
    (tmp_path / "root").mkdir()
    (tmp_path / "root/train").symlink_to(tmp_path / "disk")
    tree = Tree(tmp_path / "root", Findings())
    assert tree.existing("train/a/1.mp4", "t.csv:2") is None and tree.existing("trained/1.mp4", "t.csv:3") is None
    assert found(tree) == [("error", "symlink_escape", "train"), ("error", "missing_file", "t.csv:3")]


def test_circles_of_links_end(tmp_path: Path) -> None:
    made(tmp_path, "a/one.mp4", "b/two.mp4")
    (tmp_path / "a" / "root").symlink_to("..")
    (tmp_path / "a" / "b").symlink_to("../b")
    (tmp_path / "b" / "a").symlink_to("../a")
    (tmp_path / "z").symlink_to(".")
    tree = tree_of(tmp_path)
    assert list(tree.under("")) == ["a/one.mp4", "b/two.mp4"]
    assert (tree.find("a/b/two.mp4"), found(tree)) == ("b/two.mp4", [])


def test_a_link_whose_name_comes_first_does_not_hide_the_folder(tmp_path: Path) -> None:
    made(tmp_path, "z/one.mp4")
    (tmp_path / "a").symlink_to("z")
    tree = tree_of(tmp_path)
    assert (tree.find("z/one.mp4"), tree.find("a/one.mp4")) == ("z/one.mp4", "z/one.mp4")


def test_a_snapshot_of_the_hub_is_its_links_into_the_blobs_beside_it(tmp_path: Path) -> None:
    hub = made(tmp_path / "datasets--o--n", "blobs/0123", "secret.mp4")
    root = hub / "snapshots" / "abc"
    (root / "v").mkdir(parents=True)
    (root / "v" / "one.mp4").symlink_to("../../../blobs/0123")
    (root / "v" / "two.mp4").symlink_to("../../../secret.mp4")
    (root / "v" / "three").symlink_to("../../../blobs")
    tree = tree_of(root)
    assert tree.existing("v/one.mp4", "row") == "v/one.mp4"
    assert found(tree) == [("error", "symlink_escape", path) for path in ("v/three", "v/two.mp4")]
    clip = a_clip(root, "v/one.mp4")
    clip.check_inside(clip.file)
    with pytest.raises(ClipError, match="leads out"):
        a_clip(root, "v/two.mp4").check_inside(root / "v" / "two.mp4")


def test_decomposed_names_are_found_and_named_as_on_disk(tmp_path: Path) -> None:
    disk = unicodedata.normalize("NFD", "원본/각.mp4")
    tree = tree_of(made(tmp_path, disk))
    if not (tmp_path / disk).is_file() or (tmp_path / "원본").exists():
        pytest.skip("this file system composes names itself")
    assert tree.existing("원본/각.mp4", "row") == disk
    assert list(tree.under("원본")) == [disk]
    assert found(tree) == []


def test_two_files_that_differ_in_the_form_of_letters_are_one_and_said(tmp_path: Path) -> None:
    made(tmp_path, "é.mp4", "e\u0301.mp4")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system composes names itself")
    tree = tree_of(tmp_path)
    assert [code for _, code, _ in found(tree)] == ["same_name"]
    assert len(tree.files) == 1


def test_names_that_are_no_names_are_findings_that_can_be_written(tmp_path: Path) -> None:
    root = made(tmp_path / "root", "ok.mp4", "a\u3000b.mp4")
    for name in (b"\xff.mp4", b"line\nbreak.mp4", b"\x1b[31m.mp4", b"back\\slash.mp4"):
        made(root, os.fsdecode(name))
    tree = tree_of(root)
    assert [code for _, code, _ in found(tree)] == ["unreadable_name"] * 4
    assert list(tree.under("")) == ["a\u3000b.mp4", "ok.mp4"]
    assert table(tree.findings.all).isprintable() or "\x1b" not in table(tree.findings.all)
    write(tmp_path / "findings.csv", tree.findings.all)
    assert "line\\nbreak.mp4" in (tmp_path / "findings.csv").read_text()


@pytest.mark.parametrize("disk", ["a.MP4", "a.Mp4", "a.mP4", "a.mp4"])
@pytest.mark.parametrize("row", ["a.MP4", "a.mp4", "a.mP4"])
def test_endings_match_in_any_case(tmp_path: Path, disk: str, row: str) -> None:
    tree = tree_of(made(tmp_path, f"v.X/{disk}", "v.X/b"))
    assert tree.existing(f"v.X/{row}", "row") == f"v.X/{disk}"
    assert [code for _, code, _ in found(tree)] == ([] if disk == row else ["extension_case"])
    assert tree.existing("v.x/b", "row") is None


def test_the_exact_ending_comes_first(tmp_path: Path) -> None:
    made(tmp_path, "a.mp4", "a.MP4")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system has no two cases")
    tree = tree_of(tmp_path)
    assert (tree.find("a.MP4"), tree.find("a.mp4"), tree.find("a.Mp4")) == ("a.MP4", "a.mp4", "a.mp4")


def test_an_empty_file_is_said_once(tmp_path: Path) -> None:
    tree = tree_of(made(tmp_path, "a.mp4", content=b""))
    assert (tree.existing("a.mp4", "row 1"), tree.existing("a.mp4", "row 2")) == (None, None)
    assert found(tree) == [("error", "empty_file", "a.mp4")]


def test_junk_and_very_deep_folders(tmp_path: Path) -> None:
    made(tmp_path, ".DS_Store", "__MACOSX/a.mp4", "._b.mp4", "a/" * 400 + "b.mp4")
    tree = tree_of(tmp_path)
    assert list(tree.under("")) == ["a/" * 400 + "b.mp4"]
    assert {code for _, code, _ in found(tree)} == {"ignored_junk"} and len(found(tree)) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    made(tmp_path, "a/b.mp4", "c.mp4")
    (tmp_path / "a").chmod(0)
    try:
        tree = tree_of(tmp_path)
        assert (list(tree.under("")), [code for _, code, _ in found(tree)]) == (["c.mp4"], ["unreadable_folder"])
    finally:
        (tmp_path / "a").chmod(0o755)
