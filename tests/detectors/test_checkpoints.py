"""Reading checkpoints: what torch.save wrote comes back, and every other file is named for what it is."""

import argparse
import collections
import contextlib
import gzip
import io
import pickle
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import nn

from detectors.nets.checkpoints import CheckpointError, load_state, read_checkpoint, state_dict_at
from detectors.nets.unpickling import Stub

DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16)
SMALL_DTYPES = (torch.int8, torch.uint8, torch.bool)
BOTH = pytest.mark.parametrize("zipped", [True, False], ids=["archive", "legacy"])


def saved(value: Any, zipped: bool = True) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, torch.Tensor):
        alike = ours.dtype == theirs.dtype and ours.shape == theirs.shape
        return alike and torch.equal(ours.nan_to_num(), theirs.nan_to_num())
    if type(ours) is not type(theirs):
        return False
    if isinstance(theirs, dict):
        return list(ours) == list(theirs) and all(same(ours[key], theirs[key]) for key in theirs)
    if isinstance(theirs, list | tuple):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return ours == theirs


def tensors() -> st.SearchStrategy[torch.Tensor]:
    shapes = st.lists(st.integers(0, 4), max_size=3)
    return st.builds(lambda shape, dtype: (torch.rand(shape) * 9).to(dtype), shapes,
                     st.sampled_from(DTYPES + SMALL_DTYPES))  # fmt: skip


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | tensors()
KEYS = st.text(max_size=5) | st.integers()
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@BOTH
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES)
def test_what_torch_saved_comes_back(zipped: bool, tree: Any, tmp_path: Path):
    path = tmp_path / "tree.pt"
    path.write_bytes(saved(tree, zipped))
    assert same(read_checkpoint(path), tree)


@BOTH
def test_views_parameters_and_ordered_dicts(zipped: bool, tmp_path: Path):
    base = torch.arange(24.0).view(4, 6)
    state = collections.OrderedDict(whole=base, part=base[1:, ::2], turned=base.t(), weight=nn.Parameter(base[0]))
    path = tmp_path / "views.pt"
    path.write_bytes(saved(state, zipped))
    read = read_checkpoint(path)
    assert all(torch.equal(read[key], state[key]) for key in state)
    assert read["part"].data_ptr() == read["whole"].data_ptr() + 6 * 4  # one storage, as it was


@BOTH
def test_a_module_s_state_dict_loads(zipped: bool, tmp_path: Path):
    made, other = (nn.Sequential(nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3)) for _ in range(2))
    path = tmp_path / "module.pt"
    path.write_bytes(saved(made.state_dict(), zipped))
    load_state(other, state_dict_at(read_checkpoint(path), (), "module.pt"), "module.pt")
    assert all(torch.equal(a, b) for a, b in zip(made.state_dict().values(), other.state_dict().values(), strict=True))


@BOTH
def test_objects_are_stubs_with_their_state(zipped: bool, tmp_path: Path):
    path = tmp_path / "args.pt"
    args = argparse.Namespace(lr=0.1, inner=argparse.Namespace(name="x"))
    path.write_bytes(saved({"args": args, "words": collections.Counter("aab"), "net": nn.Linear(1, 1)}, zipped))
    read = read_checkpoint(path)
    assert read["args"].name == "argparse.Namespace" and read["args"].state["lr"] == 0.1
    assert isinstance(read["args"].state["inner"], Stub) and read["args"].state["inner"].state == {"name": "x"}
    assert read["words"].name == "collections.Counter" and read["words"].args == ({"a": 2, "b": 1},)
    assert read["net"].name == "torch.nn.modules.linear.Linear"
    assert isinstance(read["net"].state["_parameters"]["weight"], torch.Tensor)


@BOTH
def test_cut_files_are_named_wherever_they_are_cut(zipped: bool, tmp_path: Path):
    whole = saved({"model": {f"layer{i}": torch.randn(20) for i in range(4)}}, zipped)
    path = tmp_path / "cut.pt"
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"cut\.pt: "):
            read_checkpoint(path)


@BOTH
def test_damage_gives_our_error_or_a_reading_and_nothing_else(zipped: bool, tmp_path: Path):
    whole = saved({"model": {"a": torch.randn(20), "b": torch.ones(3)}, "args": argparse.Namespace(x=1)}, zipped)
    path, chance = tmp_path / "damaged.pt", random.Random(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] = chance.randrange(256)
        path.write_bytes(damaged)
        try:
            read_checkpoint(path)
        except CheckpointError:
            refused += 1
    assert refused > 30


