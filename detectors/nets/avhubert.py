"""AV-HuBERT: 25 vectors a second from sound, mouth crops, or both; the encoder of the released checkpoints.

Source: Shi et al., "Learning audio-visual speech representation by masked multimodal cluster prediction" (ICLR 2022),
`avhubert/hubert.py` (`extract_finetune`) at 258fb50e. The released models have one `Form` of those that a configuration
can choose. What training alone needs (`mask_emb`, `final_proj.*`, `label_embs_concat`, the decoder) is left out.
AV-HuBERT's licence, which forbids commercial use, covers its weights.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from .checkpoints import CheckpointError
from .hubert import Transformer
from .making import loaded, untrained
from .visual import Activation, VisualFrontEnd, VisualSizes, visual_sizes

_FINETUNED = "encoder.w2v_model."
"""Prefix of the encoder's parameters in fine-tuned checkpoints."""
_VISUAL = "feature_extractor_video.resnet."
_TRAINING = ("mask_emb", "label_embs_concat", "final_proj.")
_HEADS = {768: 12, 1024: 16}
"""Attention heads of the released sizes by width: weights do not show them."""
_ACTIVATIONS: dict[str, Activation] = {"prelu": nn.PReLU, "relu": lambda channels: nn.ReLU()}


@dataclass(frozen=True)
class Form:
    """What a configuration can choose beside sizes; the defaults are those of every released model.

    Attributes:
        norm_first: layer norms before the parts of each block (`layer_norm_first`); weights do not show it.
        fuse: streams side by side, projected, or their sum (`modality_fuse`).
        activation: of the visual front end (`resnet_relu_type`).
        stream_layers: blocks of a Transformer that each stream has of its own (`sub_encoder_layers`).
    """

    norm_first: bool = True
    fuse: Literal["concat", "add"] = "concat"
    activation: Literal["prelu", "relu"] = "prelu"
    stream_layers: int = 0


@dataclass(frozen=True)
class Sizes:
    """Sizes of a model; `audio` is the width of a stacked log-mel row, `kernel` and `groups` are the positions'."""

    layers: int
    dim: int
    feed_forward: int
    heads: int
    audio: int = 104
    kernel: int = 128
    groups: int = 16
    visual: VisualSizes = field(default_factory=VisualSizes)
    form: Form = field(default_factory=Form)

    def transformer(self, layers: int) -> Transformer:
        """A Transformer of so many blocks."""
        return Transformer(
            layers, self.dim, self.feed_forward, self.heads, self.kernel, self.groups, self.form.norm_first
        )


BASE = Sizes(layers=12, dim=768, feed_forward=3072, heads=12)
LARGE = Sizes(layers=24, dim=1024, feed_forward=4096, heads=16)
"""SSR-DFD and AVH-Align use this size: `self_large_vox_433h.pt`."""


class _Stream(nn.Module):
    """A front end, a projection, and the stream's own Transformer where the form has one."""

    def __init__(self, sizes: Sizes, front: nn.Module, columns: int) -> None:
        super().__init__()
        self.resnet = front
        self.proj = nn.Linear(columns, sizes.dim)
        own = sizes.form.stream_layers
        self.encoder = sizes.transformer(own) if own else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.proj(self.resnet(x))
        return x if self.encoder is None else self.encoder(x)[-1]


def _visual_stream(sizes: Sizes) -> _Stream:
    front = VisualFrontEnd(_ACTIVATIONS[sizes.form.activation], sizes.visual)
    for part in front.trunk.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.normal_(part.weight, 0.0, math.sqrt(2 / (math.prod(part.kernel_size) * part.out_channels)))
    return _Stream(sizes, front, sizes.visual.layers[-1])


class AVHubert(nn.Module):
    """Both streams, joined and put through a Transformer; parameters are named as in the pre-trained checkpoints."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.feature_extractor_audio = _Stream(sizes, nn.Identity(), sizes.audio)
        self.feature_extractor_video = _visual_stream(sizes)
        joined = sizes.dim if sizes.form.fuse == "add" else 2 * sizes.dim
        self.layer_norm = nn.LayerNorm(joined)
        self.post_extract_proj = nn.Identity() if joined == sizes.dim else nn.Linear(joined, sizes.dim)
        self.encoder = sizes.transformer(sizes.layers)

    def forward(
        self, rows: Tensor | None = None, pictures: Tensor | None = None, padding: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Features of every layer.

        Args:
            rows: normalised log-mel rows `(B, T, 104)` of `avhubert_input.audio_rows`, None where there is no sound.
            pictures: normalised mouth crops `(B, T, 88, 88)` of `avhubert_input.mouth_pictures`, None where there are
                none. A missing stream counts as zeros after its projection, as in the original.
            padding: `(B, T)` bool, true beyond the end of a shorter clip, where rows and pictures have to be zero.

        Returns:
            `layer1` ... `layerN`, each block's output `(B, T, dim)`, and `last`, the final one after the layer norm,
            which is what SSR-DFD and AVH-Align use.

        Raises:
            ValueError: both streams are missing, or they differ in clips or steps.
        """
        *blocks, last = self.encoder(self.join(rows, pictures), padding)
        return {f"layer{number}": block for number, block in enumerate(blocks, 1)} | {"last": last}

    def join(self, rows: Tensor | None, pictures: Tensor | None) -> Tensor:
        """The Transformer's input `(B, T, dim)`, for the arguments and with the errors of `forward`."""
        present = [stream for stream in (rows, pictures) if stream is not None]
        if not present:
            raise ValueError("neither sound nor pictures: give at least one of the two")
        if present[0].shape[:2] != present[-1].shape[:2]:
            shapes = " and ".join(str(tuple(stream.shape[:2])) for stream in present)
            raise ValueError(f"sound and pictures have {shapes} clips and steps: cut both to the shorter first")
        zeros = present[0].new_zeros(*present[0].shape[:2], self.sizes.dim)
        audio = zeros if rows is None else self.feature_extractor_audio(rows)
        visual = zeros if pictures is None else self.feature_extractor_video(pictures)
        both = audio + visual if self.sizes.form.fuse == "add" else torch.cat([audio, visual], dim=2)
        return self.post_extract_proj(self.layer_norm(both))


