"""Inputs and features around transformers' models, against the extraction scripts of SSR-DFD's authors."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    PreTrainedModel,
    VideoMAEConfig,
    VideoMAEModel,
    Wav2Vec2Config,
    Wav2Vec2Model,
)

from detectors.nets.huggingface import (
    CHUNK,
    clip_input,
    clip_layers,
    paired,
    videomae_input,
    videomae_layers,
    wav2vec2_input,
    wav2vec2_layers,
)

LAST = ("last",)
Case = tuple[dict[str, Any], dict[str, torch.Tensor], dict[str, torch.Tensor], dict[str, float]]


def _case(folder: Path) -> Case:
    config = json.loads((folder / "config.json").read_text())
    sizes = {key: value for key, value in config["model_config"].items() if key != "reference"}
    tensors = (load_file(folder / f"{name}.safetensors") for name in ("inputs", "outputs"))
    return sizes, *tensors, config["tolerance_atol"]


def _loaded(model: PreTrainedModel, folder: Path, tmp_path: Path) -> PreTrainedModel:
    """The model with the folder's weights, read as transformers reads a folder of the hub; every key must fit."""
    model.config.save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_bytes((folder / "weights.safetensors").read_bytes())
    loaded, report = type(model).from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report.values()), report
    return loaded.eval()


def _close(ours: torch.Tensor, theirs: torch.Tensor, tolerance: float) -> None:
    torch.testing.assert_close(ours, theirs, rtol=0, atol=tolerance)


@torch.no_grad()
def test_clip_s_projected_class_token(golden, tmp_path: Path):
    folder = golden("clip/frames_tiny")
    sizes, frames, expected, tolerance = _case(folder)
    model = _loaded(CLIPVisionModelWithProjection(CLIPVisionConfig(**sizes)), folder, tmp_path)
    for name in frames:
        pixels = clip_input(frames[name], sizes["image_size"])
        _close(pixels, expected[f"{name}.pixel_values_openai_clip"], tolerance[f"{name}.pixel_values_openai_clip"])
        (found,) = clip_layers(model, pixels, LAST).values()
        _close(found, expected[f"{name}.image_embeds"], tolerance[f"{name}.image_embeds"])


@torch.no_grad()
@pytest.mark.parametrize("name", ["frames_a", "frames_b", "frames_short"])
def test_videomae_s_tubelets(golden, tmp_path: Path, name: str):
    folder = golden("videomae/chunks_tiny")
    sizes, frames, expected, tolerance = _case(folder)
    config = VideoMAEConfig(**sizes, use_mean_pooling=False)
    model = _loaded(VideoMAEModel(config), folder, tmp_path)
    pixels = videomae_input(frames[name])
    key = f"{name}.pixel_values_first_chunk_stride8"
    if key in expected:
        _close(pixels[:16, :, ::8, ::8], expected[key], tolerance[key])
    whole = pixels[: len(pixels) // CHUNK * CHUNK].unflatten(0, (-1, CHUNK)) if len(pixels) >= CHUNK else ()
    rows = [videomae_layers(model, chunk, LAST)["last"] for chunk in whole]
    ours = torch.cat(rows) if rows else torch.zeros(0, sizes["hidden_size"])
    _close(ours.double(), expected[f"{name}.features"], tolerance[f"{name}.features"])


@torch.no_grad()
def test_wav2vec2_s_pairs(golden, tmp_path: Path):
    folder = golden("wav2vec2/pairing_tiny")
    sizes, sounds, expected, tolerance = _case(folder)
    config = Wav2Vec2Config(**sizes, feat_extract_norm="layer", do_stable_layer_norm=True, conv_bias=True)
    model = _loaded(Wav2Vec2Model(config), folder, tmp_path)
    names = [name for name in sounds if name.endswith("_16000")]
    assert len(names) == 5
    for name in names:
        normal = wav2vec2_input(sounds[name].mean(0))
        _close(normal, expected[f"{name}.input_values"], tolerance[f"{name}.input_values"])
        _close(
            wav2vec2_layers(model, [normal], LAST)[0]["last"],
            expected[f"{name}.features"],
            tolerance[f"{name}.features"],
        )
    for samples, rows in ((400, 1), (719, 1), (720, 1), (1040, 2)):
        assert wav2vec2_layers(model, [torch.zeros(samples)], LAST)[0]["last"].shape == (rows, 2 * sizes["hidden_size"])
    with pytest.raises(ValueError, match="399 samples"):
        wav2vec2_layers(model, [torch.zeros(399)], LAST)


def test_pairs_of_an_odd_number_repeat_the_last():
    rows = torch.arange(10).view(5, 2)
    assert paired(rows).tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 8, 9]]
    assert paired(rows[:4]).tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
