"""Self-supervised training of the small audio-visual encoder on real clips.

On windows of 40 rows:

- sound and pictures of one moment agree, against other moments of the clip and of the other clips (InfoNCE; van den
  Oord et al., arXiv:1807.03748);
- log-mel rows are predicted: hidden ones from the rest of the sound, with and without the pictures (as AV-HuBERT
  hides them, Shi et al., ICLR 2022), and all of them from the pictures alone;
- the sound's rows and their texture, how much a band changes from column to column and from band to band, can be read
  from the audio features, so that these keep more of a voice than what the pictures share; and
- columns of the features are uncorrelated (VICReg's covariance term; Bardes et al., ICLR 2022).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..encoders.frontend import BANDS, DIM, STACK
from .tiny import WIDTH, Standard, TinyNet, normal_pictures, normal_rows

WINDOW, BATCH = 40, 10
"""Rows of a window, and clips of a step."""
RATE, DECAY, CLIPPING = 2e-3, 0.02, 1.0
JOINT = 64
"""Columns in which the streams are compared."""
TEXTURE = 2 * BANDS - 1
CONTRAST_WEIGHT, MASKED_WEIGHT, SEEN_WEIGHT = 0.5, 0.3, 0.5
ROWS_WEIGHT, TEXTURE_WEIGHT, COVARIANCE_WEIGHT = 1.0, 3.0, 0.3


@dataclass(frozen=True)
class Streams:
    """Both streams of one clip: pictures `(T, 48, 48) uint8` and log-mel rows `(T, 160) float32`."""

    pictures: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True)
class Batch:
    """Windows: pictures `(B, 40, 48, 48)` and rows `(B, 40, 160)`, float32; hidden `(B, 40)`, bool."""

    pictures: Tensor
    rows: Tensor
    hidden: Tensor


class Pretraining(nn.Module):
    """The encoder and the layers that only its training needs."""

    def __init__(self) -> None:
        super().__init__()
        self.net = TinyNet()
        self.net.visual.stem.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.joint_visual, self.joint_audio = nn.Linear(WIDTH, JOINT), nn.Linear(WIDTH, JOINT)
        self.log_scale = nn.Parameter(torch.tensor(2.3))
        self.mask = nn.Parameter(torch.zeros(DIM))
        self.from_visual, self.from_context = nn.Linear(WIDTH, DIM), nn.Linear(WIDTH, DIM)
        self.from_both = nn.Sequential(nn.Linear(2 * WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, DIM))
        self.to_rows, self.to_texture = nn.Linear(WIDTH, DIM), nn.Linear(WIDTH, TEXTURE)
        self.texture_scale = Standard(TEXTURE)

    def joint(self, visual: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Both streams `(..., 128)` as unit vectors `(..., 64)` in one space."""
        return F.normalize(self.joint_visual(visual), dim=-1), F.normalize(self.joint_audio(audio), dim=-1)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """The losses of one step by name, weights applied."""
        visual, audio = self.net.visual(batch.pictures), self.net.audio(batch.rows)
        moment, clip = _contrast(*self.joint(visual, audio), self.log_scale.exp().clamp(max=40))
        texture = self.texture_scale(_texture(batch.rows))
        return {
            "moment": CONTRAST_WEIGHT * moment,
            "clip": CONTRAST_WEIGHT * clip,
            "masked": MASKED_WEIGHT * self._masked(batch, visual),
            "seen": SEEN_WEIGHT * F.mse_loss(self.from_visual(visual), batch.rows),
            "rows": ROWS_WEIGHT * F.mse_loss(self.to_rows(audio), batch.rows),
            "texture": TEXTURE_WEIGHT * F.mse_loss(self.to_texture(audio), texture),
            "covariance": COVARIANCE_WEIGHT * (_covariance(visual) + _covariance(audio)),
        }

    def _masked(self, batch: Batch, visual: Tensor) -> Tensor:
        """Error of the hidden rows, predicted from the other sound alone and with the pictures."""
        context = self.net.audio.context(torch.where(batch.hidden[..., None], self.mask, batch.rows))
        both = self.from_both(torch.cat([context, visual], dim=-1))
        target = batch.rows[batch.hidden]
        alone = self.from_context(context)
        return F.mse_loss(alone[batch.hidden], target) + F.mse_loss(both[batch.hidden], target)


def _texture(rows: Tensor) -> Tensor:
    """`(B, T, 79)`: mean step of each band to the next 10 ms column, and from each band to the one above."""
    columns = rows.reshape(len(rows), -1, BANDS)
    in_time = columns.diff(dim=1, append=columns[:, -1:]).abs()
    across = columns.diff(dim=2).abs()
    return torch.cat([in_time, across], dim=2).unflatten(1, (-1, STACK)).mean(dim=2)


