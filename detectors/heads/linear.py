"""`linear`: SSR-DFD's linear probe, one layer on each frame and log-sum-exp over the frames."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from datasets.files import atomic_path
from detectors.cards import HeadCard
from detectors.probe import (
    Blocks,
    Packed,
    ProbeRun,
    frame_logits,
    initial_parameters,
    inverse_norms,
    log_sum_exp,
    train_probe,
)
from detectors.protocols import Context, Example
from detectors.registry import register
from detectors.shards import NormedTrack, row_norms
from detectors.tracks import Scored, Track

CARD = HeadCard(
    name="linear",
    needs=frozenset({"real", "fake"}),
    summary="linear probe on L2-normalised frames, log-sum-exp over time",
    citation="Boldisor et al., Investigating self-supervised representations for audio-visual deepfake detection, "
    "CVPR 2026",
)
LR, EPOCHS, PATIENCE = 1e-3, 100, 10
"""As in SSR-DFD's `model.py` and `configs/train_config.yaml`."""
FILE = "linear.npz"


@dataclass(frozen=True)
class FittedLinear:
    """A trained probe.

    Attributes:
        parameters: `(D + 1,) float32`, weights and bias; D sums the columns of all encoders.
        encoders: names of the tracks whose normalised rows are concatenated, in this order.
        report: what happened in training.
    """

    parameters: np.ndarray
    encoders: tuple[str, ...]
    report: dict[str, Any]

    def score(self, tracks: Mapping[str, Track]) -> Scored:
        """Log-sum-exp of the frame logits, which are the local scores.

        NaN where a frame is all zeros, as in the published code, or not finite, or where there is no frame.

        Raises:
            ValueError: not the tracks that it was trained on, or their rows or columns do not fit.
        """
        clip = clip_blocks("the clip to score", tracks, self.encoders)
        columns = sum(values.shape[1] for values, _ in clip)
        if columns != len(self.parameters) - 1:
            raise ValueError(
                f"the probe was trained on {len(self.parameters) - 1} columns of {'+'.join(self.encoders)}, "
                f"the clip has {columns}"
            )
        with np.errstate(invalid="ignore", over="ignore"):
            logits = frame_logits(clip, self.parameters)
            score = log_sum_exp(logits) if len(logits) else float("nan")
        return Scored(score, Track(logits, tracks[self.encoders[0]].spans))

    def save(self, folder: Path) -> None:
        """Write `linear.npz` (no pickle; its zip container has a CRC of each part)."""
        about = json.dumps({"encoders": self.encoders, "report": self.report}, allow_nan=False)
        with atomic_path(folder / FILE) as path, path.open("wb") as stream:
            np.savez(stream, parameters=self.parameters, about=np.array(about))


@register(CARD)
class LinearProbe:
    """Trains exactly as SSR-DFD's `linear_probing` does, with one deliberate difference.

    A clip with an all-zero or non-finite frame has no score. There its loss, NaN, would turn all weights to NaN; here
    such clips are left out of training and validation, named in the log and counted in the report.
    """

    def __init__(self, card: HeadCard = CARD) -> None:
        self.card = card

    def fit(self, train: Sequence[Example], val: Sequence[Example], ctx: Context) -> FittedLinear:
        """Train on `train`, keep the epoch with the least loss on `val`; `ctx.seed` draws weights and clip orders.

        Raises:
            ValueError: no usable clip to validate on, or not both classes to train on; tracks do not fit together.
        """
        encoders = tuple(sorted(train[0].tracks)) if train else ()
        packed_train, out_train = pack(train, encoders, ctx)
        packed_val, out_val = pack(val, encoders, ctx)
        if set(packed_train.labels) != {0, 1} or not len(packed_val):
            raise ValueError(
                "the linear probe needs real and fake clips to train on and clips to validate on; usable are "
                f"{_counts(packed_train)} and {_counts(packed_val)}, left out {out_train} and {out_val}"
            )
        rng = np.random.default_rng(ctx.seed)
        initial = initial_parameters(_columns(packed_train, packed_val), rng)
        run = train_probe(
            packed_train, packed_val, initial, lambda _: rng.permutation(len(packed_train)), LR, EPOCHS, PATIENCE
        )
        report = _report(run) | {
            "seed": ctx.seed,
            "train": {"clips": len(packed_train), "left_out": out_train},
            "val": {"clips": len(packed_val), "left_out": out_val},
        }
        return FittedLinear(run.parameters, encoders, report)

    def load(self, folder: Path) -> FittedLinear:
        """A probe as `save` wrote it.

        Raises:
            ValueError: the file is damaged or no probe.
        """
        path = folder / FILE
        try:
            with np.load(path, allow_pickle=False) as content:
                about = json.loads(str(content["about"]))
                return FittedLinear(content["parameters"], tuple(about["encoders"]), about["report"])
        except FileNotFoundError:
            raise
        except Exception as error:  # a damaged zip container fails in many ways
            raise ValueError(f"{path} is not a linear probe ({error}); delete it and train again") from error


