"""`braven_a`, `braven_v`: BRAVEn's encoders of sound and of mouth crops, 25 vectors a second.

As SSR-DFD uses them: the large models that were fine-tuned for speech recognition with self-training, after the last
norm, one clip at a time. `.pretrained` is the self-supervised model that those began with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from datasets.clip import FPS, Clip

from ..cards import EncoderCard, Variant
from ..fetching import published as weights
from ..registry import register
from .frontend import sound
from .frozen import BF16, NOCROP, layers, mouth_blocks, padded, tiny
from .one_stream import OneStream

if TYPE_CHECKING:
    from types import ModuleType

    from torch import Tensor

    from ..nets.stream import StreamSizes

VISUAL = EncoderCard(
    name="braven_v",
    modality="visual",
    dim=1024,
    fps=FPS,
    summary="BRAVEn Large on mouth crops, fine-tuned for lip reading with self-training",
    licence="code: MIT; weights: none stated",
    citation="Haliassos et al., ICASSP 2024, arXiv:2404.02098",
    taps=layers(24),
    weights=weights.BRAVEN_VSR_LARGE,
    pretraining=("lrs3", "voxceleb2", "avspeech"),
    randomisable=True,
    variants=(
        Variant("pretrained", "before fine-tuning", {"weights": weights.BRAVEN_V_PRETRAINED}),
        tiny(12),
        NOCROP,
        BF16,
    ),
)
AUDIO = replace(
    VISUAL,
    name="braven_a",
    modality="audio",
    summary="BRAVEn Large on sound, fine-tuned for speech recognition with self-training",
    weights=weights.BRAVEN_ASR_LARGE,
    variants=(
        Variant("pretrained", "before fine-tuning", {"weights": weights.BRAVEN_A_PRETRAINED}),
        tiny(12),
        BF16,
    ),
)
_TINY_FRONT = (4, (4, 6, 8, 10))


class _Braven(OneStream):
    """Both encoders: they differ in what they take in."""

    def port(self) -> ModuleType:
        """See `OneStream`."""
        from ..nets import braven

        return braven


@register(VISUAL)
class BravenVisual(_Braven):
    """The visual stream."""

    together = True

    def sizes(self) -> StreamSizes:
        """Of the published, or of the toy model."""
        from ..nets import braven
        from ..nets.stream import StreamSizes, Widths
        from ..nets.visual import VisualSizes

        if not self.tiny:
            return braven.VISUAL_LARGE
        return StreamSizes(VisualSizes(*_TINY_FRONT), Widths(self.card.dim, 2, 16, 2))

    def inputs(self, clip: Clip) -> Tensor:
        """Normalised gray pictures `(T, 88, 88) float32`."""
        import torch

        from ..nets.mouth import mouth_pictures

        blocks = mouth_blocks(clip, self.card)
        return torch.cat([mouth_pictures(torch.from_numpy(block).permute(0, 3, 1, 2)) for block in blocks])

    def compute(self, batch: Sequence[Any], taps: Sequence[str]) -> list[Mapping[str, Tensor]]:
        """One pass over all clips, padded to the longest; only attention has to leave the padding out."""
        pictures, lengths = padded(batch)
        found = self.net(pictures.to(self.device), lengths if len(batch) > 1 else None).tapped(taps)
        return [{tap: rows[at, :length] for tap, rows in found.items()} for at, length in enumerate(lengths)]


@register(AUDIO)
class BravenAudio(_Braven):
    """The audio stream. Padding leaks into its front end's convolutions, so clips are computed one by one."""

    def sizes(self) -> StreamSizes:
        """Of the published, or of the toy model."""
        from ..nets import braven
        from ..nets.sound import SoundSizes
        from ..nets.stream import StreamSizes, Widths

        if not self.tiny:
            return braven.AUDIO_LARGE
        return StreamSizes(SoundSizes(*_TINY_FRONT), Widths(self.card.dim, 2, 16, 2))

    def inputs(self, clip: Clip) -> Tensor:
        """The samples `(L,) float32` as they are."""
        import torch

        return torch.from_numpy(sound(clip).copy())
