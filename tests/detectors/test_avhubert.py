"""AV-HuBERT against reference vectors of the original code, and what it promises beside them."""

import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from datasets.trim import frames_to_cut, leading_silence
from detectors.nets.avhubert import BASE, LARGE, AVHubert, Sizes, build, from_state
from detectors.nets.avhubert_input import audio_rows, mouth_pictures
from detectors.nets.visual import VisualSizes

Golden = Callable[[str], Path]
State = dict[str, Tensor]

TINY = Sizes(2, 32, 48, 4, kernel=16, groups=4, visual=VisualSizes(4, (4, 6, 8, 10)))


def read(folder: Path) -> tuple[State, State]:
    return load_file(folder / "inputs.safetensors"), load_file(folder / "outputs.safetensors")


def streams(inputs: State) -> dict[str, tuple[Tensor | None, Tensor | None]]:
    """Our arguments for each modality, from the original's (B, 104, T) and (B, 1, T, 88, 88)."""
    rows, pictures = inputs["audio"].transpose(1, 2), inputs["video"][:, 0]
    return {"audio": (rows, None), "video": (None, pictures), "av": (rows, pictures)}


def same(found: Tensor, expected: Tensor, atol: float = 1e-5) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=atol)


def check_layers(model: AVHubert, inputs: State, outputs: State, prefix: str, atol: float = 1e-5) -> None:
    for modality, (rows, pictures) in streams(inputs).items():
        with torch.inference_mode():
            found = model(rows, pictures, inputs.get("padding_mask"))
        assert list(found) == [*(f"layer{n}" for n in range(1, model.sizes.layers + 1)), "last"]
        for name, values in found.items():
            same(values, outputs[f"{prefix}{modality}/{name}"], atol)


def check_inner(model: AVHubert, inputs: State, outputs: State, prefix: str) -> None:
    """What the original's modules gave on the way; those of the streams are (B, channels, T)."""
    seen: State = {}
    parts = {
        "resnet": model.feature_extractor_video.resnet,
        "feat_audio": model.feature_extractor_audio,
        "feat_video": model.feature_extractor_video,
        "fused_layer_norm": model.layer_norm,
        "post_extract_proj": model.post_extract_proj,
        "pos_conv": model.encoder.pos_conv,
    }
    for name, part in parts.items():
        part.register_forward_hook(lambda _, __, output, name=name: seen.__setitem__(name, output))
    rows, pictures = streams(inputs)["av"]
    with torch.inference_mode():
        model(rows, pictures, inputs.get("padding_mask"))
    seen = {name: values for name, values in seen.items() if f"{prefix}av/inter/{name}" in outputs}
    assert len(seen) >= 5
    for name, values in seen.items():
        expected = outputs[f"{prefix}av/inter/{name}"]
        same(values, expected if values.shape == expected.shape else expected.transpose(1, 2))


def test_reference_vectors_of_a_padded_batch(golden: Golden) -> None:
    folder = golden("avhubert/pretrain_preln")
    inputs, outputs = read(folder)
    model = from_state(load_file(folder / "weights.safetensors"), "it", heads=4)
    check_layers(model, inputs, outputs, "batch/")
    check_inner(model, inputs, outputs, "batch/")


def test_reference_vectors_of_a_single_clip(golden: Golden) -> None:
    folder = golden("avhubert/pretrain_preln")
    inputs, outputs = read(folder)
    single = {"audio": inputs["audio"][1:, :, :9], "video": inputs["video"][1:, :, :9]}
    model = from_state(load_file(folder / "weights.safetensors"), "it", heads=4)
    check_layers(model, single, outputs, "single/")
    check_inner(model, single, outputs, "single/")
    with torch.inference_mode():
        same(model.join(*streams(single)["av"]), outputs["single/extract_features/ret_conv"])


