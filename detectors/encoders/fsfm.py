"""`fsfm`: FSFM's vision transformer on face crops, 25 a second; the mean of the patches of the last block, normed.

FSFM is published self-supervised, and fine-tuned on deepfakes. `fsfm` is self-supervised on VGGFace2.
`fsfm.deepfake_supervised` was fine-tuned to tell the fakes of FaceForensics++: it is what the development code of
SSR-DFD's authors loads (danoneata/veridiq at dfd1647e), although the paper counts it among self-supervised encoders.
That code stretches face crops to a square and normalises them as ImageNet's; `.own_input` prepares them as FSFM's own
evaluation does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.clip import FPS, Clip

from ..cards import EncoderCard, Variant
from ..fetching import published as weights
from ..registry import register
from .frozen import BF16, Frozen, joined, layers, tiny

if TYPE_CHECKING:
    from torch import Tensor

    from ..nets.fsfm import Fsfm

_OWN, _SUPERVISED = "own_input", "deepfake_supervised"
CARD = EncoderCard(
    name="fsfm",
    modality="visual",
    dim=768,
    fps=FPS,
    summary="FSFM ViT-B/16 on face crops, self-supervised",
    licence="CC-BY-NC-4.0",
    citation="Wang et al., CVPR 2025, arXiv:2412.12032",
    taps=layers(12),
    weights=weights.FSFM_PRETRAINED,
    pretraining=("vggface2",),
    randomisable=True,
    variants=(
        Variant(
            _SUPERVISED,
            "and fine-tuned on deepfakes (FaceForensics++)",
            {"weights": weights.FSFM_TUNED, "pretraining": ("vggface2", "ffpp")},
        ),
        Variant("ffpp", "on FaceForensics++", {"weights": weights.FSFM_PRETRAINED_FFPP, "pretraining": ("ffpp",)}),
        tiny(16),
        Variant(_OWN, "prepared as in FSFM's own evaluation"),
        BF16,
    ),
)
_FRAMES = 16
"""Pictures that are computed at once."""


@register(CARD)
class FsfmBase(Frozen["Fsfm"]):
    """The encoder. Pictures do not see each other, so that a clip passes in blocks."""

    def untrained(self, seed: int) -> Fsfm:
        """See `Frozen`."""
        from ..nets.fsfm import BASE, TINY, untrained_fsfm

        return untrained_fsfm(TINY if self.tiny else BASE, seed)

    def trained(self, path: Path) -> Fsfm:
        """See `Frozen`."""
        from ..nets.checkpoints import read_checkpoint, state_dict_at
        from ..nets.fsfm import build_fsfm

        return build_fsfm(state_dict_at(read_checkpoint(path), ("model",), str(path)), str(path))

    def inputs(self, clip: Clip) -> Iterator[Tensor]:
        """Blocks of normalised pictures `(n, 3, S, S)`, as large as the network takes them: 224 in published files."""
        import torch

        from ..nets.fsfm import RECIPES, prepare

        own = "crop_vggface2" if _SUPERVISED in self.card.tags else "vggface2"
        recipe = RECIPES[own if _OWN in self.card.tags else "ssr_dfd"]
        for block in clip.stream(FPS, "face", block=_FRAMES):
            yield torch.stack([prepare(torch.from_numpy(picture), recipe, self.net.edge) for picture in block])

    def compute(self, batch: Sequence[Any], taps: Sequence[str]) -> list[Mapping[str, Tensor]]:
        """A row for each picture."""
        return [joined(self.net.layers(block.to(self.device), taps) for block in blocks) for blocks in batch]
