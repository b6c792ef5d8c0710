"""Checkpoints fetched from a server on this machine, with all that goes wrong on the way."""

import errno
import hashlib
import json
import os
import random
import stat
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import constants

from datasets.errors import DiskFullError
from datasets.fetching import resuming
from datasets.files import in_bytes, locked
from detectors.cards import Weights
from detectors.fetching import downloads
from detectors.fetching.downloads import ByHandError, DownloadError, fetch
from detectors.fetching.files import MissingWeightsError, find, hash_of
from detectors.fetching.published import AUTOAVSR_AV, BRAVEN_VSR_LARGE
from detectors.fetching.unzipping import ArchiveError, unpack
from file_server import Served, Server, serving
from paths import ROOT

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def root(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty weights folder; further tries come at once."""
    monkeypatch.setenv("AVDF_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(resuming, "PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(resuming, "_BLOCK", 100)
    return tmp_path / "weights"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def weights(server: Server, path: str = "net.pt", sha256: str | None = None) -> Weights:
    return Weights("mine/net.pt", sha256, "a page", "MIT", url=server.url(path))


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def ranges(server: Server) -> list[str | None]:
    return [asked for _, asked in server.asked]


def leftovers(root: Path) -> set[str]:
    return {path.name for path in (root / "mine").iterdir()} - {"net.pt", "net.pt.lock"}


def test_a_file_is_fetched_once_and_whole(root: Path, server: Server) -> None:
    server.files["net.pt"] = Served(CONTENT)
    wanted = weights(server, sha256=sha(CONTENT))
    assert fetch(wanted) == find(wanted) == fetch(wanted) == root / "mine" / "net.pt"
    assert find(wanted).read_bytes() == CONTENT and hash_of(wanted) == sha(CONTENT)
    assert ranges(server) == [None] and leftovers(root) == set()


def test_a_redirect_is_followed(root: Path, server: Server) -> None:
    server.files |= {"old.pt": Served(moved_to="net.pt"), "net.pt": Served(CONTENT)}
    assert fetch(weights(server, "old.pt")).read_bytes() == CONTENT


def test_a_cut_connection_is_continued_where_it_was_cut(root: Path, server: Server) -> None:
    server.files["net.pt"] = Served(CONTENT, cuts=[1000, 500])
    assert fetch(weights(server)).read_bytes() == CONTENT
    assert ranges(server) == [None, "bytes=1000-", "bytes=1500-"] and leftovers(root) == set()


def test_many_cuts_say_how_far_it_got_and_the_same_command_goes_on(root: Path, server: Server) -> None:
    served = server.files["net.pt"] = Served(CONTENT, cuts=[1000, 500, 0, 100])
    with pytest.raises(DownloadError, match=r"in 4 tries .*; 1,600 bytes are kept, and the same command continues"):
        fetch(weights(server))
    with pytest.raises(MissingWeightsError):
        find(weights(server))
    server.asked.clear()
    assert served.cuts == []
    assert fetch(weights(server)).read_bytes() == CONTENT and ranges(server) == ["bytes=1600-"]


def test_a_server_without_ranges_begins_anew(root: Path, server: Server) -> None:
    server.files["net.pt"] = Served(CONTENT, ranges=False, cuts=[1000])
    assert fetch(weights(server)).read_bytes() == CONTENT
    assert ranges(server) == [None, "bytes=1000-"]


@pytest.mark.parametrize("tag", [None, 'W/"1"'])
def test_a_server_that_does_not_say_which_version_begins_anew(root: Path, server: Server, tag: str | None) -> None:
    server.files["net.pt"] = Served(CONTENT, tag=tag, cuts=[1000])
    assert fetch(weights(server)).read_bytes() == CONTENT
    assert ranges(server) == [None, None]


def test_a_file_that_changed_meanwhile_is_not_mixed(root: Path, server: Server) -> None:
    server.files["net.pt"] = Served(b"old" * 2000, tag='"old"', cuts=[1000, 0, 0, 0])
    with pytest.raises(DownloadError):
        fetch(weights(server))
    server.files["net.pt"] = Served(CONTENT, tag='"new"')
    assert fetch(weights(server)).read_bytes() == CONTENT


def test_a_whole_part_that_was_not_moved_is_used(root: Path, server: Server) -> None:
    server.files["net.pt"] = Served(CONTENT, cuts=[9000, 0, 0, 0])
    with pytest.raises(DownloadError):
        fetch(weights(server))
    (root / "mine" / "net.pt.part").write_bytes(CONTENT)
    assert fetch(weights(server)).read_bytes() == CONTENT
    assert ranges(server)[-1] == f"bytes={len(CONTENT)}-"


def test_a_busy_server_is_asked_again(root: Path, server: Server) -> None:
    server.files["net.pt"] = Served(CONTENT, statuses=[503, 429])
    assert fetch(weights(server)).read_bytes() == CONTENT


def test_another_file_than_the_published_one_is_not_kept(root: Path, server: Server) -> None:
    server.files["net.pt"] = Served(CONTENT)
    with pytest.raises(DownloadError) as caught:
        fetch(weights(server, sha256=64 * "0"))
    assert 64 * "0" in str(caught.value) and sha(CONTENT) in str(caught.value) and "not kept" in str(caught.value)
    assert leftovers(root) == set() and not (root / "mine" / "net.pt").exists()


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_web_page_is_no_checkpoint(root: Path, server: Server, kind: str) -> None:
    server.files["net.pt"] = Served(b"\n<!DOCTYPE html><title>Log in</title>", kind=kind)
    with pytest.raises(DownloadError, match="a web page and no checkpoint"):
        fetch(weights(server))
    assert leftovers(root) == set() and len(server.asked) == 1


def test_a_server_that_has_no_such_file_is_asked_once(root: Path, server: Server) -> None:
    with pytest.raises(DownloadError, match=r"net\.pt cannot be downloaded: the server answers 404 Not Found$"):
        fetch(weights(server))
    assert len(server.asked) == 1


def test_no_network_is_one_sentence(root: Path) -> None:
    with serving() as gone:
        wanted = weights(gone)
    with pytest.raises(DownloadError) as caught:
        fetch(wanted)
    host = wanted.url.split("/")[2] if wanted.url else ""
    assert str(caught.value) == (
        f"{host} cannot be reached ([Errno 111] Connection refused); run this where there is a network, or bring the "
        f"file {wanted.url} to {root}/mine/net.pt"
    )


def test_a_full_disk_is_said_before_the_download_and_during_it(
    root: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["net.pt"] = Served(CONTENT, cuts=[1000])

    def full(answer: object, *_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(resuming, "_copy", full)
        with pytest.raises(DiskFullError, match=r"disk is full: could not write .*AVDF_WEIGHTS"):
            fetch(weights(server))
    with monkeypatch.context() as patch:
        patch.setattr(resuming.shutil, "disk_usage", lambda path: SimpleNamespace(free=len(CONTENT) - 1))
        with pytest.raises(DiskFullError, match="disk is full"):
            fetch(weights(server))
    assert fetch(weights(server)).read_bytes() == CONTENT


def test_a_folder_that_cannot_be_made_is_said(
    root: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("AVDF_WEIGHTS", str(tmp_path / "file" / "weights"))
    with pytest.raises(DownloadError, match=r"file.*: Not a directory; name another folder with AVDF_WEIGHTS"):
        fetch(weights(server))


def test_a_browser_has_to_do_it_and_the_steps_are_said(root: Path) -> None:
    with pytest.raises(ByHandError) as caught:
        fetch(BRAVEN_VSR_LARGE)
    lines = str(caught.value).splitlines()
    assert [line.strip()[:2] for line in lines[1:]] == ["1.", "2.", "3.", "4."]
    assert "https://drive.google.com/file/d/1bU-bFxEiXNXNoOLKaAz6_9j7XuE7f_6r/view" in lines[1]
    assert lines[2].endswith(f"save it as {BRAVEN_VSR_LARGE.file}") and lines[3].endswith(str(root))
    with pytest.raises(ByHandError, match=r"save it as LRS3_AV_WER0\.9\.zip, about 1\.54 GB"):
        fetch(AUTOAVSR_AV)
    with pytest.raises(ByHandError, match="get it from a colleague"):
        fetch(Weights("net.pt", None, "a colleague", "MIT"))


def zipped(path: Path, *names: str, content: bytes = b"weights") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("folder", ["", "LRS3_AV_WER0.9/", "models/deep/"])
def test_a_zip_that_a_browser_saved_is_unpacked(root: Path, folder: str) -> None:
    zipped(root / "LRS3_AV_WER0.9.zip", folder + "model.pth", folder + "model.json", folder + "more.txt")
    assert fetch(AUTOAVSR_AV) == root / "LRS3_AV_WER0.9" / "model.pth"
    assert {path.name for path in (root / "LRS3_AV_WER0.9").iterdir()} == {"model.pth", "model.json"}
    assert hash_of(AUTOAVSR_AV) == sha(b"weights")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["model.pth", "../model.json"], "would lead out of it"),
        (["/tmp/model.pth"], "would lead out of it"),
        (["..\\model.pth"], "would lead out of it"),
        (["C:\\model.pth"], "would lead out of it"),
        (["other.pth"], "has no model.pth"),
        (["a/model.pth", "b/model.pth"], "has several files model.pth"),
    ],
)
def test_a_zip_that_cannot_be_trusted_writes_nothing(tmp_path: Path, names: list[str], words: str) -> None:
    archive = zipped(tmp_path / "in" / "x.zip", *names)
    with pytest.raises(ArchiveError, match=words):
        unpack(archive, tmp_path / "out" / "model.pth", most=1000)
    assert {path.name for path in tmp_path.rglob("*")} == {"in", "x.zip"}


def test_a_zip_that_is_none_or_too_large_writes_nothing(tmp_path: Path) -> None:
    junk = tmp_path / "junk.zip"
    junk.write_bytes(b"no zip" * 99)
    large = zipped(tmp_path / "large.zip", "model.pth", content=bytes(1001))
    broken = zipped(tmp_path / "broken.zip", "model.pth", content=b"weights" * 9)
    broken.write_bytes(broken.read_bytes().replace(b"weights", b"WEIGHTS"))
    for archive, words in ((junk, "cannot be unpacked"), (large, "1,001 bytes"), (broken, "cannot be unpacked")):
        with pytest.raises(ArchiveError, match=words):
            unpack(archive, tmp_path / "out" / "model.pth", most=1000)
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_zip_that_arrived_damaged_is_refused_wherever_the_damage_is(method: int, tmp_path: Path) -> None:
    archive, target = tmp_path / "x.zip", tmp_path / "out" / "model.pth"
    with zipfile.ZipFile(archive, "w", method) as opened:
        opened.writestr("model.pth", random.Random(0).randbytes(1000) + bytes(9000))
    whole = archive.read_bytes()
    for at in range(44, len(whole) - 100, 60):
        archive.write_bytes(whole[:at] + bytes(byte ^ 255 for byte in whole[at : at + 40]) + whole[at + 40 :])
        with pytest.raises(ArchiveError, match="cannot be unpacked"):
            unpack(archive, target, most=100_000)
        assert not target.exists()


def test_a_link_in_a_zip_is_no_checkpoint(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("model.pth")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as opened:
        opened.writestr(link, "/etc/hostname")
    with pytest.raises(ArchiveError, match=r"has no model\.pth"):
        unpack(tmp_path / "x.zip", tmp_path / "out" / "model.pth", most=1000)


MODEL = {"config.json": b"{}", "model.safetensors": b"weights", "pytorch_model.bin": b"more", "README.md": b"text"}
FETCH = """\
import json, sys
from detectors.cards import Weights
from detectors.fetching.files import WeightsError, hash_of
from detectors.fetching.downloads import fetch
for file, revision, files in json.loads(sys.argv[1]):
    hub = "/".join(file.split("/")[:2])
    weights = Weights(file, None, "a page", "MIT", hub=hub, revision=revision, files=tuple(files))
    try:
        print(json.dumps([str(fetch(weights)), hash_of(weights)]))
    except WeightsError as error:
        print(json.dumps(str(error)))
"""


def from_hub(tmp_path: Path, address: str, *wanted: tuple[str, str, list[str]], offline: bool = False) -> list[Any]:
    """What becomes of each file, revision and needed files: its place and hash, or what is said.

    In another process, since the hub's client reads its variables when it is imported.
    """
    folders = {name: str(tmp_path / name.lower()) for name in ("HF_HOME", "AVDF_WEIGHTS", "AVDF_CACHE")}
    environment = os.environ | folders | {"HF_ENDPOINT": address, "HF_HUB_OFFLINE": str(int(offline))}
    command = [sys.executable, "-c", FETCH, json.dumps(wanted)]
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_models_of_the_hub_are_fetched_into_its_cache_without_what_is_not_needed(
    server: Server, tmp_path: Path
) -> None:
    server.add_model("owner/name", MODEL)
    server.add_model("owner/parts", {"some/net.pth": b"weights", "other/net.pth": b"others"})
    server.add_model("owner/poor", {"config.json": b"{}"})
    wanted = [("owner/name", "main", []), ("owner/parts/some/net.pth", 40 * "a", ["some/net.pth"])]
    without = [("owner/none", "main", []), ("owner/poor", "main", [])]
    model, part, none, poor = from_hub(tmp_path, server.address, *wanted, *without)
    assert Path(model[0]).is_relative_to(tmp_path / "hf_home" / "hub")
    assert {path.name for path in Path(model[0]).iterdir()} == {"config.json", "model.safetensors"}
    lines = "".join(f"{sha(MODEL[name])}  {name}\n" for name in ("config.json", "model.safetensors"))
    assert model[1] == sha(lines.encode())
    assert part[0].endswith(f"snapshots/{40 * 'a'}/some/net.pth") and part[1] == sha(b"weights")
    assert not list((tmp_path / "hf_home").rglob("other"))
    assert none.startswith(f"there is no {server.address}/owner/none at revision main, or")
    assert poor.startswith("owner/poor of the hub, at revision main, lacks files of config.json, *.safetensors")
    again = from_hub(tmp_path, server.address, *wanted, without[0], offline=True)
    assert again[:2] == [model, part]
    assert again[2].startswith("HF_HUB_OFFLINE keeps this off the network: unset it, or bring the files")


def test_a_hub_that_cannot_be_reached_is_one_line(tmp_path: Path) -> None:
    (told,) = from_hub(tmp_path, "http://127.0.0.1:9", ("owner/name", "main", []))
    assert "cannot be fetched ([Errno 111] Connection refused); what has arrived is kept in" in told
    assert "\n" not in told and str(tmp_path / "avdf_weights" / "owner" / "name") in told


def test_sizes_are_said_as_people_do() -> None:
    assert [in_bytes(size) for size in (7, 1540, 1_540_000_000, 5_730_000_000)] == [
        "7 bytes",
        "1.54 kB",
        "1.54 GB",
        "5.73 GB",
    ]


def test_a_fetch_waits_for_another_one_and_takes_what_it_brought(
    root: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["net.pt"] = Served(CONTENT)
    wanted, looked = weights(server), threading.Event()
    monkeypatch.setattr(downloads, "located", lambda _: looked.set())  # nothing is here yet
    with ThreadPoolExecutor() as pool:
        with locked(root / "mine" / "net.pt"):
            waiting = pool.submit(fetch, wanted)
            assert looked.wait(10)
            time.sleep(0.2)  # enough to ask, if it did not wait
            (root / "mine" / "net.pt").write_bytes(b"of another process")
        assert waiting.result(10).read_bytes() == b"of another process" and server.asked == []
