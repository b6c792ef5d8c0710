"""`autoavsr_a`, `autoavsr_v`, `autoavsr_av`: Auto-AVSR's encoders, 25 vectors a second.

The weights and the input are those of VSR4ML, with which the code of SSR-DFD's authors extracts (danoneata/veridiq at
dfd1647e). `.main` are the models of auto_avsr's main branch (for both streams: of its tag v1.0.0) with its input. That
code crops mouths at four points of MediaPipe; here they are cropped as for AV-HuBERT.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.clip import FPS, Clip

from ..cards import EncoderCard, Variant
from ..fetching import published as weights
from ..registry import register
from .frontend import sound
from .frozen import BF16, NOCROP, ROW, Frozen, layers, mouth_blocks, tiny
from .one_stream import OneStream

if TYPE_CHECKING:
    from types import ModuleType

    from torch import Tensor

    from ..nets.autoavsr import AudioVisual, FusedSizes
    from ..nets.stream import StreamSizes

_MAIN = "main"
_HALVES = ("last", "video", "audio")
"""Of both streams: the fusion's output, and what either stream gives to the fusion."""
VISUAL = EncoderCard(
    name="autoavsr_v",
    modality="visual",
    dim=768,
    fps=FPS,
    summary="Auto-AVSR's lip reader on mouth crops",
    licence="VSR4ML: comparison and benchmarking only, not commercial; auto_avsr: Apache-2.0",
    citation="Ma et al., ICASSP 2023, arXiv:2303.14307",
    taps=layers(12),
    weights=weights.AUTOAVSR_V,
    pretraining=("lrw", "lrs2", "lrs3", "voxceleb2", "avspeech"),
    randomisable=True,
    variants=(
        Variant(_MAIN, "of auto_avsr's main branch", {"weights": weights.AUTOAVSR_V_MAIN}),
        tiny(12),
        NOCROP,
        BF16,
    ),
)
AUDIO = replace(
    VISUAL,
    name="autoavsr_a",
    modality="audio",
    summary="Auto-AVSR's speech recogniser on sound",
    weights=weights.AUTOAVSR_A,
    variants=(
        Variant(_MAIN, "of auto_avsr's main branch", {"weights": weights.AUTOAVSR_A_MAIN}),
        tiny(12),
        BF16,
    ),
)
AUDIO_VISUAL = replace(
    VISUAL,
    name="autoavsr_av",
    modality="audio-visual",
    summary="Auto-AVSR's recogniser on sound and mouth crops, after the fusion",
    taps=_HALVES,
    weights=weights.AUTOAVSR_AV,
    variants=(
        Variant(_MAIN, "of auto_avsr's tag v1.0.0", {"weights": weights.AUTOAVSR_AV_V1}),
        tiny(12, taps=_HALVES),
        NOCROP,
        BF16,
    ),
)


class _AutoAVSR:
    """What the three have in common: their input."""

    card: EncoderCard

    def _wave(self, clip: Clip, samples: np.ndarray) -> Tensor:
        """Normalised samples `(L,)`.

        Raises:
            ClipError: they are all alike, which VSR4ML's normalisation divides by zero.
        """
        import torch

        from ..nets.sound import AUTO_AVSR_EPS, VSR4ML_EPS, standard_wave

        main = _MAIN in self.card.tags
        if not main and not np.ptp(samples):
            raise clip.error("digital silence, whose normalisation in VSR4ML divides by zero")
        return standard_wave(torch.from_numpy(samples.copy()), AUTO_AVSR_EPS if main else VSR4ML_EPS)

    def _pictures(self, clip: Clip) -> Tensor:
        """Normalised gray pictures `(T, 88, 88)`; VSR4ML takes gray values of OpenCV, auto_avsr of torchvision."""
        import torch

        from ..nets.avhubert_input import gray
        from ..nets.mouth import mouth_pictures

        def prepared(block: np.ndarray) -> Tensor:
            if _MAIN in self.card.tags:
                return mouth_pictures(torch.from_numpy(block).permute(0, 3, 1, 2))
            return mouth_pictures(torch.from_numpy(gray(block)))

        return torch.cat([prepared(block) for block in mouth_blocks(clip, self.card)])


