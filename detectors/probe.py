"""SSR-DFD's linear probe in NumPy: its loss, its gradient and its training, one clip a step.

The published recipe (`linear_probing/` of bit-ml/ssr-dfd): frames divided by their Euclidean norm, one linear layer,
log-sum-exp over the frames, cross-entropy of `(-s, s)`, Adam. Frames are never normalised in memory: the products with
a frame are scaled by its inverse norm instead, so that features can stay in read-only mapped files and a step costs
two products of a matrix and a vector.

Parameters are one vector `(D + 1,) float32`, the weights and after them the bias.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Block = tuple[np.ndarray, np.ndarray]
"""Features `(T, D) float32` of one encoder, and inverse norms of their rows `(T,) float32`."""
Blocks = tuple[Block, ...]
"""One clip: the blocks of its encoders, whose normalised rows are taken as concatenated."""
Stop = Literal["patience", "epochs", "loss not finite"]


@dataclass(frozen=True)
class Packed:
    """Clips to train or select on: views of their features, and labels (1 fake, 0 real)."""

    clips: Sequence[Blocks]
    labels: Sequence[int]

    def __len__(self) -> int:
        return len(self.clips)


@dataclass(frozen=True)
class ProbeRun:
    """A training and its outcome.

    Attributes:
        parameters: those of the epoch with the least validation loss.
        best_epoch: that epoch, counted from 1; 0 where no validation loss was finite, then `parameters` are the
            initial ones.
        stopped: what ended the training: `patience` epochs without a lower validation loss, the limit of epochs, or a
            loss that is not finite.
        train_losses, val_losses: means over the clips, one for each epoch that was run; the training loss of a clip
            is taken before its step.
    """

    parameters: np.ndarray
    best_epoch: int
    stopped: Stop
    train_losses: tuple[float, ...]
    val_losses: tuple[float, ...]


def inverse_norms(norms: np.ndarray) -> np.ndarray:
    """`1 / norms`, NaN where a row has no direction: norm zero, infinite or NaN (the published code divides by 0)."""
    usable = (norms > 0) & np.isfinite(norms)
    return np.divide(1, norms, out=np.full(norms.shape, np.nan, np.float32), where=usable)


def frame_logits(clip: Blocks, parameters: np.ndarray) -> np.ndarray:
    """Fake-positive logits `(T,) float32` of the frames."""
    total, start = parameters[-1], 0
    for values, inverse in clip:
        stop = start + values.shape[1]
        part = values @ parameters[start:stop]
        part *= inverse
        part += total
        total, start = part, stop
    return total


def log_sum_exp(logits: np.ndarray) -> float:
    """The clip's score: `log(sum(exp(logits)))`, without overflow; it grows by log 2 when a clip doubles in length."""
    top = logits.max()
    return float(top) + math.log(np.exp(logits - top).sum())


def clip_loss(score: float, label: int) -> float:
    """Cross-entropy of the two logits `(-score, score)` with the label."""
    margin = -2 * score if label else 2 * score
    return max(margin, 0.0) + math.log1p(math.exp(-abs(margin)))


def loss_slope(score: float, label: int) -> float:
    """The derivative of `clip_loss` by the score."""
    margin = -2 * score if label else 2 * score
    small = math.exp(-abs(margin))
    sigmoid = (1.0 if margin > 0 else small) / (1 + small)
    return -2 * sigmoid if label else 2 * sigmoid


def loss_and_gradient(clip: Blocks, label: int, parameters: np.ndarray, gradient: np.ndarray) -> float:
    """The loss of one clip; its gradient is written to `gradient` `(D + 1,) float32`."""
    logits = frame_logits(clip, parameters)
    score = log_sum_exp(logits)
    slope = loss_slope(score, label)
    shares = np.exp(logits - np.float32(score))
    shares *= slope
    gradient[-1] = slope
    start = 0
    for values, inverse in clip:
        stop = start + values.shape[1]
        np.dot(shares * inverse, values, out=gradient[start:stop])
        start = stop
    return clip_loss(score, label)


class Adam:
    """Adam without weight decay, in the order of operations of `torch.optim.Adam`; changes `parameters` in place."""

    def __init__(
        self,
        parameters: np.ndarray,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.parameters, self.lr, self.betas, self.eps = parameters, lr, betas, eps
        self.steps = 0
        self._mean, self._square, self._scratch = (np.zeros_like(parameters) for _ in range(3))

    def step(self, gradient: np.ndarray) -> None:
        """Take one step against the gradient."""
        self.steps += 1
        (beta1, beta2), scratch = self.betas, self._scratch
        np.subtract(gradient, self._mean, out=scratch)
        scratch *= 1 - beta1
        self._mean += scratch
        np.multiply(gradient, gradient, out=scratch)
        scratch *= 1 - beta2
        self._square *= beta2
        self._square += scratch
        np.sqrt(self._square, out=scratch)
        scratch /= math.sqrt(1 - beta2**self.steps)
        scratch += self.eps
        np.divide(self._mean, scratch, out=scratch)
        scratch *= self.lr / (1 - beta1**self.steps)
        self.parameters -= scratch


def initial_parameters(dim: int, rng: np.random.Generator) -> np.ndarray:
    """Parameters `(dim + 1,) float32` as `torch.nn.Linear` draws them: uniform within `1 / sqrt(dim)`."""
    bound = 1 / math.sqrt(dim)
    return rng.uniform(-bound, bound, dim + 1).astype(np.float32)


def mean_loss(clips: Packed, parameters: np.ndarray) -> float:
    """Mean loss over clips."""
    losses = [
        clip_loss(log_sum_exp(frame_logits(clip, parameters)), label)
        for clip, label in zip(clips.clips, clips.labels, strict=True)
    ]
    return math.fsum(losses) / len(losses)


def train_probe(
    train: Packed,
    val: Packed,
    initial: np.ndarray,
    order: Callable[[int], Sequence[int] | np.ndarray],
    lr: float = 1e-3,
    epochs: int = 100,
    patience: int = 10,
) -> ProbeRun:
    """Train a probe as published: a step a clip, early stopping as Lightning's `EarlyStopping(min_delta=0)` does it.

    Args:
        initial: parameters to begin with `(D + 1,) float32`; left unchanged.
        order: the clips of an epoch in the order of their steps; epochs are counted from 0.
        patience: end after so many epochs in a row whose validation loss is not strictly below the least so far.
    """
    parameters, best = initial.copy(), initial.copy()
    gradient, adam = np.empty_like(parameters), Adam(parameters, lr)
    train_losses: list[float] = []
    val_losses: list[float] = []
    best_epoch, least = 0, math.inf
    stopped: Stop = "epochs"
    for epoch in range(epochs):
        losses = [_step(train, int(clip), adam, gradient) for clip in order(epoch)]
        train_losses.append(math.fsum(losses) / len(losses))
        val_losses.append(mean_loss(val, parameters))
        if not math.isfinite(val_losses[-1]):
            stopped = "loss not finite"
            break
        if val_losses[-1] < least:
            least, best_epoch = val_losses[-1], epoch + 1
            best[:] = parameters
        elif epoch + 1 - best_epoch >= patience:
            stopped = "patience"
            break
    return ProbeRun(best, best_epoch, stopped, tuple(train_losses), tuple(val_losses))


def _step(clips: Packed, index: int, adam: Adam, gradient: np.ndarray) -> float:
    loss = loss_and_gradient(clips.clips[index], clips.labels[index], adam.parameters, gradient)
    adam.step(gradient)
    return loss
