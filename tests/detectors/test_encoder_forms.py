"""Forms of the published encoders: untrained weights, published sizes, bfloat16, and what their cards say."""

from typing import Any

import numpy as np
import pytest
import torch
from given import given, made, unloaded
from torch import nn

from detectors.compose import build
from detectors.encoders import clip, videomae, wav2vec2
from detectors.protocols import Context
from detectors.registry import registry, row
from detectors.store import FeatureStore

# Millions: facts of the papers and of the original constructors; of VideoMAE counted below.
PUBLISHED = {
    "avhubert_a": 324.622976, "avhubert_v": 324.622976, "avhubert_av": 324.622976, "braven_a": 331.95,
    "braven_v": 339.28, "wav2vec2_xlsr_2b": 2159, "clip_l14": 304, "fsfm": 85.8,
}  # fmt: skip
EVERY = [*PUBLISHED, "autoavsr_a", "autoavsr_v", "autoavsr_av", "videomae_l"]


def millions(net: nn.Module) -> float:
    return sum(values.numel() for values in net.parameters()) / 1e6


def published(name: str) -> nn.Module:
    """The network of the published size, without memory."""
    with torch.device("meta"):
        return unloaded(f"{name}.random").untrained(0)


@pytest.mark.parametrize("name", PUBLISHED)
def test_an_encoder_has_the_published_size(name: str) -> None:
    assert millions(published(name)) == pytest.approx(PUBLISHED[name], abs=0.6 if PUBLISHED[name] > 300 else 0.06)


def test_auto_avsr_has_the_published_size() -> None:
    audio, video, both = (millions(published(f"autoavsr_{kind}")) for kind in ("a", "v", "av"))
    # Decoder and CTC layer included, its README counts 243.0, 250.4 and 444.0: differences are those of the encoders.
    assert video - audio == pytest.approx(250.4 - 243.0, abs=0.1)
    assert both - video == pytest.approx(444.0 - 250.4, abs=0.1)


def test_videomae_has_the_published_size() -> None:
    width, blocks, units, patch = 1024, 24, 4096, 2 * 16 * 16 * 3
    attention = 4 * width * width + 3 * width  # keys have no bias
    block = attention + 2 * width * units + units + width + 2 * 2 * width
    assert millions(published("videomae_l")) * 1e6 == blocks * block + patch * width + width + 2 * width


@pytest.mark.parametrize("name", EVERY)
def test_a_seed_draws_the_same_weights_and_another_seed_others(name: str) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first, again, other = (made(f"{name}.tiny.random", seed).net.state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[key], again[key]) for key in first)
    drawn = [key for key, values in first.items() if values.is_floating_point() and values.unique().numel() > 2]
    fixed = {"embeddings.position_embeddings"}  # sines, where they are parameters
    assert drawn and all(not torch.equal(first[key], other[key]) for key in drawn if key not in fixed)
    assert not made(f"{name}.tiny.random").net.training


def spread(net: nn.Module, kind: type[nn.Module], part: str = "") -> torch.Tensor:
    """The weights of all modules of a kind, of which the name contains `part`."""
    found = [each.weight.flatten() for name, each in net.named_modules() if isinstance(each, kind) and part in name]
    return torch.cat(found).detach()


def check_normal(values: torch.Tensor, deviation: float) -> None:
    assert values.std().item() == pytest.approx(deviation, rel=5 / (2 * len(values)) ** 0.5)
    assert abs(values.mean().item()) < 5 * deviation / len(values) ** 0.5
    assert 2.5 * deviation < values.abs().max().item() < 6 * deviation


def check_uniform(values: torch.Tensor, bound: float) -> None:
    assert 0.97 * bound < values.abs().max().item() <= bound
    assert values.std().item() == pytest.approx(bound / 3**0.5, rel=0.05)


def check_idle(net: nn.Module) -> None:
    """Norms change nothing, and linear layers have no bias."""
    for module in net.modules():
        if isinstance(module, nn.LayerNorm | nn.Linear) and module.bias is not None:
            assert not module.bias.any()
        if isinstance(module, nn.LayerNorm):
            assert (module.weight == 1).all()


