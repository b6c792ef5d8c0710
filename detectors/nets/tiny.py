"""The small audio-visual encoder: two streams of 128 values at 25 rows per second, 0.57 million parameters."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..encoders.frontend import DIM

WIDTH = 128
"""Columns of each stream."""
EDGE = 48
"""Pixels of the mouth crop's edge."""


class TemporalBlock(nn.Module):
    """A grouped convolution over 5 rows, then a multilayer perceptron; both residual, both after a layer norm."""

    def __init__(self) -> None:
        super().__init__()
        self.norm_time, self.norm_row = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.time = nn.Conv1d(WIDTH, WIDTH, 5, padding=2, groups=4)
        self.row = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        """`(B, T, 128)` to the same shape."""
        x = x + F.gelu(self.time(self.norm_time(x).transpose(1, 2)).transpose(1, 2))
        return x + self.row(self.norm_row(x))


def _picture_block(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


class Standard(nn.BatchNorm1d):
    """Each column to zero mean and unit deviation over the training clips; untrained, it changes next to nothing.

    A linear probe on rows of unit norm, as in the published recipe, hardly moves where all rows share a large mean.
    """

    def __init__(self, width: int) -> None:
        super().__init__(width, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, T, width)` to the same shape."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class VisualStream(nn.Module):
    """Three strided convolutions on each picture, then two temporal blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.standard = Standard(WIDTH)
        stem = [nn.Conv2d(1, 32, 6, 4, 1), nn.ReLU(), *_picture_block(32, 48), *_picture_block(48, 64)]
        self.stem = nn.Sequential(*stem, nn.Flatten(), nn.Linear(576, WIDTH))
        self.blocks = nn.Sequential(*(TemporalBlock() for _ in range(2)), nn.LayerNorm(WIDTH))

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalised pictures `(B, T, 48, 48)` to `(B, T, 128)`."""
        batch, rows = pictures.shape[:2]
        stem = self.stem(pictures.reshape(batch * rows, 1, EDGE, EDGE))
        return self.standard(self.blocks(stem.view(batch, rows, WIDTH)))


class AudioStream(nn.Module):
    """A linear layer on each normalised log-mel row, then three temporal blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.standard = Standard(WIDTH)
        self.stem = nn.Linear(DIM, WIDTH)
        self.blocks = nn.Sequential(*(TemporalBlock() for _ in range(3)), nn.LayerNorm(WIDTH))

    def forward(self, rows: Tensor) -> Tensor:
        """Normalised log-mel rows `(B, T, 160)` to `(B, T, 128)`."""
        return self.standard(self.context(rows))

    def context(self, rows: Tensor) -> Tensor:
        """The same before it is standardised, for rows that training hides."""
        return self.blocks(self.stem(rows))


class TinyNet(nn.Module):
    """Both streams; they share no layer."""

    def __init__(self) -> None:
        super().__init__()
        self.visual, self.audio = VisualStream(), AudioStream()


def build(seed: int) -> TinyNet:
    """An untrained network in evaluation mode; the same seed gives the same weights, torch's own stream is kept."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return TinyNet().eval()


def normal_pictures(pictures: Tensor) -> Tensor:
    """Gray values 0 to 255 to about zero mean and unit deviation, float32."""
    return (pictures.float() - 100) / 35


def normal_rows(rows: Tensor) -> Tensor:
    """Log-mel values to about zero mean and unit deviation over speech and pauses."""
    return (rows + 3) / 3.3
