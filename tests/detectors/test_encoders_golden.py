"""Encoders from a checkpoint and a clip to features, against the original code: `load` and `encode` as a user's run.

Media are real files without loss. Where a case gives what the network takes in, and no media, `compute` is tested.
"""

import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from given import GivenClip, in_files, put_weights, unloaded
from torch import Tensor
from transformers import CLIPVisionConfig, PreTrainedConfig, VideoMAEConfig, Wav2Vec2Config
from vectors import Case

from datasets.errors import ClipError
from datasets.trim import frames_to_cut, leading_silence
from detectors.encoders.avhubert import Streams
from detectors.encoders.frozen import Frozen
from detectors.nets import fsfm, huggingface


@pytest.fixture
def root(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty weights folder."""
    monkeypatch.setenv("AVDF_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


def rgb(pictures: Tensor) -> np.ndarray:
    """Pictures `(T, 3, H, W)`, or gray `(T, H, W)`, as a clip shows them."""
    values = pictures.numpy()
    return values.transpose(0, 2, 3, 1) if values.ndim == 4 else np.repeat(values[..., None], 3, axis=-1)


def features(encoder: Frozen, clip: Any, *taps: str) -> dict[str, Tensor]:
    return {tap: torch.from_numpy(track.values) for tap, track in encoder.encode(clip, taps or ("last",)).items()}


def computed(encoder: Frozen, given: Any, *taps: str) -> dict[str, Tensor]:
    """From the network's input on."""
    with torch.inference_mode():
        return dict(encoder.compute([given], taps or ("last",))[0])


def close(found: Tensor, expected: Tensor, atol: float) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("case", ["audio_longer", "audio_shorter"])
def test_av_hubert_from_files_to_the_features_of_avh_align(golden, root: Path, tmp_path: Path, case: str) -> None:
    vectors = Case(golden("avh_preprocess/extract_features"))
    checkpoint = golden("avhubert/pretrain_preln") / "checkpoint.pt"
    samples = vectors.inputs[f"{case}/wav"].numpy().astype(np.float32) / 32768
    mouths = rgb(vectors.inputs[f"{case}/gray"])
    whole = in_files(tmp_path / "clip", samples, mouths, mouths)
    cut = frames_to_cut(leading_silence(samples))
    assert cut == 3
    for name, part in (("avhubert_a", "audio"), ("avhubert_v", "visual"), ("avhubert_av", "multimodal")):
        encoder = put_weights(name, root, checkpoint)
        for clip, variant in ((whole, "full"), (whole.skipping(cut), "trimmed")):
            close(features(encoder, clip)["last"], vectors.outputs[f"{case}/{variant}/{part}"], 1e-5)


@pytest.mark.parametrize("taps", [("last", "layer1", "layer2", "layer3"), ("layer2",)])
def test_every_layer_of_a_fine_tuned_av_hubert(golden, root: Path, taps: tuple[str, ...]) -> None:
    folder = golden("avhubert/seq2seq_finetuned")
    case = Case(folder)
    rows, pictures = case.inputs["audio"][0].T, case.inputs["video"][0, 0]
    for name, given in (("audio", (rows, None)), ("video", (None, pictures)), ("av", (rows, pictures))):
        encoder = put_weights(
            f"avhubert_{name.replace('audio', 'a').replace('video', 'v')}", root, folder / "checkpoint.pt"
        )
        found = computed(encoder, Streams(*given), *taps)
        assert tuple(found) == taps
        for tap, values in found.items():
            close(values, case.outputs[f"{name}/{tap}"][0], 1e-5)


def test_braven_from_files_to_every_layer(golden, root: Path, tmp_path: Path) -> None:
    case = Case(golden("braven/audio_tiny"))
    encoder = put_weights("braven_a", root, case.folder / "checkpoint.pth")
    for name in ("audio_a", "audio_b", "audio_one_frame", "audio_zeros"):
        found = features(
            encoder, in_files(tmp_path / name, case.inputs[name].flatten().numpy(), None), "last", "layer1", "layer2"
        )
        layers = torch.stack([found["layer1"], found["layer2"]])
        case.check({f"{name}.features": found["last"][None], f"{name}.layers": layers[:, None]})
    case = Case(golden("braven/video_tiny"))
    encoder = put_weights("braven_v", root, case.folder / "checkpoint.pth")
    mouths = rgb(case.inputs["frames_uint8"])
    found = features(encoder, in_files(tmp_path / "seen", None, mouths, mouths))
    case.check({"frames_uint8.features": found["last"][None]})
    for name in ("video_a", "video_one_frame"):
        found = computed(encoder, case.inputs[name][0], "last", "layer1", "layer2", "layer3")
        layers = torch.stack([found[f"layer{number}"] for number in (1, 2, 3)])
        case.check({f"{name}.features": found["last"][None], f"{name}.layers": layers[:, None]})


def test_auto_avsr_of_vsr4ml_from_files(golden, root: Path, tmp_path: Path) -> None:
    case = Case(golden("auto_avsr/v1_video_tiny"))
    mouths = rgb(case.inputs["gray_a"])
    encoder = put_weights("autoavsr_v", root, case.folder / "checkpoint.pth")
    case.check({"gray_a.features": features(encoder, in_files(tmp_path / "v", None, mouths, mouths))["last"]})
    case = Case(golden("auto_avsr/v1_audio_tiny"))
    encoder = put_weights("autoavsr_a", root, case.folder / "checkpoint.pth")
    sound = case.inputs["wave_a"][0].numpy()
    case.check({"wave_a.features": features(encoder, in_files(tmp_path / "a", sound, None))["last"]})
    with pytest.raises(ClipError, match="digital silence"):  # NaN in the original
        encoder.encode(in_files(tmp_path / "zeros", case.inputs["wave_zeros"][0].numpy(), None))


@pytest.mark.parametrize("number", [2, 3])
def test_the_fused_auto_avsr_cuts_both_streams_as_vsr4ml(golden, root: Path, tmp_path: Path, number: int) -> None:
    case = Case(golden("auto_avsr/v1_audiovisual_tiny"))
    encoder = put_weights("autoavsr_av", root, case.folder / "checkpoint.pth")
    mouths, sound = rgb(case.inputs[f"gray_{number}"]), case.inputs[f"wave_{number}"][0].numpy()
    found = features(encoder, in_files(tmp_path / "clip", sound, mouths, mouths))
    case.check({f"pair_{number}.features": found["last"]})


def test_the_fused_auto_avsr_s_halves(golden, root: Path) -> None:
    case = Case(golden("auto_avsr/v1_audiovisual_tiny"))
    encoder = put_weights("autoavsr_av", root, case.folder / "checkpoint.pth")
    found = computed(encoder, (case.inputs["video_1"][0], case.inputs["audio_1"][:, 0]), "last", "video", "audio")
    names = {"last": "1.features", "video": "1.video_encoder", "audio": "1.audio_encoder"}
    case.check({names[tap]: values for tap, values in found.items()})


def test_auto_avsr_of_the_main_branch_from_files(golden, root: Path, tmp_path: Path) -> None:
    case = Case(golden("auto_avsr/main_video_tiny"))
    mouths = rgb(case.inputs["frames_a"])
    encoder = put_weights("autoavsr_v.main", root, case.folder / "checkpoint.pth")
    found = features(encoder, in_files(tmp_path / "v", None, mouths, mouths))
    case.check({"frames_a.features": found["last"][None]})
    case = Case(golden("auto_avsr/main_audio_tiny"))
    encoder = put_weights("autoavsr_a.main", root, case.folder / "checkpoint.pth")
    for name in ("wave_a", "wave_b", "wave_zeros", "wave_one_frame"):
        found = features(encoder, in_files(tmp_path / name, case.inputs[name].flatten().numpy(), None))
        case.check({f"{name}.features": found["last"][None]})


@pytest.mark.parametrize(
    ("name", "case", "output"),
    [
        ("fsfm", "pretrained_tiny", "features_mean_identity_fc_norm"),
        ("fsfm.deepfake_supervised", "finetuned_tiny", "features"),
    ],
)
def test_fsfm_from_its_input_to_every_layer(
    golden, root: Path, monkeypatch: pytest.MonkeyPatch, name: str, case: str, output: str
) -> None:
    vectors = Case(golden(f"fsfm/{case}"))
    monkeypatch.setattr(fsfm, "_HEAD_WIDTH", 12)  # a state dict does not tell; published heads have 64 columns
    encoder = put_weights(name, root, vectors.folder / "checkpoint.pth")
    x = vectors.inputs["x"]
    found = computed(encoder, [x[:2], x[2:]], "last", "layer1", "layer3")
    vectors.check({output: found["last"]})
    for tap, number in (("layer1", 0), ("layer3", 2)):
        mean = vectors.outputs["block_tokens"][number][:, 1:].mean(1)
        close(found[tap], mean, vectors.config["tolerance_atol"]["block_tokens"])


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("fsfm.tiny.random", "ssrdfd_bilinear_imagenet"),
        ("fsfm.deepfake_supervised", "ssrdfd_bilinear_imagenet"),
        ("fsfm.own_input", "fsfm_eval_bicubic_vggface2"),
        ("fsfm.deepfake_supervised.own_input", "fsfm_eval_simple_augment_vggface2"),
    ],
)
def test_face_crops_become_fsfm_s_input(golden, name: str, output: str) -> None:
    case = Case(golden("fsfm/preprocess"))
    encoder = unloaded(name)
    encoder._net = SimpleNamespace(edge=case.config["size"])
    for face, picture in case.inputs.items():
        blocks = list(encoder.inputs(GivenClip(pictures=picture.numpy()[None])))
        close(blocks[0][0], case.outputs[f"{face}.{output}"], case.config["tolerance_atol"]["default"])