def test_reference_vectors_of_the_fine_tuned_layout(golden: Golden) -> None:
    folder = golden("avhubert/seq2seq_finetuned")
    inputs, outputs = read(folder)
    model = from_state(load_file(folder / "weights.safetensors"), "it", heads=4)
    check_layers(model, inputs, outputs, "")
    with torch.inference_mode():
        same(model(pictures=streams(inputs)["video"][1])["last"].transpose(0, 1), outputs["wrapper/encoder_out_TBC"])


def test_reference_vectors_of_a_form_that_was_not_released(golden: Golden) -> None:
    """Norms after the parts, streams that are summed and have a block of their own, rectifiers, an odd kernel."""
    folder = golden("avhubert/pretrain_postln_add")
    inputs, outputs = read(folder)
    model = from_state(load_file(folder / "weights.safetensors"), "it", heads=2, norm_first=False)
    check_layers(model, inputs, outputs, "")
    check_inner(model, inputs, outputs, "")
    with torch.inference_mode():
        same(model.join(*streams(inputs)["av"]), outputs["extract_features/ret_conv"])


def test_reference_vectors_of_the_full_base_model(golden: Golden) -> None:
    folder = golden("avhubert/recipe_base")
    recipe = json.loads((folder / "config.json").read_text())["weights_recipe"]
    model = from_state(dict(recipe_weights(recipe)), "it")
    assert model.sizes == BASE
    inputs, outputs = read(folder)
    check_layers(model, inputs, outputs, "", atol=1e-4)


def recipe_weights(recipe: dict) -> Iterator[tuple[str, Tensor]]:
    """Weights from splitmix64 numbers, as the reference vectors' notes define them."""
    for key, (shape, offset, scale) in recipe["table"].items():
        count = int(np.prod(shape))
        z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z += np.uint64((zlib.crc32(key.encode()) << 32) ^ recipe["seed"])
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            z ^= z >> np.uint64(shift)
            z *= np.uint64(factor)
        z ^= z >> np.uint64(31)
        uniform = (z >> np.uint64(40)).astype(np.float64) / 2**24
        values = (offset + scale * (2 * uniform - 1)).astype(np.float32)
        yield key, torch.from_numpy(values).reshape(shape)
        if key.endswith("running_var"):
            yield key.replace("running_var", "num_batches_tracked"), torch.tensor(0)


def test_reference_features_of_whole_clips(golden: Golden) -> None:
    """From samples and mouth crops to features, with and without AVH-Align's cut of the leading silence."""
    folder = golden("avh_preprocess/extract_features")
    weights = load_file(golden("avhubert/pretrain_preln") / "weights.safetensors")
    inputs, outputs = read(folder)
    model = from_state(weights, "it", heads=4)
    for clip in ("audio_longer", "audio_shorter"):
        samples = inputs[f"{clip}/wav"].numpy().astype(np.float32) / 32768
        crops = inputs[f"{clip}/gray"].numpy()
        cut = frames_to_cut(leading_silence(samples))
        for variant, skip in (("full", 0), ("trimmed", cut)):
            rows, pictures = audio_rows(samples[640 * skip :])[None], mouth_pictures(crops[skip:])[None]
            steps = min(rows.shape[1], pictures.shape[1])
            given = {"audio": rows[:, :steps].transpose(1, 2), "video": pictures[:, None, :steps]}
            for (_, arguments), name in zip(streams(given).items(), ("audio", "visual", "multimodal"), strict=True):
                with torch.inference_mode():
                    same(model(*arguments)["last"][0], outputs[f"{clip}/{variant}/{name}"])


@pytest.mark.parametrize(("sizes", "count"), [(BASE, 102_620_288), (LARGE, 324_622_976)])
def test_released_sizes_have_as_many_parameters_as_the_originals(sizes: Sizes, count: int) -> None:
    with torch.device("meta"):
        assert sum(values.numel() for values in AVHubert(sizes).parameters()) == count


def some_streams(steps: int = 5) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, steps, 104, generator=generator), torch.randn(1, steps, 88, 88, generator=generator)


def moved(model: AVHubert) -> AVHubert:
    """The model with biases, norms and statistics that are not the identity."""
    generator = torch.Generator().manual_seed(1)
    for name, values in model.state_dict().items():
        if values.is_floating_point() and not name.endswith("running_var"):
            values.add_(0.1 * torch.randn(values.shape, generator=generator))
    return model


