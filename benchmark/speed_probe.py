"""How fast the linear probe trains, against SSR-DFD's training loop: `python -m benchmark.speed_probe`.

The features are random but of realistic shape. The opponents, written after `linear_probing/` of bit-ml/ssr-dfd:

- `lightning`: the published loop. One .npz file a clip, normalised whenever it is read, an array of -inf for the unused
  modality, DataLoader with a batch of one clip and no worker processes, Lightning's Trainer with its logger, checkpoint
  and early stopping (its progress bar off, which is in its favour);
- `dataloader`: the same data and model in a plain torch loop;
- `memory`: a plain torch loop over normalised tensors that are all in memory before the clock starts.

In each round all train one epoch in the same clip order from the same weights, one thread each, so that their weights
can be compared; the order of the contestants is reversed from round to round. Timed are the training steps of the
epoch with all that they read; start-up, packing and validation (on a single clip) are not.
"""

import argparse
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import logging
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, Dataset

from detectors.heads.linear import LR, clip_blocks
from detectors.probe import Packed, initial_parameters, train_probe
from detectors.store import FeatureStore
from detectors.tracks import Track, frame_spans

FRAMES = (80, 251)
"""Clips of 3 to 10 seconds at 25 frames per second."""
Outcome = tuple[np.ndarray, np.ndarray]
"""Seconds by the clock and of the processor, `(2,)`, and parameters `(D + 1,)` after the epoch."""


@dataclass(frozen=True)
class Round:
    """What every contestant is given: the same features in two forms, where to begin, and the order of the clips."""

    folder: Path
    table: pd.DataFrame
    packed: Packed
    initial: np.ndarray
    order: list[int]


class NpzFeatures(Dataset):
    """Features of one clip a file, read and normalised at each access."""

    def __init__(self, folder: Path, table: pd.DataFrame) -> None:
        self.folder, self.table = folder, table

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor, int, str]:
        """Visual features, the stand-in for the audio features, label and path of a clip."""
        row = self.table.iloc[index]
        video = np.load(self.folder / row["path"])["visual"]
        audio = np.full((len(video), 1024), -np.inf)
        video = video / np.linalg.norm(video, ord=2, axis=-1, keepdims=True)
        return (
            torch.tensor(video, dtype=torch.float32),
            torch.tensor(audio, dtype=torch.float32),
            int(row["label"]),
            row["path"],
        )


def now() -> np.ndarray:
    """The time by the clock and that of the processor, in seconds."""
    return np.array([time.perf_counter(), time.process_time()])


def make(folder: Path, clips: int, dim: int, seed: int) -> tuple[pd.DataFrame, Packed]:
    """Write the features in both forms, and open the store."""
    rng, store = np.random.default_rng(seed), FeatureStore(folder / "store")
    rows = [(f"clip{index}.npz", index % 2) for index in range(clips)]
    with store.writer("features") as writer:
        for path, label in rows:
            values = rng.standard_normal((int(rng.integers(*FRAMES)), dim), np.float32)
            values[:, 0] += 3 * label
            np.savez(folder / path, visual=values)
            writer.add(path, Track(values, frame_spans(len(values), 25.0)))
    start = time.perf_counter()
    stored = [store.get("features", path) for path, _ in rows]
    blocks = [clip_blocks("", {"e": item.track}, ["e"]) for item in stored if item]
    print(f"opening {len(blocks)} clips of the store and checking their sums: {time.perf_counter() - start:.1f} s")
    return pd.DataFrame(rows, columns=["path", "label"]), Packed(blocks, [label for _, label in rows])


def ours(task: Round) -> Outcome:
    """The probe of this project, over the feature store."""
    one = Packed(task.packed.clips[:1], task.packed.labels[:1])
    start = now()
    run = train_probe(task.packed, one, task.initial, lambda _: task.order, LR, epochs=1)
    return now() - start, run.parameters


def head_of(initial: np.ndarray) -> torch.nn.Linear:
    """A torch layer that begins where the others do."""
    head = torch.nn.Linear(len(initial) - 1, 1)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(initial[None, :-1]))
        head.bias.copy_(torch.from_numpy(initial[-1:]))
    return head


def parameters_of(head: torch.nn.Linear) -> np.ndarray:
    """Weights and bias as one vector."""
    return torch.cat([head.weight.detach()[0], head.bias.detach()]).numpy().copy()


