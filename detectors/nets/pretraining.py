"""Self-supervised training of the small audio-visual encoder on real clips.

Two families of losses on windows of 40 rows:

- audio and pictures of one moment agree, against other moments of the clip and of the other clips (InfoNCE; van den
  Oord et al., arXiv:1807.03748), and
- the log-mel rows are predicted: masked ones from the rest of the sound, with and without the pictures (as AV-HuBERT
  masks, Shi et al., ICLR 2022), all of them from the pictures alone, and clean ones from noisy sound.

The targets are the rows themselves, level and fine structure included, so that the audio features keep them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..encoders.frontend import DIM
from .tiny import WIDTH, TinyNet, normal_pictures, normal_rows

WINDOW, BATCH = 40, 10
"""Rows of a window, and clips of a step."""
RATE, DECAY, CLIPPING = 2e-3, 0.02, 1.0
JOINT = 64
"""Columns in which the streams are compared."""
CONTRAST_WEIGHT, SOUND_WEIGHT, PICTURE_WEIGHT = 0.5, 1.0, 0.5


@dataclass(frozen=True)
class Streams:
    """Both streams of one clip: pictures `(T, 48, 48) uint8` and log-mel rows `(T, 160) float32`."""

    pictures: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True)
class Batch:
    """Windows as float32: `(B, 40, 48, 48)` pictures, heard (noisy) and clean rows `(B, 40, 160)`, mask `(B, 40)`."""

    pictures: Tensor
    heard: Tensor
    clean: Tensor
    masked: Tensor


class Pretraining(nn.Module):
    """The encoder and the layers that only its training needs."""

    def __init__(self) -> None:
        super().__init__()
        self.net = TinyNet()
        self.net.visual.stem.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.joint_visual, self.joint_audio = nn.Linear(WIDTH, JOINT), nn.Linear(WIDTH, JOINT)
        self.log_scale = nn.Parameter(torch.tensor(2.3))
        self.mask = nn.Parameter(torch.zeros(DIM))
        self.from_visual, self.from_audio = nn.Linear(WIDTH, DIM), nn.Linear(WIDTH, DIM)
        self.from_both = nn.Sequential(nn.Linear(2 * WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, DIM))
        self.clean = nn.Linear(WIDTH, DIM)

    def joint(self, visual: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Both streams `(..., 128)` as unit vectors `(..., 64)` in one space."""
        return F.normalize(self.joint_visual(visual), dim=-1), F.normalize(self.joint_audio(audio), dim=-1)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """The losses of one step by name, weights applied."""
        visual, audio = self.net.visual(batch.pictures), self.net.audio(batch.heard)
        hidden = self.net.audio(torch.where(batch.masked[..., None], self.mask, batch.heard))
        moment, clip = _contrast(*self.joint(visual, audio), self.log_scale.exp().clamp(max=40))
        masked = batch.clean[batch.masked]
        predicted = self.from_audio(hidden)[batch.masked], self.from_both(torch.cat([hidden, visual], -1))[batch.masked]
        return {
            "moment": CONTRAST_WEIGHT * moment,
            "clip": CONTRAST_WEIGHT * clip,
            "masked": SOUND_WEIGHT * (F.mse_loss(predicted[0], masked) + F.mse_loss(predicted[1], masked)),
            "clean": SOUND_WEIGHT * F.mse_loss(self.clean(audio), batch.clean),
            "seen": PICTURE_WEIGHT * F.mse_loss(self.from_visual(visual), batch.clean),
        }


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
        pictures, heard, clean, masked = (torch.from_numpy(np.stack(part)) for part in zip(*windows, strict=True))
        yield Batch(pictures, normal_rows(heard), normal_rows(clean), masked)


def _window(clip: Streams, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    start = int(rng.integers(len(clip.rows) - WINDOW + 1))
    pictures = _vary_pictures(clip.pictures[start : start + WINDOW], rng)
    clean = clip.rows[start : start + WINDOW] + np.float32(rng.normal(0, 0.5))
    heard = np.logaddexp(clean, rng.uniform(-16, -6) + rng.normal(0, 0.5, clean.shape)).astype(np.float32)
    return pictures, heard, clean, _spans(rng)


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
