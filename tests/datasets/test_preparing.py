"""Preparing a data set: what is made, what fails and why, and that killed processes cost nothing that was finished."""

import csv
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from clips import tone, write_mp4
from coloured_faces import BLUE, RED, ColouredFaces, clip_at, film, points
from datasets import library, preparing
from datasets.__main__ import main
from datasets.errors import DatasetError, DiskFullError
from datasets.faces import NoDetectorError, kept
from datasets.importing import Imported
from datasets.registry import Corpus
from paths import ROOT

FACE, OTHER = (RED, 10, 20, 40), (BLUE, 70, 30, 30)
PREPARE = """
import sys, os, time, signal
from pathlib import Path
from coloured_faces import ColouredFaces
from datasets import journal, library, preparing

journal.EVERY = 0.0

class Slow(ColouredFaces):
    def faces(self, picture):
        time.sleep(0.01)
        return super().faces(picture)

class Killing(ColouredFaces):
    def faces(self, picture):
        once, marker = picture.shape[1] == 192, Path(__file__).with_name("killed")
        if picture.shape[1] == 160 or (once and not marker.exists()):
            marker.touch() if once else None
            os.kill(os.getpid(), signal.SIGKILL)
        return super().faces(picture)

if __name__ == "__main__":
    maker, backend = {"slow": Slow, "killing": Killing}[sys.argv[1]], sys.argv[2]
    print("begins", flush=True)
    done = preparing.prepare(library.clips("favc"), library.home("favc"), ("mouth_roi",), maker=maker, jobs=2,
                             backend=backend, progress=False)
    print(sum(not each.problems for each in done), [each.problems for each in done if each.problems])
"""