def test_untrained_fsfm_is_drawn_as_timm_s_constructor_draws() -> None:
    net = made("fsfm.tiny.random").net
    check_normal(spread(net, nn.Linear), 0.02)
    check_normal(net.vit.embeddings.position_embeddings.detach().flatten(), 0.02)
    check_uniform(spread(net, nn.Conv2d), (3 * 56 * 56) ** -0.5)
    check_idle(net)


def test_untrained_clip_is_drawn_as_transformers_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(clip._TINY, "hidden_size", 64)
    net = made("clip_l14.tiny.random").net
    for part in ("q_proj", "k_proj", "v_proj", "fc2"):
        check_normal(spread(net, nn.Linear, part), 64**-0.5 * (2 * 2) ** -0.5)
    check_normal(spread(net, nn.Linear, "out_proj"), 64**-0.5)
    check_normal(spread(net, nn.Linear, "fc1"), (2 * 64) ** -0.5)
    check_normal(spread(net, nn.Linear, "visual_projection"), 64**-0.5)
    check_normal(spread(net, nn.Conv2d), 0.02)
    check_idle(net)


def test_untrained_videomae_is_drawn_as_transformers_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(videomae._TINY, "hidden_size", 64)
    net = made("videomae_l.tiny.random").net
    check_normal(spread(net, nn.Linear), 0.02)
    check_normal(spread(net, nn.Conv3d), 0.02)
    check_idle(net)


def test_untrained_wav2vec2_is_drawn_as_transformers_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(wav2vec2._TINY, "hidden_size", 64)
    monkeypatch.setitem(wav2vec2._TINY, "conv_dim", (32,) * 7)
    net = made("wav2vec2_xlsr_2b.tiny.random").net
    check_normal(spread(net, nn.Linear, "encoder.layers"), 0.02)
    check_uniform(spread(net, nn.Linear, "feature_projection"), 32**-0.5)
    convolutions = net.feature_extractor.convolutions.conv_layers
    for layer, width, inputs in ((0, 10, 1), (1, 3, 32), (6, 2, 32)):
        check_normal(convolutions[layer].conv.weight.detach().flatten(), (2 / (width * inputs)) ** 0.5)
    check_idle(net.encoder)


@pytest.mark.parametrize("name", EVERY)
def test_bfloat16_is_near_and_another_detector(name: str, cache: Any) -> None:
    clip_ = given(0.8)
    exact, rounded = (made(f"{name}.tiny{tag}.random").encode(clip_)["last"].values for tag in ("", ".bf16"))
    assert rounded.dtype == np.float32 and not np.array_equal(exact, rounded)
    assert np.linalg.norm(rounded - exact) < 5e-2 * np.linalg.norm(exact)
    store = FeatureStore(cache / "features")
    signatures = {build(f"{name}.tiny{tag}.random-linear", 0, store, Context())[1] for tag in ("", ".bf16")}
    assert len(signatures) == 2


@pytest.mark.parametrize("name", EVERY)
def test_a_card_says_what_a_user_must_know(name: str) -> None:
    card = registry().encoders[name].card
    assert card.licence and card.citation and card.pretraining and card.randomisable
    for tags in ["", *(f".{variant.tag}" for variant in card.variants if "weights" in variant.changes)]:
        known = unloaded(f"{name}{tags}{'.random' if tags == '.tiny' else ''}").card
        if tags == ".tiny":
            assert known.weights is None
        else:
            assert known.weights is not None and known.weights.licence and known.weights.source.startswith("https://")


def test_a_form_that_was_trained_on_deepfakes_says_so() -> None:
    plain, supervised = unloaded("fsfm").card, unloaded("fsfm.deepfake_supervised").card
    assert "ffpp" not in plain.pretraining and "ffpp" in supervised.pretraining
    assert "self-supervised" in plain.summary
    assert "fine-tuned on deepfakes (FaceForensics++)" in row("fsfm.deepfake_supervised-linear").summary
    assert plain.weights != supervised.weights
    others = [name for name in EVERY if "ffpp" in unloaded(name).card.pretraining]
    assert not others
