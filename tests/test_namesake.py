"""Hugging Face's package is called `datasets` too: in a checkout ours is found, and the suite works beside theirs."""

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from paths import ROOT

CODE = """
import pathlib, sys
import datasets
assert pathlib.Path(datasets.__file__).parent == pathlib.Path("datasets").resolve(), datasets.__file__
import torch
from transformers import Trainer, Wav2Vec2Config, Wav2Vec2Model
config = Wav2Vec2Config(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
                        conv_dim=(8,) * 7, num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2)
assert Wav2Vec2Model(config).eval()(torch.zeros(1, 4000)).last_hidden_state.shape[-1] == 16
assert datasets.__file__ and not hasattr(datasets, "load_dataset")
"""


def _theirs() -> None:
    try:
        files = distribution("datasets").files or []
    except PackageNotFoundError:
        pytest.skip("Hugging Face's datasets is not installed, so there is nothing to clash with")
    assert any(str(path) == "datasets/load.py" for path in files)


def test_ours_is_found_first_and_transformers_models_run() -> None:
    _theirs()
    run = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert run.returncode == 0, run.stderr


def test_the_suite_collects_with_theirs_installed() -> None:
    _theirs()
    command = [sys.executable, "-m", "pytest", "benchmark", "--collect-only", "-q", "-k", "silence"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0 and "silence-sim_whole_to_sim_local" in run.stdout


def test_elsewhere_a_command_says_where_to_run_it(tmp_path: Path) -> None:
    _theirs()
    command = [sys.executable, "-m", "datasets", "list"]
    rest = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = subprocess.run(command, cwd=tmp_path, env=rest, capture_output=True, text=True, timeout=100)
    assert run.returncode == 1 and "Traceback" not in run.stderr
    assert f"run this command in {ROOT}" in run.stderr
