"""Models of transformers: read from a folder of the hub, or drawn, in the sizes of the published ones."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

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

Model = TypeVar("Model", bound=PreTrainedModel)

CLIP_LARGE: dict[str, Any] = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "patch_size": 14,
    "image_size": 224,
    "projection_dim": 768,
    "hidden_act": "quick_gelu",
}
"""`openai/clip-vit-large-patch14`, its visual half."""
VIDEOMAE_LARGE: dict[str, Any] = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "use_mean_pooling": False,
}
"""`MCG-NJU/videomae-large`."""
XLSR_2B: dict[str, Any] = {
    "hidden_size": 1920,
    "num_hidden_layers": 48,
    "num_attention_heads": 16,
    "intermediate_size": 7680,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "conv_bias": True,
    "layerdrop": 0.0,
}
"""`facebook/wav2vec2-xls-r-2b`."""
_NOT_NEEDED: dict[type[PreTrainedModel], tuple[str, ...]] = {
    CLIPVisionModelWithProjection: (
        "text_model.",
        "text_projection.",
        "logit_scale",
        "vision_model.embeddings.position_ids",
    ),
    VideoMAEModel: ("decoder.", "encoder_to_decoder.", "mask_token", "classifier.", "fc_norm."),
    Wav2Vec2Model: ("quantizer.", "project_q.", "project_hid."),
}
"""What the published files hold beside the encoder."""
_KINDS: dict[type[PreTrainedModel], tuple[str, ...]] = {
    CLIPVisionModelWithProjection: ("clip", "clip_vision_model"),
    VideoMAEModel: ("videomae",),
    Wav2Vec2Model: ("wav2vec2",),
}
"""What their `config.json` calls them."""


def from_folder(cls: type[Model], folder: Path) -> Model:
    """A model from a folder of the hub (`config.json` and weights), float32, in evaluation mode.

    Raises:
        CheckpointError: a file is missing or damaged, it is another model, or a parameter is missing, unexpected or of
            another shape.
    """
    _check_kind(cls, folder)
    model, report = _read(cls, folder)
    prefix, dropped = f"{model.base_model_prefix}.", _NOT_NEEDED[cls]
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
        raise CheckpointError(f"{folder}: the weights do not fit {cls.__name__}; {'; '.join(found)}")
    return model.eval()


def _read(cls: type[Model], folder: Path) -> tuple[Model, Mapping[str, Any]]:
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


def _check_kind(cls: type[PreTrainedModel], folder: Path) -> None:
    """Refuse the folder of another model, of which transformers would say that its weights are all unexpected."""
    path = folder / "config.json"
    try:
        kind = json.loads(path.read_text())["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise CheckpointError(f"{path}: says no model_type ({problem!r:.200}); get it again") from problem
    if kind not in _KINDS[cls]:
        raise CheckpointError(f"{folder}: is a model of type {kind!r:.80} by its config.json, not {_KINDS[cls][0]!r}")


def build(cls: type[Model], config: PreTrainedConfig, seed: int) -> Model:
    """An untrained model in evaluation mode, drawn as transformers draws it."""
    return untrained(lambda: cls(config), seed)


def clip_model(seed: int, sizes: Mapping[str, Any] = CLIP_LARGE) -> CLIPVisionModelWithProjection:
    """CLIP's visual half, untrained."""
    return build(CLIPVisionModelWithProjection, CLIPVisionConfig(**sizes), seed)


def videomae_model(seed: int, sizes: Mapping[str, Any] = VIDEOMAE_LARGE) -> VideoMAEModel:
    """VideoMAE's encoder, untrained."""
    return build(VideoMAEModel, VideoMAEConfig(**sizes), seed)


def wav2vec2_model(seed: int, sizes: Mapping[str, Any] = XLSR_2B) -> Wav2Vec2Model:
    """wav2vec 2.0, untrained."""
    return build(Wav2Vec2Model, Wav2Vec2Config(**sizes), seed)