def _zip(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr(name, b"x")
        made.writestr("archive/data.pkl" if "constants" in name else "other", b"x")
    return file.getvalue()


OTHERS = {
    "empty": (b"", "is an empty file"),
    "page": (b"\n<!DOCTYPE html><html>", "is a web page"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of git-lfs"),
    "gzip": (gzip.compress(b"x"), "is a gzip file"),
    "pickle": (pickle.dumps({"a": 1}), "is a pickle that torch.save did not write"),
    "zip": (_zip("readme.txt"), r"is a zip archive without a data\.pkl"),
    "script": (_zip("archive/constants.pkl"), "is a TorchScript program"),
    "noise": (bytes(range(200, 240)), "is a file of unknown kind"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_named_for_what_they_are(name: str, tmp_path: Path):
    content, words = OTHERS[name]
    path = tmp_path / "file.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=rf"file\.pth: {words}.*expected a checkpoint that torch\.save wrote"):
        read_checkpoint(path)


def test_arrays_and_safetensors_and_folders_are_named(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.ones(3))
    save_file({"a": torch.ones(3)}, tmp_path / "a.safetensors")
    for path, words in (
        (tmp_path / "a.npy", "NumPy"),
        (tmp_path / "a.safetensors", "safetensors"),
        (tmp_path, "no su"),
    ):
        with pytest.raises(CheckpointError, match=words):
            read_checkpoint(path)


CASES = ("fsfm/finetuned_tiny", "braven/audio_tiny", "braven/video_tiny", "auto_avsr/v1_audiovisual_tiny")


@pytest.mark.parametrize("case", CASES)
def test_published_layouts_give_the_weights_beside_them(golden, case: str):
    folder = golden(case)
    read = read_checkpoint(folder / "checkpoint.pth")
    state = state_dict_at(read, ("model",) if case.startswith("fsfm") else (), case)
    weights = load_file(folder / "weights.safetensors")
    assert set(weights) <= set(state) and all(torch.equal(state[key], weights[key]) for key in weights)


def test_weights_that_do_not_fit_are_listed_and_nothing_is_changed():
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    before = {key: value.clone() for key, value in module.state_dict().items()}
    state = {key: value + 1 for key, value in before.items() if key != "1.bias"}
    state |= {"2.weight": torch.ones(1), "0.weight": torch.ones(3, 4), "0.bias": torch.ones(3, dtype=torch.int64)}
    with pytest.raises(CheckpointError) as caught:
        load_state(module, state, "braven.pth")
    for words in ("braven.pth: the weights do not fit Sequential (7 tensors)", "1 missing: 1.bias",
                  "1 unexpected: 2.weight", "1 of another shape: 0.weight (3, 4) instead of (3, 2)",
                  "1 of another type: 0.bias torch.int64 instead of torch.float32"):  # fmt: skip
        assert words in str(caught.value)
    assert all(torch.equal(module.state_dict()[key], before[key]) for key in before)


def test_long_lists_are_cut_and_counted():
    with pytest.raises(CheckpointError, match=r"12 unexpected: x0, .*, x7 and 4 more"):
        load_state(nn.Identity(), {f"x{i}": torch.ones(1) for i in range(12)}, "x.pth")


def test_half_precision_weights_load_into_float():
    module = nn.Linear(2, 1)
    load_state(module, {key: value.half() for key, value in nn.Linear(2, 1).state_dict().items()}, "half.pth")
    assert module.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("checkpoint", "keys", "words"),
    [
        ({"net": {}}, ("model",), "x.pth: holds a dict with net; expected weights under 'model'"),
        ({"model": Stub("torch.nn.Module")}, ("model",), "holds an object of class torch.nn.Module under 'model'"),
        ({"a": 1}, (), "holds a dict with a; expected named tensors"),
        ([], (), "holds a list; expected named tensors"),
    ],
)
def test_a_file_of_another_layout_is_described(checkpoint: Any, keys: tuple[str, ...], words: str):
    with pytest.raises(CheckpointError, match=words):
        state_dict_at(checkpoint, keys, "x.pth")


def test_stubs_do_not_print_what_they_hold():
    stub = Stub("a.B")
    stub.state = stub
    with contextlib.suppress(RecursionError):
        assert repr(stub) == "Stub(name='a.B')"
        return
    pytest.fail("a stub that holds itself cannot be printed")