@pytest.fixture
def home(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the data set `favc`, in an empty cache folder."""
    monkeypatch.delenv("AVDF_DATA", raising=False)
    return library.home("favc")


@pytest.fixture
def release(tmp_path: Path, home: Path) -> Path:
    """Where files of the data set are put before `imported`."""
    return tmp_path / "release"


def imported(release: Path) -> None:
    paths = sorted(path.relative_to(release).as_posix() for path in release.rglob("*.mp4"))
    clips = tuple(clip_at(release, path) for path in paths)
    library.keep(Imported("favc", release, clips, ()))


def many(release: Path, count: int, frames: int = 12) -> None:
    film(release / "00.mp4", [[FACE]] * frames)
    for number in range(1, count):
        free = b"\0\0\0\x0cfree" + number.to_bytes(4)  # a box that says nothing makes it another file
        (release / f"{number:02}.mp4").write_bytes((release / "00.mp4").read_bytes() + free)
    imported(release)


def prepared(*views: str, maker: object = ColouredFaces) -> dict[str, preparing.Done]:
    clips = library.clips("favc")
    done = preparing.prepare(clips, library.home("favc"), views, maker=maker, jobs=1, progress=False)
    assert [each.clip.id for each in done] == [clip.id for clip in clips]
    return {each.clip.id: each for each in done}


def start(tmp_path: Path, maker: str, backend: str) -> subprocess.Popen[str]:
    (tmp_path / "script.py").write_text(PREPARE)
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "datasets")])
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py"), maker, backend],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    return process


def wait_for(count: int, home: Path, process: subprocess.Popen[str]) -> None:
    """Until the landmarks of so many files are kept."""
    end = time.monotonic() + 60
    while len(kept.known(home)) < count:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.01)


def workers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes that do the work."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]


def test_landmarks_and_views_are_there_afterwards_and_encoders_find_them(release: Path, home: Path) -> None:
    film(release / "a" / "x.mp4", [[FACE, OTHER]] * 20 + [[FACE]] * 5)
    imported(release)
    (done,) = prepared("audio", "mouth_roi", "mouth", "face").values()
    assert done.problems == () and (done.frames, done.found) == (25, 25) and done.faces.found == (25, 20)
    (clip,) = library.clips("favc")
    edge = re.search(r"^EDGE = (\d+)", (ROOT / "detectors/nets/tiny.py").read_text(), re.MULTILINE)  # without torch
    names = {path.name.partition("-")[2] for path in (home.parents[1] / "media").glob(f"v*/*/{clip.content}-*")}
    assert names == {"audio16000.npy", "mouth_roi-25.npy", f"mouth{edge[1]}-25.npy"}
    assert [path.name for path in (release / "a").iterdir()] == ["x.mp4"]  # nothing is written beside the release
    assert clip.frames(view="mouth_roi")[3, 48, 48, 0] > 150


def test_what_cannot_be_prepared_is_listed_with_its_reason(
    release: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    film(release / "good.mp4", [[FACE]] * 20)
    film(release / "half.mp4", [[FACE]] * 8 + [[]] * 12)
    film(release / "none.mp4", [[]] * 20)
    write_mp4(release / "sound.mp4", video=False, audio=tone(0.5))
    film(release / f"{'long' * 58}.mp4", [[FACE]] * 5)
    (release / "broken.mp4").write_bytes(b"\0" * 900)
    (release / "gone.mp4").write_bytes(b"\0" * 900)
    imported(release)
    (release / "gone.mp4").unlink()
    monkeypatch.setattr("datasets.commands.preparing.installed", lambda: ColouredFaces)
    assert command(monkeypatch, "prepare", "favc", "-j", "1") == 0
    printed = capsys.readouterr().out
    assert "2 of 7 clips are prepared" in printed and "prepared.csv" in printed
    assert "1 have a face in under 80% of their frames, such as half.mp4" in printed
    with (home / "prepared.csv").open(newline="") as stream:
        rows = {row["clip"]: row for row in csv.DictReader(stream)}
    assert rows["half.mp4"]["coverage"] == "0.400" and rows["half.mp4"]["problem"] == ""
    assert rows["none.mp4"]["problem"] == "faces: no face was found in any frame"
    assert rows["sound.mp4"]["problem"] == "faces: no video track"
    assert rows[f"{'long' * 58}.mp4"]["problem"] == "faces: its name is too long to keep landmarks under it"
    assert "cannot be decoded" in rows["broken.mp4"]["problem"]
    assert "cannot be read: No such file" in rows["gone.mp4"]["problem"]
    assert rows["good.mp4"]["landmarks"] == "prepared" and rows["good.mp4"]["faces"] == "1"


def test_nothing_is_searched_twice_and_another_file_is(release: Path, home: Path) -> None:
    film(release / "a.mp4", [[FACE]] * 15)
    film(release / "none.mp4", [[]] * 15)
    imported(release)
    first = prepared("mouth")

    class Never(ColouredFaces):
        def faces(self, picture: np.ndarray) -> list[np.ndarray]:
            raise AssertionError("searched again")

    again = prepared("mouth", maker=Never)
    assert {name: each.problems for name, each in again.items()} == {
        name: each.problems for name, each in first.items()
    }
    assert again["a.mp4"].faces == first["a.mp4"].faces
    film(release / "a.mp4", [[OTHER]] * 14)
    assert "AssertionError: searched again" in prepared("mouth", maker=Never)["a.mp4"].problems[0][1]
    film(release / "none.mp4", [[FACE]] * 13)
    after = prepared("mouth")
    assert [each.faces.found for each in after.values()] == [(14,), (13,)]
    assert library.clips("favc")[0].frames(view="mouth").shape[0] == 14


def test_landmarks_and_crops_that_are_there_are_taken(release: Path, home: Path) -> None:
    film(release / "beside.mp4", [[]] * 15)
    np.save(release / "beside.landmarks.npy", np.stack([points(*FACE[1:])] * 15))
    film(release / "crop.mp4", [[]] * 15)
    imported(release)
    film(release / "crop_roi.mp4", [[FACE]] * 15, extent=(96, 96))
    done = prepared("mouth_roi")
    assert all(each.problems == () and each.faces is None for each in done.values())
    assert not (home / "landmarks").exists()


def test_without_a_detector_the_rest_is_prepared_and_the_way_out_is_said(
    release: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none() -> None:
        raise NoDetectorError("no face detector is installed")

    write_mp4(release / "a.mp4", audio=tone(2.0))
    imported(release)
    monkeypatch.setattr("datasets.commands.preparing.installed", none)
    assert command(monkeypatch, "prepare", "favc", "-j", "1") == 1
    printed = capsys.readouterr().out
    assert "faces: no face detector is installed" in printed and "pip install 'avdf-bench[faces]'" in printed
    assert command(monkeypatch, "prepare", "favc", "-j", "1", "--views", "audio") == 0


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["datasets", *arguments])
    return main()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["favc"], "favc was not imported; run `python -m datasets import favc FOLDER`"),
        (["favc", "--scheduler", "tcp://127.0.0.1:1"], "add --backend dask"),
        (["favd"], "did you mean favc"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert command(monkeypatch, "prepare", *arguments) == 1
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1


def test_single_files_get_landmarks_beside_them_and_a_picture(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("datasets.commands.preparing.installed", lambda: ColouredFaces)
    two, none, sheet = (
        film(tmp_path / "two.mp4", [[FACE, OTHER]] * 15 + [[FACE]] * 5),
        film(tmp_path / "none.mp4", [[]] * 5),
        tmp_path / "sheet.png",
    )
    assert command(monkeypatch, "faces", str(two), "--sheet", str(sheet)) == 0
    assert "two.mp4: a face in 20 of 20 frames; further faces in 15; two.landmarks.npy" in capsys.readouterr().out
    assert np.load(tmp_path / "two.landmarks.npy").shape == np.load(tmp_path / "two.track1.landmarks.npy").shape
    assert Image.open(sheet).format == "PNG"
    np.save(tmp_path / "two.landmarks.npy", np.zeros((3, 68, 2), np.float32))
    assert command(monkeypatch, "faces", str(two), str(none), str(tmp_path / "gone.mp4")) == 1
    printed = capsys.readouterr().out
    assert "two.mp4: has landmarks already" in printed and len(np.load(tmp_path / "two.landmarks.npy")) == 3
    assert "none.mp4: no face was found in any frame" in printed and "gone.mp4: no such file" in printed


def test_embedded_sets_are_prepared_too(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clips = [clip_at(home.parents[1], film(home.parents[1] / f"{number}.mp4", [[FACE]] * 12).name) for number in (0, 1)]
    monkeypatch.setattr("datasets.commands.preparing.installed", lambda: ColouredFaces)
    monkeypatch.setattr(Corpus, "generate", lambda corpus, names: None)
    monkeypatch.setattr(Corpus, "load", lambda corpus, name, split: clips if split == "test" else [])
    assert command(monkeypatch, "prepare", "sim_local", "-j", "1", "--views", "mouth") == 0
    assert "2 of 2 clips are prepared" in capsys.readouterr().out


def test_a_disk_that_is_too_small_is_known_before(
    release: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    many(release, 3, frames=50)
    clips = library.clips("favc")
    assert preparing.needed(clips, ("mouth_roi",)) == pytest.approx(3 * 2 * 25 * (96 * 96 * 3 + 30 / 25 * 544))
    monkeypatch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(0, 0, 4_000_000))
    with pytest.raises(DatasetError, match=r"takes about 4\.2 MB, and 4\.0 MB are free .*AVDF_CACHE.*--views"):
        preparing.check_room(clips, ("mouth_roi",))


def test_a_full_disk_ends_the_run_and_keeps_what_was_finished(
    release: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    many(release, 3)
    written = []

    def full(path: Path, values: np.ndarray) -> None:
        if len(written) == 2:
            raise DiskFullError(errno.ENOSPC, "the disk is full")
        written.append(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, values)

    monkeypatch.setattr("datasets.faces.finding.write_array", full)
    with pytest.raises(DiskFullError):
        prepared("face")
    assert len(kept.known(home)) == 2
    monkeypatch.undo()


def test_a_killed_command_continues_where_it_was(tmp_path: Path, release: Path, home: Path) -> None:
    many(release, 14, frames=30)
    process = start(tmp_path, "slow", "loky")
    wait_for(5, home, process)
    for child in workers(process):
        child.kill()
    process.kill()
    process.wait()
    early = {path: path.stat().st_mtime_ns for path in (home / "landmarks").glob("[!.]*.npy")}
    finished = kept.known(home)
    done = prepared("mouth_roi")
    assert all(each.problems == () for each in done.values()) and len(done) == 14
    assert 5 <= len(finished) < 14
    for path in finished:
        landmarks = home / "landmarks" / f"{path}.landmarks.npy"
        assert landmarks.stat().st_mtime_ns == early[landmarks]


def test_a_worker_of_a_cluster_that_is_killed_costs_no_clip(tmp_path: Path, release: Path, home: Path) -> None:
    pytest.importorskip("distributed")
    many(release, 16)
    process = start(tmp_path, "slow", "dask")
    wait_for(3, home, process)
    busy = max(workers(process), key=lambda child: child.cpu_times().user)
    busy.kill()
    out, err = process.communicate(timeout=120)
    assert out == "16 []\n", err


def test_a_killed_process_costs_only_the_clip_that_kills_it_again(tmp_path: Path, release: Path, home: Path) -> None:
    film(release / "bad.mp4", [[FACE]] * 12, extent=(160, 96))
    film(release / "once.mp4", [[FACE]] * 12, extent=(192, 96))
    many(release, 8)
    process = start(tmp_path, "killing", "loky")
    out, err = process.communicate(timeout=120)
    assert out.startswith("9 [(('all', 'its process was killed each time"), err
    assert (tmp_path / "killed").exists() and "once.mp4" in kept.known(home) and "bad.mp4" not in kept.known(home)
