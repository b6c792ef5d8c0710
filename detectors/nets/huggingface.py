"""What stands around the models of transformers: inputs and features of CLIP, VideoMAE and wav2vec 2.0.

After fe_clip.py and fe_video_mae.py of github.com/danoneata/veridiq at dfd1647e, and feature_extraction/wav2vec2 of
github.com/bit-ml/ssr-dfd at 6e2cd545.
"""

import torch
from PIL import Image
from torch import Tensor
from torchvision import transforms
from torchvision.transforms import InterpolationMode
from transformers import CLIPVisionModelWithProjection, VideoMAEImageProcessor, VideoMAEModel, Wav2Vec2Model

_CLIP_CONSTANTS = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CHUNK = 16
"""Frames that VideoMAE sees at once."""
_SHORTEST = 400
"""Samples of the first vector of wav2vec 2.0; each further one needs 320."""


def clip_input(frames: Tensor, edge: int = 224) -> Tensor:
    """Full frames `(N, 3, H, W) uint8`, RGB, to `(N, 3, edge, edge) float32` as the package `clip` makes them.

    The image processor of transformers differs from it by up to a gray level.
    """
    resize = transforms.Resize(edge, InterpolationMode.BICUBIC)
    steps = [resize, transforms.CenterCrop(edge), transforms.ToTensor(), transforms.Normalize(*_CLIP_CONSTANTS)]
    pictures = (Image.fromarray(frame.permute(1, 2, 0).numpy()) for frame in frames)
    return torch.stack([transforms.Compose(steps)(picture) for picture in pictures])


def clip_features(model: CLIPVisionModelWithProjection, pixels: Tensor) -> Tensor:
    """The projected class token of each picture, `(N, D)`, not normalised."""
    return model(pixel_values=pixels).image_embeds


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


def videomae_features(model: VideoMAEModel, pixels: Tensor) -> Tensor:
    """Normalised frames `(T, 3, S, S)` to one vector for every two, `(8 * (T // 16), D)`.

    Each vector is the mean of the patches of two frames, in chunks of 16 that see nothing of each other. The last
    T % 16 frames are dropped, as in the original, so fewer than 16 frames give no vector.
    """
    config = model.config
    chunks = pixels[: len(pixels) // _CHUNK * _CHUNK].unflatten(0, (-1, _CHUNK)) if len(pixels) >= _CHUNK else []
    rows = [model(pixel_values=chunk[None]).last_hidden_state[0] for chunk in chunks]
    means = [row.unflatten(0, (_CHUNK // config.tubelet_size, -1)).mean(1) for row in rows]
    return torch.cat(means) if means else pixels.new_zeros((0, config.hidden_size))


def wav2vec2_input(samples: Tensor) -> Tensor:
    """Mono sound at 16 kHz, `(L,) float32`, to zero mean and unit variance; digital silence stays zero."""
    return (samples - samples.mean()) / (samples.var(correction=0) + 1e-7).sqrt()


def wav2vec2_features(model: Wav2Vec2Model, normal: Tensor) -> Tensor:
    """Normalised sound `(L,)` to vectors of 40 ms, `(ceil(T / 2), 2 * D)`, with T = (L - 400) // 320 + 1.

    Raises `ValueError` for less than 400 samples. (The original fails below 720, having lost an axis.)
    """
    if len(normal) < _SHORTEST:
        raise ValueError(f"{len(normal)} samples: wav2vec 2.0 needs {_SHORTEST}, which are 25 ms")
    return paired(model(normal[None]).last_hidden_state[0])


def paired(rows: Tensor) -> Tensor:
    """Every two rows of `(T, D)` side by side, `(ceil(T / 2), 2 * D)`; the last of an odd number meets itself."""
    if len(rows) % 2:
        rows = torch.cat([rows, rows[-1:]])
    return rows.reshape(len(rows) // 2, -1)
