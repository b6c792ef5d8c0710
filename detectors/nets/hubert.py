"""HuBERT's Transformer with norms before or after its parts, with fairseq's parameter names.

Source: Hsu et al., "HuBERT" (TASLP 2021), as in fairseq's `TransformerEncoder` at afc77bdf (`layer_norm_first`).
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class PositionalConvolution(nn.Module):
    """A grouped convolution over time whose weight is g v / |v|, the norm of v taken for each tap of the kernel."""

    def __init__(self, dim: int, kernel: int, groups: int) -> None:
        super().__init__()
        self.groups = groups
        self.bias = nn.Parameter(torch.zeros(dim))
        self.weight_v = nn.Parameter(torch.randn(dim, dim // groups, kernel) * math.sqrt(4 / (kernel * dim)))
        self.weight_g = nn.Parameter(self.weight_v.detach().norm(dim=(0, 1), keepdim=True))

    def forward(self, x: Tensor) -> Tensor:
        """`(B, T, dim)` to the same shape; with an even kernel the window is one step longer before than after."""
        kernel = self.weight_v.shape[2]
        weight = self.weight_g * self.weight_v / self.weight_v.norm(dim=(0, 1), keepdim=True)
        y = F.conv1d(x.transpose(1, 2), weight, self.bias, padding=kernel // 2, groups=self.groups)
        return y[..., : x.shape[1]].transpose(1, 2)


class SelfAttention(nn.Module):
    """Scaled dot-product attention of all steps to all steps."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.k_proj, self.v_proj = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.q_proj, self.out_proj = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor, seen: Tensor | None) -> Tensor:
        """`(B, T, dim)` to the same shape; `seen` `(B, 1, 1, T)` is true where a step may be attended to."""
        q, k, v = (
            projection(x).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        return self.out_proj(F.scaled_dot_product_attention(q, k, v, attn_mask=seen).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention, then two linear layers with a GELU between; both residual.

    Args:
        norm_first: a layer norm before either part, instead of after either sum.
    """

    def __init__(self, dim: int, feed_forward: int, heads: int, norm_first: bool = True) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.self_attn, self.self_attn_layer_norm = SelfAttention(dim, heads), nn.LayerNorm(dim)
        self.fc1, self.fc2 = nn.Linear(dim, feed_forward), nn.Linear(feed_forward, dim)
        self.final_layer_norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor, seen: Tensor | None) -> Tensor:
        """`(B, T, dim)` to the same shape; `seen` as in `SelfAttention`."""
        if self.norm_first:
            x = x + self.self_attn(self.self_attn_layer_norm(x), seen)
            return x + self._feed_forward(self.final_layer_norm(x))
        x = self.self_attn_layer_norm(x + self.self_attn(x, seen))
        return self.final_layer_norm(x + self._feed_forward(x))

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Transformer(nn.Module):
    """Positions by convolution, blocks, and a layer norm after them, or, of blocks that end with one, before them.

    Untrained linear weights are drawn from N(0, 0.02^2).
    """

    def __init__(
        self, layers: int, dim: int, feed_forward: int, heads: int, kernel: int, groups: int, norm_first: bool = True
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.pos_conv = nn.Sequential(PositionalConvolution(dim, kernel, groups), nn.GELU())
        self.layers = nn.ModuleList(Block(dim, feed_forward, heads, norm_first) for _ in range(layers))
        self.layer_norm = nn.LayerNorm(dim)
        for part in self.modules():
            if isinstance(part, nn.Linear):
                nn.init.normal_(part.weight, 0.0, 0.02)
                nn.init.zeros_(part.bias)

    def forward(self, x: Tensor, padding: Tensor | None = None) -> list[Tensor]:
        """What each block gives, and the last one's output, normed: `layers + 1` times `(B, T, dim)`.

        Args:
            x: `(B, T, dim)`.
            padding: `(B, T)` bool, true at steps beyond the end of a clip: they are set to zero and not attended to,
                and their own outputs mean nothing. At least one step of each clip is no padding.
        """
        seen = None
        if padding is not None:
            x, seen = x.masked_fill(padding[..., None], 0.0), ~padding[:, None, None]
        x = x + self.pos_conv(x)
        x = x if self.norm_first else self.layer_norm(x)
        outputs = []
        for block in self.layers:
            x = block(x, seen)
            outputs.append(x)
        return [*outputs, self.layer_norm(x) if self.norm_first else x]
