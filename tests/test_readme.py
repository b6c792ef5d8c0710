"""Every command in README does what it says, run in its order, in a copy of the checkout, on the smallest corpus."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from detectors.nets.braven import build
from detectors.nets.stream import StreamSizes, Widths
from detectors.nets.visual import VisualSizes
from file_server import Server, serving
from leaderboard import records, rows
from paths import ROOT
from releases_made import favc, smoke_pairs

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines() if line]
EXAMPLES = {text.removeprefix('"""').partition(":")[0].lower(): text for text in blocks("python")}
"""The example files by the stem that the page gives them."""


def copied(folder: Path) -> Path:
    """The working copy as version control sees it, in another folder."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout, so that its files cannot be told from others")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def run(command: str, folder: Path, cache: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """One line as typed, with this interpreter's environment on the path."""
    words = shlex.split(command.replace("default-seed0", "smoke-seed0"))
    words = [sys.executable, "-m", *words] if words[0] == "pytest" else [sys.executable, *words[1:]]
    smallest = "--size smoke" if words[3:4] == ["benchmark"] else ""
    if words[2:4] == ["detectors", "score"] or words[2] == "benchmark.explain":
        words += ["--size", "smoke"]
    environment = os.environ | {"AVDF_CACHE": str(cache), "PYTEST_ADDOPTS": smallest, "PYTHONPATH": str(folder)} | more
    environment.pop("AVDF_DATA", None)
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=400)


def test_make_targets_exist_and_are_run_by_continuous_integration() -> None:
    made = {command.split()[1] for command in COMMANDS if command.startswith("make ")}
    assert {"ood", "test"} <= made
    script, makefile = (ROOT / ".ci" / "run").read_text(), (ROOT / "Makefile").read_text()
    for target in made:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE) and f"make {target}" in script
    assert "pytest benchmark -k ood -n $(WORKERS)" in makefile and "WORKERS ?= 4" in makefile


def test_examples_are_called_as_the_page_says() -> None:
    assert set(EXAMPLES) == {"flicker", "bands", "distance", "mine"}
    assert all(f"`{name}.py`" in README for name in EXAMPLES)


@pytest.fixture
def hub() -> Iterator[Server]:
    """A Hugging Face hub on this machine, without any model."""
    with serving() as server:
        yield server


def test_every_other_command_runs_in_the_order_of_the_page(smoke_cache: Path, tmp_path: Path, hub: Server) -> None:
    folder = copied(tmp_path / "avdf-bench")
    cache = tmp_path / "cache"
    shutil.copytree(smoke_cache, cache)
    for name, text in EXAMPLES.items():
        (folder / f"{name}.py").write_text(text)
    shutil.rmtree(folder / "leaderboard" / "v1" / "rows")  # what was accepted from one size is not replaced by another
    own = build(StreamSizes(VisualSizes(4, (4, 6, 8, 10)), Widths(12, 2, 16, 2)), seed=1).state_dict()
    favc(folder / "FakeAVCeleb_v1.2", smoke_pairs(cache, "sim_whole"))
    (cache / "weights").mkdir()
    torch.save({f"encoder.{name}": values for name, values in own.items()}, cache / "weights" / "my_braven.pth")
    hub.add_model("openai/clip-vit-large-patch14", {"config.json": b"{}", "model.safetensors": b"weights"})
    online = {"HF_ENDPOINT": hub.address, "HF_HOME": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "0"}
    done = 0
    for command in COMMANDS:
        if command.startswith("make ") or command == "pytest benchmark -k ood -n 4":  # continuous integration's
            continue
        finished = run(command, folder, cache, **online)
        assert finished.returncode == 0, f"{command}\n{finished.stdout}\n{finished.stderr}"
        done += 1
    assert done >= 16
    assert "flicker" in {row.detector for row in rows.read_all(folder / "leaderboard" / "v1")}
    assert "flicker" in (folder / "leaderboard" / "v1" / "sim.md").read_text()
    measured = {path.name for path in (folder / "results" / "smoke-seed0").glob("bands-distance-*.json")}
    assert "bands-distance-sim_whole_to_sim_local.json" in measured
    assert records.read(folder / "results" / "real" / "logmel-linear-favc_to_favc.json").metrics["auc"].n_pos > 0
    for detector in ("avhubert_v.tiny.random", "braven_a.tiny.random", "my_braven"):
        path = folder / "results" / "smoke-seed0" / f"{detector}-linear-sim_whole_to_sim_lip.json"
        assert records.read(path).metrics["auc"].n_pos > 0


def test_the_example_detector_dropped_in_reaches_the_table(smoke_cache: Path, tmp_path: Path) -> None:
    folder = copied(tmp_path / "avdf-bench")
    (folder / "detectors" / "flicker.py").write_text(EXAMPLES["flicker"])
    measured = run('pytest benchmark -k "flicker and sim_whole_to_sim_lip and not probe"', folder, smoke_cache)
    assert measured.returncode == 0 and "flicker" in measured.stdout
    assert run("python -m leaderboard accept results/default-seed0", folder, smoke_cache).returncode == 0
    assert "flicker" in (folder / "leaderboard" / "v1" / "sim.md").read_text()


def test_the_example_is_found_as_an_entry_point(tmp_path: Path) -> None:
    (group,) = tomllib.loads(blocks("toml")[0])["project"]["entry-points"].items()
    about = tmp_path / "stranger-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    lines = [f"[{group[0]}]", *(f"{name} = {module}" for name, module in group[1].items())]
    (about / "entry_points.txt").write_text("\n".join(lines))
    (tmp_path / "flicker.py").write_text(EXAMPLES["flicker"])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    command = [sys.executable, "-c", "from detectors.registry import row; print(row('flicker').modules)"]
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert found.stdout.strip() == "('flicker',)", found.stderr


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
