"""AV-HuBERT checkpoints: both layouts, the sizes they hold, and what is refused by name."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from detectors.nets.avhubert import (
    BASE,
    LARGE,
    AVHubert,
    Form,
    Sizes,
    build,
    encoder_state,
    from_checkpoint,
    from_state,
    sizes_of,
)
from detectors.nets.checkpoints import CheckpointError, read_checkpoint
from detectors.nets.visual import VisualSizes

Golden = Callable[[str], Path]

TINY = Sizes(2, 32, 48, 4, kernel=16, groups=4, visual=VisualSizes(4, (4, 6, 8, 10)))
RELEASED = {
    "layer_norm_first": True,
    "modality_fuse": "concat",
    "activation_fn": "gelu",
    "resnet_relu_type": "prelu",
    "sub_encoder_layers": 0,
    "encoder_attention_heads": 4,
}


@pytest.mark.parametrize(
    ("layout", "sizes"), [("base_pretrain", BASE), ("large_pretrain", LARGE), ("large_seq2seq_finetuned", LARGE)]
)
def test_released_layouts_give_exactly_our_parameters(golden: Golden, layout: str, sizes: Sizes) -> None:
    shapes = json.loads((golden("avhubert/state_dict_shapes") / f"{layout}.json").read_text())["shapes"]
    with torch.device("meta"):
        state = encoder_state({k: torch.empty([n if n != "?" else 1 for n in v]) for k, v in shapes.items()})
        ours = AVHubert(sizes).state_dict()
    assert sizes_of(state, "it") == sizes
    assert {name: values.shape for name, values in ours.items()} == {name: v.shape for name, v in state.items()}


@pytest.mark.parametrize("prefix", ["", "encoder.w2v_model."])
def test_a_state_dict_of_either_layout_gives_the_model_back(prefix: str) -> None:
    model = build(TINY, 3)
    state = {prefix + name: values for name, values in model.state_dict().items()}
    state |= {f"{prefix}mask_emb": torch.zeros(104), f"{prefix}label_embs_concat": torch.zeros(9, 16)}
    if prefix:
        state["decoder.layer_norm.weight"] = torch.zeros(3)
    again = from_checkpoint({"model": state, "cfg": {"model": RELEASED}}, "it")
    assert again.sizes == TINY and not again.training
    assert again.state_dict().keys() == model.state_dict().keys()
    assert all(torch.equal(values, again.state_dict()[name]) for name, values in model.state_dict().items())


def test_the_configuration_of_a_fine_tuned_model_is_that_of_its_encoder() -> None:
    state = build(TINY, 0).state_dict()
    cfg = {"model": {"encoder_attention_heads": 99, "w2v_args": {"model": RELEASED | {"encoder_attention_heads": 8}}}}
    assert from_checkpoint({"model": state, "cfg": cfg}, "it").sizes.heads == 8


def test_another_activation_is_refused_by_name() -> None:
    checkpoint = {"model": build(TINY, 0).state_dict(), "cfg": {"model": RELEASED | {"activation_fn": "relu"}}}
    with pytest.raises(CheckpointError, match=r"a\.pt: .*activation_fn='relu'"):
        from_checkpoint(checkpoint, "a.pt")


@pytest.mark.parametrize(
    "form", [Form(norm_first=False), Form(fuse="add"), Form(activation="relu"), Form(stream_layers=2)]
)
def test_forms_that_were_not_released_are_told_by_their_weights_and_configuration(form: Form) -> None:
    sizes = replace(TINY, form=form)
    model = build(sizes, 0)
    config = RELEASED | {"layer_norm_first": form.norm_first}
    again = from_checkpoint({"model": model.state_dict(), "cfg": {"model": config}}, "it")
    assert again.sizes == sizes
    rows = torch.randn(1, 3, 104)
    with torch.inference_mode():
        assert torch.equal(again(rows)["last"], model(rows)["last"])


def test_weights_of_two_forms_are_refused() -> None:
    state = build(replace(TINY, form=Form(stream_layers=1)), 0).state_dict()
    state = {name: values for name, values in state.items() if not name.startswith("feature_extractor_audio.encoder.")}
    with pytest.raises(CheckpointError, match=r"^it: .*unexpected: feature_extractor_video\.encoder\."):
        from_state(state, "it", heads=4)


def test_files_of_something_else_are_refused_by_what_they_are() -> None:
    state = build(TINY, 0).state_dict()
    with pytest.raises(CheckpointError, match=r"a\.pt: .*`model` is missing, it has epoch, weights"):
        from_checkpoint({"epoch": 3, "weights": state}, "a.pt")
    with pytest.raises(CheckpointError, match=r"`model` is missing, it has list"):
        from_checkpoint([state], "a.pt")  # type: ignore[arg-type]
    with pytest.raises(CheckpointError, match=r"no configuration cfg\.model\.w2v_args\.model"):
        from_checkpoint({"model": state, "cfg": {"model": {"w2v_args": "namespace"}}}, "a.pt")
    with pytest.raises(
        CheckpointError, match=r"feature_extractor_audio\.proj\.weight is missing; it begins with conv1"
    ):
        from_state({"conv1.weight": torch.zeros(3)}, "a.pt")
    for shape in ((32,), (32, 0, 16)):
        with pytest.raises(CheckpointError, match=r"a\.pt: .*impossible shapes"):
            from_state(state | {"encoder.pos_conv.0.weight_v": torch.zeros(shape)}, "a.pt", heads=4)
    with pytest.raises(CheckpointError, match="width 32: weights do not show the number of heads"):
        from_state(state, "a.pt")
    with pytest.raises(CheckpointError, match="width 32 cannot have 5"):
        from_state(state, "a.pt", heads=5)
    with pytest.raises(CheckpointError, match=r"(?s)a\.pt: .*encoder\.layer_norm\.bias"):
        from_state({k: v for k, v in state.items() if k != "encoder.layer_norm.bias"}, "a.pt", heads=4)
    with pytest.raises(CheckpointError, match=r"(?s)a\.pt: .*surplus"):
        from_state(state | {"surplus": torch.zeros(1)}, "a.pt", heads=4)


@pytest.mark.parametrize("case", ["pretrain_preln", "seq2seq_finetuned"])
def test_reference_files_hold_the_model_of_their_weights(golden: Golden, case: str) -> None:
    folder = golden(f"avhubert/{case}")
    found = from_checkpoint(read_checkpoint(folder / "checkpoint.pt"), case)
    expected = from_state(load_file(folder / "weights.safetensors"), case, heads=4)
    assert found.sizes == expected.sizes
    state = found.state_dict()
    assert all(torch.equal(values, state[name]) for name, values in expected.state_dict().items())
