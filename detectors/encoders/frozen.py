"""What published encoders share: weights found or drawn, clips one by one or together, precision, layers.

Nothing here registers itself, and torch loads only when an encoder is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import numpy as np

from datasets.clip import AUDIO_RATE, FPS, Clip
from datasets.errors import ClipError

from ..cards import EncoderCard, Variant
from ..fetching.files import find, hash_of
from ..protocols import Context
from ..tags import TINY
from ..tracks import Track, frame_spans

if TYPE_CHECKING:
    from torch import Tensor, nn

_log = getLogger("avdf")
Net = TypeVar("Net", bound="nn.Module")
BF16 = Variant("bf16", "computed in bfloat16")
NOCROP = Variant("nocrop", "of the middle of the whole frame, as the original code takes it where cropping failed")
ROW = AUDIO_RATE // FPS
"""Samples of 40 ms."""
_TINY_SEED = 12
"""Draws the weights that stand for trained ones where a tiny form is checked."""


def layers(count: int) -> tuple[str, ...]:
    """The taps of an encoder with so many blocks: `last`, and `layer1` to `layer{count}`."""
    return ("last", *(f"layer{number}" for number in range(1, count + 1)))


def tiny(dim: int, **changes: Any) -> Variant:
    """The form of a few thousand parameters that tests run: two blocks, `dim` columns, no trained weights."""
    return Variant(TINY, "of toy size", {"dim": dim, "taps": layers(2), "weights": None, **changes})


class Frozen(Generic[Net]):
    """An encoder whose network is read from a file, or drawn.

    Subclasses say how: `untrained`, `trained`, `inputs` and `compute`.
    """

    together: ClassVar[bool] = False
    """Whether a clip has the same features when it is computed in a batch with others, up to the last digits."""

    def __init__(self, card: EncoderCard, seed: int | None = None) -> None:
        self.card, self.seed = card, seed
        self.device = "cpu"
        self._net: Net | None = None
        self._compared = False

    @property
    def net(self) -> Net:
        """The loaded network."""
        if self._net is None:
            raise RuntimeError(f"{self.card.name}: call load before encode")
        return self._net

    @property
    def tiny(self) -> bool:
        """Whether it has its toy size."""
        return TINY in self.card.tags

    def load(self, ctx: Context) -> None:
        """Read the checkpoint, or draw untrained weights where a seed was given.

        Raises:
            MissingWeightsError: the checkpoint is not on this machine.
            ChangedWeightsError: it is another one than was published or used before.
            CheckpointError: it is damaged, or of another model.
        """
        self.device = ctx.device
        if self.tiny or self.seed is not None or self.card.weights is None:
            net = self.untrained(_TINY_SEED if self.seed is None else self.seed)
        else:
            hash_of(self.card.weights)
            net = self.trained(find(self.card.weights))
        self._net = net.to(ctx.device).eval()

    def encode(self, clip: Clip, taps: Sequence[str] = ("last",)) -> dict[str, Track]:
        """A track `(T, D)` for each tap; see `Encoder.encode`."""
        self._check(taps)
        return self._tracks(clip, self.computed([self.inputs(clip)], taps)[0])

    def encode_many(self, clips: Sequence[Clip], taps: Sequence[str] = ("last",)) -> list[dict[str, Track] | ClipError]:
        """`encode` of several clips, in one batch where that gives the same; of a clip that fails, its error."""
        self._check(taps)
        found: dict[int, dict[str, Track] | ClipError] = {}
        ready: dict[int, Any] = {}
        for index, clip in enumerate(clips):
            try:
                if self.together:
                    ready[index] = self.inputs(clip)
                else:
                    found[index] = self.encode(clip, taps)
            except ClipError as error:
                found[index] = error
        for index, values in zip(ready, self.computed(list(ready.values()), taps) if ready else (), strict=True):
            found[index] = self._tracks(clips[index], values)
        return [found[index] for index in range(len(clips))]

    def untrained(self, seed: int) -> Net:
        """The network of the published or the toy size, its weights drawn as the original's constructor draws them."""
        raise TypeError(f"{type(self).__name__} does not say how it is drawn")

    def trained(self, path: Path) -> Net:
        """The network of a checkpoint, its sizes read from there.

        Raises:
            CheckpointError: it is damaged, or of another model.
        """
        raise TypeError(f"{type(self).__name__} does not say how it is read")

    def inputs(self, clip: Clip) -> Any:
        """What `compute` takes of one clip: decoded, cropped and normalised, on the CPU.

        Raises:
            ClipError: the clip lacks something, or cannot be decoded.
        """
        raise TypeError(f"{type(self).__name__} does not say what it takes in")

    def compute(self, batch: Sequence[Any], taps: Sequence[str]) -> list[Mapping[str, Tensor]]:
        """Features `(T, D)` for each tap of each clip's `inputs`; a batch of one unless `together`."""
        raise TypeError(f"{type(self).__name__} does not say what it computes")

    def _check(self, taps: Sequence[str]) -> None:
        unknown = [tap for tap in taps if tap not in self.card.taps]
        if unknown:
            raise ValueError(f"{self.card.name} has no layer {unknown[0]!r}; it has {', '.join(self.card.taps)}")

    def computed(self, batch: Sequence[Any], taps: Sequence[str]) -> list[Mapping[str, Tensor]]:
        """`compute` without gradients, in the card's precision."""
        with self._computing():
            return self.compute(batch, taps)

    @contextmanager
    def _computing(self) -> Iterator[None]:
        import torch

        kind = torch.device(self.device).type
        with torch.inference_mode(), torch.autocast(kind, torch.bfloat16, enabled=BF16.tag in self.card.tags):
            yield

    def _tracks(self, clip: Clip, values: Mapping[str, Tensor]) -> dict[str, Track]:
        arrays = {tap: rows.float().cpu().numpy() for tap, rows in values.items()}
        if self.card.taps[0] in arrays:
            self._compare(arrays[self.card.taps[0]])
        return {tap: Track(rows, frame_spans(len(rows), self.card.fps, clip.start)) for tap, rows in arrays.items()}

    def _compare(self, rows: np.ndarray) -> None:
        """Say once that a checkpoint is of another size than its name promises; it is measured all the same."""
        if not self._compared and rows.shape[1] != self.card.dim:
            _log.warning(
                "%s: its checkpoint gives %d columns, its card says %d: a model of another size",
                self.card.name,
                rows.shape[1],
                self.card.dim,
            )
        self._compared = True


def mouth_blocks(clip: Clip, card: EncoderCard, block: int = 256) -> Iterator[np.ndarray]:
    """Pictures of the mouth `(n, H, W, 3) uint8`, RGB, 25 a second; whole frames where the card is tagged `nocrop`.

    Raises:
        ClipError: no video track, or nothing to crop by.
    """
    if NOCROP.tag in card.tags:
        yield from clip.stream(FPS, "full", block=block)
        return
    pictures = clip.frames(FPS, "mouth_roi")
    for start in range(0, len(pictures), block):
        yield np.array(pictures[start : start + block])


def joined(blocks: Iterable[Mapping[str, Tensor]]) -> Mapping[str, Tensor]:
    """Rows of one block after another, by tap; each is on the CPU before the next is computed."""
    import torch

    found: dict[str, list[Tensor]] = {}
    for block in blocks:
        for tap, rows in block.items():
            found.setdefault(tap, []).append(rows.cpu())
    return {tap: torch.cat(rows) for tap, rows in found.items()}


def padded(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Tensors `(T_i, ...)` with zeros behind them as one `(B, T, ...)`, and their lengths `(B,)`."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    return pad_sequence(list(rows), batch_first=True), torch.tensor([len(part) for part in rows])
