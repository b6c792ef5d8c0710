"""FSFM: both published layouts against the original's outputs, and what is refused."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from detectors.nets.checkpoints import CheckpointError, read_checkpoint, state_dict_at
from detectors.nets.fsfm import RECIPES, Fsfm, build_fsfm, prepare


def _load(folder: Path) -> tuple[Fsfm, dict[str, torch.Tensor], dict[str, float]]:
    config = json.loads((folder / "config.json").read_text())
    state = state_dict_at(read_checkpoint(folder / "checkpoint.pth"), ("model",), folder.name)
    return build_fsfm(state, folder.name, config["model_config"]["num_heads"]), state, config["tolerance_atol"]


def _close(ours: torch.Tensor, theirs: torch.Tensor, tolerance: float) -> None:
    torch.testing.assert_close(ours, theirs, rtol=0, atol=tolerance)


@torch.no_grad()
def test_the_fine_tuned_file_gives_the_original_s_features(golden):
    folder = golden("fsfm/finetuned_tiny")
    net, state, tolerance = _load(folder)
    pictures, expected = load_file(folder / "inputs.safetensors")["x"], load_file(folder / "outputs.safetensors")
    features = net(pictures)
    assert net.tuned
    _close(features, expected["features"], tolerance["features"])
    _close(torch.stack(net.blocks(pictures)), expected["block_tokens"], tolerance["block_tokens"])
    _close(features @ state["head.weight"].T + state["head.bias"], expected["logits"], tolerance["logits"])
    with pytest.raises(ValueError, match="no norm of its class token"):
        net.class_token(pictures)


@torch.no_grad()
def test_the_pre_trained_file_gives_the_original_s_features(golden):
    folder = golden("fsfm/pretrained_tiny")
    net, _, tolerance = _load(folder)
    pictures, expected = load_file(folder / "inputs.safetensors")["x"], load_file(folder / "outputs.safetensors")
    assert not net.tuned
    name = "features_mean_identity_fc_norm"
    _close(net(pictures), expected[name], tolerance[name])
    _close(net.class_token(pictures), expected["features_cls"], tolerance["features_cls"])
    _close(torch.stack(net.blocks(pictures)), expected["block_tokens"], tolerance["block_tokens"])


NAMES = {
    "ssr_dfd": "ssrdfd_bilinear_imagenet",
    "vggface2": "fsfm_eval_bicubic_vggface2",
    "crop_vggface2": "fsfm_eval_simple_augment_vggface2",
    "crop_imagenet": "fsfm_eval_simple_augment_imagenet",
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_input_is_the_original_s(golden, recipe: str):
    folder = golden("fsfm/preprocess")
    config, expected = json.loads((folder / "config.json").read_text()), load_file(folder / "outputs.safetensors")
    for name, picture in load_file(folder / "inputs.safetensors").items():
        ours = prepare(picture, RECIPES[recipe], config["size"])
        _close(ours, expected[f"{name}.{NAMES[recipe]}"], config["tolerance_atol"]["default"])


def _state(width: int = 128, blocks: int = 2) -> dict[str, torch.Tensor]:
    """Random weights under the names of a fine-tuned file."""
    chance = torch.Generator().manual_seed(0)
    shapes: dict[str, tuple[int, ...]] = {"cls_token": (1, 1, width), "pos_embed": (1, 5, width)}
    shapes |= {"patch_embed.proj.weight": (width, 3, 8, 8), "patch_embed.proj.bias": (width,)}
    sizes = {"attn.qkv": (3 * width, width), "attn.proj": (width, width)}
    sizes |= {"mlp.fc1": (2 * width, width), "mlp.fc2": (width, 2 * width)}
    for block in range(blocks):
        for name, (rows, columns) in sizes.items():
            shapes |= {f"blocks.{block}.{name}.weight": (rows, columns), f"blocks.{block}.{name}.bias": (rows,)}
        for name in ("norm1", "norm2"):
            shapes |= {f"blocks.{block}.{name}.{part}": (width,) for part in ("weight", "bias")}
    shapes |= {"fc_norm.weight": (width,), "fc_norm.bias": (width,), "head.weight": (2, width), "head.bias": (2,)}
    return {key: torch.randn(shape, generator=chance) * 0.2 for key, shape in shapes.items()}


def _by_hand(state: dict[str, torch.Tensor], picture: torch.Tensor, heads: int) -> torch.Tensor:
    """The feature of one picture, computed in float64 from the formulas of the vision transformer."""
    s = {key: value.double() for key, value in state.items()}
    width = s["cls_token"].shape[2]

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        centred = x - x.mean(-1, keepdim=True)
        scale = (centred.square().mean(-1, keepdim=True) + 1e-6).sqrt()
        return centred / scale * s[f"{name}.weight"] + s[f"{name}.bias"]

    def linear(x: torch.Tensor, name: str) -> torch.Tensor:
        return x @ s[f"{name}.weight"].T + s[f"{name}.bias"]

    patches = picture.double().unfold(1, 8, 8).unfold(2, 8, 8).permute(1, 2, 0, 3, 4).reshape(4, -1)
    rows = patches @ s["patch_embed.proj.weight"].flatten(1).T + s["patch_embed.proj.bias"]
    x = torch.cat([s["cls_token"][0], rows]) + s["pos_embed"][0]
    for block in ("blocks.0", "blocks.1"):
        q, k, v = linear(norm(x, f"{block}.norm1"), f"{block}.attn.qkv").view(5, 3, heads, -1).permute(1, 2, 0, 3)
        weights = (q @ k.transpose(1, 2) / (width / heads) ** 0.5).softmax(-1)
        x = x + linear((weights @ v).transpose(0, 1).reshape(5, width), f"{block}.attn.proj")
        hidden = linear(norm(x, f"{block}.norm2"), f"{block}.mlp.fc1")
        x = x + linear(hidden * 0.5 * (1 + torch.erf(hidden / 2**0.5)), f"{block}.mlp.fc2")
    return norm(x[1:].mean(0), "fc_norm")


@torch.no_grad()
def test_sizes_are_read_from_the_file_and_the_feature_is_the_formula_s():
    state, picture = _state(), torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(1))
    net = build_fsfm(state, "made.pth")
    assert net.vit.config.num_attention_heads == 2 and net.vit.config.image_size == 16
    _close(net(picture[None])[0].double(), _by_hand(state, picture, 2), 2e-5)


def test_what_does_not_fit_is_listed():
    state = _state()
    del state["blocks.1.norm2.bias"]
    state |= {"extra.weight": torch.ones(1), "blocks.0.attn.proj.bias": torch.ones(3)}
    with pytest.raises(CheckpointError) as caught:
        build_fsfm(state, "made.pth")
    for words in ("made.pth", "1 missing: vit.layers.1.layernorm_after.bias", "1 unexpected: extra.weight",
                  "1 of another shape: vit.layers.0.attention.o_proj.bias (3,) instead of (128,)"):  # fmt: skip
        assert words in str(caught.value)


def test_another_network_s_weights_are_named():
    with pytest.raises(CheckpointError, match=r"braven\.pth: is no vision transformer of FSFM; it lacks pos_embed"):
        build_fsfm({"encoder.after_norm.weight": torch.ones(4)}, "braven.pth")
