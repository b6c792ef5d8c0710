"""How fast an encoder is, and what takes the time: decoding, preparing (cropping, normalising), or the network."""

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.clip import AUDIO_RATE, FPS, Clip
from datasets.errors import ClipError
from datasets.single import streams

from .cards import Modality
from .protocols import Context

DECODING, PREPARING, NETWORK, REST = "decoding", "cropping and preparing", "network", "all else"


@dataclass(frozen=True)
class Speed:
    """What one encoder took for a list of clips.

    Attributes:
        seconds: by stage, a number a round.
        clips: how many; `length`: seconds of them together.
        memory: the most that the process, or the GPU, held in bytes.
    """

    seconds: dict[str, list[float]]
    clips: int
    length: float
    memory: int

    @property
    def totals(self) -> list[float]:
        """Seconds of each round."""
        return [sum(round_) for round_ in zip(*self.seconds.values(), strict=True)]

    def share(self, stage: str) -> float:
        """Part of the time that a stage takes, from the medians of the rounds."""
        medians = {name: statistics.median(values) for name, values in self.seconds.items()}
        return medians[stage] / sum(medians.values())


def measure(encoder: Any, clips: Sequence[Clip], ctx: Context, rounds: int) -> Speed:
    """Time a loaded encoder on clips, each round from the files, with nothing kept from the one before.

    The last second of a clip goes before, untimed, for imports and what a GPU prepares. Decoding alone is timed first,
    then everything before the network; the difference is what preparing takes. An encoder that does not tell its
    `inputs` apart has one number for all that is not decoding.

    Raises:
        ClipError: a clip cannot be encoded.
    """
    with _empty_cache():
        _warm_up(encoder, clips[0])
        length = sum(_length(clip) for clip in clips)
    seconds: dict[str, list[float]] = {}
    for _ in range(rounds):
        with _empty_cache():
            decoding = _timed(lambda: _decode(clips, encoder.card.modality))
        with _empty_cache():
            for stage, value in _stages(encoder, clips, ctx, decoding).items():
                seconds.setdefault(stage, []).append(value)
    return Speed(seconds, len(clips), length, _memory(ctx.device))


def _warm_up(encoder: Any, clip: Clip) -> None:
    with suppress(ClipError):  # sound alone, which is quick
        clip = clip.skipping(max(0, clip.count(FPS) - FPS))
    encoder.encode(clip, encoder.card.taps[:1])


def _stages(encoder: Any, clips: Sequence[Clip], ctx: Context, decoding: float) -> dict[str, float]:
    taps = encoder.card.taps[:1]
    if not hasattr(encoder, "inputs"):
        whole = _timed(lambda: [encoder.encode(clip, taps) for clip in clips])
        return {DECODING: min(decoding, whole), REST: max(0.0, whole - decoding)}
    before = network = 0.0
    size = ctx.batch if encoder.together else 1
    for start in range(0, len(clips), size):
        begin = time.perf_counter()
        batch = [_held(encoder.inputs(clip)) for clip in clips[start : start + size]]
        before += time.perf_counter() - begin
        network += _timed(lambda batch=batch: encoder.computed(batch, taps), ctx.device)  # type: ignore[misc]
    return {DECODING: min(decoding, before), PREPARING: max(0.0, before - decoding), NETWORK: network}


def _held(inputs: Any) -> Any:
    """Inputs that come in blocks, all of them: they are to be timed before the network is."""
    return list(inputs) if isinstance(inputs, Iterator) else inputs


def _decode(clips: Sequence[Clip], modality: Modality) -> None:
    """Decode what an encoder of this modality reads, and keep nothing."""
    for clip in clips:
        if modality != "visual":
            clip.audio(AUDIO_RATE)
        if modality != "audio":
            for _ in clip.stream(FPS, "full"):
                pass


def _timed(call: Callable[[], Any], device: str = "cpu") -> float:
    import torch

    start = time.perf_counter()
    call()
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def _length(clip: Clip) -> float:
    """Seconds of a clip by its pictures, or by its sound where it has none."""
    if streams(clip).pictures:
        return clip.count(FPS) / FPS
    samples = clip.audio(AUDIO_RATE)
    return 0.0 if samples is None else len(samples) / AUDIO_RATE


def _memory(device: str) -> int:
    import torch

    if torch.device(device).type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextmanager
def _empty_cache() -> Iterator[None]:
    """A cache folder of its own while the context lasts, so that nothing is found decoded."""
    before = os.environ.get("AVDF_CACHE")
    with tempfile.TemporaryDirectory(prefix="avdf-bench-") as folder:
        os.environ["AVDF_CACHE"] = str(Path(folder))
        try:
            yield
        finally:
            os.environ.pop("AVDF_CACHE")
            if before is not None:
                os.environ["AVDF_CACHE"] = before
