"""`python -m detectors parity`: ports against the originals' recorded outputs, planted faults, and what it refuses."""

import json
import os
import subprocess
import sys
import zipfile
from argparse import Namespace
from pathlib import Path

import av
import dumps
import numpy as np
import pytest
import torch
from scipy.io import wavfile
from torch import Tensor, nn
from vectors import Case

from clips import tone, write_mp4
from detectors.__main__ import main
from detectors.nets import autoavsr, braven
from detectors.nets.avhubert_input import audio_rows, normal_rows, stacked_log_mel
from detectors.nets.sound import SoundSizes
from detectors.nets.stream import Stream, StreamSizes, Widths
from detectors.nets.visual import VisualSizes
from detectors.parity.dump import read_dump
from detectors.reference import dump
from paths import ROOT

LAYERS = (4, 6, 8, 10)
VISUAL = StreamSizes(VisualSizes(4, LAYERS), Widths(8, 2, 16, 3))
SOUND = StreamSizes(SoundSizes(4, LAYERS), Widths(8, 2, 16, 2))


@pytest.fixture
def parity(capsys):
    def run(*arguments: object) -> tuple[int, str, str]:
        """Exit status, what is said last, and errors."""
        status = main(["parity", *map(str, arguments)])
        said = capsys.readouterr()
        return status, said.out.strip().split("\n")[-1], said.err

    return run


def staged(net: Stream, inputs: dict[str, Tensor], front: str) -> dict[str, Tensor]:
    """What a stream's stages give, collected by hand from its parts."""
    (stream,) = inputs.values()
    with torch.inference_mode():
        outputs = net(stream[None])
    layers = {f"layer{number}": layer[0] for number, layer in enumerate(outputs.layers, 1)}
    return inputs | {front: outputs.front[0], **layers, "last": outputs.features[0]}


@pytest.fixture
def visual(tmp_path: Path) -> tuple[Path, Path]:
    """A dump of two clips and the checkpoint it says it is of: a small random BRAVEn."""
    net = braven.build(VISUAL, seed=1)
    state = {f"encoder.{name}": value for name, value in net.state_dict().items()}
    checkpoint = dumps.saved(state, tmp_path / "weights.pth")
    clips = {
        f"{name}_roi.mp4": staged(net, {"pictures": torch.randn(frames, 88, 88)}, "visual.front")
        for name, frames in {"one": 4, "two": 3}.items()
    }
    return dumps.write(tmp_path / "dump.npz", dumps.described(checkpoint, "braven", "v", clips), clips), checkpoint


def recorded(case: Case, name: str, stream: str, front: str) -> dict[str, Tensor]:
    """Stages of an input of a case, as the original recorded them."""
    x = case.inputs[name][0]
    inputs = {stream: x.squeeze(1) if x.ndim == 4 else x[:, 0] if stream == "sound" else x}
    layers = {f"layer{number}": layer[0] for number, layer in enumerate(case.outputs[f"{name}.layers"], 1)}
    return inputs | {front: case.outputs[f"{name}.frontend"][0], **layers, "last": case.outputs[f"{name}.features"][0]}


@pytest.mark.parametrize(
    ("folder", "inputs", "port"),
    [
        ("braven/video_tiny", ["video_a", "video_one_frame"], "braven_v"),
        ("braven/audio_tiny", ["audio_a", "audio_b", "audio_zeros"], "braven_a"),
        ("auto_avsr/main_video_tiny", ["x_a"], "autoavsr_v"),
        ("auto_avsr/main_audio_tiny", ["x_a"], "autoavsr_a"),
    ],
)
def test_ports_agree_with_what_the_originals_gave(golden, tmp_path, parity, folder, inputs, port):
    case = Case(golden(folder))
    checkpoint, (model, modality) = case.folder / "checkpoint.pth", port.split("_")
    stream, front = ("sound", "audio.front") if modality == "a" else ("pictures", "visual.front")
    clips = {f"{name}.mp4": recorded(case, name, stream, front) for name in inputs}
    path = dumps.write(tmp_path / "dump.npz", dumps.described(checkpoint, model, modality, clips), clips)
    status, said, _ = parity(port, path, "--checkpoint", checkpoint)
    assert (status, said.startswith(f"They agree: {sum(map(len, clips.values()))} stages")) == (0, True), said


