"""`avhubert_a`, `avhubert_v`, `avhubert_av`: AV-HuBERT Large, 25 vectors a second.

As AVH-Align and SSR-DFD use it: one network, given sound alone, mouth crops alone, or both; a missing stream counts as
zeros after its projection. The sound is normalised as a whole, then both streams are cut to the shorter one, also where
only one of them is used (AVH-Align, `deepfake_feature_extraction.py` at 55401ded).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.clip import FPS, Clip
from datasets.errors import ClipError

from ..cards import EncoderCard, Variant
from ..fetching import published as weights
from ..registry import register
from .frontend import sound
from .frozen import BF16, NOCROP, Frozen, layers, mouth_blocks, padded, tiny

if TYPE_CHECKING:
    from torch import Tensor

    from ..nets.avhubert import AVHubert

AUDIO_VISUAL = EncoderCard(
    name="avhubert_av",
    modality="audio-visual",
    dim=1024,
    fps=FPS,
    summary="AV-HuBERT Large, fine-tuned for lip reading with self-training, on sound and mouth crops",
    licence="AV-HuBERT license (Meta): research only, not commercial",
    citation="Shi et al., ICLR 2022, arXiv:2201.02184",
    taps=layers(24),
    weights=weights.AVHUBERT_LARGE_VSR,
    pretraining=("lrs3", "voxceleb2"),
    randomisable=True,
    variants=(
        Variant("pretrained", "before fine-tuning", {"weights": weights.AVHUBERT_LARGE_PRETRAINED}),
        tiny(32),
        NOCROP,
        BF16,
    ),
)
AUDIO = replace(
    AUDIO_VISUAL,
    name="avhubert_a",
    modality="audio",
    summary="AV-HuBERT Large, fine-tuned for lip reading with self-training, on sound alone",
    variants=tuple(variant for variant in AUDIO_VISUAL.variants if variant is not NOCROP),
)
VISUAL = replace(
    AUDIO_VISUAL,
    name="avhubert_v",
    modality="visual",
    summary="AV-HuBERT Large, fine-tuned for lip reading with self-training, on mouth crops alone",
)


@dataclass(frozen=True)
class Streams:
    """One clip's log-mel rows `(T, 104)` and normalised pictures `(T, 88, 88)`, of which one may be missing."""

    rows: Tensor | None
    pictures: Tensor | None

    @property
    def steps(self) -> int:
        """How long they are."""
        present = self.rows if self.rows is not None else self.pictures
        return 0 if present is None else len(present)

    def cut(self, steps: int) -> Streams:
        """Their beginning."""
        return Streams(*(None if stream is None else stream[:steps] for stream in (self.rows, self.pictures)))


class _AVHubert(Frozen["AVHubert"]):
    together = True

    def untrained(self, seed: int) -> AVHubert:
        """See `Frozen`."""
        from ..nets import avhubert
        from ..nets.visual import VisualSizes

        if self.tiny:
            sizes = avhubert.Sizes(2, self.card.dim, 64, 4, kernel=16, groups=4, visual=VisualSizes(4, (4, 6, 8, 10)))
        else:
            sizes = avhubert.LARGE
        return avhubert.build(sizes, seed)

    def trained(self, path: Path) -> AVHubert:
        """See `Frozen`."""
        from ..nets.avhubert import from_checkpoint
        from ..nets.checkpoints import read_checkpoint

        return from_checkpoint(read_checkpoint(path), str(path))

    def compute(self, batch: Sequence[Any], taps: Sequence[str]) -> list[Mapping[str, Tensor]]:
        """One pass over all clips that have the same streams: one that is missing is missing for a whole pass."""
        passes: dict[tuple[bool, bool], list[int]] = {}
        for at, streams in enumerate(batch):
            passes.setdefault((streams.rows is None, streams.pictures is None), []).append(at)
        found: dict[int, Mapping[str, Tensor]] = {}
        for places in passes.values():
            found |= zip(places, self._pass([batch[at] for at in places], taps), strict=True)
        return [found[at] for at in range(len(batch))]

    def _pass(self, batch: Sequence[Streams], taps: Sequence[str]) -> list[Mapping[str, Tensor]]:
        """Clips padded with zeros to the longest, which attention leaves out."""
        import torch

        from ..nets.taps import block_of

        steps = [streams.steps for streams in batch]
        padding = torch.arange(max(steps)) >= torch.tensor(steps)[:, None]
        *blocks, last = self.net(
            self._padded([streams.rows for streams in batch]),
            self._padded([streams.pictures for streams in batch]),
            padding.to(self.device) if len(batch) > 1 else None,
        ).values()
        found = {tap: last if tap == "last" else blocks[block_of(tap, len(blocks))] for tap in taps}
        return [{tap: rows[at, :length] for tap, rows in found.items()} for at, length in enumerate(steps)]

    def _padded(self, parts: list[Tensor | None]) -> Tensor | None:
        present = [part for part in parts if part is not None]
        return padded(present)[0].to(self.device) if present else None

    def _rows(self, clip: Clip) -> Tensor:
        from ..nets.avhubert_input import audio_rows

        return audio_rows(sound(clip))

    def _pictures(self, clip: Clip) -> Tensor:
        import torch

        from ..nets.avhubert_input import gray, mouth_pictures

        try:
            return torch.cat([mouth_pictures(gray(block)) for block in mouth_blocks(clip, self.card)])
        except ValueError as error:
            raise clip.error(str(error)) from error


@register(AUDIO)
class AVHubertAudio(_AVHubert):
    """Sound alone."""

    def inputs(self, clip: Clip) -> Streams:
        """Log-mel rows, as many as there are pictures where the clip has any."""
        streams = Streams(self._rows(clip), None)
        with suppress(ClipError):  # sound alone, or pictures that cannot be used
            streams = streams.cut(clip.count(FPS))
        return streams


@register(VISUAL)
class AVHubertVisual(_AVHubert):
    """Mouth crops alone."""

    def inputs(self, clip: Clip) -> Streams:
        """Pictures, as many as there are log-mel rows where the clip has usable sound."""
        from ..nets.avhubert_input import row_count

        streams = Streams(None, self._pictures(clip))
        with suppress(ClipError):
            streams = streams.cut(row_count(len(sound(clip))))
        return streams


@register(AUDIO_VISUAL)
class AVHubertAudioVisual(_AVHubert):
    """Both streams. Without an audio track pictures alone are given, as in the original; never sound alone."""

    def inputs(self, clip: Clip) -> Streams:
        """Both streams, cut to the shorter."""
        pictures = self._pictures(clip)
        if clip.audio() is None:
            return Streams(None, pictures)
        rows = self._rows(clip)
        return Streams(rows, pictures).cut(min(len(rows), len(pictures)))
