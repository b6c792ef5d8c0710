"""Shows that the regression gate notices what it should: `python -m benchmark.mutations`.

The suite is run with a fault planted in it, in a cache of its own (clips are shared, features and trainings are not),
and held against rows that were measured without it: once as they are, on the machine that measured them, and once as
if another kind of machine had, so that only the statistical rule applies. Harmless changes have to stay green.

As a pytest plug-in (`-p benchmark.mutations`, with `AVDF_MUTATION` set) this module plants the fault; it changes
functions in memory, never a file, so that signatures do not see it: the worst case for a gate.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datasets.files import cache_root
from leaderboard import VERSION
from leaderboard.gate import RED, STALE, UNTESTED, Verdict, gate, of_word
from leaderboard.sources import Measured, cells_of

VARIABLE = "AVDF_MUTATION"
FRAME = 640
"""Samples of one 25 fps frame at 16 kHz."""


def _no_norm() -> None:
    from detectors.heads import linear

    linear.inverse_norms = lambda norms: np.ones_like(norms)


def _late_sound() -> None:
    from datasets import media

    decoded = media.audio

    def late(clip: Any, rate: int = 16_000) -> Any:
        samples = decoded(clip, rate)
        return samples if samples is None else samples[min(FRAME, len(samples) // 2) :]

    media.audio = late


def _flipped_labels() -> None:
    from datasets.registry import Corpus

    load = Corpus.load

    def flipped(self: Corpus, name: str, split: str) -> Any:
        clips = load(self, name, split)
        if split != "train":
            return clips
        wrong = set(np.random.default_rng(0).choice(len(clips), max(1, round(0.02 * len(clips))), replace=False))
        return [replace(clip, label=int(not clip.label)) if i in wrong else clip for i, clip in enumerate(clips)]

    Corpus.load = flipped  # type: ignore[method-assign]


def _short_trim() -> None:
    from datasets import trim

    right = trim.frames_to_cut
    trim.frames_to_cut = lambda silence: max(0, right(silence) - 1)


def _mean() -> None:
    from detectors import probe
    from detectors.heads import linear

    linear.log_sum_exp = probe.log_sum_exp = lambda logits: float(logits.mean())


def _other_decoder() -> None:
    """As another AAC and H.264 implementation: one step of 16 bits in the sound, of 8 bits in 2 % of the pixels."""
    from datasets import media

    audio, frames, stream = media.audio, media.frames, media.stream

    def noisy(clip: Any, rate: int = 16_000) -> Any:
        samples = audio(clip, rate)
        if samples is None:
            return None
        draw = np.random.default_rng(len(samples))
        return np.where(samples == 0, 0, samples + draw.integers(-1, 2, len(samples)) / 2**15).astype(np.float32)

    def specked(pictures: Any) -> Any:
        draw = np.random.default_rng(len(pictures))
        step = draw.choice(np.array([-1, 0, 1]), pictures.shape, p=[0.01, 0.98, 0.01])
        return np.clip(pictures.astype(np.int16) + step, 0, 255).astype(np.uint8)

    media.audio = noisy
    media.frames = lambda *arguments: specked(frames(*arguments))
    media.stream = lambda *arguments: map(specked, stream(*arguments))


def _other_bootstrap() -> None:
    from benchmark import evaluation

    right = evaluation.measure

    def seeded(*arguments: Any, **named: Any) -> Any:
        return right(*arguments, seed=7, **named)

    evaluation.measure = seeded


@dataclass(frozen=True)
class Mutation:
    """A change to plant. `harmful`: the gate has to notice it; otherwise it must not."""

    text: str
    plant: Callable[[], None]
    harmful: bool
    workers: int = 2
    elsewhere: bool = False


MUTATIONS = {
    "l2": Mutation("frames are not L2-normalised", _no_norm, True),
    "late": Mutation("the sound is one frame (40 ms) off", _late_sound, True),
    "labels": Mutation("2 % of the training labels are flipped", _flipped_labels, True),
    "trim": Mutation("the trim cuts one frame too few", _short_trim, True),
    "mean": Mutation("mean over frames instead of log-sum-exp", _mean, True),
    "bootstrap": Mutation("another seed of the bootstrap", _other_bootstrap, False),
    "workers": Mutation("one worker instead of two", lambda: None, False, workers=1),
    "decoder": Mutation("another machine's decoder (last digits of sound and pixels)", _other_decoder, False,
                        elsewhere=True),
}  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Plant the fault that the environment names, in each worker."""
    MUTATIONS[os.environ[VARIABLE]].plant()


