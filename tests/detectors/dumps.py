"""Dumps of reference features, made by the script that users run, with what a test says the original gave."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from detectors.reference import dump

Clips = dict[str, dict[str, Tensor]]
"""Stages by clip, with their inputs."""


def described(checkpoint: Path, model: str, modality: str, clips: Clips, sound: str = "int16") -> dict[str, Any]:
    """The description of a dump, as `dump.metadata` makes it."""
    return {
        "format": 1,
        "model": model,
        "modality": modality,
        "sound": sound,
        "checkpoint": {"name": checkpoint.name, "sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest()},
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "versions": {"python": "3.10.13", "torch": "2.5.1"},
        "clips": [{"name": name, "sha256": {}} for name in clips],
    }


def write(path: Path, meta: dict[str, Any], clips: Clips) -> Path:
    dump.write(path, meta, [{stage: np.asarray(value) for stage, value in clip.items()} for clip in clips.values()])
    return path


def rewrite(path: Path, **changed: Any) -> Path:
    """The dump with arrays replaced by name (`meta`: parts of the description), added, or, by None, left out."""
    with np.load(path) as file:
        arrays = dict(file)
    meta = changed.pop("meta", {})
    arrays["meta"] = np.array(json.dumps(json.loads(str(arrays["meta"])) | meta))
    arrays = {name: value for name, value in (arrays | changed).items() if value is not None}
    np.savez(path, **arrays)
    return path


def saved(state: dict[str, Tensor], path: Path) -> Path:
    torch.save(state, path)
    return path
