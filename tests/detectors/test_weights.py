"""Checkpoints on this machine: found, hashed, pinned, and refused once they have changed."""

import errno
import hashlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import constants

from datasets.fetching import pins
from detectors.cardcheck import RegistryError, check_card
from detectors.cards import EncoderCard, Weights
from detectors.encoders import tiny
from detectors.fetching import hashes
from detectors.fetching.files import ChangedWeightsError, MissingWeightsError, WeightsError, find, hash_of, repin
from detectors.fetching.folder import weights_root
from detectors.fetching.published import (
    AUTOAVSR_AV,
    AVHUBERT_LARGE_VSR,
    BRAVEN_VSR_LARGE,
    CLIP_L14,
    EVERY,
    FSFM_PRETRAINED,
    FSFM_TUNED,
)
from detectors.lacking import lacking
from detectors.registry import Registry, ask, row

NET = Weights("mine/net.pt", None, "https://example.org", "MIT", url="https://example.org/net.pt")
MODEL = Weights("owner/name", None, "https://example.org", "MIT", hub="owner/name")


@pytest.fixture
def root(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty weights folder, and an empty Hugging Face cache."""
    monkeypatch.setenv("AVDF_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "weights"


def put(path: Path, content: bytes = b"some weights") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def put_model(folder: Path, *names: str) -> Path:
    for name in names or ("config.json", "model.safetensors"):
        put(folder / name, name.encode())
    return folder


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_weights_folder_is_the_named_one_or_in_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AVDF_WEIGHTS", raising=False)
    assert weights_root() == cache / "weights"
    monkeypatch.setenv("AVDF_WEIGHTS", "~/models")
    assert weights_root() == Path.home() / "models"


def test_a_file_is_found_by_its_path_or_by_its_bare_name(root: Path) -> None:
    bare = put(root / "net.pt")
    assert find(NET) == bare
    placed = put(root / "mine" / "net.pt")
    assert find(NET) == placed


def test_bare_names_that_several_checkpoints_have_say_nothing(root: Path) -> None:
    put(root / "model.pth"), put(root / "checkpoint-400.pth")
    tuned = put(root / "checkpoint-min_val_loss.pth")
    assert find(FSFM_TUNED) == tuned
    for weights in (AUTOAVSR_AV, FSFM_PRETRAINED):
        with pytest.raises(MissingWeightsError):
            find(weights)


def test_a_missing_one_is_one_line_that_says_how_to_get_it(root: Path) -> None:
    root.mkdir()
    put(root / "self_large_vox_433h.pt", b"")  # a download that never began
    for weights, how in (
        (AVHUBERT_LARGE_VSR, "python -m detectors fetch"),
        (CLIP_L14, "python -m detectors fetch"),
        (BRAVEN_VSR_LARGE, "download https://drive.google.com/file/d/1bU-bFxEiXNXNoOLKaAz6_9j7XuE7f_6r/view"),
        (AUTOAVSR_AV, "download https://bit.ly/3yRSXAn with a browser, put it there as LRS3_AV_WER0.9.zip"),
        (Weights("net.pt", None, "a colleague", "MIT"), "it comes from a colleague"),
    ):
        with pytest.raises(MissingWeightsError) as caught:
            find(weights)
        message = str(caught.value)
        assert weights.file in message and str(root) in message and how in message and "\n" not in message
    put(root / "LRS3_AV_WER0.9.zip")
    with pytest.raises(MissingWeightsError, match=r"fetch \w+`, which unpacks LRS3_AV_WER0.9.zip"):
        find(AUTOAVSR_AV)


def test_what_comes_with_the_package_is_found_there(root: Path) -> None:
    assert find(tiny.WEIGHTS) == tiny.FOLDER / "tiny.safetensors"
    assert hash_of(tiny.WEIGHTS) == tiny.WEIGHTS.sha256
    assert not root.exists()


def snapshot(tmp_path: Path, commit: str = 40 * "a", branch: str | None = "main") -> Path:
    folder = tmp_path / "hub" / "models--owner--name"
    if branch:
        put(folder / "refs" / branch, commit.encode())
    return folder / "snapshots" / commit


def test_a_model_of_the_hub_is_found_in_both_places(root: Path, tmp_path: Path) -> None:
    cached = put_model(snapshot(tmp_path))
    assert find(MODEL) == cached
    assert find(replace(MODEL, revision=40 * "a")) == cached
    with pytest.raises(MissingWeightsError, match=r"neither in .*weights nor in the Hugging Face cache .*hub: run"):
        find(replace(MODEL, revision=40 * "b"))
    one = Weights("owner/name/model.safetensors", None, "x", "MIT", hub="owner/name", files=("model.safetensors",))
    assert find(one) == cached / "model.safetensors"
    placed = put_model(root / "owner" / "name")
    assert find(MODEL) == placed


@pytest.mark.parametrize(
    ("names", "index", "whole"),
    [
        (["config.json"], None, False),
        (["model.safetensors"], None, False),
        (["config.json", "pytorch_model.bin"], None, True),
        (["config.json", "a-1.safetensors"], '{"weight_map": {"x": "a-1.safetensors", "y": "a-2.safetensors"}}', False),
        (["config.json", "a-1.safetensors"], '{"weight_map": {"x": "a-1.safetensors"}}', True),
        (["config.json", "a-1.safetensors"], "damaged", False),
    ],
)
def test_an_interrupted_model_is_missing(root: Path, names: list[str], index: str | None, whole: bool) -> None:
    folder = put_model(root / "owner" / "name", *names)
    if index:
        put(folder / "a.safetensors.index.json", index.encode())
    if whole:
        assert find(MODEL) == folder
    else:
        with pytest.raises(MissingWeightsError):
            find(MODEL)


def test_a_published_hash_holds(root: Path) -> None:
    path = put(root / "mine" / "net.pt")
    assert hash_of(replace(NET, sha256=sha(b"some weights"))) == sha(b"some weights")
    assert not (root / "pins.json").exists()
    with pytest.raises(ChangedWeightsError) as caught:
        hash_of(replace(NET, sha256=64 * "0"))
    assert {64 * "0", sha(b"some weights"), str(path)} <= set(str(caught.value).replace(",", " ").split())
    with pytest.raises(ChangedWeightsError):
        repin(replace(NET, sha256=64 * "0"))


def test_the_first_use_pins_and_a_change_is_refused_until_it_is_accepted(root: Path) -> None:
    path = put(root / "net.pt")
    assert hash_of(NET) == hash_of(NET) == sha(b"some weights")
    pin = json.loads((root / "pins.json").read_text())["mine/net.pt"]
    assert pin["sha256"] == sha(b"some weights") and pin["size"] == 12 and pin["source"] == NET.url and pin["date"]
    put(path, b"other weights")
    for _ in range(2):
        with pytest.raises(ChangedWeightsError) as caught:
            hash_of(NET)
        assert sha(b"some weights") in str(caught.value) and sha(b"other weights") in str(caught.value)
        assert "--repin" in str(caught.value)
    assert repin(NET) == hash_of(NET) == sha(b"other weights")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\n<!DOCTYPE html><title>Google Drive - Virus scan warning</title>", "a web page, .* and no checkpoint"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:", "a git-lfs pointer and no checkpoint"),
    ],
)
def test_what_only_stands_in_for_a_checkpoint_is_not_pinned(root: Path, content: bytes, words: str) -> None:
    put(root / "net.pt", content)
    put_model(root / "owner" / "name", "config.json")
    put(root / "owner" / "name" / "model.safetensors", content)
    for weights in (NET, MODEL):
        with pytest.raises(WeightsError, match=words):
            hash_of(weights)
    assert not (root / "pins.json").exists()


def test_damaged_pins_accept_nothing(root: Path) -> None:
    put(root / "net.pt")
    for content in ("{", "[]", '{"mine/net.pt": 3}'):
        put(root / "pins.json", content.encode())
        with pytest.raises(ChangedWeightsError, match=r"pins\.json cannot be read"):
            hash_of(NET)
        assert (root / "pins.json").read_text() == content


def test_a_folder_that_cannot_be_written_works_without_pins_and_says_so_once(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(path: Path) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(pins, "locked", refuse)
    put(root / "net.pt")
    with caplog.at_level(logging.WARNING):
        assert hash_of(NET) == hash_of(NET) == sha(b"some weights")
    assert len(caplog.records) == 1
    assert "not pinned" in caplog.text and "Read-only" in caplog.text
    assert not (root / "pins.json").exists()
    with pytest.raises(ChangedWeightsError, match="cannot be written"):
        repin(NET)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are read to be hashed."""
    seen: list[Path] = []
    plain: Callable[[Path], str] = hashes.sha256_file
    monkeypatch.setattr(hashes, "sha256_file", lambda path: seen.append(path) or plain(path))
    return seen


def test_a_file_is_read_once_until_its_size_or_time_changes(root: Path, cache: Path, reads: list[Path]) -> None:
    path = put(root / "net.pt")
    hash_of(NET), hash_of(NET)
    assert len(reads) == 1
    put(cache / "hashes.json", b"{damaged")
    hash_of(NET)
    assert len(reads) == 2 and json.loads((cache / "hashes.json").read_text())
    hash_of(NET, anew=True)
    assert len(reads) == 3
    path.write_bytes(b"SOME WEIGHTS")  # the same size
    os.utime(path, ns=(1, 1))
    with pytest.raises(ChangedWeightsError):
        hash_of(NET)


def test_a_cache_that_cannot_be_written_costs_only_time(
    root: Path, tmp_path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root / "net.pt")
    put(tmp_path / "file")
    monkeypatch.setenv("AVDF_CACHE", str(tmp_path / "file" / "cache"))
    assert hash_of(NET) == hash_of(NET) == sha(b"some weights")
    assert len(reads) == 2


def test_a_folders_hash_is_that_of_the_list_of_its_needed_files(root: Path) -> None:
    folder = put_model(root / "owner" / "name", "config.json", "model.safetensors")
    lines = "".join(f"{sha(name.encode())}  {name}\n" for name in ("config.json", "model.safetensors"))
    assert hash_of(MODEL) == sha(lines.encode())
    put_model(folder, "pytorch_model.bin", "README.md", "flax_model.msgpack", ".cache/a.bin", "onnx/a.safetensors")
    assert hash_of(MODEL) == sha(lines.encode())
    put(folder / "config.json", b"{}")
    with pytest.raises(ChangedWeightsError):
        hash_of(MODEL)


def test_every_published_checkpoint_is_fit_for_a_card(root: Path) -> None:
    assert len({weights.file for weights in EVERY}) == len(EVERY)
    for weights in EVERY:
        check_card(EncoderCard("some", "audio", 8, 25, "a summary", "MIT", "a paper", weights=weights))
        assert sum(way is not None for way in (weights.url, weights.hub, weights.drive)) == 1


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (replace(NET, file="../net.pt"), "write a path below the weights folder"),
        (replace(NET, file="/net.pt"), "write a path below the weights folder"),
        (replace(MODEL, file="elsewhere/name"), "for a model of the hub write 'owner/name', or 'owner/name/'"),
        (replace(NET, sha256="abc"), "or None where none was published"),
    ],
)
def test_a_card_with_weights_that_could_not_be_found_is_refused(weights: Weights, words: str) -> None:
    with pytest.raises(RegistryError, match=words):
        check_card(EncoderCard("some", "audio", 8, 25, "a summary", "MIT", "a paper", weights=weights))


def test_an_untrained_control_waits_for_what_it_is_a_control_of_unless_it_was_asked_for(
    root: Path, known: Registry
) -> None:
    for name in ("braven_v-linear", "braven_v.random-linear", "braven_v.layer3.random-linear"):
        assert "is not in" in str(lacking(row(name)))
    for name in ("braven_v.tiny.random-linear", "tiny_v.random-linear", "logmel-linear", "silence"):
        assert lacking(row(name)) is None
    ask("braven_v.random")
    assert lacking(row("braven_v.random-linear")) is None
    assert lacking(row("braven_v-linear")) and lacking(row("braven_a.random-linear"))
    put(root / BRAVEN_VSR_LARGE.file)
    assert lacking(row("braven_v-linear")) is None and lacking(row("braven_v.layer3.random-linear")) is None