@pytest.mark.parametrize("missing", ["audio", "video"])
def test_a_missing_stream_is_a_zero_after_its_projection(missing: str) -> None:
    model, (rows, pictures) = moved(build(TINY, 0)), some_streams()
    halves: list[Tensor] = []
    with torch.inference_mode():
        if missing == "audio":
            found, zero_input = model(None, pictures), model(torch.zeros_like(rows), pictures)
        else:
            found, zero_input = model(rows, None), model(rows, torch.zeros_like(pictures))
        projection = model.get_submodule(f"feature_extractor_{missing}.proj")
        projection.weight.zero_()
        projection.bias.zero_()
        same(found["last"], model(rows, pictures)["last"], atol=1e-6)
    with torch.inference_mode():
        model.layer_norm.register_forward_pre_hook(lambda _, joined: halves.extend(joined[0].split(model.sizes.dim, 2)))
        model(*((None, pictures) if missing == "audio" else (rows, None)))
    assert [bool(half.any()) for half in halves] == [missing != "audio", missing != "video"]
    assert (found["last"] - zero_input["last"]).abs().max() > 1e-3


def test_a_padded_clip_has_the_features_of_the_clip_alone() -> None:
    model, (rows, pictures) = moved(build(TINY, 0)), some_streams(8)
    short = rows.clone(), pictures.clone()
    for stream in short:
        stream[:, 5:] = 0
    padding = torch.arange(8)[None] >= torch.tensor([8, 5])[:, None]
    with torch.inference_mode():
        batch = model(torch.cat([rows, short[0]]), torch.cat([pictures, short[1]]), padding)
        for name, values in model(rows, pictures).items():
            same(batch[name][:1], values)
        for name, values in model(rows[:, :5], pictures[:, :5]).items():
            same(batch[name][1:, :5], values)


def test_streams_that_do_not_fit_are_refused() -> None:
    model, (rows, pictures) = build(TINY, 0), some_streams()
    with pytest.raises(ValueError, match="neither sound nor pictures"):
        model()
    with pytest.raises(ValueError, match=r"\(1, 5\) and \(1, 4\).*cut both to the shorter"):
        model(rows, pictures[:, :4])


def test_untrained_models_depend_on_the_seed_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, again, other = build(TINY, 0).state_dict(), build(TINY, 0).state_dict(), build(TINY, 1).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["encoder.layers.0.fc1.weight"], other["encoder.layers.0.fc1.weight"])


def test_untrained_projections_and_norms_are_torchs_own() -> None:
    model = build(replace(TINY, dim=128), 0)
    for name in ("feature_extractor_audio.proj", "feature_extractor_video.proj", "post_extract_proj"):
        weight = model.get_submodule(name).weight
        bound = weight.shape[1] ** -0.5
        assert 0.95 * bound < weight.abs().max().item() <= bound, name
    assert all(
        (v == 0.25).all() for n, v in model.named_parameters() if "relu" in n or n.endswith("frontend3D.2.weight")
    )
    assert all((v == 1).all() for n, v in model.named_parameters() if "norm" in n and n.endswith("weight"))


def test_untrained_front_ends_have_the_constructors_deviations() -> None:
    net = build(replace(TINY, visual=VisualSizes()), 0).feature_extractor_video.resnet
    for name, values in net.trunk.named_parameters():
        if values.ndim == 4:
            expected = (2 / (values[0, 0].numel() * values.shape[0])) ** 0.5
            assert values.std().item() == pytest.approx(expected, rel=0.03), name
            assert abs(values.mean().item()) < 5 * expected / values.numel() ** 0.5, name
    stem, bound = net.frontend3D[0].weight, (5 * 7 * 7) ** -0.5
    assert 0.98 * bound < stem.abs().max().item() <= bound
    assert stem.std().item() == pytest.approx(bound / 3**0.5, rel=0.03)