@pytest.mark.parametrize("modality", ["a", "v", "av"])
def test_avhubert_agrees_with_what_the_original_gave(golden, tmp_path, parity, modality):
    case = Case(golden("avhubert/pretrain_preln"))
    checkpoint, kind = case.folder / "checkpoint.pt", {"a": "audio", "v": "video"}.get(modality, "av")
    one = {name: value[0] for name, value in case.outputs.items() if name.startswith("single/")}
    stages = {f"layer{number}": one[f"single/{kind}/layer{number}"] for number in (1, 2, 3)}
    stages |= {"last": one[f"single/{kind}/last"], "joined": one[f"single/{kind}/inter/post_extract_proj"]}
    if "a" in modality:
        stages["audio.front"] = one["single/av/inter/feat_audio"].T
        stages["sound"] = case.inputs["audio"][1, :, :9].T
    if "v" in modality:
        stages["visual.front"] = one["single/av/inter/resnet"].T
        stages["pictures"] = case.inputs["video"][1, 0, :9]
    clips = {"item.mp4": stages}
    path = dumps.write(tmp_path / "dump.npz", dumps.described(checkpoint, "avhubert", modality, clips), clips)
    assert parity(f"avhubert_{modality}", path, "--checkpoint", checkpoint)[0] == 0


def test_fused_model_is_compared_in_both_streams(tmp_path, parity):
    widths = Widths(8, 2, 16, 1, 3)
    sizes = (StreamSizes(VisualSizes(4, LAYERS), widths), StreamSizes(SoundSizes(4, LAYERS), widths))
    net = autoavsr.build_fused(autoavsr.FusedSizes(*sizes, 14, 6), seed=1)
    checkpoint = dumps.saved(net.state_dict(), tmp_path / "weights.pth")
    inputs = {"pictures": torch.randn(3, 88, 88), "sound": torch.randn(3 * 640)}
    with torch.inference_mode():
        both = [net.encoder(inputs["pictures"][None]), net.aux_encoder(inputs["sound"][None])]
        fused = net.fusion(torch.cat([outputs.features for outputs in both], dim=-1))[0]
    stages = inputs | {"last": fused}
    for kind, outputs in zip(("visual", "audio"), both, strict=True):
        stages |= {f"{kind}.front": outputs.front[0], f"{kind}.layer1": outputs.layers[0][0]}
        stages[f"{kind}.last"] = outputs.features[0]
    clips = {"a.mp4": stages}
    meta = dumps.described(checkpoint, "autoavsr", "av", clips)
    path = dumps.write(tmp_path / "dump.npz", meta, clips)
    assert parity("autoavsr_av", path, "--checkpoint", checkpoint)[0] == 0
    stages["audio.layer1"] = stages["audio.layer1"] + 0.1
    dumps.write(path, meta, clips)
    status, said, _ = parity("autoavsr_av", path, "--checkpoint", checkpoint)
    assert (status, "They part at audio layer1 of a.mp4: 0.1 apart" in said) == (1, True), said


def test_a_changed_weight_is_found_where_it_is(visual, tmp_path, parity):
    path, checkpoint = visual
    state = torch.load(checkpoint)
    state["encoder.encoders.1.feed_forward.w_2.bias"][3] += 0.5
    dumps.saved(state, checkpoint)
    clips = {name: {} for name in ("one_roi.mp4", "two_roi.mp4")}
    dumps.rewrite(path, meta=dumps.described(checkpoint, "braven", "v", clips))
    status, said, _ = parity("braven_v", path, "--checkpoint", checkpoint)
    assert status == 1
    assert "They part at layer2 of one_roi.mp4" in said
    assert "what comes before agrees (visual front end to layer1)" in said
    assert "They part in 2 of 2 clips (layer2 in 2)" in said


