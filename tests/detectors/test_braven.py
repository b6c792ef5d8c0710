"""BRAVEn against the original code's outputs, its published sizes, and files that are not what they should be."""

import pytest
import torch
from vectors import Case

from detectors.nets import braven, sound
from detectors.nets.checkpoints import CheckpointError
from detectors.nets.mouth import mouth_pictures
from detectors.nets.sound import SoundSizes
from detectors.nets.stream import Outputs, StreamSizes, Widths
from detectors.nets.visual import VisualSizes

LAYERS = (4, 6, 8, 10)
TINY_VISUAL = StreamSizes(VisualSizes(4, LAYERS), Widths(12, 2, 16, 2))
TINY_AUDIO = StreamSizes(SoundSizes(4, LAYERS), Widths(12, 3, 16, 2))
PUBLISHED = {"visual": (braven.VISUAL_LARGE, 339.28, 11.18), "audio": (braven.AUDIO_LARGE, 331.95, 3.85)}


def parameters(module: torch.nn.Module) -> float:
    """In millions."""
    return sum(value.numel() for value in module.parameters()) / 1e6


def named(name: str, outputs: Outputs) -> dict[str, torch.Tensor]:
    layers = torch.stack(outputs.layers)
    return {f"{name}.frontend": outputs.front, f"{name}.layers": layers, f"{name}.features": outputs.features}


@pytest.mark.parametrize("case", ["video_tiny", "video_fullwidth_frontend", "audio_tiny", "audio_fullwidth_frontend"])
@torch.inference_mode()
def test_every_layer_equals_the_original(golden, case):
    case = Case(golden(f"braven/{case}"))
    net = braven.from_state(case.state(), "checkpoint.pth")
    clips = {name: x for name, x in case.inputs.items() if name.startswith(("video", "audio"))}
    assert clips
    for name, x in clips.items():
        case.check(named(name, net(x if name.startswith("video") else x[..., 0])))


@pytest.mark.parametrize("modality", ["video", "audio"])
@torch.inference_mode()
def test_padded_batch_equals_the_original(golden, modality):
    case = Case(golden(f"braven/{modality}_tiny"))
    net = braven.from_state(case.state(), "checkpoint.pth")
    x, lengths = case.inputs["batch.x"], case.inputs["batch.lengths"]
    assert lengths.min() < lengths.max()
    outputs = net(x if modality == "video" else x[..., 0], lengths)
    case.check({"batch.features_masked": outputs.features})


@torch.inference_mode()
def test_frames_become_the_originals_features(golden):
    case = Case(golden("braven/video_tiny"))
    pictures = mouth_pictures(case.inputs["frames_uint8"])
    net = braven.from_state(case.state(), "checkpoint.pth")
    case.check({"preprocessed": pictures, "frames_uint8.features": net(pictures[None]).features})


def test_crops_of_any_size_are_prepared_as_the_original_does(golden):
    case = Case(golden("braven/video_preprocess"))
    for name, frames in case.inputs.items():
        case.check({name.replace("frames", "preprocessed"): mouth_pictures(frames)})


@pytest.mark.parametrize("modality", ["video", "audio"])
def test_every_weight_of_a_file_is_loaded(golden, modality):
    # Outputs cannot show it: the bias of the keys, for one, changes nothing.
    state = Case(golden(f"braven/{modality}_tiny")).state()
    net = braven.from_state(state, "checkpoint.pth")
    ours = {f"encoder.{name}": value for name, value in net.state_dict().items()}
    theirs = {name: value for name, value in state.items() if name.startswith("encoder.")}
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("modality", ["visual", "audio"])
def test_published_size(modality):
    sizes, millions, front = PUBLISHED[modality]
    with torch.device("meta"):
        net = braven.Stream(sizes, braven.BravenBlock)
    assert parameters(net) == pytest.approx(millions, abs=0.01)
    assert parameters(net.frontend) == pytest.approx(front, abs=0.01)
    assert len(list(net.state_dict())) == 700


@pytest.mark.parametrize("sizes", [TINY_VISUAL, TINY_AUDIO])
@torch.inference_mode()
def test_sizes_are_read_from_the_file(sizes):
    net = braven.build(sizes, seed=1)
    again = braven.from_state({f"encoder.{name}": value for name, value in net.state_dict().items()}, "file")
    assert again.sizes == sizes
    x = torch.randn(1, 3, 88, 88) if sizes is TINY_VISUAL else torch.randn(1, 2000)
    assert torch.equal(net(x).features, again(x).features)