def loss_of(head: torch.nn.Linear, features: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Loss of a batch `(B, T, D)`."""
    score = torch.logsumexp(head(features)[:, :, 0], dim=-1)[:, None]
    return torch.nn.functional.cross_entropy(torch.cat([-score, score], dim=1), labels)


def torch_loop(task: Round, batches: Any) -> Outcome:
    """One epoch over `(features, label)` batches without a framework."""
    head = head_of(task.initial)
    optimizer = torch.optim.Adam(head.parameters(), lr=LR)
    start = now()
    for features, labels in batches:
        optimizer.zero_grad()
        loss_of(head, features, labels).backward()
        optimizer.step()
    return now() - start, parameters_of(head)


def dataloader(task: Round) -> Outcome:
    """A plain torch loop over the files."""
    loader = DataLoader(NpzFeatures(task.folder, task.table), batch_size=1, sampler=task.order)
    return torch_loop(task, ((video, label) for video, _, label, _ in loader))


def memory(task: Round) -> Outcome:
    """A plain torch loop over tensors in memory."""
    data = NpzFeatures(task.folder, task.table)
    batches = [(data[index][0][None], torch.tensor([data.table.label[index]])) for index in task.order]
    return torch_loop(task, batches)


def lightning(task: Round) -> Outcome:
    """The published loop."""
    import lightning as L
    from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
    from lightning.pytorch.loggers import CSVLogger

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")

    class Clock(Callback):
        def on_train_epoch_start(self, *_: object) -> None:
            self.start = now()

        def on_train_epoch_end(self, *_: object) -> None:
            self.seconds = now() - self.start

    class Model(L.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.head = head_of(task.initial)

        def training_step(self, batch: Any, _: int) -> torch.Tensor:
            loss = loss_of(self.head, batch[0], batch[2])
            self.log("train_loss", loss)
            return loss

        def validation_step(self, batch: Any, _: int) -> None:
            self.log("val_loss", loss_of(self.head, batch[0], batch[2]), on_epoch=True)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr=LR)

    data, model, clock = NpzFeatures(task.folder, task.table), Model(), Clock()
    with tempfile.TemporaryDirectory() as folder:
        saver = ModelCheckpoint(monitor="val_loss", dirpath=folder, filename="model-{epoch:02d}", mode="min")
        stopper = EarlyStopping(monitor="val_loss", mode="min", patience=10)
        trainer = L.Trainer(
            max_epochs=1,
            accelerator="cpu",
            logger=CSVLogger(folder),
            callbacks=[clock, saver, stopper],
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(model, DataLoader(data, batch_size=1, sampler=task.order), DataLoader(data, sampler=[0]))
    return clock.seconds, parameters_of(model.head)


def spread(values: np.ndarray, digits: int) -> str:
    """The median with least and greatest."""
    return f"{np.median(values):.{digits}f} [{values.min():.{digits}f} to {values.max():.{digits}f}]"


def report(seconds: dict[str, list[np.ndarray]], differences: dict[str, float], clips: int) -> None:
    """Print clips per second and, paired by round, how many times as fast this project's probe is."""
    own = np.array(seconds.pop("ours"))
    print(f"ours: {spread(clips / own[:, 0], 0)} clips/s")
    for name, values in seconds.items():
        times = np.array(values)
        ratios = times / own
        print(f"{name}: {spread(clips / times[:, 0], 0)} clips/s")
        print(
            f"    ours is x{spread(ratios[:, 0], 1)} as fast by the clock, x{spread(ratios[:, 1], 1)} by processor time"
        )
        print(f"    weights differ by at most {differences[name]:.1e}")


def main() -> None:
    """Run the rounds and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=1000, help="clips of an epoch (default: 1000, 1.4 GB on disk)")
    parser.add_argument("--dim", type=int, default=1024, help="columns of the features (default: 1024)")
    parser.add_argument("--rounds", type=int, default=3, help="epochs of each contestant (default: 3)")
    parser.add_argument("--seed", type=int, default=0, help="seed of features, weights and orders (default: 0)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    contestants: list[Callable[[Round], Outcome]] = [ours, memory, dataloader]
    if find_spec("lightning"):
        contestants.append(lightning)
    else:
        print("lightning is not installed: the published loop is not measured")
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), contestants, arguments)


def run(folder: Path, contestants: list[Callable[[Round], Outcome]], arguments: argparse.Namespace) -> None:
    """Make the features, warm up, and let the contestants take turns."""
    table, packed = make(folder, arguments.clips, arguments.dim, arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    seconds: dict[str, list[np.ndarray]] = {contestant.__name__: [] for contestant in contestants}
    differences = dict.fromkeys(seconds, 0.0)
    few = Round(folder, table, packed, initial_parameters(arguments.dim, rng), list(range(min(50, len(table)))))
    for contestant in contestants:
        contestant(few)
    for number in range(arguments.rounds):
        order = [int(index) for index in rng.permutation(len(table))]
        task = Round(folder, table, packed, initial_parameters(arguments.dim, rng), order)
        outcomes = {c.__name__: c(task) for c in (contestants if number % 2 else contestants[::-1])}
        for name, (spent, parameters) in outcomes.items():
            seconds[name].append(spent)
            gap = float(np.abs(parameters - outcomes["ours"][1]).max())
            differences[name] = max(differences[name], gap)
        rates = ", ".join(f"{name} {len(table) / seconds[name][-1][0]:.0f}" for name in seconds)
        print(f"round {number + 1}, load {os.getloadavg()[0]:.1f}: {rates} clips/s", flush=True)
    report(seconds, differences, len(table))


if __name__ == "__main__":
    main()
