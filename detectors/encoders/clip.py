"""`clip_l14`: CLIP's ViT-L/14 on whole frames, 25 a second; the projected class token, not normalised.

As in danoneata/veridiq at dfd1647e (fe_clip.py), the development code of SSR-DFD's authors. There it runs in half
precision on a GPU; here in float32.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from datasets.clip import FPS, Clip

from ..cards import EncoderCard
from ..fetching import published as weights
from ..registry import register
from .frozen import BF16, joined, layers, tiny
from .hub_model import HubModel

if TYPE_CHECKING:
    from torch import Tensor

CARD = EncoderCard(
    name="clip_l14",
    modality="visual",
    dim=768,
    fps=FPS,
    summary="CLIP ViT-L/14 on whole frames, trained on pairs of pictures and texts",
    licence="MIT",
    citation="Radford et al., ICML 2021, arXiv:2103.00020",
    taps=layers(24),
    weights=weights.CLIP_L14,
    pretraining=("openai_wit",),
    randomisable=True,
    variants=(tiny(16, layer_dim=16), BF16),
    layer_dim=1024,
)
_TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "patch_size": 56,
    "image_size": 224,
    "projection_dim": 16,
}
_FRAMES = 16
"""Pictures that are computed at once."""


@register(CARD)
class ClipL14(HubModel[Any]):
    """The visual half. Pictures do not see each other, so that a clip passes in blocks."""

    kind, toy = "clip", _TINY

    def inputs(self, clip: Clip) -> Iterator[Tensor]:
        """Blocks of normalised pictures `(n, 3, 224, 224)`."""
        import torch

        from ..nets.huggingface import clip_input

        for block in clip.stream(FPS, "full", block=_FRAMES):
            yield clip_input(torch.from_numpy(block).permute(0, 3, 1, 2))

    def compute(self, batch: Sequence[Any], taps: Sequence[str]) -> list[Mapping[str, Tensor]]:
        """A row for each picture."""
        from ..nets.huggingface import clip_layers

        return [joined(clip_layers(self.net, block.to(self.device), taps) for block in blocks) for blocks in batch]