def test_the_table_has_every_stage_and_the_tolerance_decides(visual, capsys):
    path, checkpoint = visual
    with np.load(path) as file:
        value = file["1/layer3"].copy()
    value[0, 0] += 0.01 * np.abs(value).max()
    dumps.rewrite(path, **{"1/layer3": value})
    arguments = ["parity", "braven_v", str(path), "--checkpoint", str(checkpoint)]
    assert main(arguments) == 1
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if "_roi.mp4 " in line]
    parted = [row for row in rows if row[-1] == "parts"]
    assert [(row[0], row[1]) for row in parted] == [("two_roi.mp4", "layer3")]
    assert 0.0098 < float(parted[0][3]) < 0.0102
    assert [row[-1] for row in rows].count("given") == 2 and len(rows) == 12
    assert main([*arguments, "--tolerance", "0.02"]) == 0


def test_shapes_and_numbers_that_are_none_part_too(visual, parity):
    path, checkpoint = visual
    with np.load(path) as file:
        short, odd = file["0/last"][:-1], file["0/layer1"].copy()
    dumps.rewrite(path, **{"0/last": short})
    status, said, _ = parity("braven_v", path, "--checkpoint", checkpoint)
    assert (status, "They part at last of one_roi.mp4: shape (4, 8) instead of (3, 8)" in said) == (1, True), said
    odd[1, 1] = np.nan
    dumps.rewrite(path, **{"0/layer1": odd})
    status, said, _ = parity("braven_v", path, "--checkpoint", checkpoint)
    assert (status, "They part at layer1 of one_roi.mp4: inf apart" in said) == (1, True), said


# Clips: what the port makes of the same files


def own_clips(folder: Path, frames: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """`a_roi.mp4` and `a.wav`, and what is in them: RGB pictures and int16 samples."""
    write_mp4(folder / "a_roi.mp4", count=frames, size=(96, 96))
    sound = (tone(samples / 16_000, 0.02) * 32767).astype(np.int16)
    wavfile.write(folder / "a.wav", 16_000, sound)
    with av.open(str(folder / "a_roi.mp4")) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]), sound


def dumped_clip(folder: Path, net: Stream, stages: dict[str, Tensor], port: str) -> list[str]:
    """The arguments of a comparison with a dump of `a_roi.mp4`, whose files it has the hashes of."""
    model, modality = port.split("_")
    state = {f"encoder.{name}": value for name, value in net.state_dict().items()}
    checkpoint = dumps.saved(state, folder / "weights.pth")
    meta = dumps.described(checkpoint, model, modality, {"a_roi.mp4": {}})
    meta["clips"][0]["sha256"] = {"pictures": dump.sha256(folder / "a_roi.mp4"), "sound": dump.sha256(folder / "a.wav")}
    path = dumps.write(folder / "dump.npz", meta, {"a_roi.mp4": stages})
    return [port, str(path), "--checkpoint", str(checkpoint), "--clips", str(folder)]


def test_pictures_are_prepared_as_the_original_does(tmp_path, parity):
    rgb, _ = own_clips(tmp_path, 5, 3200)
    luma = (rgb[:, 4:92, 4:92] / 255) @ [0.2989, 0.587, 0.114]
    net = braven.build(VISUAL, seed=1)
    stages = staged(net, {"pictures": torch.from_numpy(((luma - 0.421) / 0.165).astype(np.float32))}, "visual.front")
    arguments = dumped_clip(tmp_path, net, stages, "braven_v")
    assert parity(*arguments)[0] == 0
    dumps.rewrite(Path(arguments[1]), **{"0/pictures": stages["pictures"].numpy() + np.float32(0.05)})
    status, said, _ = parity(*arguments)
    assert (status, "They part at input pictures of a_roi.mp4" in said, "Leave --clips out" in said) == (1, True, True)


