"""`python -m datasets verify` on files that are missing, changed, repeated, no media, or cannot be decoded."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

import layouts
from clips import tone, write_mp4
from datasets import decoded, hashes, journal, library
from datasets.__main__ import main
from datasets.decoded import decode_all
from datasets.importing import load
from datasets.verify import Verified, share, verify
from paths import ROOT

pytestmark = pytest.mark.usefixtures("cache")


def imported(root: Path, count: int = 3) -> Path:
    """One's own data set `mine` of small files whose bytes differ; they cannot be decoded."""
    for label in ("real", "fake"):
        for number in range(count):
            path = root / label / f"{number}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"\0\0\0\x18ftyp" + f"{label}{number}".encode())
    return again(root)


def again(root: Path) -> Path:
    from dataclasses import replace

    found = load("folder", root)
    clips = tuple(replace(clip, dataset="mine") for clip in found.clips)
    library.keep(replace(found, name="mine", clips=clips))
    return root


def codes(result: Verified) -> Counter[tuple[str, str]]:
    return Counter((finding.severity, finding.code) for finding in result.findings)


def test_nothing_is_wrong_with_good_files_and_the_second_run_reads_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(tmp_path / "set")
    result = verify("mine", progress=False)
    assert (result.files, result.clips, result.good, result.findings) == (6, 6, 6, ())
    assert share("mine") == 1.0 and len(library.hashes("mine")) == 6
    monkeypatch.setattr(hashes, "read_one", lambda *given: pytest.fail("read again"))
    assert verify("mine", progress=False) == result


def test_each_fault_is_found_and_kept(tmp_path: Path) -> None:
    root = imported(tmp_path / "set", 9)
    for number in range(3):
        (root / f"real/{number}.mp4").unlink()
    (root / "real/3.mp4").write_bytes(b"\0longer")
    (root / "real/4.mp4").write_bytes(b"")
    (root / "real/5.mp4").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    (root / "fake/0.mp4").write_bytes((root / "fake/1.mp4").read_bytes())
    (root / "fake/2.mp4").write_bytes((root / "real/6.mp4").read_bytes())
    result = verify("mine", progress=False)
    assert codes(result) == {
        ("error", "missing_file"): 3,
        ("error", "changed_file"): 3,  # those of other sizes
        ("error", "empty_file"): 1,
        ("error", "stand_in"): 1,
        ("error", "duplicate_file_conflicting_label"): 1,
        ("warning", "duplicate_file"): 1,
        ("warning", "changed_file"): 2,  # copies of the same size
    }
    assert result.wrong and result.good == 18 - 7
    with (library.home("mine") / "verified.csv").open() as stream:
        assert len(list(csv.DictReader(stream))) == len(result.findings)
    stands = {finding.where: finding.detail for finding in result.findings if finding.code == "stand_in"}
    assert "git lfs pull" in str(stands["real/5.mp4"])


def test_a_label_that_nobody_knows_contradicts_none(tmp_path: Path) -> None:
    root = layouts.copied("av1m", tmp_path)
    for number, path in enumerate(sorted(root.rglob("*.mp4"))):
        path.write_bytes(b"\0" + str(number).encode())
    real = root / "train/id90011/AAAAAAAAAA1/00047/real.mp4"
    (root / "test/000001.mp4").write_bytes(real.read_bytes())
    library.keep(load("av1m", root))
    assert codes(verify("av1m", progress=False)) == {("error", "duplicate_file_conflicting_split"): 1}


def test_a_file_of_another_time_is_the_same_another_or_unknown(tmp_path: Path) -> None:
    root = imported(tmp_path / "set")
    os.utime(root / "real/0.mp4", ns=(5, 5))
    assert codes(verify("mine", progress=False)) == {("warning", "changed_file"): 1}  # nobody read it before
    again(root)
    assert verify("mine", progress=False).findings == ()
    os.utime(root / "real/0.mp4", ns=(6, 6))
    assert verify("mine", progress=False).findings == ()  # as it was
    (root / "real/0.mp4").write_bytes(b"\0\0\0\x18ftyp" + b"Real0")
    found = verify("mine", progress=False).findings
    assert [(f.severity, f.code) for f in found] == [("error", "changed_file")] and "other content" in str(
        found[0].detail
    )


def test_the_same_bytes_in_two_splits_are_an_error(tmp_path: Path) -> None:
    root = tmp_path / "set"
    for split in ("train", "test"):
        for label in ("real", "fake"):
            (root / split / label).mkdir(parents=True)
            (root / split / label / "a.mp4").write_bytes(b"\0\0" + label.encode())
    again(root)
    result = verify("mine", progress=False)
    assert codes(result) == {("error", "duplicate_file_conflicting_split"): 2}
    assert "is in test, this one in train" in str(result.findings[0].detail)


