"""FSFM's vision transformer and its input, from both of its published files.

After fsfm-3c/models_vit.py and fsfm-3c/util/datasets.py of github.com/wolo-wolo/FSFM-CVPR25 at 986aaab6, and the
extraction in github.com/danoneata/veridiq at dfd1647e. The transformer is that of transformers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Literal, cast

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import transforms
from torchvision.transforms import InterpolationMode
from transformers import ViTConfig, ViTModel

from .checkpoints import CheckpointError, load_state
from .making import untrained
from .taps import recorded

_EPS = 1e-6
_HEAD_WIDTH = 64
"""Columns of an attention head in every published size; a state dict does not tell."""
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_VGGFACE2 = ((0.5482207537, 0.4234053493, 0.3654651642), (0.2789176106, 0.2438540757, 0.2349389344))
_PRETRAINING = ("mask_token", "projector.", "predictor.", "rep_decoder_", "decoder_")
_FINETUNING = ("head.",)
_EMBEDDINGS = {
    "cls_token": "embeddings.cls_token",
    "pos_embed": "embeddings.position_embeddings",
    "patch_embed.proj": "embeddings.patch_embeddings.projection",
}
_LAYERS = {
    "norm1": "layernorm_before",
    "norm2": "layernorm_after",
    "attn.proj": "attention.o_proj",
    "mlp.fc1": "mlp.fc1",
    "mlp.fc2": "mlp.fc2",
}


class Fsfm(nn.Module):
    """The encoder of one file, in evaluation mode; `tuned` where the file was fine-tuned to tell fakes from reals."""

    def __init__(self, config: ViTConfig, tuned: bool) -> None:
        super().__init__()
        self.tuned = tuned
        self.vit = ViTModel(config, add_pooling_layer=False)
        self.vit.add_module("layernorm", nn.Identity())  # the file's one norm is applied to the pooled row
        self.norm = nn.LayerNorm(config.hidden_size, eps=_EPS)
        self.eval()

    @property
    def edge(self) -> int:
        """Pixels of the edge of its pictures."""
        return cast(int, self.vit.config.image_size)

    def blocks(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Normalised pictures `(N, 3, S, S)` to the raw output of each block, `(N, 1 + P, D)`, class token first."""
        return self.vit(pictures, output_hidden_states=True).hidden_states[1:]

    def forward(self, pictures: Tensor) -> Tensor:
        """The feature that SSR-DFD's authors save, the normed mean of the patches of the last block: `(N, D)`.

        In a pre-trained file the norm of the mean is untrained, so it only standardises each row, as the original does.
        """
        return self.layers(pictures, ("last",))["last"]

    def layers(self, pictures: Tensor, taps: Sequence[str]) -> dict[str, Tensor]:
        """By tap the feature (`last`), or the mean of the patches as a block gives them: `(N, D)`."""
        with recorded(self.vit.layers, taps) as blocks:
            last = self.vit(pictures).last_hidden_state
        means = {tap: (last if tap == "last" else blocks[tap])[:, 1:].mean(1) for tap in taps}
        if "last" in means:
            mean = means["last"]
            means["last"] = self.norm(mean) if self.tuned else F.layer_norm(mean, mean.shape[-1:], eps=_EPS)
        return means

    def class_token(self, pictures: Tensor) -> Tensor:
        """The normed class token of a pre-trained file, `(N, D)`.

        Raises `ValueError` for a fine-tuned one, which has no norm for it.
        """
        if self.tuned:
            raise ValueError("a fine-tuned FSFM has no norm of its class token; use the mean of the patches")
        return self.norm(self.vit(pictures).last_hidden_state[:, 0])


def build_fsfm(state: Mapping[str, Tensor], where: str, heads: int | None = None) -> Fsfm:
    """The encoder of the state dict under `model`, pre-trained or fine-tuned, with the sizes of its tensors.

    `heads` is by default one for 64 columns, as in every published file. Raises `CheckpointError` that names `where`
    and lists the keys that are missing, of another shape or unexpected; those of pre-training alone and the classifier
    are dropped.
    """
    tuned = "fc_norm.weight" in state
    dropped = _FINETUNING if tuned else _PRETRAINING
    renamed: dict[str, Tensor] = {}
    for key, value in state.items():
        if not key.startswith(dropped):
            renamed |= _renamed(key, value, "fc_norm" if tuned else "norm")
    net = Fsfm(_config(state, where, heads), tuned)
    load_state(net, renamed, where)
    return net


