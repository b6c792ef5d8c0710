"""Attention with relative positions, and the feed-forward layer, as BRAVEn and Auto-AVSR share them.

Source: Dai et al., Transformer-XL (arXiv:1901.02860), section 3.3, in ESPnet's second form (`rel_mha`, "latest"):
espnet/nets/pytorch_backend/transformer/{attention,embedding,positionwise_feed_forward}.py of ahaliassos/raven 11fb53f8
and of mpc001/auto_avsr 182b6283. Parameter names are those of the released checkpoints.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BLOCK = 512
"""Queries that attend at once, so that memory grows with the length and not with its square."""
NORM_EPS = 1e-12
"""Of every layer norm here: with torch's own 1e-5, outputs differ by 2e-3."""
POSITION_BASE = 10_000.0


def layer_norm(width: int) -> nn.LayerNorm:
    """A layer norm over `width` columns as the original code has it."""
    return nn.LayerNorm(width, eps=NORM_EPS)


def relative_positions(rows: int, width: int) -> Tensor:
    """Sinusoids of the distances rows - 1 to -(rows - 1): `(2 * rows - 1, width) float32`, sine and cosine in turn.

    Raises:
        ValueError: `width` is odd.
    """
    if width % 2:
        raise ValueError(f"relative positions need an even number of columns, not {width}")
    distance = torch.arange(rows - 1, -rows, -1, dtype=torch.float32)
    rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-math.log(POSITION_BASE) / width))
    angle = distance[:, None] * rate
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)


def by_pair(scores: Tensor, keys: int) -> Tensor:
    """Scores by distance to scores by pair.

    Args:
        scores: `(..., Q, Q + K - 1)` of `Q` successive queries by falling distance to the key, so that the scores of
            row `i` and all keys start at column `Q - 1 - i`.
        keys: `K`.

    Returns:
        `(..., Q, K)`, the score of each query and key; a view where possible.
    """
    queries = scores.shape[-2]
    # In the flattened rows each one starts Q + K - 2 places after the start of the one before.
    return scores.flatten(-2)[..., queries - 1 :].unfold(-1, keys, max(queries + keys - 2, 1))


class RelativeAttention(nn.Module):
    """Multi-head self-attention whose scores add a term of the distance between query and key."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.linear_q, self.linear_k = nn.Linear(width, width), nn.Linear(width, width)
        self.linear_v, self.linear_out = nn.Linear(width, width), nn.Linear(width, width)
        self.linear_pos = nn.Linear(width, width, bias=False)
        self.pos_bias_u = nn.Parameter(torch.empty(heads, width // heads))
        self.pos_bias_v = nn.Parameter(torch.empty(heads, width // heads))
        nn.init.xavier_uniform_(self.pos_bias_u)
        nn.init.xavier_uniform_(self.pos_bias_v)

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend within each sequence.

        Args:
            x: `(B, T, D)`.
            positions: `relative_positions(T, D)` in the type and on the device of `x`.
            mask: `(B, T)` bool, True where a row may be attended to; None allows all. At least one row of each
                sequence must be allowed.

        Returns:
            `(B, T, D)`. Rows that the mask excludes hold values that mean nothing.
        """
        query, key, value = (self._split(layer(x)) for layer in (self.linear_q, self.linear_k, self.linear_v))
        distance = self._split(self.linear_pos(positions)[None])
        seen = None if mask is None else mask[:, None, None, :]
        rows = x.shape[1]
        blocks = [(at, min(at + BLOCK, rows)) for at in range(0, rows, BLOCK)]
        context = [self._attend(query[:, :, a:b], key, value, distance[:, :, rows - b : 2 * rows - 1 - a], seen)
                   for a, b in blocks]  # fmt: skip
        return self.linear_out(torch.cat(context, dim=2).transpose(1, 2).flatten(2))

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, distance: Tensor, seen: Tensor | None) -> Tensor:
        """What a block of queries `(B, heads, Q, D)` takes from all keys; `distance` has its `Q + K - 1` distances."""
        by_distance = (query + self.pos_bias_v[:, None]) @ distance.transpose(-2, -1)
        bias = by_pair(by_distance, key.shape[2]) / math.sqrt(query.shape[-1])
        if seen is not None:
            bias = bias.masked_fill(~seen, -math.inf)
        return F.scaled_dot_product_attention(query + self.pos_bias_u[:, None], key, value, attn_mask=bias)

    def _split(self, x: Tensor) -> Tensor:
        """`(B, T, D)` to `(B, heads, T, D / heads)`."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class FeedForward(nn.Module):
    """Two linear layers with a rectifier between; the configurations' "swish" is the front end's, not this one's."""

    def __init__(self, width: int, units: int) -> None:
        super().__init__()
        self.w_1, self.w_2 = nn.Linear(width, units), nn.Linear(units, width)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, T, D)` to the same shape."""
        return self.w_2(F.relu(self.w_1(x)))
