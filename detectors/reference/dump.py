"""Reference features: what the original code of an encoder gives for a list of clips, at every stage, in one .npz.

`python -m detectors parity` compares them with this project's port. README.md beside this file has the set-up and the
form of the .npz. This one file can be copied to where the original runs (Python 3.10): it needs torch, numpy and the
original repository, nothing of this project.

The original's own code loads the model, reads the clips and prepares them; this script finds the modules whose outputs
are stages and keeps what they give. fairseq executes what is in a checkpoint: dump only files that you trust.
"""

import argparse
import hashlib
import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

FORMAT = 1
RATE = 16_000
PACKAGES = ("torch", "numpy", "scipy", "cv2", "av", "torchaudio", "torchvision", "fairseq")
"""Whose versions are noted."""
STREAMS = {"a": ("sound",), "v": ("pictures",), "av": ("pictures", "sound")}
Inputs = dict[str, torch.Tensor]


class DumpError(Exception):
    """The dump cannot be made; the message says what to do."""


class Taps:
    """What the modules of a model gave in its last run on one clip, by stage, each `(T, D) float32`."""

    def __init__(self) -> None:
        self.values: dict[str, np.ndarray] = {}

    def on(self, module: Any, stage: str, order: tuple[int, int, int] = (0, 1, 2)) -> None:
        """Keep what a module gives; `order` permutes its axes to `(B, T, D)`."""

        def keep(_module: Any, _inputs: Any, output: Any) -> None:
            while isinstance(output, tuple):  # blocks also give masks or positions
                output = output[0]
            self.keep(stage, output.permute(order))

        module.register_forward_hook(keep)

    def keep(self, stage: str, value: torch.Tensor) -> None:
        """Keep `value` `(1, T, D)`."""
        self.values[stage] = value[0].numpy().astype(np.float32)