def run(name: str, select: str, size: str, results: Path) -> Path:
    """Measure the selected cells with a fault planted; the folder of their records.

    Raises:
        RuntimeError: the run could not be done, with its output.
    """
    mutation = MUTATIONS[name]
    with tempfile.TemporaryDirectory() as folder:
        for shared in ("sim", "media"):
            (cache_root() / shared).mkdir(parents=True, exist_ok=True)
            (Path(folder) / shared).symlink_to(cache_root() / shared)
        command = [sys.executable, "-m", "pytest", "benchmark", "-p", "benchmark.mutations", "-q", "-k", select]
        command += ["--size", size, "--results", str(results), "-p", "no:cacheprovider"]
        command += ["-n", str(mutation.workers)] if mutation.workers > 1 else []
        environment = os.environ | {"AVDF_CACHE": folder, VARIABLE: name}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}: the suite did not run\n{done.stdout[-3000:]}\n{done.stderr[-1000:]}")
    return results / f"{size}-seed0"


def verdicts(measured: Path, rows: Path, *, elsewhere: bool) -> list[Verdict]:
    """The gate on a run; `elsewhere`: as if the rows had been measured on another kind of machine."""
    known = dict(cells_of(rows))
    if elsewhere:
        for key, one in known.items():
            environment = {**one.record.environment, "processor": "another"}
            known[key] = Measured(replace(one.record, environment=environment), one.folder)
    return gate(cells_of(measured), known, whole=False, rows=True)


def lines(name: str, found: Sequence[Verdict], *, elsewhere: bool) -> list[str]:
    """A table line: the fault, how it was compared, red cells of all, the largest changes, and whether it is right."""
    mutation = MUTATIONS[name]
    bad = [v for v in found if v.word in (*RED, *STALE)]
    moves = sorted((v.new - v.old for v in bad if v.new is not None and v.old is not None), key=abs, reverse=True)
    told = ", ".join(f"{100 * move:+.1f}" for move in moves[:3])
    worst = max(bad, key=lambda v: abs((v.new or 0) - (v.old or 0)), default=None)
    rule = "statistical" if elsewhere else "exact"
    compared = bool(found) and not any(v.word in UNTESTED for v in found)  # otherwise nothing is shown either way
    right = "as it should be" if compared and bool(bad) == mutation.harmful else "**NOT as it should be**"
    words = ", ".join(f"{count} {word}" for word in (*RED, *STALE) if (count := len(of_word(bad, word))))
    answer = f"red: {len(bad)} of {len(found)} ({words})" if bad else f"green: {len(found)}"
    return [mutation.text, rule, answer, told or "–", f"`{worst.cell}`" if worst else "–", right]


def main() -> int:
    """Print the table; 1 if the gate was wrong about any mutation."""
    from leaderboard.markdown import table

    parser = argparse.ArgumentParser(prog="python -m benchmark.mutations", description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="MUTATION", help=f"of {', '.join(MUTATIONS)} (default: all)")
    parser.add_argument("-k", dest="select", default="ood or ind", help="cells to measure (default: all)")
    parser.add_argument("--size", default="default", help="of the embedded corpus (default: default)")
    parser.add_argument("--rows", type=Path, default=VERSION, help="rows or results to compare with (default: v1)")
    parser.add_argument("--keep", type=Path, help="keep the records of every run in this folder")
    options = parser.parse_args()
    for name in options.names:
        if name not in MUTATIONS:
            parser.error(f"no mutation is called {name!r}; there are {', '.join(MUTATIONS)}")
    body = []
    for name in options.names or MUTATIONS:
        results = Path(options.keep or tempfile.mkdtemp()) / name
        print(f"{name}: measuring ...", file=sys.stderr, flush=True)
        measured = run(name, options.select, options.size, results)
        for elsewhere in (True,) if MUTATIONS[name].elsewhere else (False, True):
            body.append(lines(name, verdicts(measured, options.rows, elsewhere=elsewhere), elsewhere=elsewhere))
            print(" | ".join(body[-1]), flush=True, file=sys.stderr)
        if not options.keep:
            shutil.rmtree(results.parent)
    print(table(["mutation", "rule", "gate", "largest changes in points", "cell", "verdict"], body))
    return int(any("NOT" in line[-1] for line in body))


if __name__ == "__main__":
    sys.exit(main())
