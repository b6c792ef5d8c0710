"""`python -m datasets import` and `list` as a user types them."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import Timeout

import layouts
from datasets import library
from datasets.__main__ import main
from datasets.files import locked
from datasets.importing import NAMES
from datasets.importing.naming import RESERVED, check_name
from datasets.manifest import read_manifest
from detectors import cardcheck

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Type a command; its exit code, stdout and stderr."""

    def typed(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["datasets", *map(str, arguments)])
        try:
            code = main()
        except SystemExit as error:
            code = int(str(error.code))
        return code, *capsys.readouterr()

    return typed


def test_an_import_says_what_is_there_what_is_wrong_and_what_comes_next(run: Run, cache: Path, tmp_path: Path) -> None:
    root = layouts.copied("favc", tmp_path)
    expected = layouts.expected("favc")
    code, out, err = run("import", "favc", root.parent)
    assert code == 0 and err == ""
    real, fake = expected["n_real"], expected["n_fake"]
    assert f"favc: {expected['n_samples']} clips ({real} real, {fake} fake)" in out and str(root) in out
    assert "splits: none in the release" in out
    assert all(issue["code"] in out for issue in expected["issues"])
    assert "favc.without_rvfa" in out.partition("need split lists")[0]
    assert "favc.ssr" in out.partition("need split lists")[2]
    for step in ("verify", "audit", "prepare", "fetch"):
        assert f"python -m datasets {step} favc" in out
    assert library.manifest_path("favc") == cache / "data/favc/manifest.jsonl"
    assert f"manifest {library.manifest_path('favc')}" in out
    assert len(read_manifest(library.manifest_path("favc"), root)) == expected["n_samples"]
    assert (cache / "data/favc/findings.csv").read_text().startswith("code,severity,where,path,detail\n")


@pytest.mark.parametrize("name", ["lrs2", "av1m", "dfe"])
def test_splits_of_the_release_and_unlabelled_clips_are_counted(run: Run, name: str) -> None:
    code, out, _ = run("import", name, layouts.root_of(name))
    expected = layouts.expected(name)
    assert code == 0
    for split in {sample.get("split") for sample in expected["samples"]} - {None}:
        assert f"{split} " in out.partition("splits: ")[2].partition("\n")[0]
    assert ("python -m datasets audit" in out) == bool(expected["n_real"] and expected["n_fake"])
    if expected["n_unlabelled"]:
        assert f"{expected['n_unlabelled']} unlabelled" in out


def test_a_folder_that_is_something_else_is_told_what_was_looked_for(run: Run, tmp_path: Path) -> None:
    code, out, err = run("import", "favc", tmp_path)
    assert (code, out) == (1, "") and "does not look like favc" in err and "meta_data.csv" in err
    code, _, err = run("import", "favc", tmp_path / "nowhere")
    assert code == 1 and f"{tmp_path / 'nowhere'} is not there" in err
    assert not library.here("favc")


def test_a_release_of_which_nothing_can_be_used_is_one_error_and_keeps_the_last_manifest(
    run: Run, tmp_path: Path
) -> None:
    root = layouts.copied("favc", tmp_path)
    assert run("import", "favc", root)[0] == 0
    before = library.manifest_path("favc").read_text()
    for media in root.rglob("*.mp4"):
        media.unlink()
    code, out, err = run("import", "favc", root)
    assert code == 1 and "missing_file" in out
    assert err == f"error: nothing in {root} can be used as favc: see the findings above\n"
    assert library.manifest_path("favc").read_text() == before


def test_another_import_says_what_came_and_went_and_keeps_hashes_of_unchanged_files(run: Run, tmp_path: Path) -> None:
    root = layouts.copied("lrs3", tmp_path)
    run("import", "lrs3", root)
    assert run("verify", "lrs3")[0] in (0, 1)
    hashed = library.hashes("lrs3")
    assert len(hashed) == 3
    assert "since the last import" not in run("import", "lrs3", root)[1]
    changed, gone = root / "pretrain/iIiIiIiIiI9/00001.mp4", root / "test/kKkKkKkKkK1/00002.mp4"
    changed.write_bytes(b"\0\0\0 another")
    gone.unlink()
    shutil.copytree(root / "trainval/jJjJjJjJjJ0", root / "trainval/lLlLlLlLlL2")
    _, out, _ = run("import", "lrs3", root)
    assert "since the last import: 1 clips new, 1 clips gone, 1 clips with another file" in out
    stays = "trainval/jJjJjJjJjJ0/50001.mp4"
    assert library.hashes("lrs3") == {stays: hashed[stays]}
    other = layouts.copied("lrs3", tmp_path / "other")
    assert f"imported from {root} before" in run("import", "lrs3", other)[1]
    assert library.root_of("lrs3") == other


def test_what_intervals_are_clustered_by_is_said_where_nobody_is_known(run: Run) -> None:
    assert "identities: unknown; intervals are clustered by source" in run("import", "lrs2", layouts.root_of("lrs2"))[1]
    assert "intervals are clustered by pair" in run("import", "avlips", layouts.root_of("avlips"))[1]
    assert "take each clip for a person of its own" in run("import", "dfe", layouts.root_of("dfe"))[1]