def build(sizes: Sizes, seed: int) -> AVHubert:
    """An untrained model in evaluation mode, its weights drawn from the distributions of the original constructor.

    The same seed gives the same weights; torch's own random stream is kept.
    """
    return untrained(lambda: AVHubert(sizes), seed)


def from_checkpoint(checkpoint: Mapping[str, Any], where: str) -> AVHubert:
    """The model of a checkpoint, in evaluation mode.

    Args:
        checkpoint: what a fairseq file holds: `model`, the state dict (pre-trained or fine-tuned layout), and `cfg`.
        where: the file, for messages.

    Raises:
        CheckpointError: it is no AV-HuBERT, or one with another activation than all released ones; see `from_state`.
    """
    if _entry(checkpoint, ["model"]) is None:
        names = ", ".join(map(str, checkpoint)) if isinstance(checkpoint, Mapping) else type(checkpoint).__name__
        raise CheckpointError(f"{where}: no fairseq checkpoint: `model` is missing, it has {names or 'nothing'}")
    config = _config(checkpoint, where)
    if config.get("activation_fn") != "gelu":
        found = f"{where}: an AV-HuBERT with activation_fn={config.get('activation_fn')!r}"
        raise CheckpointError(f"{found}: only 'gelu', as in the released models, is supported")
    norm_first = bool(config.get("layer_norm_first"))
    return from_state(checkpoint["model"], where, config.get("encoder_attention_heads"), norm_first=norm_first)


def from_state(
    state: Mapping[str, Tensor], where: str, heads: int | None = None, *, norm_first: bool = True
) -> AVHubert:
    """The model of a state dict in either layout, in evaluation mode; all sizes but the heads are read from it.

    Args:
        state: pre-trained names, or fine-tuned ones, where the encoder is below `encoder.w2v_model.`.
        where: the file, for messages.
        heads: attention heads; not needed for the widths of the released models.
        norm_first: see `Form`.

    Raises:
        CheckpointError: parameters are missing, unexpected or of a wrong shape, or the number of heads is not known.
    """
    state = encoder_state(state)
    sizes = sizes_of(state, where, heads)
    sizes = replace(sizes, form=replace(sizes.form, norm_first=norm_first))
    return loaded(lambda: AVHubert(sizes), state, where)


def encoder_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The encoder's parameters by their pre-trained names, without what training alone needs."""
    if any(name.startswith(_FINETUNED) for name in state):
        state = {name.removeprefix(_FINETUNED): v for name, v in state.items() if name.startswith(_FINETUNED)}
    return {name: values for name, values in state.items() if not name.startswith(_TRAINING)}


def sizes_of(state: Mapping[str, Tensor], where: str, heads: int | None = None) -> Sizes:
    """Sizes of the model whose encoder has this state dict; see `from_state` for the errors."""
    try:
        dim, audio = state["feature_extractor_audio.proj.weight"].shape
        feed_forward = state["encoder.layers.0.fc1.weight"].shape[0]
        _, group, kernel = state["encoder.pos_conv.0.weight_v"].shape
        visual = visual_sizes(state, _VISUAL)
        groups = dim // group
    except KeyError as error:
        names = ", ".join(list(state)[:3]) or "nothing"
        raise CheckpointError(
            f"{where}: no AV-HuBERT encoder: {error.args[0]} is missing; it begins with {names}"
        ) from error
    except (ValueError, ZeroDivisionError) as error:
        raise CheckpointError(f"{where}: an AV-HuBERT encoder with parameters of impossible shapes: {error}") from error
    layers, own = (
        sum(name.startswith(f"{prefix}encoder.layers.") and name.endswith(".fc1.weight") for name in state)
        for prefix in ("", "feature_extractor_audio.")
    )
    form = Form(
        fuse="concat" if "post_extract_proj.weight" in state else "add",
        activation="prelu" if f"{_VISUAL}frontend3D.2.weight" in state else "relu",
        stream_layers=own,
    )
    return Sizes(layers, dim, feed_forward, _heads(dim, heads, where), audio, kernel, groups, visual, form)


def _heads(dim: int, heads: int | None, where: str) -> int:
    heads = heads or _HEADS.get(dim)
    if heads is None:
        problem = "weights do not show the number of heads, give `heads`"
        raise CheckpointError(f"{where}: an AV-HuBERT of width {dim}: {problem}")
    if dim % heads:
        raise CheckpointError(f"{where}: an AV-HuBERT of width {dim} cannot have {heads} attention heads")
    return heads


def _config(checkpoint: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """The encoder's configuration: the model's, or that of the model which it was fine-tuned from."""
    path = ["cfg", "model"]
    if "w2v_args" in (_entry(checkpoint, path) or ()):
        path += ["w2v_args", "model"]
    found = _entry(checkpoint, path)
    if found is None:
        raise CheckpointError(
            f"{where}: no AV-HuBERT of fairseq: it has no configuration {'.'.join(path)}, which tells its form"
        )
    return found


def _entry(found: Any, path: list[str]) -> Mapping[str, Any] | None:
    """The dict at a path of nested dicts, None where there is none."""
    for step in path:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None
