"""`python -m datasets fetch`: from a server on this machine that misbehaves, from copies, and what is never fetched."""

import argparse
import hashlib
import shutil
import stat
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import layouts
from datasets import by_hand, catalogue, lists, protocols
from datasets.__main__ import main
from datasets.commands import fetching
from datasets.errors import DatasetError
from datasets.fetching import resuming, unpacking
from datasets.fetching.unpacking import ArchiveError, unpack
from datasets.lists import bringing, published
from file_server import Served, Server, serving

ONE = lists.BY_NAME["ssr_dfd/avlips/test"]
CONTENT = b"path,label\n0_real/1.mp4,0\n" * 40


@pytest.fixture
def data(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No list is here; further tries come at once."""
    monkeypatch.delenv("AVDF_DATA", raising=False)
    monkeypatch.setattr(resuming, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(resuming, "_BLOCK", 100)
    return cache / "data"


@pytest.fixture
def server(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Has every list, whose content was published; `FILES` has them by data set."""
    with serving() as running:
        made = []
        for one in lists.LISTS:
            content = one.name.encode() + b"\n" + CONTENT
            made.append(replace(one, sha256=hashlib.sha256(content).hexdigest(), size=len(content)))
            path = f"{one.repository.name}/{one.repository.commit}/{one.path}"
            running.files[path] = Served(content, kind="text/plain; charset=utf-8")
        monkeypatch.setattr(published, "HOST", running.address)
        monkeypatch.setattr(published, "LISTS", tuple(made))
        monkeypatch.setattr(lists, "LISTS", tuple(made))
        yield running


def fetch(name: str, folder: Path | None = None) -> int:
    return fetching.run(argparse.Namespace(name=name, folder=folder))


def path_of(one: lists.List) -> str:
    return f"{one.repository.name}/{one.repository.commit}/{one.path}"


def test_the_lists_of_a_data_set_are_fetched_once(
    server: Server, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch("favc") == 0
    assert len(server.asked) == len(lists.of("favc")) == 7
    assert {lists.state(one) for one in lists.of("favc")} == {"published"}
    first = capsys.readouterr().out
    assert "avh_align/favc/test: fetched, " in first and "55401ded7d94, licence: CC BY-NC-SA 4.0" in first
    assert "FakeAVCeleb v1.2 itself is not fetched: it is given out by https://github.com/DASH-Lab/FakeAVCeleb" in first
    assert fetch("favc") == 0 and len(server.asked) == 7
    assert capsys.readouterr().out.count("already here") == 7


def test_all_lists_can_be_fetched_at_once(server: Server, data: Path) -> None:
    assert fetch("lists") == 0
    assert {lists.state(one) for one in lists.LISTS} == {"published"} and len(server.asked) == 28


def test_a_cut_download_is_continued_and_one_that_stays_cut_later(
    server: Server, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served = server.files[path_of(ONE)]
    served.cuts = [300]
    assert fetch("avlips") == 0
    assert [asked for _, asked in server.asked] == [None, "bytes=300-"]
    lists.place(ONE).unlink()
    served.cuts = [300, 0, 0]
    assert fetch("avlips") == 1
    assert "300 bytes are kept, and the same command continues from there" in capsys.readouterr().err
    assert fetch("avlips") == 0 and server.asked[-1][1] == "bytes=300-"


def test_another_file_than_was_published_is_not_kept(
    server: Server, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.files[path_of(ONE)].content = b"path,label\n"
    assert fetch("avlips") == 1
    assert "was not kept" in capsys.readouterr().err and lists.state(ONE) == "missing"


def test_a_login_page_is_no_list(server: Server, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server.files[path_of(ONE)] = Served(b"<!DOCTYPE html>", kind="text/html")
    assert fetch("avlips") == 1
    assert "gives a web page and no list" in capsys.readouterr().err


def test_without_a_network_one_line_says_so_and_the_other_way(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as gone:
        monkeypatch.setattr(published, "HOST", gone.address)
    assert fetch("favc") == 1
    told = capsys.readouterr()
    assert told.err.count("cannot be reached") == 1 and "python -m datasets fetch favc --from FOLDER" in told.err
    assert "fill in the request form" in told.out


@pytest.mark.parametrize("name", sorted(set(catalogue.CARDS) - {one.dataset for one in lists.LISTS}))
def test_what_is_behind_a_form_is_not_fetched_but_explained(
    name: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch(name) == 1
    told, card = capsys.readouterr().out, catalogue.CARDS[name]
    assert card.page in told and card.licence in told and f"python -m datasets import {name} FOLDER" in told


def test_lists_are_taken_from_clones_by_their_hashes_wherever_they_lie(
    server: Server, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, one in enumerate(lists.of("favc")):
        place = tmp_path / "clones" / "deep" / str(number) / f"renamed{number}.txt"
        place.parent.mkdir(parents=True)
        place.write_bytes(server.files[path_of(one)].content)
    assert fetch("favc", tmp_path / "clones") == 0
    assert server.asked == [] and {lists.state(one) for one in lists.of("favc")} == {"published"}
    assert "WARNING" not in capsys.readouterr().out


def test_the_lists_beside_the_reference_layout_are_a_copy_of_another_version(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch("favc", layouts.layout("favc")) == 0
    told = capsys.readouterr().out
    assert told.count("WARNING, a copy of another version") == 6
    assert f"speechforensics/favc: not in {layouts.layout('favc')}" in told
    states = {one.name: lists.state(one) for one in lists.of("favc")}
    assert states["avh_align/favc/val"] == states["ssr_dfd/favc/test"] == "copy"
    assert protocols.usable(protocols.get("favc.ssr")) and protocols.usable(protocols.get("favc.avh"))


def test_lists_of_another_data_set_with_the_same_names_are_not_taken(data: Path) -> None:
    with pytest.raises(DatasetError, match="holds nothing of av1m that could be taken"):
        fetch("av1m", layouts.layout("favc"))


def test_a_copy_never_replaces_the_published_version(
    server: Server, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (one,) = lists.of("avlips")
    assert fetch("avlips") == 0
    copy = tmp_path / "copies" / "avlips" / "test_labels.csv"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(CONTENT)
    assert fetch("avlips", tmp_path / "copies") == 0
    assert lists.state(one) == "published" and "was not taken" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_names_its_variable(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("AVDF_DATA", str(tmp_path / "file" / "data"))
    assert fetch("favc") == 1
    assert "(AVDF_DATA names the folder of imported data sets)" in capsys.readouterr().err


def test_the_command_as_it_is_typed(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["datasets", "fetch", "favc", "--from", str(layouts.layout("favc"))])
    assert main() == 0 and "ssr_dfd/favc/val: WARNING" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["datasets", "fetch", "favc", "--from", str(data / "nothing")])
    assert main() == 1 and "is not there; name one that holds lists" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["datasets", "fetch", "fakeavceleb"])
    with pytest.raises(SystemExit):
        main()
    assert "'favc'" in capsys.readouterr().err


def test_annotations_that_an_importer_reads_say_where_they_belong(
    server: Server, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch("exddv") == 0
    place = lists.place(lists.BY_NAME["exddv/clicks"])
    assert f"before the import, copy {place} to ExDDV.csv in the data set's folder" in capsys.readouterr().out
    assert fetch("ffpp") == 0
    assert "test.json to splits/test.json in the data set's folder" in capsys.readouterr().out


def test_two_copies_that_fit_alike_are_not_guessed_between(data: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "avlips").mkdir(parents=True)
        (tmp_path / name / "avlips" / "test_labels.csv").write_bytes(CONTENT)
    with pytest.raises(DatasetError, match=r"has ssr_dfd/avlips/test more than once \(a/avlips/test_labels.csv and b/"):
        bringing.bring(tmp_path, lists.of("avlips"))


def test_a_folder_that_is_not_there_is_said(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="not there; name one that holds lists"):
        fetch("favc", tmp_path / "nothing")


def zipped(path: Path, *names: str, content: bytes = b"video") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return path


AVLIPS = ("AVLips/0_real/0.mp4", "AVLips/1_fake/0.mp4", "AVLips/wav/0_real/0.wav")


def test_the_archive_of_avlips_is_pinned_and_unpacked(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zipped(tmp_path / "downloads" / "AVLips v1.0.zip", *AVLIPS)
    zipped(tmp_path / "downloads" / "holiday.zip", "1.jpg")
    assert fetch("avlips", tmp_path / "downloads") == 0
    assert f"python -m datasets import avlips {data / 'avlips' / 'AVLips'}" in capsys.readouterr().out
    assert sorted(p.name for p in by_hand.unpacked().rglob("*.*")) == ["0.mp4", "0.mp4", "0.wav"]
    assert fetch("avlips", tmp_path / "downloads") == 0  # nothing to do
    other = zipped(tmp_path / "other.zip", *AVLIPS, content=b"other")
    with pytest.raises(DatasetError, match=r"was pinned on .* it is damaged or another version"):
        fetch("avlips", other)


def test_without_the_archive_the_steps_for_a_browser_are_said(
    server: Server, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch("avlips") == 0
    told = capsys.readouterr().out
    assert "AVLips v1.0 itself is fetched by hand" in told and "1fEiUo22GBSnWD7nfEwDW86Eiza-pOEJm" in told
    assert "python -m datasets fetch avlips --from FOLDER" in told


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a/0.mp4", "../b.mp4"], "would lead out of it"),
        (["/tmp/b.mp4"], "would lead out of it"),
        (["..\\b.mp4"], "would lead out of it"),
        (["C:\\b.mp4"], "would lead out of it"),
        (["a\nb.mp4"], "would lead out of it"),
        (["a/b.mp4", "A/B.mp4"], "has a/b.mp4 twice"),
    ],
)
def test_an_archive_that_cannot_be_trusted_writes_nothing(tmp_path: Path, names: list[str], words: str) -> None:
    archive = zipped(tmp_path / "in" / "x.zip", *names)
    with pytest.raises(ArchiveError, match=words):
        unpack(archive, tmp_path / "out", most=1000)
    assert not (tmp_path / "out").exists() and not (tmp_path / "b.mp4").exists()


def test_links_bombs_and_damage_write_nothing(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "/etc")
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.mp4", bytes(10_000_000))
    large = zipped(tmp_path / "large.zip", "0.mp4", content=bytes(2000))
    broken = zipped(tmp_path / "broken.zip", "a/0.mp4", "a/1.mp4", content=b"video" * 9)
    broken.write_bytes(broken.read_bytes().replace(b"video", b"VIDEO"))
    (tmp_path / "junk.zip").write_bytes(b"no zip" * 99)
    words = {"link": "has a link", "bomb": "would unpack to 10,000,000 bytes", "large": "more than the 1,000"}
    words |= {"broken": "download it again", "junk": "download it again"}
    for name, said in words.items():
        most = 1000 if name == "large" else 1 << 40
        with pytest.raises(ArchiveError, match=said):
            unpack(tmp_path / f"{name}.zip", tmp_path / "out" / name, most)
    assert large.exists() and [path for path in (tmp_path / "out").iterdir() if path.suffix != ".lock"] == []


def test_what_a_killed_run_left_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / ".out-unpacking-x").mkdir()
    unpack(zipped(tmp_path / "x.zip", "a/0.mp4"), tmp_path / "out", 1000)
    assert (tmp_path / "out" / "a" / "0.mp4").read_bytes() == b"video"
    assert not list(tmp_path.glob(".out-unpacking*"))


def test_a_disk_without_room_is_said_before_unpacking(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 0))  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="point AVDF_DATA at a larger disk"):
        fetch("avlips", zipped(tmp_path / "x.zip", *AVLIPS))
    assert not by_hand.unpacked().exists()
