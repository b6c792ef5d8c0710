"""Models of transformers: read from a folder of the hub, or drawn, in the sizes of the published ones."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    PreTrainedConfig,
    PreTrainedModel,
    VideoMAEConfig,
    VideoMAEModel,
    Wav2Vec2Config,
    Wav2Vec2Model,
)
from transformers.utils import logging

from .checkpoints import CheckpointError, listed
from .making import untrained


@dataclass(frozen=True)
class Kind:
    """One kind of model: its classes of transformers, and the published one's sizes.

    Attributes:
        types: what its `config.json` calls it.
        left_out: how the parameters begin that its published file holds beside the encoder.
    """

    model: type[PreTrainedModel]
    config: type[PreTrainedConfig]
    types: tuple[str, ...]
    left_out: tuple[str, ...]
    sizes: Mapping[str, Any]


KINDS = {
    "clip": Kind(
        CLIPVisionModelWithProjection,
        CLIPVisionConfig,
        ("clip", "clip_vision_model"),
        ("text_model.", "text_projection.", "logit_scale", "vision_model.embeddings.position_ids"),
        {
            "hidden_size": 1024,
            "num_hidden_layers": 24,
            "num_attention_heads": 16,
            "intermediate_size": 4096,
            "patch_size": 14,
            "image_size": 224,
            "projection_dim": 768,
            "hidden_act": "quick_gelu",
        },
    ),
    "videomae": Kind(
        VideoMAEModel,
        VideoMAEConfig,
        ("videomae",),
        ("decoder.", "encoder_to_decoder.", "mask_token", "classifier.", "fc_norm."),
        {
            "hidden_size": 1024,
            "num_hidden_layers": 24,
            "num_attention_heads": 16,
            "intermediate_size": 4096,
            "use_mean_pooling": False,
        },
    ),
    "wav2vec2": Kind(
        Wav2Vec2Model,
        Wav2Vec2Config,
        ("wav2vec2",),
        ("quantizer.", "project_q.", "project_hid."),
        {
            "hidden_size": 1920,
            "num_hidden_layers": 48,
            "num_attention_heads": 16,
            "intermediate_size": 7680,
            "feat_extract_norm": "layer",
            "do_stable_layer_norm": True,
            "conv_bias": True,
            "layerdrop": 0.0,
        },
    ),
}
"""By name, with the sizes of `openai/clip-vit-large-patch14` (its visual half), `MCG-NJU/videomae-large` and
`facebook/wav2vec2-xls-r-2b`."""


def build(name: str, seed: int, sizes: Mapping[str, Any] | None = None) -> PreTrainedModel:
    """An untrained model of a kind in evaluation mode, drawn as transformers draws it; by default the published one."""
    kind = KINDS[name]
    return untrained(lambda: kind.model(kind.config(**(sizes or kind.sizes))), seed)


def from_folder(name: str, folder: Path) -> PreTrainedModel:
    """A model of a kind from a folder of the hub (`config.json` and weights), float32, in evaluation mode.

    Raises:
        CheckpointError: a file is missing or damaged, it is another model, or a parameter is missing, unexpected or of
            another shape.
    """
    kind = KINDS[name]
    _check_type(kind, folder)
    model, report = _read(kind.model, folder)
    prefix, dropped = f"{model.base_model_prefix}.", kind.left_out
    unexpected = [key for key in report["unexpected_keys"] if not key.removeprefix(prefix).startswith(dropped)]
    problems = {
        "missing": sorted(report["missing_keys"]),
        "unexpected": sorted(unexpected),
        "of another shape": sorted(
            f"{key} {tuple(theirs)} instead of {tuple(ours)}" for key, theirs, ours in report["mismatched_keys"]
        ),
    }
    found = [f"{len(names)} {problem}: {listed(names)}" for problem, names in problems.items() if names]
    if found:
        raise CheckpointError(f"{folder}: the weights do not fit {kind.model.__name__}; {'; '.join(found)}")
    return model.eval()


def _read(cls: type[PreTrainedModel], folder: Path) -> tuple[PreTrainedModel, Mapping[str, Any]]:
    """A model and what transformers says of its weights; see `from_folder` for the errors."""
    try:
        with _silent():
            read: Any = cls.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=any(folder.glob("*.safetensors")),  # then no other file was hashed
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # they are refused by name
                dtype=torch.float32,
                trust_remote_code=False,
            )
    except Exception as problem:  # transformers, safetensors and torch raise all kinds on damaged files
        reason = str(problem).strip().partition("\n")[0]
        raise CheckpointError(f"{folder}: no {cls.__name__} of transformers: {reason:.300}") from problem
    model, report = read
    return model, report


@contextmanager
def _silent() -> Iterator[None]:
    """Without transformers' table of what a file holds beside the encoder, which is expected, and its progress."""
    said, progress = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(said)
        if progress:
            logging.enable_progress_bar()


def _check_type(kind: Kind, folder: Path) -> None:
    """Refuse the folder of another model, of which transformers would say that its weights are all unexpected."""
    path = folder / "config.json"
    try:
        found = json.loads(path.read_text())["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise CheckpointError(f"{path}: says no model_type ({problem!r:.200}); get it again") from problem
    if found not in kind.types:
        raise CheckpointError(f"{folder}: is a model of type {found!r:.80} by its config.json, not {kind.types[0]!r}")
