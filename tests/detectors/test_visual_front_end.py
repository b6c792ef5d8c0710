"""The visual front end against torchvision's ResNet-18, against 2-D convolutions, and against reference vectors."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import resnet18

from detectors.nets import visual
from detectors.nets.visual import ResidualBlock, Trunk, VisualFrontEnd, VisualSizes, swish, visual_sizes

SMALL = VisualSizes(stem=4, layers=(4, 6, 8, 10))


def relu(channels: int) -> nn.Module:
    return nn.ReLU()


def shaken(module: nn.Module, seed: int = 0) -> nn.Module:
    """The module with batch norms, slopes and statistics that are not the identity, in evaluation mode."""
    generator = torch.Generator().manual_seed(seed)
    for name, values in module.state_dict().items():
        if name.endswith("running_var") or values.dtype == torch.int64:
            values.copy_(torch.rand(values.shape, generator=generator) + 0.5)
        else:
            values.add_(0.1 * torch.randn(values.shape, generator=generator))
    return module.eval()


def test_the_trunk_is_torchvisions_resnet18() -> None:
    torch.manual_seed(0)
    theirs = shaken(resnet18())
    ours = Trunk(64, (64, 128, 256, 512), relu).eval()
    ours.load_state_dict({k: v for k, v in theirs.state_dict().items() if k.startswith("layer")})
    x = torch.randn(2, 64, 22, 22)
    with torch.inference_mode():
        expected = theirs.layer4(theirs.layer3(theirs.layer2(theirs.layer1(x))))
        torch.testing.assert_close(ours(x), expected, rtol=1e-5, atol=1e-5)


def test_each_activation_has_its_own_slopes_and_place() -> None:
    block = shaken(ResidualBlock(3, 5, 2, nn.PReLU))
    x = torch.randn(2, 3, 9, 9)

    def norm(x: Tensor, part: nn.Module) -> Tensor:
        return F.batch_norm(x, part.running_mean, part.running_var, part.weight, part.bias)

    def prelu(x: Tensor, slopes: Tensor) -> Tensor:
        return x.clamp(min=0) + slopes[:, None, None] * x.clamp(max=0)

    with torch.inference_mode():
        inner = prelu(norm(F.conv2d(x, block.conv1.weight, stride=2, padding=1), block.bn1), block.relu1.weight)
        side = norm(F.conv2d(x, block.downsample[0].weight, stride=2), block.downsample[1])
        outer = prelu(norm(F.conv2d(inner, block.conv2.weight, padding=1), block.bn2) + side, block.relu2.weight)
        torch.testing.assert_close(block(x), outer, rtol=1e-5, atol=1e-5)


def test_a_block_over_sound_is_one_over_pictures_of_height_one() -> None:
    flat, wide = shaken(ResidualBlock(3, 5, 2, swish, dims=1)), ResidualBlock(3, 5, 2, swish).eval()
    state = flat.state_dict()
    for name, values in state.items():
        if values.ndim == 3:
            square = torch.zeros(*values.shape, values.shape[-1]).transpose(2, 3)
            square[:, :, values.shape[-1] // 2] = values
            state[name] = square
    wide.load_state_dict(state)
    x = torch.randn(2, 3, 17)
    with torch.inference_mode():
        torch.testing.assert_close(flat(x), wide(x[:, :, None])[:, :, 0], rtol=1e-5, atol=1e-5)


def test_the_stem_is_five_convolutions_of_neighbouring_frames() -> None:
    net = shaken(VisualFrontEnd(nn.PReLU, SMALL))
    convolution, norm, slopes, _ = net.frontend3D
    clip = torch.randn(1, 6, 44, 44)
    padded = F.pad(clip, (0, 0, 0, 0, 2, 2))
    with torch.inference_mode():
        taps = (
            F.conv2d(padded[0, tap : tap + 6, None], convolution.weight[:, :, tap], stride=2, padding=3)
            for tap in range(5)
        )
        x = sum(taps)
        x = F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias)
        x = F.max_pool2d(F.prelu(x, slopes.weight), 3, 2, 1)
        expected = torch.stack([net.trunk(picture[None])[0].mean((1, 2)) for picture in x])
        torch.testing.assert_close(net(clip)[0], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("block", [1, 2, 3, 7, 8])
def test_blocks_of_a_long_clip_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    net, clips = shaken(VisualFrontEnd(nn.PReLU, SMALL)), torch.randn(2, 8, 44, 44)
    with torch.inference_mode():
        whole = net(clips)
        monkeypatch.setattr(visual, "BLOCK", block)
        torch.testing.assert_close(net(clips), whole, rtol=1e-5, atol=1e-5)


def test_sizes_are_read_and_a_missing_parameter_is_named() -> None:
    state = {f"a.{name}": values for name, values in VisualFrontEnd(swish, SMALL).state_dict().items()}
    assert visual_sizes(state, "a.") == SMALL
    del state["a.trunk.layer3.0.conv1.weight"]
    with pytest.raises(KeyError, match=r"a\.trunk\.layer3\.0\.conv1\.weight"):
        visual_sizes(state, "a.")


@pytest.mark.parametrize(
    ("case", "given", "prefix", "expected", "activation"),
    [
        ("avhubert/pretrain_preln", "video", "feature_extractor_video.resnet.", "batch/av/inter/resnet", nn.PReLU),
        ("braven/video_tiny", "video_a", "encoder.frontend.", "video_a.frontend", swish),
        ("braven/video_tiny", "video_one_frame", "encoder.frontend.", "video_one_frame.frontend", swish),
    ],
)
def test_reference_vectors(
    golden: Callable[[str], Path], case: str, given: str, prefix: str, expected: str, activation: Callable
) -> None:
    folder = golden(case)
    state = load_file(folder / "weights.safetensors")
    net = VisualFrontEnd(activation, visual_sizes(state, prefix)).eval()
    net.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
    x, y = load_file(folder / "inputs.safetensors")[given], load_file(folder / "outputs.safetensors")[expected]
    if x.ndim == 5:
        x, y = x[:, 0], y.transpose(1, 2)
    with torch.inference_mode():
        torch.testing.assert_close(net(x), y, rtol=0, atol=1e-5)
