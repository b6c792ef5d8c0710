"""Published encoders as a user measures them: in toy size, without their weights, with a checkpoint of one's own."""

import json
import re
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch

from benchmark.cells import cells
from benchmark.run import Bench, Options
from detectors import plugins
from detectors.contract import Subject, complaints
from detectors.contract.kit import make_kit
from detectors.encoders.braven import BravenVisual
from detectors.fetching.files import ChangedWeightsError, repin
from detectors.nets import braven
from detectors.nets.stream import StreamSizes, Widths
from detectors.nets.visual import VisualSizes
from detectors.protocols import Context
from detectors.registry import Registry
from leaderboard.__main__ import main
from suite import Suite

PAIR = "ood and sim_whole_to_sim_local and not trim and not drop"
TINY = ("avhubert_v.tiny.random", "braven_a.tiny.random", "autoavsr_av.tiny.random")
MINE = """
from dataclasses import replace
from detectors.cards import Weights
from detectors.encoders.braven import VISUAL, BravenVisual
from detectors.registry import register

WEIGHTS = Weights("my_braven.pth", None, "my training", "mine")
register(replace(VISUAL, name="my_braven", dim=12, weights=WEIGHTS, variants=()))(BravenVisual)
"""


def asked(*names: str) -> list[str]:
    return [option for name in names for option in ("--detector", name)]


def checkpoint(seed: int, path: Path) -> None:
    """A small model in BRAVEn's published layout."""
    net = braven.build(StreamSizes(VisualSizes(4, (4, 6, 8, 10)), Widths(12, 2, 16, 2)), seed)
    path.parent.mkdir(exist_ok=True)
    torch.save({f"encoder.{name}": values for name, values in net.state_dict().items()}, path)


def test_toys_and_one_s_own_are_measured_and_what_lacks_its_weights_is_skipped(suite: Suite, tmp_path: Path) -> None:
    scratch, root, rows = tmp_path / "mine.py", tmp_path / "weights", str(tmp_path / "v1")
    scratch.write_text(MINE)
    checkpoint(0, root / "my_braven.pth")
    selection = ("-k", f"{PAIR} and (tiny or not random)", *asked(*TINY, "braven_v", str(scratch)))
    weights = {"AVDF_WEIGHTS": str(root), "HF_HUB_CACHE": str(tmp_path / "hub")}
    run = suite.run(*selection, **weights)
    assert run.returncode == 0 and "4 passed, 1 skipped" in run.stdout, run.stdout + run.stderr
    found = suite.records()
    assert set(found) == {f"{name}-linear-sim_whole_to_sim_local" for name in (*TINY, "my_braven")}
    for name, record in found.items():
        assert record.status == "ok" and 0 <= record.metrics["auc"].value <= 1
        assert [part["seed"] for part in record.runs] == ([43] if name.startswith("my_braven") else [0, 1, 2])
        assert record.coverage["test"]["found"] == record.coverage["test"]["expected"] > 0
    (line,) = [line for line in run.stdout.splitlines() if line.startswith("  braven_v (1 cells): ")]
    assert "vsr_prelrs3vox2avs_large_ftlrs3vox2avs_selftrain_braven.pth is not in" in line
    assert "download https://drive.google.com/file/d/" in line
    assert [path.name for path in root.iterdir() if path.suffix != ".lock"] == ["my_braven.pth", "pins.json"]

    # Another file under the same name is refused, and what was skipped is nothing to the gate.
    assert main(["--folder", rows, "accept", str(suite.results)]) == 0
    pinned = json.loads((root / "pins.json").read_text())["my_braven.pth"]["sha256"]
    checkpoint(1, root / "my_braven.pth")
    changed = suite.run(*selection, "--check", "--against", rows, **weights)
    assert changed.returncode == 1 and "1 failed, 3 passed, 1 skipped" in changed.stdout, (
        changed.stdout + changed.stderr
    )
    assert f"{pinned} was pinned on" in changed.stdout and "Traceback" not in changed.stdout
    assert suite.records() == found
    gate = changed.stdout.partition("regression gate")[2]
    assert "3 equal" in gate and "my_braven" in gate and " braven_v" not in gate


def test_the_contract_tries_a_checkpoint_of_one_s_own(
    known: Registry, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVDF_WEIGHTS", str(tmp_path))
    own = MINE.replace("variants=()", "randomisable=False, taps=('last', 'layer1', 'layer2')")
    kit = make_kit(tmp_path / "kit")
    for width, found in ((12, []), (8, ["shape (T, 12); its card says (T, 8), T at least 1"])):
        (tmp_path / f"mine{width}.py").write_text(own.replace("dim=12", f"dim={width}").replace("_braven", f"_{width}"))
        (name,) = plugins.load_file(tmp_path / f"mine{width}.py")
        checkpoint(0, tmp_path / f"{name}.pth")
        said = complaints(Subject("encoder", name), kit, tmp_path)
        assert [re.sub(r"^.*shape \(\d+", "shape (T", line) for line in said] == found


def test_weights_that_were_refused_are_used_once_they_are_accepted(
    known: Registry, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVDF_WEIGHTS", str(tmp_path))
    (tmp_path / "mine.py").write_text(MINE)
    assert plugins.load_file(tmp_path / "mine.py") == ("my_braven",)
    card = known.encoders["my_braven"].card
    encoder = BravenVisual(card)
    checkpoint(0, tmp_path / "my_braven.pth")
    encoder.load(Context())
    checkpoint(1, tmp_path / "my_braven.pth")
    with pytest.raises(ChangedWeightsError, match="--repin"):
        encoder.load(Context())
    repin(card.weights)
    encoder.load(Context())
    assert encoder.net.sizes.stack.width == card.dim


def test_a_weights_folder_that_cannot_be_looked_into_fails_the_cell(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVDF_WEIGHTS", str(tmp_path / ("x" * 300)))
    cell = next(cell for cell in cells() if cell.row.name == "clip_l14-linear")
    record = Bench(Options("smoke", 0, "never", tmp_path / "results"), nullcontext).record(cell)
    assert record.status == "failed" and "File name too long" in str(record.reason)