class AvHubert:
    """AV-HuBERT 258fb50e with fairseq afc77bdf: pre-trained checkpoints and fine-tuned ones."""

    def __init__(self, options: Namespace, taps: Taps) -> None:
        # torch from 2.6 on refuses the classes in fairseq's files, which fairseq of that time does not foresee.
        os.environ.setdefault("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
        load = _module("fairseq.checkpoint_utils").load_model_ensemble_and_task
        _module("fairseq.utils").import_user_module(Namespace(user_dir=str(options.repo / "avhubert")))
        (model,), _, self.task = load([str(options.checkpoint)])
        for name in ("encoder", "w2v_encoder"):  # sequence to sequence, CTC
            model = getattr(getattr(model, name, None), "w2v_model", model)
        self.net, self.modality, self.sound = model.eval(), options.modality, options.sound
        if "a" in self.modality:
            taps.on(self.net.feature_extractor_audio, "audio.front", (0, 2, 1))
        if "v" in self.modality:
            taps.on(self.net.feature_extractor_video.resnet, "visual.front", (0, 2, 1))
        taps.on(self.net.post_extract_proj, "joined")
        for number, layer in enumerate(self.net.encoder.layers, 1):
            taps.on(layer, f"layer{number}", (1, 0, 2))
        taps.on(self.net.encoder, "last")

    def inputs(self, video: Path, sound: Path) -> Inputs:
        """`pictures` `(T, 88, 88)` and `sound` `(T, 104)`, normalised, by AVHubertDataset's own code."""
        if self.sound == "int16":
            return self._loaded(self.modality, video, sound)
        with tempfile.TemporaryDirectory() as folder:
            wavfile = _module("scipy.io.wavfile")
            rate, samples = wavfile.read(sound)
            scaled = Path(folder) / "scaled.wav"
            wavfile.write(scaled, rate, samples.astype(np.float32) / 32768)
            whole = self._loaded("a", video, scaled) | self._loaded("v", video, scaled)
        steps = min(len(stream) for stream in whole.values())
        return {name: whole[name][:steps] for name in STREAMS[self.modality]}

    def _loaded(self, modality: str, video: Path, sound: Path) -> Inputs:
        module, task = _module("avhubert.hubert_dataset"), self.task.cfg
        dataset = module.AVHubertDataset.__new__(module.AVHubertDataset)  # its constructor wants labels
        tools = module.custom_utils
        dataset.modalities = [{"sound": "audio", "pictures": "video"}[stream] for stream in STREAMS[modality]]
        dataset.audio_root, dataset.noise_prob, dataset.stack_order_audio = "", 0.0, task.stack_order_audio
        crop = tools.CenterCrop((task.image_crop_size, task.image_crop_size))
        normal = tools.Normalize(task.image_mean, task.image_std)
        dataset.transform = tools.Compose([tools.Normalize(0.0, 255.0), crop, normal])
        pictures, rows = dataset.load_feature((str(video), f"{sound}:0"))
        found: Inputs = {}
        if pictures is not None:
            found["pictures"] = torch.from_numpy(pictures.astype(np.float32))[..., 0]
        if rows is not None:
            found["sound"] = torch.from_numpy(rows.astype(np.float32))
            if task.normalize:
                found["sound"] = torch.nn.functional.layer_norm(found["sound"], found["sound"].shape[1:])
        return found

    def run(self, inputs: Inputs) -> None:
        """One pass, which the taps listen to."""
        source: dict[str, torch.Tensor | None] = {"audio": None, "video": None}
        if "sound" in inputs:
            source["audio"] = inputs["sound"].T[None]
        if "pictures" in inputs:
            source["video"] = inputs["pictures"][None, None]
        self.net.extract_finetune(source, None, mask=False)


class Braven:
    """BRAVEn (raven 11fb53f8), fine-tuned checkpoints; audio or visual.

    The repository's transforms need pytorchvideo, which recent torchvision breaks; the same torchvision calls stand
    here in their place. Its CTC loss, which is not used, is that of torch.
    """

    def __init__(self, options: Namespace, taps: Taps) -> None:
        sys.path.insert(0, str(options.repo))
        state = _state(options.checkpoint, "ctc.ctc_lo.weight")
        backbone = {"a": "audio", "v": "visual"}[options.modality]
        config = options.repo / f"conf/model/{backbone}_backbone/resnet_transformer_large.yaml"
        values = _module("yaml").safe_load(config.read_text()) | _braven_sizes(state)
        e2e = _module("espnet.nets.pytorch_backend.e2e_asr_transformer").E2E
        model = e2e(state["ctc.ctc_lo.weight"].shape[0], Namespace(**values)).eval()
        model.load_state_dict(state)
        dataset = _module("data.dataset").AVDataset
        self.encoder, self.reader = model.encoder, dataset.__new__(dataset)
        _tap_espnet(taps, self.encoder, f"{backbone}.front", "")

    def inputs(self, video: Path, sound: Path) -> Inputs:
        """`pictures` `(T, 88, 88)`, normalised, or `sound` `(L,)`, as it is."""
        if isinstance(getattr(self.encoder.frontend, "frontend3D", None), torch.nn.Module):
            transforms = _module("torchvision.transforms")
            frames = transforms.CenterCrop(88)(self.reader.load_video(str(video)) / 255.0).transpose(0, 1)
            return {"pictures": transforms.Normalize([0.421], [0.165])(transforms.Grayscale()(frames))[:, 0]}
        return {"sound": self.reader.load_audio(str(sound))[0]}

    def run(self, inputs: Inputs) -> None:
        """One pass, which the taps listen to."""
        self.encoder(inputs["pictures"][None] if "pictures" in inputs else inputs["sound"][None, :, None], None)


def _braven_sizes(state: dict[str, torch.Tensor]) -> dict[str, Any]:
    """The configuration's entries that a checkpoint shows, so that base models load too."""
    units, width = state["encoder.encoders.0.feed_forward.w_1.weight"].shape
    heads = state["encoder.encoders.0.self_attn.pos_bias_u"].shape[0]
    sizes = {"adim": width, "aheads": heads, "eunits": units, "elayers": _blocks(state, "encoder.encoders.")}
    decoder = {"ddim": state["decoder.embed.0.weight"].shape[1], "dheads": heads}
    decoder["dunits"] = state["decoder.decoders.0.feed_forward.w_1.weight"].shape[0]
    return sizes | decoder | {"dlayers": _blocks(state, "decoder.decoders."), "ctc_type": "builtin"}


def _blocks(state: dict[str, torch.Tensor], prefix: str) -> int:
    return len({name[len(prefix) :].split(".")[0] for name in state if name.startswith(prefix)})


class AutoAvsr:
    """Auto-AVSR: audio or visual (main branch 182b6283 or v1.0.0), or both fused (v1.0.0, commit 30951b51)."""

    def __init__(self, options: Namespace, taps: Taps) -> None:
        sys.path.insert(0, str(options.repo))
        state, self.modality = _state(options.checkpoint, "ctc.ctc_lo.weight"), options.modality
        words, main = state["ctc.ctc_lo.weight"].shape[0], "proj_encoder.weight" in state
        if main != (options.repo / "espnet/nets/pytorch_backend/encoder").is_dir():
            wanted = "the main branch" if main else "tag v1.0.0"
            raise DumpError(f"{options.checkpoint}: its weights are those of {wanted}: check it out in {options.repo}")
        name = {"a": "audio", "v": "visual", "av": "audiovisual"}[self.modality]
        if main:
            kind = {"a": "audio", "v": "video"}[self.modality]
            self.model = _module("espnet.nets.pytorch_backend.e2e_asr_conformer").E2E(words, kind).eval()
        else:
            config = options.repo / f"configs/model/{name}_backbone/resnet_conformer.yaml"
            module = "e2e_asr_conformer_av" if self.modality == "av" else "e2e_asr_conformer"
            values = Namespace(**_module("yaml").safe_load(config.read_text()))
            self.model = _module(f"espnet.nets.pytorch_backend.{module}").E2E(words, values).eval()
        self.model.load_state_dict(state)
        transforms = _module("datamodule.transforms")
        self.transforms = transforms.VideoTransform("test"), transforms.AudioTransform("test")
        self._tap(taps, name, main)
        self.taps = taps

    def _tap(self, taps: Taps, name: str, main: bool) -> None:
        if main:
            taps.on(self.model.frontend, f"{name}.front")
        if self.modality != "av":
            _tap_espnet(taps, self.model.encoder, None if main else f"{name}.front", "")
            return
        _tap_espnet(taps, self.model.encoder, "visual.front", "visual.")
        _tap_espnet(taps, self.model.aux_encoder, "audio.front", "audio.")

    def inputs(self, video: Path, sound: Path) -> Inputs:
        """`pictures` `(T, 88, 88)`, and `sound` `(L,)`, both normalised; L is 640 T where both are taken."""
        module, found = _module("datamodule.av_dataset"), dict[str, torch.Tensor]()
        pictures, waves = self.transforms
        if "v" in self.modality:
            frames = module.load_video(str(video))
            found["pictures"] = pictures(frames)[:, 0]
        if "a" in self.modality:
            wave = module.load_audio(str(sound))
            if self.modality == "av":
                wave = module.cut_or_pad(wave, len(frames) * 640)
            found["sound"] = waves(wave)[:, 0]
        return found

    def run(self, inputs: Inputs) -> None:
        """One pass, which the taps listen to."""
        model, streams = self.model, {name: stream[None, :, None] for name, stream in inputs.items()}
        if self.modality == "av":
            both = [model.encoder(streams["pictures"], None)[0], model.aux_encoder(streams["sound"], None)[0]]
            self.taps.keep("last", model.fusion(torch.cat(both, dim=-1)))
            return
        (stream,) = streams.values()
        model.encoder(model.proj_encoder(model.frontend(stream)) if hasattr(model, "frontend") else stream, None)


def _tap_espnet(taps: Taps, encoder: Any, front: "str | None", prefix: str) -> None:
    if front:
        taps.on(encoder.frontend, front)
    for number, layer in enumerate(encoder.encoders, 1):
        taps.on(layer, f"{prefix}layer{number}")
    taps.on(encoder.after_norm, f"{prefix}last")


MODELS: dict[str, Callable[[Namespace, Taps], Any]] = {"avhubert": AvHubert, "braven": Braven, "autoavsr": AutoAvsr}


def _module(name: str) -> Any:
    """A module of the original or of its environment."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DumpError(f"{name} cannot be imported ({error}); README.md beside {__file__} has the set-up") from error


def _state(path: Path, known: str) -> dict[str, torch.Tensor]:
    """A flat state dict."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict) or known not in state:
        raise DumpError(f"{path}: no fine-tuned checkpoint of this model, which has {known}")
    return state


def clips_of(path: Path) -> list[tuple[str, Path, Path]]:
    """Name, video and sound of every line of a list; blank lines and comments (#) are left out.

    Raises:
        DumpError: the list cannot be read, is empty or names a clip twice.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DumpError(f"{path}: the list of clips cannot be read: {error}") from error
    names = [line for line in lines if line and not line.startswith("#")]
    if not names or len(set(names)) < len(names):
        raise DumpError(f"{path}: expected the path of one video a line, each once; it has {len(names)} lines")
    videos = [path.parent / name for name in names]
    return [(name, file, sound_of(file)) for name, file in zip(names, videos, strict=True)]


def sound_of(video: Path) -> Path:
    """`<stem>.wav` beside `<stem>_roi.mp4` or `<stem>.mp4`."""
    stem = video.stem[:-4] if video.stem.endswith("_roi") else video.stem
    return video.with_name(f"{stem}.wav")


def dump(options: Namespace) -> None:
    """Run the original on every clip and write what its stages give."""
    _check(options)
    clips = clips_of(options.clips)
    both = STREAMS["av" if options.sound == "float" else options.modality]
    files = [{"pictures": video, "sound": sound} for _, video, sound in clips]
    files = [{stream: streams[stream] for stream in both} for streams in files]
    for missing in (file for streams in files for file in streams.values() if not file.is_file()):
        raise DumpError(f"{missing}: there is no such file; clips are <stem>_roi.mp4 or <stem>.mp4 beside <stem>.wav")
    taps = Taps()
    with torch.inference_mode():
        with _said(f"{options.checkpoint}: the original cannot load it"):
            model = MODELS[options.model](options, taps)
        found = []
        for number, (name, video, sound) in enumerate(clips, 1):
            print(f"{number} of {len(clips)}: {name}", file=sys.stderr)
            with _said(f"{name}: the original cannot take it in"):
                found.append(_stages(model, taps, video.resolve(), sound.resolve()))
    named = [{"name": name, "sha256": {key: sha256(file) for key, file in streams.items()}}
             for (name, _, _), streams in zip(clips, files, strict=True)]  # fmt: skip
    write(options.out, metadata(options) | {"clips": named}, found)


def _stages(model: Any, taps: Taps, video: Path, sound: Path) -> dict[str, np.ndarray]:
    """A clip's inputs and what the taps hear, by stage."""
    taps.values.clear()
    inputs = model.inputs(video, sound)
    model.run(inputs)
    return {stage: np.asarray(value) for stage, value in inputs.items()} | taps.values


@contextmanager
def _said(what: str) -> Iterator[None]:
    """Whatever the original raises inside becomes a `DumpError`."""
    try:
        yield
    except DumpError:
        raise
    except Exception as error:  # what its many packages raise is no closed list
        raise DumpError(f"{what}: {error!r:.1000}") from error


def _check(options: Namespace) -> None:
    if options.modality == "av" and options.model == "braven":
        raise DumpError("BRAVEn has an audio model and a visual one: --modality a or v")
    if options.sound == "float" and options.model != "avhubert":
        raise DumpError("--sound is a choice of AV-HuBERT alone; leave it out")
    if not options.repo.is_dir():
        raise DumpError(f"{options.repo}: there is no such folder; clone the original's repository")
    if not options.checkpoint.is_file():
        raise DumpError(f"{options.checkpoint}: there is no such file")


def metadata(options: Namespace) -> dict[str, Any]:
    """What the dump was made with."""
    loaded = [(name, sys.modules[name]) for name in PACKAGES if name in sys.modules]
    versions = {name: str(getattr(module, "__version__", "unknown")) for name, module in loaded}
    return {
        "format": FORMAT,
        "model": options.model,
        "modality": options.modality,
        "sound": options.sound,
        "checkpoint": {"name": options.checkpoint.name, "sha256": sha256(options.checkpoint)},
        "commit": _commit(options.repo),
        "versions": {"python": platform.python_version()} | versions,
    }


def _commit(repo: Path) -> "str | None":
    if not (repo / ".git").exists():
        return None
    command = ["git", "-C", str(repo), "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip() or None


def sha256(path: Path) -> str:
    """Of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write(path: Path, meta: dict[str, Any], clips: "list[dict[str, np.ndarray]]") -> None:
    """An uncompressed .npz: `meta`, JSON text, and each clip's stages as `<number>/<stage>`, float32."""
    arrays: dict[str, Any] = {"meta": np.array(json.dumps(meta))}
    arrays |= {f"{number}/{stage}": v.astype("<f4") for number, clip in enumerate(clips) for stage, v in clip.items()}
    with path.open("wb") as file:
        np.savez(file, **arrays)


def main(arguments: "list[str] | None" = None) -> int:
    """Run the command that was typed; 1 when it could not be done."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--model", required=True, choices=MODELS)
    parser.add_argument("--repo", required=True, type=Path, help="clone of the original's repository")
    parser.add_argument("--checkpoint", required=True, type=Path, help="published weights; fairseq's are executed")
    parser.add_argument("--clips", required=True, type=Path, help="list of videos, one a line, from the list's folder")
    parser.add_argument("--modality", required=True, choices=STREAMS)
    parser.add_argument("--out", required=True, type=Path, help="the .npz to write")
    sounds = "int16, as AV-HuBERT reads sound (default), or float, as AVH-Align does, whose features SSR-DFD has"
    parser.add_argument("--sound", choices=("int16", "float"), default="int16", help=sounds)
    try:
        dump(parser.parse_args(arguments))
    except (DumpError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