def test_sound_is_prepared_as_the_original_does(tmp_path, parity):
    _, sound = own_clips(tmp_path, 5, 3000)
    net = braven.build(SOUND, seed=1)
    stages = staged(net, {"sound": torch.from_numpy(sound / np.float32(32768))}, "audio.front")
    arguments = dumped_clip(tmp_path, net, stages, "braven_a")
    assert parity(*arguments)[0] == 0
    (tmp_path / "a.wav").write_bytes((tmp_path / "a.wav").read_bytes()[:-2])
    status, _, error = parity(*arguments)
    assert (status, "a.wav: is not the file that was dumped" in error) == (1, True)
    (tmp_path / "a.wav").unlink()
    assert "a.wav: there is no such file" in parity(*arguments)[2]


@pytest.mark.parametrize(("samples", "steps"), [(640 * 9, 6), (640 * 4, 4)])
def test_avhuberts_streams_are_cut_by_the_rule_that_was_dumped(tmp_path, samples, steps):
    from detectors.parity.inputs import own_inputs

    _, sound = own_clips(tmp_path, 6, samples)
    clip = Namespace(name="a_roi.mp4", sha256={})
    scaled = own_inputs(Namespace(model="avhubert", modality="a", sound="float"), clip, tmp_path)["sound"]
    assert torch.equal(scaled, audio_rows(sound.astype(np.float32) / 32768)[:steps])
    whole = own_inputs(Namespace(model="avhubert", modality="a", sound="int16"), clip, tmp_path)["sound"]
    assert torch.equal(whole, normal_rows(stacked_log_mel(sound)))
    both = own_inputs(Namespace(model="avhubert", modality="av", sound="int16"), clip, tmp_path)
    assert both["pictures"].shape == (6, 88, 88) and both["sound"].shape == (6, 104)
    assert torch.equal(both["sound"][:steps], whole[:steps]) and not both["sound"][steps:].any()


def test_autoavsrs_sound_is_cut_or_padded_to_the_pictures_before_it_is_normalised(tmp_path):
    from detectors.parity.inputs import own_inputs

    _, sound = own_clips(tmp_path, 6, 640 * 4 + 100)
    clip = Namespace(name="a_roi.mp4", sha256={})
    found = own_inputs(Namespace(model="autoavsr", modality="av", sound="int16"), clip, tmp_path)
    padded = np.pad(sound / 32768, (0, 640 * 6 - len(sound)))
    expected = (padded - padded.mean()) / padded.std()
    assert found["pictures"].shape == (6, 88, 88)
    np.testing.assert_allclose(found["sound"].numpy(), expected, atol=1e-5)


# What is refused