def hub_folder(case: Case, config: PreTrainedConfig, folder: Path) -> Path:
    """A folder as the hub has it, with the weights of a case."""
    config.save_pretrained(folder)
    (folder / "model.safetensors").write_bytes((case.folder / "weights.safetensors").read_bytes())
    return folder


def sizes(case: Case) -> dict[str, Any]:
    found = json.loads((case.folder / "config.json").read_text())["model_config"]
    return {name: value for name, value in found.items() if name != "reference"}


def test_clip_from_files(golden, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(golden("clip/frames_tiny"))
    folder = hub_folder(case, CLIPVisionConfig(**sizes(case)), tmp_path / "hub")
    encoder = put_weights("clip_l14", root, folder)
    monkeypatch.setattr(huggingface, "clip_input", partial(huggingface.clip_input, edge=56))  # published: 224
    for name, shown in case.inputs.items():
        found = features(encoder, in_files(tmp_path / name, None, rgb(shown)), "last", "layer2")
        case.check({f"{name}.image_embeds": found["last"]})
        token = case.outputs[f"{name}.last_hidden_state"][:, 0]
        close(found["layer2"], token, case.config["tolerance_atol"][f"{name}.last_hidden_state"])


def test_videomae_from_files(golden, root: Path, tmp_path: Path) -> None:
    case = Case(golden("videomae/chunks_tiny"))
    folder = hub_folder(case, VideoMAEConfig(**sizes(case), use_mean_pooling=False), tmp_path / "hub")
    encoder = put_weights("videomae_l", root, folder)
    for name in ("frames_a", "frames_b"):
        found = features(encoder, in_files(tmp_path / name, None, rgb(case.inputs[name])))["last"]
        case.check({f"{name}.features": found.double()})
    with pytest.raises(ClipError, match="fewer than 16 frames"):  # no vector in the original
        encoder.encode(in_files(tmp_path / "short", None, rgb(case.inputs["frames_short"])))


def test_wav2vec2_from_files(golden, root: Path, tmp_path: Path) -> None:
    case = Case(golden("wav2vec2/pairing_tiny"))
    config = Wav2Vec2Config(**sizes(case), feat_extract_norm="layer", do_stable_layer_norm=True, conv_bias=True)
    encoder = put_weights("wav2vec2_xlsr_2b", root, hub_folder(case, config, tmp_path / "hub"))
    for name in ("mono0_16000", "mono1_16000", "mono3_16000", "stereo_16000", "zeros_16000"):
        samples = case.inputs[name].numpy()
        clip = in_files(tmp_path / name, samples if len(samples) > 1 else samples[0], None)
        case.check({f"{name}.features": features(encoder, clip)["last"]})