@torch.inference_mode()
def test_former_names_are_known():
    net = braven.build(TINY_AUDIO, seed=1)
    state = {f"encoder.{name}": value for name, value in net.state_dict().items()}
    former = {
        name.replace("encoder.embed.", "encoder.input_layer.").replace("encoder.after_norm.", "encoder.norm."): value
        for name, value in state.items()
    }
    assert former.keys() != state.keys()
    x = torch.randn(1, 1280)
    assert torch.equal(braven.from_state(former, "file")(x).features, net(x).features)


@pytest.mark.parametrize("sizes", [TINY_VISUAL, TINY_AUDIO])
def test_untrained_weights_are_the_originals_in_distribution(sizes):
    net = braven.build(sizes, seed=1)
    for block in net.encoders:
        assert torch.equal(block.gamma_ff, torch.full((12,), 0.1)) and torch.equal(block.gamma_mha, block.gamma_ff)
        for bias in (block.self_attn.pos_bias_u, block.self_attn.pos_bias_v):
            limit = (6 / sum(bias.shape)) ** 0.5
            assert 0.6 * limit < bias.abs().max() <= limit
    # Uniform within 1 / sqrt(inputs), torch's own: also in the trunk, where AV-HuBERT draws from another.
    for module in net.modules():
        if isinstance(module, torch.nn.Linear | torch.nn.Conv1d | torch.nn.Conv2d | torch.nn.Conv3d):
            limit = module.weight[0].numel() ** -0.5
            assert 0.7 * limit < module.weight.abs().max() <= limit


def test_a_seed_gives_the_weights_and_leaves_torchs_own_numbers():
    torch.manual_seed(7)
    one, two, other = (braven.build(TINY_AUDIO, seed).state_dict() for seed in (1, 1, 2))
    first = torch.rand(1)
    torch.manual_seed(7)
    assert torch.equal(first, torch.rand(1))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["embed.0.weight"], other["embed.0.weight"])


@torch.inference_mode()
def test_padding_leaves_a_visual_clip_as_it_is_alone():
    net = braven.build(TINY_VISUAL, seed=1)
    short, long = torch.randn(1, 3, 88, 88), torch.randn(1, 6, 88, 88)
    batch = torch.cat([torch.cat([short, torch.zeros(1, 3, 88, 88)], 1), long])
    features = net(batch, torch.tensor([3, 6])).features
    torch.testing.assert_close(features[:1, :3], net(short).features, rtol=0, atol=1e-5)
    torch.testing.assert_close(features[1:], net(long).features, rtol=0, atol=1e-5)


@pytest.mark.parametrize("block", [1, 2, 5])
@torch.inference_mode()
def test_long_sounds_pass_the_front_end_in_blocks_to_the_same_end(block, monkeypatch):
    net, wave = braven.build(TINY_AUDIO, seed=1).frontend, torch.randn(2, 7 * 640 + 100)
    whole = net(wave)
    monkeypatch.setattr(sound, "BLOCK", block)
    torch.testing.assert_close(net(wave), whole, rtol=0, atol=1e-6)


@torch.inference_mode()
def test_lengths_beyond_the_batch_are_refused():
    net = braven.build(TINY_AUDIO, seed=1)
    for lengths in ([600], [1920]):
        with pytest.raises(ValueError, match="1 to 2 rows"):
            net(torch.zeros(1, 1280), torch.tensor(lengths))
    with pytest.raises(ValueError, match="639 samples"):
        net(torch.zeros(1, 639))


def damaged(change: str) -> dict[str, torch.Tensor]:
    state = {f"encoder.{name}": value for name, value in braven.build(TINY_AUDIO, seed=1).state_dict().items()}
    if change == "missing":
        del state["encoder.encoders.1.gamma_ff"]
    elif change == "shape":
        state["encoder.encoders.1.gamma_ff"] = torch.ones(13)
    elif change == "unexpected":
        state["encoder.encoders.1.gamma_conv"] = torch.ones(12)
    elif change == "gap":
        state["encoder.encoders.1000000000.gamma_ff"] = torch.ones(12)
    elif change == "prefix":
        state["predictor.weight"] = torch.ones(12)
    else:
        state = {"model.weight": torch.ones(2)} if change == "other" else {"decoder.weight": torch.ones(2)}
    return state


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("missing", "encoders.1.gamma_ff"),
        ("shape", "encoders.1.gamma_ff"),
        ("unexpected", "encoders.1.gamma_conv"),
        ("gap", "encoders.1000000000.gamma_ff"),
        ("prefix", "predictor.weight"),
        ("other", "model.weight"),
        ("decoder", "frontend.trunk"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(change, message):
    with pytest.raises(CheckpointError, match=message) as error:
        braven.from_state(damaged(change), "some_file.pth")
    assert "some_file.pth" in str(error.value)
