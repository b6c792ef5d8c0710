"""`python -m detectors list, describe, fetch and verify` as a user types them."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import constants

from datasets.fetching import resuming
from detectors.__main__ import main
from detectors.cards import EncoderCard, Variant, Weights
from detectors.encoders import tiny
from detectors.fetching import downloads
from detectors.registry import Entry, Registry, registry
from file_server import Served, Server, serving
from paths import ROOT

CONTENT = bytes(range(256)) * 40
HASH = hashlib.sha256(CONTENT).hexdigest()

HAND = Weights("hand.pt", None, "a page", "MIT", drive="someid")
Told = SimpleNamespace
Run = Callable[..., Told]


@pytest.fixture
def root(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty weights folder."""
    monkeypatch.setenv("AVDF_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(resuming, "PAUSES", (0.0, 0.0))
    return tmp_path / "weights"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        running.files |= {"net.pt": Served(CONTENT), "other.pt": Served(b"other weights")}
        yield running


@pytest.fixture
def run(root: Path, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The commands, with the encoders `neta` and `netv` whose one checkpoint the server has, and another by hand."""
    weights = Weights("net.pt", None, "a page", "MIT", url=server.url("net.pt"), size=10_000)
    other = replace(weights, file="other.pt", url=server.url("other.pt"))
    tuned = Variant("tuned", "fine-tuned", {"weights": other})
    card = EncoderCard("neta", "audio", 8, 25, "a net", "MIT", "a paper", weights=weights, variants=(tuned,))
    encoders = registry().encoders
    for one in (card, replace(card, name="netv"), replace(card, name="hand", weights=HAND, variants=())):
        monkeypatch.setitem(encoders, one.name, Entry(one, object, "somewhere"))

    def typed(*arguments: str) -> Told:
        try:
            code = main(list(arguments))
        except SystemExit as error:
            code = int(error.code or 0)
        told = capsys.readouterr()
        return Told(code=code, out=told.out, err=told.err)

    return typed


def test_a_scratch_file_stands_for_its_encoders(known: Registry, root: Path, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from dataclasses import replace\n"
        "from detectors.cards import Weights\n"
        "from detectors.encoders.braven import AUDIO, BravenAudio\n"
        "from detectors.registry import register\n"
        "WEIGHTS = Weights('mine.pth', None, 'my training', 'mine')\n"
        "register(replace(AUDIO, name='mine', weights=WEIGHTS, variants=()))(BravenAudio)\n"
    )
    assert "my training" in run("describe", str(file)).out
    assert "mine.pth is not in" in run("bench", str(file)).err
    missing = run("verify", str(file))
    assert missing.code == 1 and "it comes from my training; put it there" in missing.err
    root.mkdir()
    (root / "mine.pth").write_bytes(CONTENT)
    assert run("verify", str(file)).code == 0
    (root / "mine.pth").write_bytes(CONTENT[::-1])
    changed = run("verify", str(file))
    assert changed.code == 1 and f"python -m detectors verify {file} --repin" in changed.err
    assert run("verify", str(file), "--repin").code == run("verify", "mine").code == 0


def row_of(text: str, name: str) -> str:
    (row,) = [line for line in text.splitlines() if line.split()[:1] == [name]]
    return row


def test_list_says_which_weights_are_here_and_loads_no_torch(tmp_path: Path) -> None:
    code = "import sys; from detectors.__main__ import main; main(['list']); sys.exit('torch' in sys.modules)"
    environment = os.environ | {"AVDF_WEIGHTS": str(tmp_path), "HF_HOME": str(tmp_path / "hf")}
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert row_of(told.stdout, "tiny_v").split()[2:] == ["here"]
    assert row_of(told.stdout, "logmel").split()[2:] == ["needs", "none"]


def test_list_shows_what_was_fetched(run: Run) -> None:
    assert row_of(run("list").out, "neta").split()[2:] == ["not", "here", "fetch,", "10", "kB"]
    assert run("fetch", "neta").code == 0
    assert row_of(run("list").out, "netv").split()[2:] == ["here"]
    assert "by hand with a browser" in row_of(run("list").out, "hand")


def test_describe_has_the_card_and_the_state_of_the_weights(run: Run, root: Path) -> None:
    told = run("describe", "netv")
    assert told.code == 0
    for words in ("a net", "audio", "8 columns, 25 rows a second", "MIT", "a paper", "about 10 kB", "fine-tuned"):
        assert words in told.out
    assert "not published, not pinned yet" in told.out and "run `python -m detectors fetch netv`" in told.out
    run("fetch", "netv")
    told = run("describe", "netv")
    assert f"{HASH} (pinned on 2" in told.out and str(root / "net.pt") in told.out and "10.2 kB" in told.out
    assert "other.pt" in run("describe", "netv.tuned").out
    both = run("describe", "tiny_v.random-linear").out
    assert "needs none" in both and "linear probe" in both
    assert f"{tiny.WEIGHTS.sha256} (published)" in run("describe", "tiny_v").out
    assert "silence at the start" in run("describe", "silence").out


def test_unknown_names_suggest_and_are_usage_errors(run: Run) -> None:
    for arguments, words in (
        (["describe", "silense"], "did you mean silence"),
        (["fetch", "nett"], "did you mean netv"),
        (["verify", "tiny_w"], "did you mean tiny_v"),
        (["fetch", "neta.tunde"], "its tags are tuned"),
        (["fetch"], "name encoders, or give --all"),
        (["fetch", "neta", "--all"], "name encoders, or give --all"),
        (["verify", "--repin"], "--repin takes the names"),
    ):
        told = run(*arguments)
        assert told.code == 2 and words in told.err, (arguments, told.err)


def test_fetch_gets_each_file_once_pins_it_and_leaves_it_alone(run: Run, root: Path, server: Server) -> None:
    told = run("fetch", "neta", "netv", "logmel", "tiny_v", "netv.tuned")
    assert told.code == 0, told.err
    assert f"neta: fetched: {root / 'net.pt'} (SHA-256 {HASH})" in told.out
    assert "logmel needs no weights" in told.out and "tiny_v: already here" in told.out
    assert "netv.tuned: fetched" in told.out and "licence: MIT" in told.err
    assert [path for path, _ in server.asked] == ["net.pt", "other.pt"]
    again = run("fetch", "netv")
    assert "netv: already here" in again.out and len(server.asked) == 2
    assert HASH in (root / "pins.json").read_text()


def test_one_that_fails_stops_no_other_and_is_counted(run: Run, root: Path, server: Server) -> None:
    del server.files["net.pt"]
    told = run("fetch", "neta", "hand", "netv.tuned")
    assert told.code == 1 and "netv.tuned: fetched" in told.out
    assert "error: neta: " in told.err and "404 Not Found" in told.err
    assert "hand: " in told.out and "  1. open https://drive.google.com/" in told.out
    assert "`python -m detectors fetch hand`" in told.out
    assert "2 of 3 are not here" in told.err and "Traceback" not in told.err
    (root / HAND.file).write_bytes(CONTENT)
    assert f"hand: already here: {root / HAND.file}" in run("fetch", "hand").out


def test_fetch_all_takes_every_encoder_and_can_be_stopped(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: list[str | None] = []

    def fetch(weights: Weights, name: str | None = None) -> Path:
        wanted.append(name)
        if name == "netv.tuned":
            raise KeyboardInterrupt
        raise downloads.DownloadError("not today")

    monkeypatch.setattr(downloads, "fetch", fetch)
    told = run("fetch", "--all")
    assert told.code == 1 and {"neta", "hand", "tiny_a"} <= set(wanted)
    assert "netv" not in wanted and "neta.tuned" not in wanted  # the same file, and another form
    wanted.clear()
    told = run("fetch", "netv.tuned", "neta")
    assert told.code == 1 and wanted == ["netv.tuned"]
    assert told.err.endswith("stopped; the same command continues from there\n")


def test_describe_does_not_call_untrained_weights_pre_trained(run: Run) -> None:
    assert "lrs3, voxceleb2" in run("describe", "avhubert_v.layer3").out
    told = run("describe", "avhubert_v.layer3.random").out
    assert "nothing: untrained" in told and "voxceleb2" not in told


def test_verify_finds_a_change_until_it_is_accepted(run: Run, root: Path) -> None:
    run("fetch", "neta")
    assert "neta: as pinned on 2" in run("verify", "neta").out
    path = root / "net.pt"
    state = path.stat()
    path.write_bytes(CONTENT[::-1])
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))  # a change that size and time do not show
    found = hashlib.sha256(CONTENT[::-1]).hexdigest()
    told = run("verify")
    assert told.code == 1 and HASH in told.err and found in told.err
    assert "accept it with `python -m detectors verify neta --repin`" in told.err
    assert run("fetch", "netv").code == 1
    told = run("verify", "netv", "--repin")
    assert told.code == 0 and f"pinned anew, instead of {HASH}" in told.out
    assert run("verify").code == 0 and "unchanged" in run("verify").out


def test_verify_of_a_named_one_that_is_not_here_fails(run: Run) -> None:
    told = run("verify", "neta")
    assert told.code == 1 and told.err.startswith("error: neta: net.pt is not in ")
    told = run("verify", "tiny_v")
    assert told.code == 0 and f"tiny_v: as published: tiny.safetensors (SHA-256 {tiny.WEIGHTS.sha256})" in told.out


def test_score_says_at_once_which_weights_are_missing(run: Run, cache: Path, root: Path) -> None:
    told = run("score", "x.mp4", "--detector", "netv-linear", "--train", "sim_local")
    assert told.code == 1 and told.out == "" and not cache.exists()
    assert told.err == f"error: net.pt is not in {root}: run `python -m detectors fetch netv`\n"


def test_the_commands_as_typed(root: Path, tmp_path: Path) -> None:
    environment = os.environ | {"HF_HOME": str(tmp_path / "hf")}

    def typed(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "detectors", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)

    verified = typed("verify")
    assert verified.returncode == 0 and "tiny_a: as published" in verified.stdout, verified.stderr
    helped = typed("fetch", "--help")
    assert helped.returncode == 0 and "AVDF_WEIGHTS" in helped.stdout
