"""Mouth crops as BRAVEn and Auto-AVSR take them.

Source: `_video_transform` of bit-ml/ssr-dfd 6e2cd545 (raven_modified), datamodule/transforms.py of mpc001/auto_avsr
182b6283; both give the same.
"""

import torch
from torch import Tensor

EDGE = 88
"""Pixels of the edge that is kept."""
MEAN, DEVIATION = 0.421, 0.165


def mouth_pictures(frames: Tensor) -> Tensor:
    """The middle of each frame, gray, normalised.

    Args:
        frames: `(T, 3, H, W)` RGB or `(T, H, W)` gray, uint8; 96 x 96 in the released models' preparation. Smaller ones
            than 88 x 88 are padded with black, as in the original.

    Returns:
        `(T, 88, 88) float32`.

    Raises:
        ValueError: frames of another type or shape.
    """
    from torchvision.transforms.functional import center_crop, rgb_to_grayscale

    if frames.dtype != torch.uint8 or frames.ndim not in (3, 4) or (frames.ndim == 4 and frames.shape[1] != 3):
        raise ValueError(f"frames must be uint8, (T, 3, H, W) or (T, H, W), not {frames.dtype} {tuple(frames.shape)}")
    middle = center_crop(frames / 255, [EDGE, EDGE])
    gray = rgb_to_grayscale(middle)[:, 0] if frames.ndim == 4 else middle
    return (gray - MEAN) / DEVIATION
