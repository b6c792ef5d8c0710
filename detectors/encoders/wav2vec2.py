"""`wav2vec2_xlsr_2b`: wav2vec 2.0 XLS-R with 2 thousand million parameters; two vectors of 20 ms side by side a row.

As in SSR-DFD's feature_extraction/wav2vec2 (bit-ml/ssr-dfd 6e2cd545): the last hidden state, of an odd number of
vectors the last one twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.clip import FPS, Clip

from ..cards import EncoderCard
from ..fetching import published as weights
from ..registry import register
from .frontend import sound
from .frozen import BF16, layers, tiny
from .hub_model import HubModel

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import Wav2Vec2Model

CARD = EncoderCard(
    name="wav2vec2_xlsr_2b",
    modality="audio",
    dim=3840,
    fps=FPS,
    summary="wav2vec 2.0 XLS-R 2B, self-supervised on 128 languages",
    licence="Apache-2.0",
    citation="Babu et al., Interspeech 2022, arXiv:2111.09296",
    taps=layers(48),
    weights=weights.XLSR_2B,
    pretraining=("voxpopuli", "mls", "common_voice", "voxlingua107", "babel"),
    randomisable=True,
    variants=(tiny(32), BF16),
)
_TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": (8,) * 7,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "conv_bias": True,
    "layerdrop": 0.0,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}


@register(CARD)
class XlsR(HubModel["Wav2Vec2Model"]):
    """The encoder; long sounds pass its convolutions in blocks."""

    together = True
    kind, toy = "wav2vec2", _TINY

    def untrained(self, seed: int) -> Wav2Vec2Model:
        """See `Frozen`."""
        return _in_blocks(super().untrained(seed))

    def trained(self, path: Path) -> Wav2Vec2Model:
        """See `Frozen`."""
        from ..nets.checkpoints import CheckpointError

        model = super().trained(path)
        if model.config.feat_extract_norm != "layer":  # a norm over time sees other blocks, and other clips' padding
            raise CheckpointError(
                f"{path}: a wav2vec 2.0 with feat_extract_norm={model.config.feat_extract_norm!r}: only 'layer', as in "
                "XLS-R, is supported"
            )
        return _in_blocks(model)

    def inputs(self, clip: Clip) -> Tensor:
        """Normalised samples `(L,)`."""
        import torch

        from ..nets.huggingface import wav2vec2_input

        return wav2vec2_input(torch.from_numpy(sound(clip, shortest=400).copy()))

    def compute(self, batch: Sequence[Any], taps: Sequence[str]) -> list[Mapping[str, Tensor]]:
        """One pass over all clips, padded to the longest, which attention leaves out."""
        from ..nets.huggingface import wav2vec2_layers

        return [*wav2vec2_layers(self.net, [wave.to(self.device) for wave in batch], taps)]


def _in_blocks(model: Wav2Vec2Model) -> Wav2Vec2Model:
    from ..nets.huggingface import InBlocks

    model.add_module("feature_extractor", InBlocks(model.feature_extractor))
    return model