def clip_blocks(clip: str, tracks: Mapping[str, Track], encoders: Sequence[str]) -> Blocks:
    """The features of one clip with the inverse norms of its rows, computed where the store does not have them.

    Raises:
        ValueError: a track is missing, is not `(T, D)`, or differs from the others in length.
    """
    missing = [name for name in encoders if name not in tracks]
    if missing:
        raise ValueError(f"{clip}: no features of {', '.join(missing)}, only of {', '.join(tracks)}")
    lengths = {name: len(tracks[name]) for name in encoders}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{clip}: features of several encoders must have the same number of rows, got {lengths}")
    for name in encoders:
        if tracks[name].values.ndim != 2:
            raise ValueError(f"{clip}: features of {name} must be (T, D), got {tracks[name].values.shape}")
    return tuple(_block(tracks[name]) for name in encoders)


def _block(track: Track) -> tuple[np.ndarray, np.ndarray]:
    values = np.asarray(track.values, np.float32)
    with np.errstate(over="ignore"):
        norms = track.norms if isinstance(track, NormedTrack) else row_norms(values)
    return values, inverse_norms(norms)


def pack(examples: Sequence[Example], encoders: Sequence[str], ctx: Context) -> tuple[Packed, dict[str, int]]:
    """Views of the usable clips, and how many were left out for which reason (their names go to the log)."""
    clips: list[Blocks] = []
    labels: list[int] = []
    left_out: Counter[str] = Counter()
    for example in examples:
        clip = clip_blocks(example.clip, example.tracks, encoders)
        reason = _defect(clip)
        if reason:
            ctx.log.warning("linear: %s is left out: %s", example.clip, reason)
            left_out[reason] += 1
        else:
            clips.append(clip)
            labels.append(example.label)
    return Packed(clips, labels), dict(left_out)


def _defect(clip: Blocks) -> str | None:
    if any(not len(values) for values, _ in clip):
        return "no frame"
    bad = [values[np.isnan(inverse)] for values, inverse in clip]
    if any(not np.isfinite(rows).all() for rows in bad):
        return "a frame that is not finite"
    return "a frame whose norm is 0 or overflows" if any(len(rows) for rows in bad) else None


def _columns(*packed: Packed) -> int:
    widths = {sum(values.shape[1] for values, _ in clip) for part in packed for clip in part.clips}
    if len(widths) > 1:
        raise ValueError(f"all clips must have the same number of feature columns, got {sorted(widths)}")
    return widths.pop()


def _counts(packed: Packed) -> str:
    return f"{sum(packed.labels)} fake and {len(packed) - sum(packed.labels)} real"


def _report(run: ProbeRun) -> dict[str, Any]:
    best = run.best_epoch - 1
    return {
        "stopped": run.stopped,
        "best_epoch": run.best_epoch,
        "epochs": len(run.val_losses),
        "train_loss": run.train_losses[best],
        "val_loss": run.val_losses[best],
    }


def load_lightning_checkpoint(path: Path, encoder: str) -> FittedLinear:
    """A probe that SSR-DFD's training wrote, for the features of `encoder` (the file names none).

    Raises:
        ValueError: the file cannot be read without executing code, holds another model, or one for features that
            are not L2-normalised.
    """
    content = _read_checkpoint(path)
    state = content.get("state_dict", {})
    weight, bias = state.get("head.weight"), state.get("head.bias")
    if set(state) != {"head.weight", "head.bias"} or weight.shape != (1, weight.numel()) or bias.shape != (1,):
        found = {name: tuple(tensor.shape) for name, tensor in state.items()}
        raise ValueError(f"{path}: expected a state_dict with head.weight (1, D) and head.bias (1,), found {found}")
    config = content.get("hyper_parameters", {}).get("config", {})
    if config.get("data_info", {}).get("apply_l2") is False:
        raise ValueError(f"{path}: trained with apply_l2: false, but this probe normalises its frames")
    parameters = np.concatenate([weight.numpy().ravel(), bias.numpy()]).astype(np.float32)
    return FittedLinear(parameters, (encoder,), {"checkpoint": path.name, "epochs": content.get("epoch", -1) + 1})


def _read_checkpoint(path: Path) -> dict[str, Any]:
    import torch

    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise
    except Exception as error:  # torch has no common type for files that it cannot read
        raise ValueError(
            f"{path}: cannot be read as tensors and plain containers ({error}); expected a Lightning checkpoint "
            "of SSR-DFD's linear_probing"
        ) from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a Lightning checkpoint with a state_dict, found {type(content).__name__}")
    return content
