"""The visual front end of AV-HuBERT, BRAVEn and Auto-AVSR: a 3-D convolution over time, then ResNet-18 on each frame.

Source: Stafylakis and Tzimiropoulos, "Combining residual networks with LSTMs for lipreading" (Interspeech 2017), in the
form of AV-HuBERT's `avhubert/resnet.py`, from which BRAVEn and Auto-AVSR differ in the activation alone. Parameters
have the names that their checkpoints give them below the front end: `frontend3D.*` and `trunk.layer{1..4}.*`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

Activation = Callable[[int], nn.Module]
"""A new activation for so many channels: `nn.PReLU` (AV-HuBERT), `swish` (BRAVEn, Auto-AVSR)."""
BLOCKS = 2
"""Residual blocks a layer, as in ResNet-18."""
BLOCK = 250
"""Frames that are computed at once, about 1 MB each in the released sizes."""
MARGIN = 2
"""Frames to either side that the 3-D convolution sees."""
_CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d}
_NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}


def swish(channels: int) -> nn.Module:
    """The activation x * sigmoid(x); it has no parameters, whatever the channels."""
    return nn.SiLU()


@dataclass(frozen=True)
class VisualSizes:
    """Channels of the 3-D convolution and of the four layers; the defaults are those of the released models."""

    stem: int = 64
    layers: tuple[int, ...] = (64, 128, 256, 512)


class ResidualBlock(nn.Module):
    """Two convolutions of kernel 3 with batch norms; the second activation follows the sum."""

    def __init__(self, inputs: int, outputs: int, stride: int, activation: Activation, dims: int = 2) -> None:
        super().__init__()
        convolution, norm = _CONVOLUTIONS[dims], _NORMS[dims]
        self.conv1 = convolution(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1, self.relu1 = norm(outputs), activation(outputs)
        self.conv2 = convolution(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2, self.relu2 = norm(outputs), activation(outputs)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(convolution(inputs, outputs, 1, stride, bias=False), norm(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, ...)` to `(N, outputs, ...)`, each spatial size divided by the stride and rounded up."""
        kept = x if self.downsample is None else self.downsample(x)
        x = self.relu1(self.bn1(self.conv1(x)))
        return self.relu2(self.bn2(self.conv2(x)) + kept)


def residual_layer(inputs: int, outputs: int, stride: int, activation: Activation, dims: int = 2) -> nn.Sequential:
    """One of ResNet-18's layers, over pictures (`dims` 2) or sound (`dims` 1); the first block has the stride."""
    blocks = [ResidualBlock(inputs, outputs, stride, activation, dims)]
    blocks += [ResidualBlock(outputs, outputs, 1, activation, dims) for _ in range(BLOCKS - 1)]
    return nn.Sequential(*blocks)


class Trunk(nn.Module):
    """ResNet-18 without its first convolution: four layers, which halve the picture three times."""

    def __init__(self, inputs: int, widths: tuple[int, ...], activation: Activation) -> None:
        super().__init__()
        for number, (before, width) in enumerate(zip((inputs, *widths[:-1]), widths, strict=True), 1):
            self.add_module(f"layer{number}", residual_layer(before, width, 1 if number == 1 else 2, activation))

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` to the maps `(N, widths[-1], ceil(H / 8), ceil(W / 8))`."""
        for layer in self.children():
            x = layer(x)
        return x


class VisualFrontEnd(nn.Module):
    """Gray mouth crops to a vector a frame."""

    def __init__(self, activation: Activation, sizes: VisualSizes | None = None) -> None:
        super().__init__()
        sizes = sizes or VisualSizes()
        self.frontend3D = nn.Sequential(
            nn.Conv3d(1, sizes.stem, (2 * MARGIN + 1, 7, 7), (1, 2, 2), (MARGIN, 3, 3), bias=False),
            nn.BatchNorm3d(sizes.stem),
            activation(sizes.stem),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
        )
        self.trunk = Trunk(sizes.stem, sizes.layers, activation)

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalised pictures `(B, T, H, W)` (88 x 88 in the released models) to `(B, T, layers[-1])`, float32.

        The 3-D convolution sees two frames to either side, and zeros beyond the ends of the clip. In evaluation mode
        long clips pass in blocks that share those frames: the result is the same, in memory that does not grow.
        """
        frames = pictures.shape[1]
        block = frames if self.training else BLOCK
        return torch.cat([self._part(pictures, at, min(at + block, frames)) for at in range(0, frames, block)], dim=1)

    def _part(self, pictures: Tensor, start: int, stop: int) -> Tensor:
        """`forward` for the frames from `start` to `stop`."""
        first = max(0, start - MARGIN)
        x = self.frontend3D(pictures[:, None, first : stop + MARGIN])[:, :, start - first : stop - first]
        return self.trunk(x.transpose(1, 2).flatten(0, 1)).mean((2, 3)).unflatten(0, (len(x), stop - start))


def visual_sizes(state: Mapping[str, Tensor], prefix: str) -> VisualSizes:
    """Channels of the front end whose parameters start with `prefix` (with its final dot) in a state dict.

    Raises:
        KeyError: there is no such front end; the missing parameter is named.
    """
    layers = (state[f"{prefix}trunk.layer{number}.0.conv1.weight"].shape[0] for number in range(1, 5))
    return VisualSizes(state[f"{prefix}frontend3D.0.weight"].shape[0], tuple(layers))