def test_other_weights_or_another_port_are_refused(visual, tmp_path, parity):
    path, checkpoint = visual
    other = dumps.saved({"encoder.x": torch.ones(1)}, tmp_path / "other.pth")
    status, _, error = parity("braven_v", path, "--checkpoint", other)
    assert status == 1 and "was made with weights.pth" in error and "Traceback" not in error
    assert "there is no such file" in parity("braven_v", path, "--checkpoint", tmp_path / "none.pth")[2]
    assert "is of braven v, braven_a is braven a" in parity("braven_a", path, "--checkpoint", checkpoint)[2]
    dumps.rewrite(path, meta={"checkpoint": {"name": "other.pth", "sha256": dump.sha256(other)}})
    status, _, error = parity("braven_v", path, "--checkpoint", other)
    assert status == 1 and "other.pth: no encoder of BRAVEn" in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["braven_b", "d.npz", "--checkpoint", "w"], "did you mean"),
        (["braven_v", "d.npz"], "--checkpoint"),
        (["braven_v", "d.npz", "--checkpoint", "w", "--tolerance", "0"], "a tolerance is above 0, not 0"),
        (["braven_v", "d.npz", "--checkpoint", "w", "--tolerance", "nan"], "a tolerance is above 0, not nan"),
        (["braven_v", "d.npz", "--checkpoint", "w", "--tolerance", "x"], "invalid"),
    ],
)
def test_usage_errors(capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        main(["parity", *arguments])
    assert (stop.value.code, message in capsys.readouterr().err) == (2, True)


CHANGES = {
    "of format 2": {"meta": {"format": 2}},
    "2 clips and has values of 1": {
        f"0/{name}": None for name in ("pictures", "visual.front", "layer1", "layer2", "layer3", "last")
    },
    "different stages": {"0/layer3": None},
    "it lacks last": {"0/last": None, "1/last": None},
    "is no SHA-256": {"meta": {"checkpoint": {"name": "w", "sha256": "../"}}},
    "modality 'x'": {"meta": {"modality": "x"}},
    "model is no text": {"meta": {"model": "a\x1b[2J"}},
    "a clip has no name": {"meta": {"clips": [{"name": "\x1b[2J", "sha256": {}}] * 2}},
    "KeyError('versions')": {},
    "0/layer1.npy holds float64": {"0/layer1": np.ones((4, 8))},
    "0/layer1.npy holds float32 (0, 8)": {"0/layer1": np.ones((0, 8), np.float32)},
    "pictures has the shape": {"0/pictures": np.ones((4, 88), np.float32)},
    "0/a/b.npy holds": {"0/a/b": np.ones((4, 8), np.float32)},
}


@pytest.mark.parametrize("message", CHANGES)
def test_dumps_of_another_form_are_refused(visual, parity, message):
    path, checkpoint = visual
    dumps.rewrite(path, **CHANGES[message])
    if not CHANGES[message]:
        with np.load(path) as file:
            meta = json.loads(str(file["meta"]))
            arrays = dict(file)
        np.savez(path, **(arrays | {"meta": np.array(json.dumps({k: v for k, v in meta.items() if k != "versions"}))}))
    status, _, error = parity("braven_v", path, "--checkpoint", checkpoint)
    assert status == 1 and str(path) in error and message in error and "Traceback" not in error


class Harmful:
    def __reduce__(self):
        return os.mkdir, (os.environ["MARKER"],)


def test_nothing_in_a_dump_is_executed(visual, tmp_path, monkeypatch, parity):
    monkeypatch.setenv("MARKER", str(tmp_path / "marker"))
    path, checkpoint = visual
    dumps.rewrite(path, **{"0/layer1": np.array([Harmful()], dtype=object)})
    assert parity("braven_v", path, "--checkpoint", checkpoint)[0] == 1
    assert not (tmp_path / "marker").exists()


def cut(path: Path) -> bytes:
    return path.read_bytes()[: path.stat().st_size // 2]


def flipped(path: Path) -> bytes:
    data = bytearray(path.read_bytes())
    data[data.index(b"1/layer2.npy") + 200] ^= 255
    return bytes(data)


def compressed(path: Path) -> bytes:
    with np.load(path) as file:
        np.savez_compressed(path.with_name("small.npz"), **dict(file))
    return path.with_name("small.npz").read_bytes()


def boastful(path: Path) -> bytes:
    """The header of an array claims a terabyte."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(path.with_name("new.npz"), "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "0/layer1.npy":
                content = content.replace(b"(4, 8), }        ", b"(400000000, 800), }", 1)[: len(content)]
            new.writestr(name, content)
    return path.with_name("new.npz").read_bytes()


@pytest.mark.parametrize("damage", [cut, flipped, compressed, boastful, lambda path: b"", lambda path: b"<html>"])
def test_damaged_dumps_are_refused(visual, parity, damage):
    path, checkpoint = visual
    path.write_bytes(damage(path))
    status, _, error = parity("braven_v", path, "--checkpoint", checkpoint)
    assert status == 1 and str(path) in error and "no dump of reference features" in error


# The script that dumps


class Original(nn.Module):
    """A stand-in for an original: its front end gives rows of ones, its layer doubles, its norm is none."""

    def __init__(self, options: Namespace, taps: dump.Taps) -> None:
        super().__init__()
        self.layer, self.norm = nn.Linear(2, 2, bias=False), nn.Identity()
        nn.init.constant_(self.layer.weight, 1.0)
        taps.on(self.layer, "layer1", (1, 0, 2))
        taps.on(self.norm, "last")

    def inputs(self, video: Path, sound: Path) -> dict[str, Tensor]:
        return {"sound": torch.full((5,), float(len(sound.read_bytes())))}

    def run(self, inputs: dict[str, Tensor]) -> None:
        rows = inputs["sound"][:2].repeat(3, 1)[:, None]  # (T, B, D), as fairseq's layers have it
        self.norm(self.layer(rows).transpose(0, 1))


@pytest.fixture
def original(tmp_path: Path, monkeypatch) -> list[str]:
    """Arguments that dump a stand-in of BRAVEn on two clips."""
    monkeypatch.setitem(dump.MODELS, "braven", Original)
    for name, content in {"weights.pth": "w", "a.mp4": "v", "a.wav": "12", "b_roi.mp4": "v", "b.wav": "1234"}.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "list.txt").write_text("# two\na.mp4\n\nb_roi.mp4\n")
    named = {"repo": "", "checkpoint": "weights.pth", "clips": "list.txt", "out": "out.npz"}
    places = [text for option, name in named.items() for text in (f"--{option}", str(tmp_path / name))]
    return ["--model", "braven", "--modality", "a", *places]


def test_the_script_writes_what_the_modules_gave(original, tmp_path):
    assert dump.main(original) == 0
    found = read_dump(tmp_path / "out.npz")
    assert (found.model, found.modality, found.stages) == ("braven", "a", ("sound", "layer1", "last"))
    assert found.sha256 == dump.sha256(tmp_path / "weights.pth")
    assert [clip.name for clip in found.clips] == ["a.mp4", "b_roi.mp4"]
    assert found.clips[1].sha256 == {"sound": dump.sha256(tmp_path / "b.wav")}
    values = found.values(1)
    assert np.array_equal(values["sound"], np.full(5, 4.0)) and np.array_equal(values["last"], np.full((3, 2), 8.0))
    assert np.array_equal(values["layer1"], values["last"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"b.wav": None}, "b.wav: there is no such file"),
        ({"weights.pth": None}, "weights.pth: there is no such file"),
        ({"list.txt": ""}, "it has 0 lines"),
        ({"list.txt": "a.mp4\na.mp4\n"}, "each once"),
        ({"list.txt": None}, "cannot be read"),
    ],
)
def test_the_script_says_what_it_lacks(original, tmp_path, capsys, change, message):
    for name, content in change.items():
        (tmp_path / name).unlink()
        if content is not None:
            (tmp_path / name).write_text(content)
    assert dump.main(original) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and not (tmp_path / "out.npz").exists()


def test_what_the_original_raises_is_said_with_the_clip(original, capsys, monkeypatch):
    monkeypatch.setattr(Original, "run", lambda self, inputs: 1 / 0)
    assert dump.main(original) == 1
    assert "error: a.mp4: the original cannot take it in: ZeroDivisionError" in capsys.readouterr().err


def test_the_script_needs_nothing_of_this_project(tmp_path):
    # As a copy, elsewhere, as typed: without the original's environment it says what is missing.
    (tmp_path / "dump.py").write_bytes((ROOT / "detectors/reference/dump.py").read_bytes())
    for name in ("w.pt", "a.mp4", "a.wav"):
        (tmp_path / name).write_text("x")
    (tmp_path / "list.txt").write_text("a.mp4\n")
    command = "dump.py --model avhubert --repo . --checkpoint w.pt --clips list.txt --modality av --out out.npz"
    run = subprocess.run([sys.executable, *command.split()], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (run.returncode, run.stderr.count("\n")) == (1, 1)
    assert "fairseq.checkpoint_utils cannot be imported" in run.stderr and "README.md" in run.stderr
