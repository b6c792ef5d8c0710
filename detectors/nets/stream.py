"""One stream of BRAVEn or Auto-AVSR: a front end, a linear layer, blocks with relative attention, a norm.

Both models' encoders are this network with blocks of their own, and their checkpoints name its parts alike.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .checkpoints import CheckpointError, listed
from .relative import layer_norm, relative_positions
from .sound import HOP, SoundFrontEnd, SoundSizes, sound_sizes
from .taps import block_of
from .visual import VisualFrontEnd, VisualSizes, swish, visual_sizes

_RENAMED = {"input_layer.": "embed.", "norm.": "after_norm."}
_FORMER = re.compile("^(?:" + "|".join(map(re.escape, _RENAMED)) + ")")


@dataclass(frozen=True)
class Widths:
    """Sizes of a stack: columns, attention heads, units of the feed-forward layers, blocks, convolution kernel."""

    width: int
    heads: int
    units: int
    blocks: int
    kernel: int | None = None


@dataclass(frozen=True)
class StreamSizes:
    """All that a stream's state dict says about its shape; the front end tells the modality."""

    front: VisualSizes | SoundSizes
    stack: Widths


@dataclass(frozen=True)
class Outputs:
    """What one pass over a batch gives.

    front: `(B, T, C)`, the front end's vectors.
    layers: one `(B, T, D)` a block, before the last norm.
    features: `(B, T, D)`, the last block's after that norm.
    """

    front: Tensor
    layers: tuple[Tensor, ...]
    features: Tensor

    def tapped(self, taps: Iterable[str]) -> dict[str, Tensor]:
        """`(B, T, D)` by tap: `last` after the last norm, `layer1` and so on before it."""
        return {tap: self.features if tap == "last" else self.layers[block_of(tap, len(self.layers))] for tap in taps}


def _front_end(sizes: VisualSizes | SoundSizes) -> nn.Module:
    return SoundFrontEnd(sizes) if isinstance(sizes, SoundSizes) else VisualFrontEnd(swish, sizes)


class Stream(nn.Module):
    """A front end and a stack of blocks over its vectors.

    Args:
        sizes: of all parts.
        block: makes one block; it is called with `(x, positions, mask)`, as `ConformerBlock.forward`.
    """

    def __init__(self, sizes: StreamSizes, block: Callable[[Widths], nn.Module]) -> None:
        super().__init__()
        stack = sizes.stack
        self.sizes = sizes
        self.frontend = _front_end(sizes.front)
        self.embed = nn.Sequential(nn.Linear(sizes.front.layers[-1], stack.width))
        self.encoders = nn.ModuleList(block(stack) for _ in range(stack.blocks))
        self.after_norm = layer_norm(stack.width)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Outputs:
        """Encode a batch.

        Args:
            x: normalised pictures `(B, T, 88, 88)` at 25 a second, or samples `(B, L)` at 16 kHz.
            lengths: `(B,)` pictures or samples of each clip in a batch padded with zeros at the end; None where all
                are full. As in the original, only attention leaves padding out: a visual BRAVEn gives what it gives
                for each clip alone, the other models do not (their convolutions see the padding).
        """
        front = self.frontend(x)
        mask = None if lengths is None else self._mask(lengths.to(front.device), front.shape[1])
        # Positions are relative, yet the vectors are scaled as if positions were added.
        hidden = self.embed(front) * math.sqrt(self.sizes.stack.width)
        positions = relative_positions(front.shape[1], self.sizes.stack.width).to(hidden)
        layers = []
        for block in self.encoders:
            hidden = block(hidden, positions, mask)
            layers.append(hidden)
        return Outputs(front, tuple(layers), self.after_norm(hidden))

    def _mask(self, lengths: Tensor, rows: int) -> Tensor:
        """`(B, rows)`, True within a clip."""
        if isinstance(self.sizes.front, SoundSizes):
            lengths = lengths // HOP
        if lengths.min() < 1 or lengths.max() > rows:
            raise ValueError(f"lengths must give 1 to {rows} rows, not {lengths.tolist()}")
        return torch.arange(rows, device=lengths.device) < lengths[:, None]


def stream_sizes(state: Mapping[str, Tensor], where: str) -> StreamSizes:
    """Sizes of a stream's state dict, whose keys start with `frontend.`, `embed.`, `encoders.` or `after_norm.`.

    Raises:
        CheckpointError: it is no such state dict; the first parameter that is missing is named.
    """
    try:
        visual = "frontend.frontend3D.0.weight" in state
        front = visual_sizes(state, "frontend.") if visual else sound_sizes(state, "frontend.")
        units, width = state["encoders.0.feed_forward.w_1.weight"].shape[:2]
        heads = state["encoders.0.self_attn.pos_bias_u"].shape[0]
    except KeyError as missing:
        raise CheckpointError(f"{where}: no encoder of BRAVEn or Auto-AVSR: there is no {missing.args[0]}") from missing
    # Counted, not taken from the highest number: a gap is then a missing parameter, however high the number.
    blocks = len({key.split(".")[1] for key in state if key.startswith("encoders.")})
    kernel = state.get("encoders.0.conv_module.depthwise_conv.weight")
    return StreamSizes(front, Widths(width, heads, units, blocks, None if kernel is None else kernel.shape[-1]))


def of_modality(stream: Stream, wanted: StreamSizes, where: str) -> Stream:
    """The stream, if it takes in what one of the `wanted` sizes does: pictures or sound.

    Raises:
        CheckpointError: it takes in the other.
    """
    visual = isinstance(stream.sizes.front, VisualSizes)
    if visual != isinstance(wanted.front, VisualSizes):
        found, needed = ("pictures", "sound") if visual else ("sound", "pictures")
        raise CheckpointError(f"{where}: is the model that takes in {found}; the one for {needed} is needed")
    return stream


def under(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The entries whose key starts with `prefix`, without it."""
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}


def current_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A stream's entries with the former names `input_layer.*` and `norm.*` changed as the original's loader does."""
    return {_FORMER.sub(lambda match: _RENAMED[match[0]], key): value for key, value in state.items()}


def refuse_others(state: Mapping[str, Tensor], known: Iterable[str], where: str) -> None:
    """Raise where a key starts with none of the `known` prefixes: what it belongs to would be left out unnoticed.

    Raises:
        CheckpointError: names `where` and the first such keys.
    """
    others = [key for key in state if not key.startswith(tuple(known))]
    if others:
        raise CheckpointError(f"{where}: unexpected parameters {listed(others)}")