def test_a_folder_that_is_not_there_and_a_set_that_was_not_imported_are_said(tmp_path: Path) -> None:
    from datasets.errors import DatasetError

    with pytest.raises(DatasetError, match="python -m datasets import favc"):
        verify("favc", progress=False)
    with pytest.raises(DatasetError, match="no data set is called 'favcc'; did you mean favc"):
        verify("favcc", progress=False)
    with pytest.raises(DatasetError, match=r"no data set is called '\.\./x'; imported are: none"):
        verify("../x", progress=False)
    root = imported(tmp_path / "set")
    root.rename(tmp_path / "elsewhere")
    with pytest.raises(DatasetError, match="is its disk mounted"):
        verify("mine", progress=False)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode in this process, which is quicker."""
    monkeypatch.setattr(decoded, "_tried", lambda clips, jobs: [(clip, decoded.reason_of(clip)) for clip in clips])


def films(root: Path) -> Path:
    """A good clip, one that is cut short, and one that is no media at all."""
    write_mp4(root / "real/good.mp4", count=10, audio=tone(0.4))
    write_mp4(root / "fake/cut.mp4", count=50, audio=tone(2.0))
    cut = (root / "fake/cut.mp4").read_bytes()
    (root / "fake/cut.mp4").write_bytes(cut[: len(cut) * 2 // 3])
    (root / "fake/noise.mp4").write_bytes(bytes(range(256)) * 20)
    return again(root)


@pytest.mark.usefixtures("here")
def test_decode_finds_what_cannot_be_used_and_tries_each_file_once(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films(tmp_path / "set")
    result = verify("mine", decode=True, jobs=1, progress=False)
    assert {(f.code, f.path) for f in result.findings} == {
        ("undecodable", "fake/cut.mp4"),
        ("undecodable", "fake/noise.mp4"),
    }
    assert result.decoded == 3 and result.good == 1
    assert not (cache / "media").exists()  # decoded streams are not kept
    monkeypatch.setattr(decoded, "_tried", lambda clips, jobs: pytest.fail("tried again") if clips else iter(()))
    assert verify("mine", decode=True, jobs=1, progress=False) == result


@pytest.mark.usefixtures("here")
def test_a_changed_file_is_decoded_again(tmp_path: Path) -> None:
    root = films(tmp_path / "set")
    verify("mine", decode=True, jobs=1, progress=False)
    write_mp4(root / "fake/cut.mp4", count=50, audio=tone(2.0))
    again(root)
    result = verify("mine", decode=True, jobs=1, progress=False)
    assert [finding.path for finding in result.findings] == ["fake/noise.mp4"]


def crash(clip: object) -> str | None:
    """What a file does that crashes the decoder."""
    if "noise" in str(clip):
        os.kill(os.getpid(), signal.SIGKILL)
    return None


def test_a_file_that_kills_the_decoder_costs_that_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    films(tmp_path / "set")
    monkeypatch.setattr(decoded, "reason_of", crash)
    clips = library.clips("mine")
    found = {clip.path: reason for clip, reason in decode_all(library.home("mine"), clips, 1, False)}
    assert found == {"real/good.mp4": None, "fake/cut.mp4": None, "fake/noise.mp4": decoded.CRASHED}
    kept = [row["of"][0] for row in journal.read(library.home("mine") / decoded.JOURNAL)]
    assert sorted(kept) == ["fake/cut.mp4", "real/good.mp4"]  # the third one is tried again


def test_a_killed_run_continues_where_it_stopped(tmp_path: Path) -> None:
    imported(tmp_path / "set", 20)
    slow = (
        "import time; from datasets import hashes, journal; from datasets.verify import verify\n"
        "journal.EVERY = 0.0; plain = hashes.read_one\n"
        "hashes.read_one = lambda *given: (time.sleep(0.05), plain(*given))[1]\n"
        "verify('mine', jobs=1, progress=False)"
    )
    process = subprocess.Popen([sys.executable, "-c", slow], cwd=ROOT)
    path = library.home("mine") / hashes.JOURNAL
    while process.poll() is None and len(list(journal.read(path))) < 5:
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert 5 <= len(list(journal.read(path))) < 40 and share("mine") is None
    assert verify("mine", progress=False).good == 40
    assert len(list(journal.read(path))) == 40


def test_the_command_ends_with_one_if_anything_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = imported(tmp_path / "set")
    monkeypatch.setattr(sys, "argv", ["datasets", "verify", "mine", "-j", "1"])
    assert main() == 0
    good = capsys.readouterr()
    assert "nothing is wrong with them" in good.out and good.err == ""
    (root / "real/1.mp4").unlink()
    assert main() == 1
    bad = capsys.readouterr().out
    assert "missing_file" in bad and "5 of 6 clips are right" in bad


@pytest.mark.parametrize("left", ["", "{}", "null", '{"manifest": [1, 2], "good": 1, "clips": 0}', "{torn"])
def test_a_damaged_summary_counts_as_none(tmp_path: Path, left: str) -> None:
    imported(tmp_path / "set")
    verify("mine", progress=False)
    path = library.home("mine") / "verified.json"
    assert json.loads(path.read_text())["good"] == 6
    path.write_text(left)
    assert share("mine") is None
