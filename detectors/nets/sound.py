"""The audio front end of BRAVEn and Auto-AVSR: a 1-D ResNet-18 on the waveform, 25 rows a second at 16 kHz.

Source: espnet/nets/pytorch_backend/backbones/{conv1d_extractor,modules/resnet1d}.py of ahaliassos/raven 11fb53f8, the
same network as in mpc001/auto_avsr 182b6283. Parameters have their checkpoints' names below the front end: `trunk.*`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .visual import residual_layer, swish

HOP = 640
"""Samples a row: 40 ms at 16 kHz."""
AUTO_AVSR_EPS = 1e-8
"""datamodule/transforms.py of mpc001/auto_avsr 182b6283."""
VSR4ML_EPS = 0.0
"""pipelines/data/transforms.py of mpc001/Visual_Speech_Recognition_for_Multiple_Languages 5e1405db."""
POOLED = 20
"""Rows of the last layer that are averaged into one."""
BLOCK = 250
"""Rows that are computed at once, 3 MB each at most in the released sizes."""
MARGIN = 1
"""Rows to either side that a block sees: the convolutions reach 250 samples beyond a row."""


@dataclass(frozen=True)
class SoundSizes:
    """Channels of the first convolution and of the four layers; the defaults are those of the released models."""

    stem: int = 64
    layers: tuple[int, ...] = (64, 128, 256, 512)


class SoundTrunk(nn.Module):
    """A convolution over 80 samples, four residual layers, an average over 40 ms; there is no max-pooling."""

    def __init__(self, sizes: SoundSizes) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(1, sizes.stem, 80, 4, 38, bias=False)
        self.bn1 = nn.BatchNorm1d(sizes.stem)
        for number, (before, width) in enumerate(zip((sizes.stem, *sizes.layers), sizes.layers, strict=False), 1):
            self.add_module(f"layer{number}", residual_layer(before, width, 1 if number == 1 else 2, swish, dims=1))

    def forward(self, x: Tensor) -> Tensor:
        """`(B, 1, 640 T)` to `(B, layers[-1], T)`."""
        x = F.silu(self.bn1(self.conv1(x)))
        for number in range(1, 5):
            x = self.get_submodule(f"layer{number}")(x)
        return F.avg_pool1d(x, POOLED)


class SoundFrontEnd(nn.Module):
    """A waveform to a vector every 40 ms."""

    def __init__(self, sizes: SoundSizes | None = None) -> None:
        super().__init__()
        self.trunk = SoundTrunk(sizes or SoundSizes())

    def forward(self, wave: Tensor) -> Tensor:
        """Samples `(B, L)` at 16 kHz to `(B, L // 640, layers[-1])`; the rest of less than 40 ms is cut first.

        In evaluation mode long clips pass in blocks that share a margin: the result is the same, in memory that does
        not grow.

        Raises:
            ValueError: there are fewer than 640 samples.
        """
        rows = wave.shape[1] // HOP
        if not rows:
            raise ValueError(f"{wave.shape[1]} samples are less than one row of {HOP} (40 ms at 16 kHz)")
        block = rows if self.training else BLOCK
        parts = [self._part(wave[:, None, : rows * HOP], at, min(at + block, rows)) for at in range(0, rows, block)]
        return torch.cat(parts, dim=2).transpose(1, 2)

    def _part(self, wave: Tensor, start: int, stop: int) -> Tensor:
        """The vectors `(B, layers[-1], stop - start)` of these rows of `(B, 1, L)`."""
        first = max(0, start - MARGIN)
        found = self.trunk(wave[..., first * HOP : (stop + MARGIN) * HOP])
        return found[..., start - first : stop - first]


def standard_wave(wave: Tensor, eps: float) -> Tensor:
    """A waveform with zero mean and unit (population) deviation over all its samples, as Auto-AVSR takes it.

    Args:
        wave: `(L,)` float32, the whole clip, before the rest of less than 640 samples is cut.
        eps: added to the variance. `AUTO_AVSR_EPS`, or `VSR4ML_EPS` as the published features of Auto-AVSR were made
            with; that one gives NaN on digital silence.
    """
    return F.layer_norm(wave, wave.shape, eps=eps)


def sound_sizes(state: Mapping[str, Tensor], prefix: str) -> SoundSizes:
    """Channels of the front end whose parameters start with `prefix` (with its final dot) in a state dict.

    Raises:
        KeyError: there is no such front end; the missing parameter is named.
    """
    layers = (state[f"{prefix}trunk.layer{number}.0.conv1.weight"].shape[0] for number in range(1, 5))
    return SoundSizes(state[f"{prefix}trunk.conv1.weight"].shape[0], tuple(layers))
