"""What stands around the models of transformers: inputs and features of CLIP, VideoMAE and wav2vec 2.0.

After fe_clip.py and fe_video_mae.py of github.com/danoneata/veridiq at dfd1647e, and feature_extraction/wav2vec2 of
github.com/bit-ml/ssr-dfd at 6e2cd545.
"""

from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor, nn
from torchvision import transforms
from torchvision.transforms import InterpolationMode
from transformers import CLIPVisionModelWithProjection, VideoMAEImageProcessor, VideoMAEModel, Wav2Vec2Model

from .taps import recorded

_CLIP_CONSTANTS = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CHUNK = 16
"""Frames that VideoMAE sees at once."""
_SHORTEST, _STEP = 400, 320
"""Samples of the first vector of wav2vec 2.0, and of each further one."""
_SECONDS_AT_ONCE = 20
"""Of sound that pass the convolutions of wav2vec 2.0 together, about 100 MB each in its largest size."""


def clip_input(frames: Tensor, edge: int = 224) -> Tensor:
    """Full frames `(N, 3, H, W) uint8`, RGB, to `(N, 3, edge, edge) float32` as the package `clip` makes them.

    The image processor of transformers differs from it by up to a gray level.
    """
    resize = transforms.Resize(edge, InterpolationMode.BICUBIC)
    steps = [resize, transforms.CenterCrop(edge), transforms.ToTensor(), transforms.Normalize(*_CLIP_CONSTANTS)]
    pictures = (Image.fromarray(frame.permute(1, 2, 0).numpy()) for frame in frames)
    return torch.stack([transforms.Compose(steps)(picture) for picture in pictures])


def clip_layers(model: CLIPVisionModelWithProjection, pixels: Tensor, taps: Sequence[str]) -> dict[str, Tensor]:
    """By tap the projected class token, not normalised (`last`), or the class token as a block gives it: `(N, D)`."""
    with recorded(model.vision_model.encoder.layers, taps) as blocks:
        last = model(pixel_values=pixels).image_embeds
    return {tap: last if tap == "last" else blocks[tap][:, 0] for tap in taps}


def videomae_input(frames: Tensor) -> Tensor:
    """Full frames `(T, 3, H, W) uint8`, RGB, to `(T, 3, 224, 224) float32`, as the hub's processor of VideoMAE-large.

    The defaults of its class in transformers have other constants than the hub's file.
    """
    edge = {"height": 224, "width": 224}
    mean, deviation = _IMAGENET
    processor = VideoMAEImageProcessor(
        size={"shortest_edge": 224}, crop_size=edge, image_mean=mean, image_std=deviation
    )
    return processor(list(frames), return_tensors="pt")["pixel_values"][0]


def videomae_layers(model: VideoMAEModel, chunk: Tensor, taps: Sequence[str]) -> dict[str, Tensor]:
    """The vectors `(8, D)` of 16 normalised frames `(16, 3, S, S)` by tap.

    There is one for every two frames, the mean of their patches. `last` is after the last norm, the others are as a
    block gives them.
    """
    with recorded(model.encoder.layer, taps) as blocks:
        last = model(pixel_values=chunk[None]).last_hidden_state
    tubelets = CHUNK // model.config.tubelet_size
    return {tap: (last if tap == "last" else blocks[tap])[0].unflatten(0, (tubelets, -1)).mean(1) for tap in taps}


def wav2vec2_input(samples: Tensor) -> Tensor:
    """Mono sound at 16 kHz, `(L,) float32`, to zero mean and unit variance; digital silence stays zero."""
    return (samples - samples.mean()) / (samples.var(correction=0) + 1e-7).sqrt()


def wav2vec2_layers(model: Wav2Vec2Model, sounds: Sequence[Tensor], taps: Sequence[str]) -> list[dict[str, Tensor]]:
    """Of each normalised sound `(L,)` vectors of 40 ms by tap, `(ceil(T / 2), 2 * D)`, with T = (L - 400) // 320 + 1.

    `last` is after the last norm, the others are as a block gives them. Several sounds are padded with zeros that
    attention leaves out; a single one is given without a mask, as in the original.

    Raises `ValueError` for less than 400 samples. (The original fails below 720, having lost an axis.)
    """
    lengths = [len(sound) for sound in sounds]
    if min(lengths) < _SHORTEST:
        raise ValueError(f"{min(lengths)} samples: wav2vec 2.0 needs {_SHORTEST}, which are 25 ms")
    wave = nn.utils.rnn.pad_sequence(list(sounds), batch_first=True)
    mask = torch.arange(wave.shape[1]) < torch.tensor(lengths)[:, None]
    with recorded(model.encoder.layers, taps) as blocks:
        last = model(wave, attention_mask=mask.to(wave.device) if len(sounds) > 1 else None).last_hidden_state
    rows = [(length - _SHORTEST) // _STEP + 1 for length in lengths]
    by_tap = {tap: last if tap == "last" else blocks[tap] for tap in taps}
    return [{tap: paired(values[at, :count]) for tap, values in by_tap.items()} for at, count in enumerate(rows)]


class InBlocks(nn.Module):
    """The convolutions of wav2vec 2.0 over a long sound, some seconds at a time: the same result in less memory.

    They see 400 samples for each vector, and their norm is one over channels, so nothing reaches further.
    """

    def __init__(self, convolutions: nn.Module) -> None:
        super().__init__()
        self.convolutions = convolutions

    def forward(self, wave: Tensor) -> Tensor:
        """`(B, L)` to `(B, D, T)`."""
        rows, block = (wave.shape[1] - _SHORTEST) // _STEP + 1, _SECONDS_AT_ONCE * 50
        parts = [wave[:, at * _STEP : (min(at + block, rows) - 1) * _STEP + _SHORTEST] for at in range(0, rows, block)]
        return torch.cat([self.convolutions(part) for part in parts], dim=2)


def paired(rows: Tensor) -> Tensor:
    """Every two rows of `(T, D)` side by side, `(ceil(T / 2), 2 * D)`; the last of an odd number meets itself."""
    if len(rows) % 2:
        rows = torch.cat([rows, rows[-1:]])
    return rows.reshape(len(rows) // 2, -1)
