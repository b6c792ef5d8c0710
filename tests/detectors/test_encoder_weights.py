"""Checkpoints of the published encoders: every published layout is read, and nothing else is taken for one."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from given import given, made, put_weights, unloaded
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import (
    CLIPConfig,
    CLIPModel,
    PreTrainedModel,
    VideoMAEConfig,
    VideoMAEForPreTraining,
    Wav2Vec2Config,
    Wav2Vec2ForPreTraining,
    Wav2Vec2Model,
)

from detectors.encoders import clip, videomae, wav2vec2
from detectors.encoders.frozen import Frozen
from detectors.fetching.files import MissingWeightsError
from detectors.nets.checkpoints import CheckpointError
from detectors.protocols import Context
from pickled import LAYOUTS, attacks

CHECKPOINTS = ["avhubert_v", "braven_a", "autoavsr_v", "autoavsr_av", "fsfm"]
HUB = ["clip_l14", "videomae_l", "wav2vec2_xlsr_2b"]


@pytest.fixture
def root(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty weights folder, and an empty Hugging Face cache."""
    from huggingface_hub import constants

    monkeypatch.setenv("AVDF_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "weights"


def full_models(folder: Path) -> dict[str, PreTrainedModel]:
    """What the hub's files of the three models hold, in toy sizes: more than the encoder."""
    torch.manual_seed(0)
    text = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    text |= {"vocab_size": 50}
    pretraining = {"codevector_dim": 8, "proj_codevector_dim": 8, "num_codevectors_per_group": 4}
    decoder = {"decoder_hidden_size": 16, "decoder_num_hidden_layers": 1, "decoder_num_attention_heads": 2}
    return {
        "clip_l14": CLIPModel(CLIPConfig(text_config=text, vision_config=clip._TINY, projection_dim=16)),
        "videomae_l": VideoMAEForPreTraining(VideoMAEConfig(**videomae._TINY, **decoder)),
        "wav2vec2_xlsr_2b": Wav2Vec2ForPreTraining(Wav2Vec2Config(**wav2vec2._TINY, **pretraining)),
    }


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of the hub with the full models: `config.json` and `model.safetensors`."""
    folder = tmp_path_factory.mktemp("hub")
    for name, model in full_models(folder).items():
        model.save_pretrained(folder / name)
    return {name: folder / name for name in HUB}


def last(encoder: Frozen) -> np.ndarray:
    return encoder.encode(given(0.8))["last"].values


def problem(name: str, root: Path, checkpoint: Path) -> str:
    """Why this file or folder cannot be loaded as the encoder's weights."""
    with pytest.raises(CheckpointError) as caught:
        put_weights(name, root, checkpoint)
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", CHECKPOINTS + HUB)
def test_missing_weights_are_one_line_that_says_how_to_get_them(name: str, root: Path) -> None:
    with pytest.raises(MissingWeightsError) as caught:
        unloaded(name).load(Context())
    message, weights = str(caught.value), unloaded(name).card.weights
    assert weights and weights.file in message and str(root) in message and "\n" not in message
    assert "python -m detectors fetch" in message or "with a browser" in message


def test_the_full_models_of_the_hub_give_what_their_encoder_gives(hub: dict[str, Path], root: Path) -> None:
    models = full_models(root)
    pixels = torch.from_numpy(np.random.default_rng(0).standard_normal((16, 3, 224, 224)).astype(np.float32))
    wave = torch.from_numpy(given(0.4).samples)
    inputs = {"clip_l14": [pixels], "videomae_l": [pixels], "wav2vec2_xlsr_2b": wave}
    with torch.inference_mode():
        whole = {name: model.eval() for name, model in models.items()}
        expected = {
            "clip_l14": whole["clip_l14"].get_image_features(pixel_values=pixels).pooler_output,
            "videomae_l": whole["videomae_l"].videomae(pixel_values=pixels[None]).last_hidden_state,
            "wav2vec2_xlsr_2b": whole["wav2vec2_xlsr_2b"].wav2vec2(wave[None]).last_hidden_state,
        }
        expected["videomae_l"] = expected["videomae_l"].reshape(8, 16, 16).mean(1)
        expected["wav2vec2_xlsr_2b"] = paired(expected["wav2vec2_xlsr_2b"][0])
        for name in HUB:
            found = put_weights(name, root, hub[name]).compute([inputs[name]], ("last",))[0]["last"]
            torch.testing.assert_close(found, expected[name], rtol=0, atol=1e-5)


def paired(rows: Tensor) -> Tensor:
    return torch.cat([rows, rows[-1:]])[: len(rows) + len(rows) % 2].reshape(-1, 2 * rows.shape[1])


OTHER_NAMES = {
    "clip_l14": {},
    "videomae_l": {"q_bias": "query.bias", "v_bias": "value.bias"},
    "wav2vec2_xlsr_2b": {
        "parametrizations.weight.original0": "weight_g",
        "parametrizations.weight.original1": "weight_v",
    },
}
"""What transformers 5 writes, and what stands for it in files that another release wrote."""
BUFFERS = {"vision_model.embeddings.position_ids": torch.arange(17)[None]}
"""What older releases wrote of CLIP beside."""


@pytest.mark.parametrize("name", HUB)
def test_names_of_other_releases_and_pickles_of_torch_are_read(
    name: str, hub: dict[str, Path], root: Path, tmp_path: Path
) -> None:
    state = load_file(hub[name] / "model.safetensors") | (BUFFERS if name == "clip_l14" else {})
    for ours, theirs in OTHER_NAMES[name].items():
        assert any(ours in key for key in state)
        state = {key.replace(ours, theirs): values for key, values in state.items()}
    folder = tmp_path / "made"
    folder.mkdir()
    shutil.copy(hub[name] / "config.json", folder / "config.json")
    torch.save(state, folder / "pytorch_model.bin")
    expected = last(put_weights(name, root, hub[name]))
    shutil.rmtree(root)
    np.testing.assert_array_equal(last(put_weights(name, root, folder)), expected)


def changed(folder: Path, place: Path, change: Callable[[dict[str, Tensor]], Any]) -> Path:
    """A copy of a folder of the hub with other weights."""
    shutil.copytree(folder, place)
    state = load_file(place / "model.safetensors")
    change(state)
    save_file(state, place / "model.safetensors", {"format": "pt"})
    return place


KEYS = {
    "clip_l14": "vision_model.encoder.layers.1.mlp.fc1.bias",
    "videomae_l": "videomae.encoder.layer.1.output.dense.weight",
    "wav2vec2_xlsr_2b": "wav2vec2.encoder.layers.1.attention.k_proj.bias",
}


@pytest.mark.parametrize("name", HUB)
def test_a_folder_whose_weights_do_not_fit_is_refused_by_the_key(
    name: str, hub: dict[str, Path], root: Path, tmp_path: Path
) -> None:
    key, bare = KEYS[name], KEYS[name].partition(".")[2]
    missing = changed(hub[name], tmp_path / "missing", lambda state: state.pop(key))
    assert f"1 missing: {key if name == 'clip_l14' else bare}" in problem(name, root, missing)
    shutil.rmtree(root)
    more = changed(hub[name], tmp_path / "more", lambda state: state.update({f"{key}.extra": torch.ones(1)}))
    assert "1 unexpected: " in (text := problem(name, root, more)) and f"{bare}.extra" in text
    shutil.rmtree(root)
    other = changed(hub[name], tmp_path / "other", lambda state: state.update({key: torch.ones(3, 5)}))
    assert re.search(rf"1 of another shape: \S*{bare} \(3, 5\) instead of \(", problem(name, root, other))


@pytest.mark.parametrize("name", HUB)
def test_another_model_of_the_hub_is_refused(name: str, hub: dict[str, Path], root: Path) -> None:
    for other in HUB:
        if other != name:
            text = problem(name, root, hub[other])
            assert str(root) in text and unloaded(name).card.weights.file in text
            assert f"is a model of type '{other.partition('_')[0]}' by its config.json" in text
            shutil.rmtree(root)


@pytest.mark.parametrize("name", HUB)
@pytest.mark.parametrize("damage", ["cut", "empty config", "no safetensors"])
def test_a_damaged_folder_is_refused_in_one_line(
    name: str, damage: str, hub: dict[str, Path], root: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(hub[name], folder)
    weights = folder / "model.safetensors"
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif damage == "empty config":
        (folder / "config.json").write_text("[")
    else:
        weights.write_bytes(b"no safetensors " * 100)
    text = problem(name, root, folder)
    assert str(root) in text and "\n" not in text


def _pickled_model(name: str, hub: dict[str, Path], folder: Path, body: bytes) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(hub[name] / "config.json", folder / "config.json")
    (folder / "pytorch_model.bin").write_bytes(body)
    return folder


@pytest.mark.parametrize("attack", sorted(attacks(Path("x"))))
def test_a_harmful_pickle_of_the_hub_executes_nothing(
    attack: str, hub: dict[str, Path], root: Path, tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    for layout in LAYOUTS.values():
        folder = _pickled_model("clip_l14", hub, tmp_path / "evil", layout(attacks(marker)[attack]))
        problem("clip_l14", root, folder)
        assert not marker.exists()
        shutil.rmtree(root)


def test_code_beside_a_model_of_the_hub_is_not_executed(hub: dict[str, Path], root: Path, tmp_path: Path) -> None:
    folder, marker = tmp_path / "with_code", tmp_path / "marker"
    shutil.copytree(hub["videomae_l"], folder)
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text(f"open({str(marker)!r}, 'w').close()\n")
    assert np.isfinite(last(put_weights("videomae_l", root, folder))).all()
    assert not marker.exists()


def checkpoint_of(name: str, path: Path) -> Path:
    """A checkpoint in the published layout of a toy network."""
    state = made(f"{name}.tiny.random").net.state_dict()
    if name.startswith(("braven", "autoavsr")) and name != "autoavsr_av":
        state = {f"encoder.{key}": values for key, values in state.items()}
    torch.save({"model": state, "cfg": None} if name.startswith(("avhubert", "fsfm")) else state, path)
    return path


OTHERS = [
    ("avhubert_v", "braven_v", "no fairseq checkpoint: `model` is missing"),
    ("avhubert_v", "fsfm", "no configuration cfg.model"),
    ("braven_v", "autoavsr_v", "no encoder of BRAVEn: its blocks have a convolution, as Auto-AVSR's"),
    ("braven_v", "avhubert_v", "expected named tensors"),
    ("braven_v", "braven_a", "is the model that takes in sound; the one for pictures is needed"),
    ("braven_a", "braven_v", "is the model that takes in pictures"),
    ("autoavsr_v", "braven_v", "no encoder of Auto-AVSR: its blocks have no convolution"),
    ("autoavsr_v", "autoavsr_av", "this is the fused audio-visual model"),
    ("autoavsr_v", "autoavsr_a", "is the model that takes in sound"),
    ("autoavsr_a.main", "autoavsr_v", "is the model that takes in pictures"),
    ("autoavsr_av", "autoavsr_v", "no fused audio-visual model"),
    ("fsfm", "braven_v", "expected weights under 'model'"),
    ("fsfm", "avhubert_v", "no vision transformer of FSFM"),
]


@pytest.mark.parametrize(("name", "other", "words"), OTHERS)
def test_a_checkpoint_of_another_model_is_refused_by_what_it_is(
    name: str, other: str, words: str, root: Path, tmp_path: Path
) -> None:
    text = problem(name, root, checkpoint_of(other, tmp_path / "other.pt"))
    assert words in text and str(root / unloaded(name).card.weights.file) in text


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_cut_checkpoint_is_refused(name: str, root: Path, tmp_path: Path) -> None:
    path = checkpoint_of(name, tmp_path / "whole.pt")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "is cut off or damaged" in problem(name, root, path)


@pytest.mark.parametrize("name", ["braven_v", "braven_a", "autoavsr_v", "autoavsr_a.main", "autoavsr_av"])
def test_a_checkpoint_of_our_own_toy_gives_its_features(name: str, root: Path, tmp_path: Path) -> None:
    base = name.partition(".")[0]
    tags = "main.tiny" if name.endswith("main") else "tiny"
    expected = last(made(f"{base}.{tags}.random"))
    np.testing.assert_array_equal(last(put_weights(name, root, checkpoint_of(base, tmp_path / "c.pt"))), expected)


@pytest.mark.parametrize("name", ["avhubert_v", "braven_a", "autoavsr_v", *HUB])
def test_a_layer_that_a_smaller_checkpoint_lacks_is_said(
    name: str, hub: dict[str, Path], root: Path, tmp_path: Path
) -> None:
    checkpoint = hub[name] if name in HUB else checkpoint_of(name, tmp_path / "c.pt")
    if name == "avhubert_v":
        content = torch.load(checkpoint)
        settings = {"activation_fn": "gelu", "layer_norm_first": True, "encoder_attention_heads": 4}
        torch.save(content | {"cfg": {"model": settings}}, checkpoint)
    encoder = put_weights(f"{name}.layer3", root, checkpoint)
    with pytest.raises(CheckpointError, match="has 2 blocks and no layer3"):
        encoder.encode(given(0.8), ("layer3",))


def test_weights_that_were_not_hashed_are_not_read(hub: dict[str, Path], root: Path, tmp_path: Path) -> None:
    """Of a pickle beside safetensors no hash is taken; safetensors of another name do not let it be read."""
    folder = tmp_path / "two"
    shutil.copytree(hub["clip_l14"], folder)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    assert np.isfinite(last(put_weights("clip_l14", root, folder))).all()
    shutil.rmtree(root)
    (folder / "model.safetensors").rename(folder / "adapter.safetensors")
    assert "model.safetensors" in problem("clip_l14", root, folder)


def test_a_wav2vec2_whose_norm_sees_the_whole_sound_is_refused(root: Path, tmp_path: Path) -> None:
    sizes = wav2vec2._TINY | {"feat_extract_norm": "group", "do_stable_layer_norm": False}
    Wav2Vec2Model(Wav2Vec2Config(**sizes)).save_pretrained(tmp_path / "base")
    assert "feat_extract_norm='group'" in problem("wav2vec2_xlsr_2b", root, tmp_path / "base")


def test_a_checkpoint_of_another_size_is_measured_and_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AVDF_WEIGHTS", str(tmp_path / "weights"))
    state = {f"encoder.{name}": values for name, values in made("braven_a.tiny.random").net.state_dict().items()}
    torch.save(state, tmp_path / "small.pth")
    encoder = put_weights("braven_a", tmp_path / "weights", tmp_path / "small.pth")
    for _ in range(2):
        assert encoder.encode(given(1.0))["last"].values.shape == (25, 12)
    assert [record.getMessage() for record in caplog.records if record.name == "avdf"] == [
        "braven_a: its checkpoint gives 12 columns, its card says 1024: a model of another size"
    ]


def test_an_fsfm_for_other_pictures_gets_them_in_its_size(root: Path, tmp_path: Path) -> None:
    path = checkpoint_of("fsfm", tmp_path / "small.pth")
    content = torch.load(path)
    vit = {key.removeprefix("vit."): values for key, values in content["model"].items()}
    width = vit["embeddings.cls_token"].shape[-1]
    state = {
        "cls_token": vit["embeddings.cls_token"],
        "pos_embed": torch.zeros(1, 1 + 2 * 2, width),
        "patch_embed.proj.weight": vit["embeddings.patch_embeddings.projection.weight"],
        "patch_embed.proj.bias": vit["embeddings.patch_embeddings.projection.bias"],
        "blocks.0.mlp.fc1.weight": torch.zeros(4, width),
        "blocks.0.mlp.fc1.bias": torch.zeros(4),
        "blocks.0.mlp.fc2.weight": torch.zeros(width, 4),
        "blocks.0.mlp.fc2.bias": torch.zeros(width),
        "blocks.0.attn.qkv.weight": torch.zeros(3 * width, width),
        "blocks.0.attn.qkv.bias": torch.zeros(3 * width),
        "blocks.0.attn.proj.weight": torch.zeros(width, width),
        "blocks.0.attn.proj.bias": torch.zeros(width),
    }
    norms = ("norm", "blocks.0.norm1", "blocks.0.norm2")
    state |= {f"{norm}.{part}": torch.ones(width) for norm in norms for part in ("weight", "bias")}
    torch.save({"model": state}, path)
    encoder = put_weights("fsfm", root, path)
    assert next(encoder.inputs(given(1.0))).shape[1:] == (3, 112, 112)
    assert encoder.encode(given(1.0))["last"].values.shape == (25, width)
