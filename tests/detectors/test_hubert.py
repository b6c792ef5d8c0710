"""The Transformer against the one of the transformers library, with the same weights."""

import pytest
import torch
from torch import Tensor

from detectors.nets.hubert import Transformer

NAMES = {
    "pos_conv.0.bias": "pos_conv_embed.conv.bias",
    "pos_conv.0.weight_g": "pos_conv_embed.conv.parametrizations.weight.original0",
    "pos_conv.0.weight_v": "pos_conv_embed.conv.parametrizations.weight.original1",
}
PARTS = {
    "self_attn_layer_norm": "layer_norm",
    "self_attn": "attention",
    "fc1": "feed_forward.intermediate_dense",
    "fc2": "feed_forward.output_dense",
}


def their_name(name: str) -> str:
    if name.startswith("layers."):
        layers, number, part, rest = name.split(".", 3)
        return ".".join([layers, number, PARTS.get(part, part), rest])
    return NAMES.get(name, name)


def their_outputs(ours: Transformer, kernel: int, x: Tensor, padding: Tensor | None) -> list[Tensor]:
    from transformers import HubertConfig
    from transformers.models.hubert.modeling_hubert import HubertEncoderStableLayerNorm

    config = HubertConfig(
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=48,
        num_conv_pos_embeddings=kernel,
        num_conv_pos_embedding_groups=4,
        do_stable_layer_norm=True,
        attn_implementation="eager",
    )
    theirs = HubertEncoderStableLayerNorm(config).eval().double()
    theirs.load_state_dict({their_name(name): values for name, values in ours.state_dict().items()})
    seen = None if padding is None else ~padding
    blocks: list[Tensor] = []
    for block in theirs.layers:
        block.register_forward_hook(
            lambda _, __, output: blocks.append(output if torch.is_tensor(output) else output[0])
        )
    last = theirs(x.clone(), attention_mask=seen).last_hidden_state
    return [*blocks, last]


@pytest.mark.parametrize("kernel", [16, 15])
@pytest.mark.parametrize("lengths", [None, (9, 5)])
def test_every_layer_equals_transformers(kernel: int, lengths: tuple[int, ...] | None) -> None:
    torch.manual_seed(0)
    ours = Transformer(layers=3, dim=32, feed_forward=48, heads=4, kernel=kernel, groups=4).eval().double()
    for values in ours.state_dict().values():
        values.add_(0.3 * torch.randn(values.shape))
    x = torch.randn(2, 9, 32, dtype=torch.float64)
    padding = None if lengths is None else torch.arange(9) >= torch.tensor(lengths)[:, None]
    with torch.inference_mode():
        found = ours(x, padding)
        expected = their_outputs(ours, kernel, x, padding)
    assert len(found) == 4
    kept = torch.ones(2, 9, dtype=torch.bool) if padding is None else ~padding
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine[kept], theirs[kept], rtol=0, atol=1e-9)


def test_padding_changes_no_step_of_a_clip() -> None:
    torch.manual_seed(1)
    net = Transformer(layers=2, dim=32, feed_forward=48, heads=4, kernel=16, groups=4).eval()
    x = torch.randn(1, 12, 32)
    with torch.inference_mode():
        alone = net(x[:, :7])
        padded = net(x, torch.arange(12)[None] >= 7)
        careless = net(x)
    for one, other, wrong in zip(alone, padded, careless, strict=True):
        torch.testing.assert_close(other[:, :7], one, rtol=1e-5, atol=1e-6)
        assert (wrong[:, :7] - one).abs().max() > 1e-3


def test_untrained_weights_have_the_constructors_deviations() -> None:
    torch.manual_seed(0)
    net = Transformer(layers=1, dim=256, feed_forward=512, heads=4, kernel=128, groups=16)
    positions = net.pos_conv[0]
    assert positions.weight_v.std().item() == pytest.approx((4 / (128 * 256)) ** 0.5, rel=0.01)
    torch.testing.assert_close(positions.weight_g, positions.weight_v.square().sum((0, 1), keepdim=True).sqrt())
    for name, values in net.named_parameters():
        if values.ndim == 2:
            assert values.std().item() == pytest.approx(0.02, rel=0.02), name
        elif name.endswith("bias"):
            assert not values.any(), name