class _OneStream(_AutoAVSR, OneStream):
    """Either stream alone."""

    def port(self) -> ModuleType:
        """See `OneStream`."""
        from ..nets import autoavsr

        return autoavsr


@register(VISUAL)
class AutoAVSRVisual(_OneStream):
    """The visual stream."""

    def sizes(self) -> StreamSizes:
        """Of the published, or of the toy model."""
        from ..nets import autoavsr

        return _tiny_sizes(self.card.dim).video if self.tiny else autoavsr.VISUAL

    def inputs(self, clip: Clip) -> Tensor:
        """Normalised gray pictures `(T, 88, 88)`."""
        return self._pictures(clip)


@register(AUDIO)
class AutoAVSRAudio(_OneStream):
    """The audio stream; the sound is normalised as a whole."""

    def sizes(self) -> StreamSizes:
        """Of the published, or of the toy model."""
        from ..nets import autoavsr

        return _tiny_sizes(self.card.dim).audio if self.tiny else autoavsr.AUDIO

    def inputs(self, clip: Clip) -> Tensor:
        """Normalised samples `(L,)`."""
        return self._wave(clip, sound(clip))


@register(AUDIO_VISUAL)
class AutoAVSRAudioVisual(_AutoAVSR, Frozen["AudioVisual"]):
    """Both streams; a clip that lacks one is refused.

    VSR4ML cuts them to the shorter one before it normalises the sound, auto_avsr makes the sound as long as the
    pictures.
    """

    def untrained(self, seed: int) -> AudioVisual:
        """See `Frozen`."""
        from ..nets.autoavsr import FusedSizes, build_fused

        return build_fused(_tiny_sizes(self.card.dim) if self.tiny else FusedSizes(), seed)

    def trained(self, path: Path) -> AudioVisual:
        """See `Frozen`."""
        from ..nets.autoavsr import fused_from_state
        from ..nets.checkpoints import read_checkpoint, state_dict_at

        return fused_from_state(state_dict_at(read_checkpoint(path), (), str(path)), str(path))

    def inputs(self, clip: Clip) -> tuple[Tensor, Tensor]:
        """Normalised pictures `(T, 88, 88)` and samples `(640 T,)`."""
        import torch

        from ..nets.autoavsr import cut_alike

        pictures, samples = self._pictures(clip), sound(clip)
        if _MAIN in self.card.tags:
            samples = samples[: len(pictures) * ROW]
            samples = np.pad(samples, (0, len(pictures) * ROW - len(samples)))
        pictures, wave = cut_alike(pictures, torch.from_numpy(samples.copy()))
        return pictures, self._wave(clip, wave.numpy())

    def compute(self, batch: Sequence[Any], taps: Sequence[str]) -> list[Mapping[str, Tensor]]:
        """Features of each clip by itself."""
        found: list[Mapping[str, Tensor]] = []
        for streams in batch:
            one = self.net(*(stream[None].to(self.device) for stream in streams))
            halves = {"last": one.features, "video": one.video.features, "audio": one.audio.features}
            found.append({tap: halves[tap][0] for tap in taps})
        return found


def _tiny_sizes(width: int) -> FusedSizes:
    from ..nets.autoavsr import FusedSizes
    from ..nets.sound import SoundSizes
    from ..nets.stream import StreamSizes, Widths
    from ..nets.visual import VisualSizes

    stack, front = Widths(width, 2, 16, 2, 5), (4, (4, 6, 8, 10))
    return FusedSizes(StreamSizes(VisualSizes(*front), stack), StreamSizes(SoundSizes(*front), stack), 16, width)
