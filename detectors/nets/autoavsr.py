"""Auto-AVSR's encoders: audio, visual, and both fused (Ma et al., ICASSP 2023, arXiv:2303.14307).

Source: mpc001/auto_avsr, main branch 182b6283 and v1.0.0 30951b51, whose layout is that of the checkpoints of
mpc001/Visual_Speech_Recognition_for_Multiple_Languages 5e1405db (VSR4ML). The layouts differ in names, not in what the
network computes.

Inputs: gray mouth crops as `mouth.mouth_pictures` makes them; a waveform from `sound.standard_wave`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .checkpoints import CheckpointError
from .conformer import ConformerBlock
from .making import loaded, untrained
from .sound import HOP, SoundSizes
from .stream import (
    Outputs,
    Stream,
    StreamSizes,
    Widths,
    current_names,
    refuse_others,
    stream_sizes,
    under,
)
from .visual import VisualSizes

STACK = Widths(768, 12, 3072, 12, 31)
"""The published stack: configs/model/*_backbone/resnet_conformer.yaml of v1.0.0."""
VISUAL, AUDIO = StreamSizes(VisualSizes(), STACK), StreamSizes(SoundSizes(), STACK)
_LEFT_OUT = ("decoder.", "ctc.")
_MAIN = {"frontend.": "encoder.frontend.", "proj_encoder.": "encoder.embed.0."}


@dataclass(frozen=True)
class FusedSizes:
    """Sizes of the fused model; the defaults are the published ones. `hidden`: columns within the fusion."""

    video: StreamSizes = VISUAL
    audio: StreamSizes = AUDIO
    hidden: int = 8192
    width: int = STACK.width


@dataclass(frozen=True)
class FusedOutputs:
    """What the fused model gives: `features` `(B, T, D)` after the fusion, and all of either stream."""

    features: Tensor
    video: Outputs
    audio: Outputs


class Fusion(nn.Module):
    """A perceptron with batch norm over the columns of both streams (`MLPHead` of v1.0.0)."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.fc1, self.bn1, self.fc2 = nn.Linear(inputs, hidden), nn.BatchNorm1d(hidden), nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, T, inputs)` to `(B, T, outputs)`."""
        return self.fc2(F.relu(self.bn1(self.fc1(x).transpose(1, 2)).transpose(1, 2)))


class AudioVisual(nn.Module):
    """A stream of either modality, fused frame by frame. In its checkpoints `encoder` is the visual stream."""

    def __init__(self, sizes: FusedSizes) -> None:
        super().__init__()
        self.encoder = Stream(sizes.video, ConformerBlock)
        self.aux_encoder = Stream(sizes.audio, ConformerBlock)
        inputs = sizes.video.stack.width + sizes.audio.stack.width
        self.fusion = Fusion(inputs, sizes.hidden, sizes.width)

    def forward(self, pictures: Tensor, wave: Tensor) -> FusedOutputs:
        """Encode both streams of clips of one length.

        Args:
            pictures: `(B, T, 88, 88)`, normalised.
            wave: `(B, L)`, normalised, with `L // 640 == T`: `cut_alike` cuts a clip so.

        Raises:
            ValueError: the streams' lengths differ.
        """
        if wave.shape[1] // HOP != pictures.shape[1]:
            raise ValueError(f"{pictures.shape[1]} pictures and {wave.shape[1]} samples: cut both to one length first")
        video, audio = self.encoder(pictures), self.aux_encoder(wave)
        return FusedOutputs(self.fusion(torch.cat([video.features, audio.features], dim=-1)), video, audio)


def cut_alike(frames: Tensor, wave: Tensor) -> tuple[Tensor, Tensor]:
    """Frames `(T, ...)` and samples `(L,)`, both cut to min(T, L // 640) rows of 40 ms.

    VSR4ML does so before it normalises the sound (pipelines/data/data_module.py), so call it first. v1.0.0 pads or cuts
    the sound to T * 640 samples instead.
    """
    rows = min(len(frames), len(wave) // HOP)
    return frames[:rows], wave[: rows * HOP]


def build(sizes: StreamSizes, seed: int) -> Stream:
    """An untrained stream in evaluation mode, drawn as the original's constructor draws."""
    return untrained(lambda: Stream(sizes, ConformerBlock), seed)


def build_fused(sizes: FusedSizes, seed: int) -> AudioVisual:
    """The untrained fused model in evaluation mode, drawn as the original's constructor draws."""
    return untrained(lambda: AudioVisual(sizes), seed)


def from_state(state: Mapping[str, Tensor], where: str) -> Stream:
    """The encoder of a released audio or visual state dict, in evaluation mode.

    Args:
        state: either layout; sizes and modality are read from it. `decoder.*` and `ctc.*` are left out.
        where: the file, for messages.

    Raises:
        CheckpointError: a parameter is missing, unexpected or of another shape, or the file is the fused model's.
    """
    if any(key.startswith("fusion.") for key in state):
        raise CheckpointError(f"{where}: this is the fused audio-visual model; fused_from_state loads it")
    if any(key.startswith("proj_encoder.") for key in state):
        state = _as_v1(state)
    refuse_others(state, ("encoder.", *_LEFT_OUT), where)
    encoder = current_names(under(state, "encoder."))
    sizes = _sizes(encoder, where)
    return loaded(lambda: Stream(sizes, ConformerBlock), encoder, where)


def fused_from_state(state: Mapping[str, Tensor], where: str) -> AudioVisual:
    """The fused model of a released audio-visual state dict (v1.0.0 and VSR4ML), in evaluation mode.

    Raises:
        CheckpointError: a parameter is missing, unexpected or of another shape, or a stream or the fusion is missing.
    """
    refuse_others(state, ("encoder.", "aux_encoder.", "fusion.", *_LEFT_OUT), where)
    parts = {name: current_names(under(state, f"{name}.")) for name in ("encoder", "aux_encoder", "fusion")}
    last = parts["fusion"].get("fc2.weight")
    if last is None:
        raise CheckpointError(f"{where}: no fused audio-visual model: there is no fusion.fc2.weight")
    video, audio = (_sizes(parts[name], f"{where}, {name}") for name in ("encoder", "aux_encoder"))
    sizes = FusedSizes(video, audio, hidden=last.shape[1], width=last.shape[0])
    named = {f"{name}.{key}": value for name, part in parts.items() for key, value in part.items()}
    return loaded(lambda: AudioVisual(sizes), named, where)


def _sizes(encoder: Mapping[str, Tensor], where: str) -> StreamSizes:
    sizes = stream_sizes(encoder, where)
    if sizes.stack.kernel is None:
        raise CheckpointError(f"{where}: no encoder of Auto-AVSR: its blocks have no convolution, as BRAVEn's")
    return sizes


def _as_v1(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The main branch's names as v1.0.0's."""
    renamed = {}
    for key, value in state.items():
        former = next((prefix for prefix in _MAIN if key.startswith(prefix)), "")
        renamed[_MAIN.get(former, "") + key.removeprefix(former)] = value
    return renamed