BASE = ViTConfig(layer_norm_eps=_EPS)
"""ViT-B/16, the published size."""
TINY = ViTConfig(
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=32,
    patch_size=56,
    layer_norm_eps=_EPS,
)


def untrained_fsfm(config: ViTConfig, seed: int) -> Fsfm:
    """An untrained encoder, drawn as the original's constructor (timm 0.4.5) draws.

    As transformers does: weights, class token and positions from a normal distribution of deviation 0.02, cut at two
    absolute units, biases zero; except for the patches' convolution, which is torch's own there.
    """

    def make() -> Fsfm:
        net = Fsfm(config, tuned=False)
        net.vit.embeddings.patch_embeddings.projection.reset_parameters()
        return net

    return untrained(make, seed)


def _renamed(key: str, value: Tensor, norm: str) -> dict[str, Tensor]:
    """One entry under the names of transformers; queries, keys and values are three there, and one in the file."""
    stem, _, leaf = key.rpartition(".")
    if key in _EMBEDDINGS:
        return {f"vit.{_EMBEDDINGS[key]}": value}
    if stem in _EMBEDDINGS:
        return {f"vit.{_EMBEDDINGS[stem]}.{leaf}": value}
    if stem == norm:
        return {f"norm.{leaf}": value}
    block, _, part = stem.removeprefix("blocks.").partition(".")
    if stem.startswith("blocks.") and part == "attn.qkv" and len(value) % 3 == 0:
        names = (f"vit.layers.{block}.attention.{name}_proj.{leaf}" for name in "qkv")
        return dict(zip(names, value.chunk(3), strict=True))
    if stem.startswith("blocks.") and part in _LAYERS:
        return {f"vit.layers.{block}.{_LAYERS[part]}.{leaf}": value}
    return {key: value}


def _config(state: Mapping[str, Tensor], where: str, heads: int | None) -> ViTConfig:
    needed = {"pos_embed": 3, "patch_embed.proj.weight": 4, "blocks.0.mlp.fc1.weight": 2}
    lacking = [key for key, axes in needed.items() if key not in state or state[key].ndim != axes]
    if lacking:
        raise CheckpointError(f"{where}: is no vision transformer of FSFM; it lacks {', '.join(lacking)}")
    width, patch = state["pos_embed"].shape[2], state["patch_embed.proj.weight"].shape[2]
    heads = heads or max(width // _HEAD_WIDTH, 1)
    if width % heads:
        raise CheckpointError(f"{where}: {width} columns cannot be shared among {heads} heads")
    return ViTConfig(
        hidden_size=width,
        num_hidden_layers=len({key.split(".")[1] for key in state if key.startswith("blocks.")}),
        num_attention_heads=heads,
        intermediate_size=state["blocks.0.mlp.fc1.weight"].shape[0],
        image_size=isqrt(state["pos_embed"].shape[1] - 1) * patch,
        patch_size=patch,
        layer_norm_eps=_EPS,
    )


@dataclass(frozen=True)
class Recipe:
    """How a face crop becomes the network's input."""

    constants: tuple[tuple[float, float, float], tuple[float, float, float]]
    """Mean and standard deviation of red, green and blue in [0, 1]."""
    resampling: Literal["bilinear", "bicubic"]
    crop: bool = False
    """Resize the shorter edge to 8/7 of the input and cut its centre, instead of stretching the crop to a square."""


RECIPES = {
    "ssr_dfd": Recipe(_IMAGENET, "bilinear"),
    "vggface2": Recipe(_VGGFACE2, "bicubic"),
    "crop_vggface2": Recipe(_VGGFACE2, "bicubic", crop=True),
    "crop_imagenet": Recipe(_IMAGENET, "bicubic", crop=True),
}
"""`ssr_dfd` is what SSR-DFD's authors run; for the deepfake-supervised file FSFM's own recipe is `crop_vggface2`."""


def prepare(picture: Tensor, recipe: Recipe, edge: int = 224) -> Tensor:
    """A face crop `(H, W, 3) uint8`, RGB, to the network's input `(3, edge, edge) float32`."""
    mode = InterpolationMode(recipe.resampling)
    if recipe.crop:
        shape = [transforms.Resize(int(edge / (224 / 256)), mode), transforms.CenterCrop(edge)]
    else:
        shape = [transforms.Resize((edge, edge), mode)]
    steps = transforms.Compose([*shape, transforms.ToTensor(), transforms.Normalize(*recipe.constants)])
    return torch.as_tensor(steps(Image.fromarray(picture.numpy())))