def _covariance(features: Tensor) -> Tensor:
    """Sum of squared covariances between different columns, a column; `features` are standardised `(B, T, D)`."""
    rows = features.flatten(0, 1)
    covariance = rows.T @ rows / len(rows)
    return (covariance.square().sum() - covariance.diagonal().square().sum()) / len(covariance)


def _contrast(visual: Tensor, audio: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """InfoNCE within each window, both ways, and from sound to pictures over every other row of the batch."""
    batch, rows = visual.shape[:2]
    inside = scale * audio @ visual.transpose(1, 2)
    here = torch.arange(rows).expand(batch, rows)
    moment = F.cross_entropy(inside.transpose(1, 2), here) + F.cross_entropy(inside, here)
    across = scale * audio.flatten(0, 1)[::2] @ visual.flatten(0, 1)[::2].T
    return moment, F.cross_entropy(across, torch.arange(len(across)))


def batches(clips: Sequence[Streams], rng: np.random.Generator) -> Iterator[Batch]:
    """One epoch of random windows, each clip once but for a rest smaller than a batch."""
    order = rng.permutation(len(clips))
    for start in range(0, len(clips) - BATCH + 1, BATCH):
        windows = [_window(clips[index], rng) for index in order[start : start + BATCH]]
        pictures, rows, hidden = (torch.from_numpy(np.stack(part)) for part in zip(*windows, strict=True))
        yield Batch(pictures, normal_rows(rows), hidden)


def _window(clip: Streams, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures, rows at another level (2 dB) and hidden rows of a random window."""
    start = int(rng.integers(len(clip.rows) - WINDOW + 1))
    pictures = _vary_pictures(clip.pictures[start : start + WINDOW], rng)
    rows = clip.rows[start : start + WINDOW] + np.float32(rng.normal(0, 0.5))
    return pictures, rows, _spans(rng)


def _vary_pictures(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Normalised pictures with another contrast, brightness, place (2 pixels) and noise, half of them mirrored."""
    values = normal_pictures(torch.from_numpy(pictures.copy())).numpy()
    values = values * np.float32(rng.uniform(0.7, 1.3)) + np.float32(rng.normal(0, 0.3))
    values = np.roll(values, tuple(rng.integers(-2, 3, 2)), (1, 2))
    values = values[..., ::-1] if rng.random() < 0.5 else values
    return values + np.float32(0.08) * rng.standard_normal(values.shape, np.float32)


def _spans(rng: np.random.Generator) -> np.ndarray:
    """Which of the window's rows are hidden: two spans of 2 to 4 rows."""
    masked = np.zeros(WINDOW, bool)
    for start, rows in zip(rng.integers(0, WINDOW - 4, 2), rng.integers(2, 5, 2), strict=True):
        masked[start : start + rows] = True
    return masked


def train(
    clips: Sequence[Streams], epochs: int, seed: int, report: Callable[[int, dict[str, float]], None]
) -> Pretraining:
    """Train from scratch; the same clips, seed, machine and thread count give the same weights.

    Args:
        clips: real clips of at least 40 rows.
        epochs: passes over them.
        seed: of the initial weights and of all draws.
        report: called after each epoch with its number and its mean losses by name.
    """
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Pretraining().train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
    steps = epochs * (len(clips) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.1)
    for epoch in range(epochs):
        losses = [_step(model, batch, optimiser, schedule) for batch in batches(clips, rng)]
        report(epoch, {name: float(np.mean([step[name] for step in losses])) for name in losses[0]})
    return model.eval()


def _step(
    model: Pretraining,
    batch: Batch,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> dict[str, float]:
    losses = model(batch)
    optimiser.zero_grad()
    torch.stack(list(losses.values())).sum().backward()
    nn.utils.clip_grad_norm_(model.parameters(), CLIPPING)
    optimiser.step()
    schedule.step()
    return {name: loss.item() for name, loss in losses.items()}


def retrieval(model: Pretraining, clips: Sequence[Streams]) -> tuple[float, float]:
    """How often a row's sound is nearest to its own picture among all of its clip's: (found, chance), as rates."""
    found, chance = [], []
    with torch.inference_mode():
        for clip in clips:
            visual = model.net.visual(normal_pictures(torch.from_numpy(clip.pictures))[None])
            audio = model.net.audio(normal_rows(torch.from_numpy(clip.rows))[None])
            seen, heard = model.joint(visual[0], audio[0])
            nearest = (heard @ seen.T).argmax(dim=1).numpy()
            found.append(np.mean(nearest == np.arange(len(nearest))))
            chance.append(1 / len(nearest))
    return float(np.mean(found)), float(np.mean(chance))
