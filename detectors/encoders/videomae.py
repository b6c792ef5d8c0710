"""`videomae_l`: VideoMAE Large on whole frames; a row for every two of them, from windows of 16 side by side.

As in danoneata/veridiq at dfd1647e (fe_video_mae.py), the development code of SSR-DFD's authors. The frames after the
last whole window are dropped, and a clip of fewer than 16 frames has no features.
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

_WINDOW = 16
CARD = EncoderCard(
    name="videomae_l",
    modality="visual",
    dim=1024,
    fps=FPS / 2,
    summary="VideoMAE Large on whole frames, self-supervised",
    licence="CC-BY-NC-4.0",
    citation="Tong et al., NeurIPS 2022, arXiv:2203.12602",
    taps=layers(24),
    weights=weights.VIDEOMAE_L,
    pretraining=("kinetics400",),
    randomisable=True,
    variants=(tiny(16), BF16),
    window=_WINDOW / FPS,
)
_TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "patch_size": 56,
    "use_mean_pooling": False,
}


@register(CARD)
class VideoMAELarge(HubModel[Any]):
    """The encoder. Windows do not see each other, so that a clip passes window by window."""

    kind, toy = "videomae", _TINY

    def inputs(self, clip: Clip) -> Iterator[Tensor]:
        """Windows of normalised pictures `(16, 3, 224, 224)`.

        Raises:
            ClipError: there are fewer than 16.
        """
        import torch

        from ..nets.huggingface import videomae_input

        whole = False
        for block in clip.stream(FPS, "full", block=_WINDOW):
            if len(block) == _WINDOW:
                whole = True
                yield videomae_input(torch.from_numpy(block).permute(0, 3, 1, 2))
        if not whole:
            raise clip.error(f"fewer than {_WINDOW} frames, of which VideoMAE makes no vector")

    def compute(self, batch: Sequence[Any], taps: Sequence[str]) -> list[Mapping[str, Tensor]]:
        """Eight rows for each window."""
        from ..nets.huggingface import videomae_layers

        return [joined(videomae_layers(self.net, one.to(self.device), taps) for one in windows) for windows in batch]
