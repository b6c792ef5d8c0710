"""BRAVEn's encoders, audio and visual (Haliassos et al., ICASSP 2024, arXiv:2404.02098).

Source: espnet/nets/pytorch_backend/transformer/{encoder,encoder_layer}.py of ahaliassos/raven 11fb53f8. SSR-DFD keeps
the output after the last norm, one clip at a time (`Learner.calculate_wer` of bit-ml/ssr-dfd 6e2cd545).

Inputs: gray mouth crops as `mouth.mouth_pictures` makes them, or the waveform in [-1, 1] as it is, not normalised.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .checkpoints import CheckpointError
from .making import loaded, untrained
from .relative import FeedForward, RelativeAttention, layer_norm
from .sound import SoundSizes
from .stream import Stream, StreamSizes, Widths, current_names, refuse_others, stream_sizes, under
from .visual import VisualSizes

SCALE = 0.1
"""Initial weight of each branch."""
BASE, BASE_PLUS, LARGE = Widths(512, 8, 2048, 12), Widths(768, 12, 3072, 12), Widths(1024, 16, 4096, 24)
"""Published stacks: conf/model/visual_backbone/resnet_transformer_{base,baseplus,large}.yaml."""
VISUAL_LARGE, AUDIO_LARGE = StreamSizes(VisualSizes(), LARGE), StreamSizes(SoundSizes(), LARGE)


class BravenBlock(nn.Module):
    """Attention after a layer norm, then a feed-forward layer after a batch norm; each branch with learnt weights."""

    def __init__(self, sizes: Widths) -> None:
        super().__init__()
        width = sizes.width
        self.self_attn = RelativeAttention(width, sizes.heads)
        self.feed_forward = FeedForward(width, sizes.units)
        self.norm_mha, self.norm_ff = layer_norm(width), nn.BatchNorm1d(width)
        self.gamma_mha = nn.Parameter(torch.full((width,), SCALE))
        self.gamma_ff = nn.Parameter(torch.full((width,), SCALE))

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor | None = None) -> Tensor:
        """`(B, T, D)` to the same shape; `positions` and `mask` as in `RelativeAttention`."""
        x = x + self.gamma_mha * self.self_attn(self.norm_mha(x), positions, mask)
        return x + self.gamma_ff * self.feed_forward(self.norm_ff(x.transpose(1, 2)).transpose(1, 2))


def build(sizes: StreamSizes, seed: int) -> Stream:
    """An untrained encoder in evaluation mode, drawn as the original's constructor draws."""
    return untrained(lambda: Stream(sizes, BravenBlock), seed)


def from_state(state: Mapping[str, Tensor], where: str) -> Stream:
    """The encoder of a released state dict, in evaluation mode; its sizes and modality are read from the shapes.

    Args:
        state: BRAVEn's flat layout, fine-tuned: `encoder.*`, beside which `decoder.*` and `ctc.*` are left out.
        where: the file, for messages.

    Raises:
        CheckpointError: a parameter is missing, unexpected or of another shape; it is named. Or it is Auto-AVSR's.
    """
    refuse_others(state, ("encoder.", "decoder.", "ctc."), where)
    encoder = current_names(under(state, "encoder."))
    sizes = stream_sizes(encoder, where)
    if sizes.stack.kernel is not None:
        raise CheckpointError(f"{where}: no encoder of BRAVEn: its blocks have a convolution, as Auto-AVSR's")
    return loaded(lambda: Stream(sizes, BravenBlock), encoder, where)
