"""Reference vectors of published encoders: inputs, weights and outputs of the original code in one folder each."""

import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from detectors.nets.checkpoints import read_checkpoint, state_dict_at


@dataclass(frozen=True)
class Case:
    folder: Path

    @property
    def inputs(self) -> dict[str, Tensor]:
        return load_file(self.folder / "inputs.safetensors")

    @property
    def outputs(self) -> dict[str, Tensor]:
        return load_file(self.folder / "outputs.safetensors")

    @property
    def config(self) -> dict:
        return json.loads((self.folder / "config.json").read_text())

    def state(self) -> dict[str, Tensor]:
        """The checkpoint file of the original's layout, or weights drawn as the case prescribes."""
        if (self.folder / "checkpoint.pth").exists():
            return state_dict_at(read_checkpoint(self.folder / "checkpoint.pth"), (), str(self.folder))
        spec = json.loads((self.folder / "state_dict_spec.json").read_text())
        return {key: drawn(key, *shape_and_kind, self.config["weights_seed"]) for key, shape_and_kind in spec.items()}

    def check(self, got: dict[str, Tensor]) -> None:
        """Each output has the reference's shape and differs by no more than the tolerance that comes with it.

        Differences are printed: `pytest -s` shows them all, a failure those up to it.
        """
        outputs, limits = self.outputs, self.config["tolerance_atol"]
        for name, value in got.items():
            want = outputs[name]
            assert value.shape == want.shape, name
            limit = limits.get(name, limits.get("default"))
            print(f"{self.folder.name} {name}: {(value - want).abs().max():.1e} <= {limit}")
            torch.testing.assert_close(value, want, rtol=0, atol=limit, equal_nan=True)


def drawn(key: str, shape: list[int], kind: str, seed: int) -> Tensor:
    """A weight as `weights_recipe` in a case's config.json prescribes."""
    if kind.startswith("int"):
        return torch.full(shape, 7)
    rng = np.random.default_rng([seed, zlib.crc32(key.encode())])
    if key.endswith("running_var"):
        values = 0.5 + rng.random(shape)
    elif key.endswith("running_mean"):
        values = 0.2 * rng.standard_normal(shape)
    elif len(shape) >= 2:
        values = rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))
    elif key.endswith("weight"):
        values = 1 + 0.2 * rng.standard_normal(shape)
    else:
        values = 0.1 * rng.standard_normal(shape)
    return torch.from_numpy(np.asarray(values, np.float32))
