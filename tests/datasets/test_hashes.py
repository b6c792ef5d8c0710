"""Hashes of files: computed once, kept through kills, and dropped where a file is another one."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from clips import clip_of
from datasets import hashes, journal, library
from datasets.files import sha256_file
from paths import ROOT

SLOW = (
    "import sys, time; from pathlib import Path; from datasets import hashes, journal\n"
    "journal.EVERY = 0.0; plain = hashes.read_one\n"
    "hashes.read_one = lambda *given: (time.sleep(0.05), plain(*given))[1]\n"
    "folder = Path(sys.argv[2])\n"
    "named = {file.name: file for file in sorted(folder.iterdir())}\n"
    "hashes.hash_files(Path(sys.argv[1]), named, jobs=1, progress=False)"
)
"""Hashes the files of a folder with 50 ms for each."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def files(folder: Path, count: int = 3, size: int = 1000) -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number}.mp4").write_bytes(bytes([0, number]) * size)
    return {f"{number}.mp4": folder / f"{number}.mp4" for number in range(count)}


def of(home: Path, named: dict[str, Path]) -> dict[str, str | None]:
    return {path: found.sha256 for path, found in hashes.hash_files(home, named, progress=False).items()}


def test_a_file_is_read_once_and_again_when_its_size_or_time_changes(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = files(tmp_path / "set")
    read: list[str] = []
    plain = hashes.read_one
    monkeypatch.setattr(hashes, "read_one", lambda path, file: read.append(path) or plain(path, file))
    assert of(home, named) == {path: sha256_file(file) for path, file in named.items()}
    assert sorted(read) == sorted(named)
    assert of(home, named) == {path: sha256_file(file) for path, file in named.items()}
    assert len(read) == 3
    named["1.mp4"].write_bytes(b"\0other")
    assert of(home, named)["1.mp4"] == sha256_file(named["1.mp4"])
    assert read[3:] == ["1.mp4"]
    os.utime(named["2.mp4"], ns=(1, 1))
    assert hashes.valid(home, tmp_path / "set").keys() == {"0.mp4", "1.mp4"}


def test_missing_and_unreadable_files_have_no_hash_and_a_reason(home: Path, tmp_path: Path) -> None:
    named = files(tmp_path / "set", 1) | {"gone.mp4": tmp_path / "gone.mp4", "folder.mp4": tmp_path}
    found = hashes.hash_files(home, named, progress=False)
    assert found["gone.mp4"].sha256 is None and found["gone.mp4"].problem == "no such file"
    assert found["folder.mp4"].sha256 is None and "directory" in str(found["folder.mp4"].problem)
    assert found["0.mp4"].sha256 and found["0.mp4"].problem is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "git lfs pull"),
        (b"/annex/objects/MD5-s5--0123456789", "git annex get"),
        (b"\n <!DOCTYPE html><html>Sign in", "an HTML page"),
        (b"<?xml version='1.0'?><Error>AccessDenied</Error>", "an XML message"),
        ("Kein Zugriff für Gäste".encode(), "a text file"),
        (("ä" * 300).encode()[:511], "a text file"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", None),
        (b"RIFF\x24\x08\0\0WAVEfmt ", None),
        (b"\x1aE\xdf\xa3\x01\0\0\0\0", None),
        (b"ID3\x03\0\0\0\0", None),
        (b"\xff\xfb\x90d", None),
    ],
)
def test_what_is_not_media_is_called_by_its_name_and_the_name_is_kept(
    home: Path, tmp_path: Path, content: bytes, words: str | None
) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    for _ in range(2):
        found = hashes.hash_files(home, {"a.mp4": tmp_path / "a.mp4"}, progress=False)["a.mp4"]
        assert (found.problem is None) if words is None else (words in str(found.problem))
        assert found.sha256 == sha256_file(tmp_path / "a.mp4")


@pytest.mark.parametrize("left", ["{", '{"path": "0.mp4", "byt', "\0\0\0\0", '"text"', '{"path": 1}', '{"x": 1}\n'])
def test_a_torn_last_line_costs_that_line_only_and_the_next_ones_are_read(
    home: Path, tmp_path: Path, left: str
) -> None:
    named = files(tmp_path / "set")
    of(home, {"0.mp4": named["0.mp4"]})
    with (home / hashes.JOURNAL).open("a") as stream:
        stream.write(left)
    assert len(hashes.known(home)) == 1
    of(home, {"1.mp4": named["1.mp4"]})
    assert sorted(path for path, *_ in hashes.known(home)) == ["0.mp4", "1.mp4"]


@pytest.mark.parametrize("change", [{"sha256": 5}, {"sha256": "00"}, {"bytes": "1"}, {"modified": None}, {"path": [1]}])
def test_a_kept_line_that_says_nonsense_is_not_believed(home: Path, tmp_path: Path, change: dict[str, object]) -> None:
    named = files(tmp_path / "set", 1)
    of(home, named)
    row = json.loads((home / hashes.JOURNAL).read_text())
    (home / hashes.JOURNAL).write_text(json.dumps(row | change) + "\n")
    assert hashes.known(home) == {}
    assert of(home, named) == {"0.mp4": sha256_file(named["0.mp4"])}


def test_what_a_killed_process_hashed_is_kept(home: Path, tmp_path: Path) -> None:
    files(tmp_path / "set", 40, 1000)
    process = subprocess.Popen([sys.executable, "-c", SLOW, str(home), str(tmp_path / "set")], cwd=ROOT)
    while process.poll() is None and len(list(journal.read(home / hashes.JOURNAL))) < 5:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = set(hashes.known(home))
    assert 5 <= len(before) < 40
    named = {file.name: file for file in (tmp_path / "set").iterdir()}
    assert of(home, named) == {path: sha256_file(file) for path, file in named.items()}
    assert before <= set(hashes.known(home)) and len(hashes.known(home)) == 40
    assert len(list(journal.read(home / hashes.JOURNAL))) == 40  # nothing was hashed twice


def test_of_two_processes_at_once_one_reads_and_the_other_takes_what_it_found(home: Path, tmp_path: Path) -> None:
    named = files(tmp_path / "set", 10, 1000)
    command = [sys.executable, "-c", SLOW, str(home), str(tmp_path / "set")]
    both = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    assert [process.wait(timeout=100) for process in both] == [0, 0]
    assert sorted(row["path"] for row in journal.read(home / hashes.JOURNAL)) == sorted(named)


def test_clips_of_a_protocol_get_the_hashes_of_their_data_set(cache: Path, tmp_path: Path) -> None:
    named = files(tmp_path / "set")
    clips = [replace(clip_of(file), dataset="favc.ssr") for file in named.values()]
    clips += [replace(clip_of(tmp_path / "gone.mp4"), dataset="av1m"), clips[0]]
    hashed = library.with_hashes(clips, progress=False)
    assert [clip.sha256 for clip in hashed[:3]] == [sha256_file(file) for file in named.values()]
    assert hashed[3].sha256 is None and hashed[4] == hashed[0]
    assert [clip.path for clip in hashed] == [clip.path for clip in clips]
    assert (cache / "data" / "favc" / hashes.JOURNAL).is_file()
