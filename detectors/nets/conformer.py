"""The conformer block of Auto-AVSR.

Source: Gulati et al. (arXiv:2005.08100) as in espnet/nets/pytorch_backend/encoder/conformer_encoder.py of
mpc001/auto_avsr 182b6283. Parameter names, "cov" included, are those of the released checkpoints.
"""

from copy import deepcopy

from torch import Tensor, nn
from torch.nn import functional as F

from .relative import FeedForward, RelativeAttention, layer_norm
from .stream import Widths


class ConvolutionModule(nn.Module):
    """Pointwise and gated, depthwise over time, batch norm, SiLU, pointwise. It sees padding as if it were signal."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"a depthwise convolution that keeps the length has an odd kernel, not {kernel}")
        self.pointwise_cov1 = nn.Conv1d(width, 2 * width, 1)
        self.depthwise_conv = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.BatchNorm1d(width)
        self.pointwise_cov2 = nn.Conv1d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, T, D)` to the same shape."""
        gated = F.glu(self.pointwise_cov1(x.transpose(1, 2)), dim=1)
        return self.pointwise_cov2(F.silu(self.norm(self.depthwise_conv(gated)))).transpose(1, 2)


class ConformerBlock(nn.Module):
    """Half a feed-forward layer, attention, convolution, the other half, a norm; each after a norm, and residual."""

    def __init__(self, sizes: Widths) -> None:
        super().__init__()
        if sizes.kernel is None:
            raise ValueError("a conformer block needs the kernel of its convolution, and there is none in these sizes")
        width = sizes.width
        self.self_attn = RelativeAttention(width, sizes.heads)
        self.feed_forward = FeedForward(width, sizes.units)
        # The original copies the layer: both halves start with the same weights.
        self.feed_forward_macaron = deepcopy(self.feed_forward)
        self.conv_module = ConvolutionModule(width, sizes.kernel)
        self.norm_ff_macaron, self.norm_mha = layer_norm(width), layer_norm(width)
        self.norm_conv, self.norm_ff, self.norm_final = layer_norm(width), layer_norm(width), layer_norm(width)

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor | None = None) -> Tensor:
        """`(B, T, D)` to the same shape; `positions` and `mask` as in `RelativeAttention`; only that obeys the mask."""
        x = x + 0.5 * self.feed_forward_macaron(self.norm_ff_macaron(x))
        x = x + self.self_attn(self.norm_mha(x), positions, mask)
        x = x + self.conv_module(self.norm_conv(x))
        x = x + 0.5 * self.feed_forward(self.norm_ff(x))
        return self.norm_final(x)
