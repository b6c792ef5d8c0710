"""`tiny_a`, `tiny_v`, `tiny_av`: a small audio-visual encoder trained on the generated real clips, for `sim_*` sets.

Their weights, `detectors/weights/tiny.safetensors`, are made by

    python -m detectors.pretrain_tiny --out detectors/weights/tiny.safetensors

from generated real clips alone (`sim_real`, train); no fake and no clip of
another set is seen. They show what the protocols measure and are no substitute for a published encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datasets.clip import FPS, Clip

from ..cards import EncoderCard, Weights
from ..protocols import Context
from ..registry import register
from ..tracks import Track, frame_spans
from .frontend import log_mel, sound

if TYPE_CHECKING:
    from ..nets.tiny import TinyNet

FOLDER = Path(__file__).parents[1] / "weights"
WEIGHTS = Weights(
    file="tiny.safetensors",
    sha256="c53b0d94a179c69e5a7a74ae7c09174d5229c9b62ba81c7d31476f5a335f0565",
    source="python -m detectors.pretrain_tiny --out detectors/weights/tiny.safetensors",
    licence="Apache-2.0",
)
AUDIO = EncoderCard(
    name="tiny_a",
    modality="audio",
    dim=128,
    fps=FPS,
    summary="audio stream of the small audio-visual encoder trained on sim_real",
    licence="Apache-2.0",
    citation="this benchmark",
    weights=WEIGHTS,
    pretraining=("sim_real",),
    randomisable=True,
)
VISUAL = replace(
    AUDIO,
    name="tiny_v",
    modality="visual",
    summary="visual stream (mouth) of the small audio-visual encoder trained on sim_real",
)
AUDIO_VISUAL = replace(
    AUDIO,
    name="tiny_av",
    modality="audio-visual",
    dim=256,
    summary="both streams of the small audio-visual encoder trained on sim_real, each of unit norm",
)


class _Tiny:
    """What the three encoders share: the network, and a stream's features of one clip."""

    def __init__(self, card: EncoderCard, seed: int | None = None) -> None:
        self.card, self.seed = card, seed
        self._device = "cpu"
        self._net: TinyNet | None = None

    def load(self, ctx: Context) -> None:
        """Read the checkpoint, or draw untrained weights where a seed was given.

        Raises:
            ValueError: the checkpoint is not the one of the card (the file is named).
            FileNotFoundError: it is missing.
        """
        self._device = ctx.device
        self._net = (read_net(self.card) if self.seed is None else _random_net(self.seed)).to(ctx.device)

    @property
    def net(self) -> TinyNet:
        """The loaded network."""
        if self._net is None:
            raise RuntimeError(f"{self.card.name}: call load before encode")
        return self._net

    def _visual(self, clip: Clip) -> np.ndarray:
        """`(T, 128) float32` of the mouth, a row a frame."""
        import torch

        from ..nets.tiny import EDGE, normal_pictures

        pictures = np.array(clip.frames(FPS, "mouth", EDGE))
        with torch.inference_mode():
            values = normal_pictures(torch.from_numpy(pictures).to(self._device))
            return self.net.visual(values[None])[0].cpu().numpy()

    def _audio(self, clip: Clip) -> np.ndarray:
        """`(T, 128) float32` of the sound, a row for 40 ms."""
        import torch

        from ..nets.tiny import normal_rows

        rows = torch.from_numpy(log_mel(sound(clip))).to(self._device)
        with torch.inference_mode():
            return self.net.audio(normal_rows(rows)[None])[0].cpu().numpy()


@register(AUDIO)
class TinyAudio(_Tiny):
    """The audio stream."""

    def encode(self, clip: Clip, taps: Sequence[str] = ("last",)) -> dict[str, Track]:
        """`(T, 128)` rows; digital silence gives finite values. A clip without sound raises `ClipError`."""
        return _track(self._audio(clip), clip)


@register(VISUAL)
class TinyVisual(_Tiny):
    """The visual stream, on mouth crops."""

    def encode(self, clip: Clip, taps: Sequence[str] = ("last",)) -> dict[str, Track]:
        """`(T, 128)` rows. A clip without pictures or landmarks raises `ClipError`."""
        return _track(self._visual(clip), clip)


@register(AUDIO_VISUAL)
class TinyAudioVisual(_Tiny):
    """Both streams side by side, visual first, each row of each at unit norm, cut to the shorter stream.

    Where a clip has no audio track the audio half is zero, as AV-HuBERT treats a missing modality.
    """

    def encode(self, clip: Clip, taps: Sequence[str] = ("last",)) -> dict[str, Track]:
        """`(T, 256)` rows. A clip without pictures or landmarks, or with under 40 ms of sound, raises `ClipError`."""
        visual = _unit(self._visual(clip))
        audio = np.zeros_like(visual) if clip.audio() is None else _unit(self._audio(clip))
        rows = min(len(visual), len(audio))
        return _track(np.concatenate([visual[:rows], audio[:rows]], axis=1), clip)


def read_net(card: EncoderCard) -> TinyNet:
    """The network with the card's checkpoint, in evaluation mode; see `_Tiny.load` for the errors."""
    import hashlib

    from safetensors.torch import load

    from ..nets.tiny import build

    if card.weights is None:
        raise ValueError(f"{card.name}: its card names no checkpoint")
    path = FOLDER / card.weights.file
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != card.weights.sha256:
        raise ValueError(
            f"{path} has SHA-256 {found}, expected {card.weights.sha256}: it is damaged or another version; restore "
            f"it from the repository, or make it again with: {card.weights.source}"
        )
    net = build(0)
    net.load_state_dict({name: values.float() for name, values in load(data).items()})
    return net


def _random_net(seed: int) -> TinyNet:
    from ..nets.tiny import build

    return build(seed)


def _track(values: np.ndarray, clip: Clip) -> dict[str, Track]:
    return {"last": Track(values, frame_spans(len(values), FPS, clip.start))}


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows scaled to unit L2 norm."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