def test_two_imports_at_once_wait_for_each_other(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write, held = library.write_manifest, []

    def noting(*arguments: Any) -> None:
        with pytest.raises(Timeout):
            locked(library.home("lrs3") / ".import").acquire(blocking=False)
        held.append(True)
        write(*arguments)

    monkeypatch.setattr(library, "write_manifest", noting)
    assert run("import", "lrs3", layouts.root_of("lrs3"))[0] == 0 and held == [True]
    locked(library.home("lrs3") / ".import").acquire(blocking=False).lock.release()


def test_a_folder_that_cannot_be_opened_is_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shut").mkdir()
    assert "cannot be opened" not in run("import", "favc", tmp_path)[2]
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "shut")
    code, _, err = run("import", "favc", tmp_path)
    assert code == 1 and f"{tmp_path / 'shut'} cannot be opened, mend its permissions" in err


def mine(folder: Path) -> Path:
    for number, label in enumerate(("real", "fake")):
        (folder / label).mkdir(parents=True)
        (folder / label / "a.mp4").write_bytes(bytes([0, number]) * 9)
    return folder


def test_ones_own_data_take_a_name(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("import", "folder", mine(tmp_path / "set"), "--name", "my_set")
    assert code == 0 and "my_set: 2 clips (1 real, 1 fake)" in out
    assert "protocols that can be used now: my_set" in out
    assert {clip.dataset for clip in library.clips("my_set")} == {"my_set"}
    assert library.names() == ["my_set"]
    assert run("verify", "my_set")[0] == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sim_mine", "simulated"),
        ("favc", "published data set"),
        ("lists", "folder of split lists"),
        ("My-Set", "a-z, 0-9 and _"),
        ("", "a-z, 0-9 and _"),
        ("x" * 41, "a-z, 0-9 and _"),
        ("favc.mine", "a-z, 0-9 and _"),
        ("../x", "a-z, 0-9 and _"),
        ("mood", "'ood'"),
        ("blind", "'ind'"),
        ("a_to_b", "'_to_'"),
        ("to", "'_to_'"),
    ],
)
def test_names_that_mean_something_else_are_refused(run: Run, tmp_path: Path, name: str, words: str) -> None:
    code, out, err = run("import", "folder", mine(tmp_path / "set"), f"--name={name or ' '}")
    assert (code, out) == (1, "") and words in err and len(err.splitlines()) == 1


def test_every_part_that_names_of_detectors_may_not_have_is_refused_in_data_sets_too() -> None:
    assert set(cardcheck.RESERVED) <= set(RESERVED)
    assert check_name("deepfakes_2026") == "deepfakes_2026"


def test_published_sets_keep_their_names_and_unknown_ones_are_usage_errors(run: Run, tmp_path: Path) -> None:
    code, _, err = run("import", "favc", tmp_path, "--name", "mine")
    assert code == 1 and "favc keeps its name" in err
    code, _, err = run("import", "favd", tmp_path)
    assert code == 2 and all(name in err for name in NAMES)
    code, out, _ = run("import", "--help")
    assert code == 0 and all(name in out for name in NAMES) and "PATH is the folder" in out


def test_nothing_is_written_into_the_data_set(run: Run, tmp_path: Path) -> None:
    root = layouts.copied("voxceleb2", tmp_path)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    run("import", "voxceleb2", root)
    run("verify", "voxceleb2")
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_list_shows_imported_sets_below_the_simulated_ones(run: Run, tmp_path: Path) -> None:
    assert "real data" not in run("list")[1]
    root = layouts.copied("voxceleb2", tmp_path)
    for number, media in enumerate(sorted(root.rglob("*.m*4*"))):
        media.write_bytes(b"\0" + str(number).encode())
    run("import", "voxceleb2", root)
    lines = [line.split() for line in run("list")[1].partition("imported")[2].splitlines()]
    assert ["voxceleb2", "dev", "4", "0", "0", "2", "no"] in lines
    assert ["voxceleb2", "test", "2", "0", "0", "1", "no"] in lines
    assert run("verify", "voxceleb2")[0] == 0
    assert ["voxceleb2", "dev", "4", "0", "0", "2", "100.0%"] in [line.split() for line in run("list")[1].splitlines()]
    os.utime(library.manifest_path("voxceleb2"))
    run("import", "voxceleb2", root)
    assert ["voxceleb2", "dev", "4", "0", "0", "2", "no"] in [line.split() for line in run("list")[1].splitlines()]


@pytest.mark.parametrize("header", ["{}", '{"schema": 1}', '{"schema": 1, "splits": 3}', "nonsense", ""])
def test_list_survives_a_damaged_manifest(run: Run, header: str) -> None:
    run("import", "lrs2", layouts.root_of("lrs2"))
    path = library.manifest_path("lrs2")
    path.write_text(header + "\n" + path.read_text().partition("\n")[2])
    code, out, err = run("list")
    assert code == 0 and err == "" and "lrs2" in out


def test_the_header_of_a_manifest_counts_what_is_in_it(run: Run) -> None:
    run("import", "av1m", layouts.root_of("av1m"))
    header = json.loads(library.manifest_path("av1m").read_text().partition("\n")[0])
    clips = library.clips("av1m")
    for row in header["splits"]:
        labels = [clip.label for clip in clips if clip.split == row["split"]]
        assert [row[key] for key in ("real", "fake", "unlabelled")] == [labels.count(label) for label in (0, 1, None)]
    assert sum(row["real"] + row["fake"] + row["unlabelled"] for row in header["splits"]) == len(clips)
