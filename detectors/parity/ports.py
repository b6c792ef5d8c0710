"""Ports of the encoders that can be compared with their original, stage by stage.

Stages are named as reference/dump.py names them; see reference/README.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from ..nets.autoavsr import AudioVisual
    from ..nets.avhubert import AVHubert
    from ..nets.stream import Outputs, Stream

Stages = dict[str, "Tensor"]
Run = Callable[[Mapping[str, "Tensor"]], Stages]
"""From a clip's inputs to what a port gives at each stage after them, `(T, D)`."""


@dataclass(frozen=True)
class Port:
    """An encoder, the model and the modality that its original is dumped with, and what loads its checkpoint."""

    name: str
    model: str
    modality: str
    load: Callable[[Path], Run]


def _avhubert(path: Path) -> Run:
    from ..nets.avhubert import from_checkpoint
    from ..nets.checkpoints import read_checkpoint

    return partial(_run_avhubert, from_checkpoint(read_checkpoint(path), str(path)))


def _run_avhubert(net: "AVHubert", inputs: Mapping[str, "Tensor"]) -> Stages:
    streams = {name: inputs[name][None] if name in inputs else None for name in ("sound", "pictures")}
    modules = {
        "visual.front": net.feature_extractor_video.resnet,
        "audio.front": net.feature_extractor_audio,
        "joined": net.post_extract_proj,
    }
    stages: Stages = {}
    handles = [module.register_forward_hook(partial(_keep, stages, stage)) for stage, module in modules.items()]
    try:
        outputs = net(streams["sound"], streams["pictures"])
    finally:
        for handle in handles:
            handle.remove()
    return stages | {stage: values[0] for stage, values in outputs.items()}


def _keep(stages: Stages, stage: str, _module: Any, _inputs: Any, output: "Tensor") -> None:
    stages[stage] = output[0]


def _braven(path: Path) -> Run:
    from ..nets.braven import from_state
    from ..nets.checkpoints import read_checkpoint, state_dict_at

    return partial(_run_stream, from_state(state_dict_at(read_checkpoint(path), (), str(path)), str(path)))


def _autoavsr(path: Path) -> Run:
    from ..nets.autoavsr import from_state
    from ..nets.checkpoints import read_checkpoint, state_dict_at

    return partial(_run_stream, from_state(state_dict_at(read_checkpoint(path), (), str(path)), str(path)))


def _run_stream(net: "Stream", inputs: Mapping[str, "Tensor"]) -> Stages:
    (name, stream), *others = inputs.items()
    kind = {"sound": "audio", "pictures": "visual"}[name]
    first = next(net.frontend.parameters())
    if others or (kind == "visual") != (first.ndim == 5):
        raise ValueError(f"the checkpoint is no {kind} model")
    return _staged(net(stream[None]), f"{kind}.front", "")


def _staged(outputs: "Outputs", front: str, prefix: str) -> Stages:
    layers = {f"{prefix}layer{number}": layer[0] for number, layer in enumerate(outputs.layers, 1)}
    return {front: outputs.front[0]} | layers | {f"{prefix}last": outputs.features[0]}


def _fused(path: Path) -> Run:
    from ..nets.autoavsr import fused_from_state
    from ..nets.checkpoints import read_checkpoint, state_dict_at

    return partial(_run_fused, fused_from_state(state_dict_at(read_checkpoint(path), (), str(path)), str(path)))


def _run_fused(net: "AudioVisual", inputs: Mapping[str, "Tensor"]) -> Stages:
    outputs = net(inputs["pictures"][None], inputs["sound"][None])
    visual, audio = _staged(outputs.video, "visual.front", "visual."), _staged(outputs.audio, "audio.front", "audio.")
    return visual | audio | {"last": outputs.features[0]}


PORTS = {
    port.name: port
    for port in (
        Port("avhubert_a", "avhubert", "a", _avhubert),
        Port("avhubert_v", "avhubert", "v", _avhubert),
        Port("avhubert_av", "avhubert", "av", _avhubert),
        Port("braven_a", "braven", "a", _braven),
        Port("braven_v", "braven", "v", _braven),
        Port("autoavsr_a", "autoavsr", "a", _autoavsr),
        Port("autoavsr_v", "autoavsr", "v", _autoavsr),
        Port("autoavsr_av", "autoavsr", "av", _fused),
    )
}
