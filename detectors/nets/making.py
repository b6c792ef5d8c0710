"""Networks made: with untrained weights, or with those of a state dict."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

from .checkpoints import load_state

Module = TypeVar("Module", bound=nn.Module)


def untrained(make: Callable[[], Module], seed: int) -> Module:
    """A new module in evaluation mode, its weights drawn by its constructor; torch's own stream of numbers is kept."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make().eval()


def loaded(make: Callable[[], Module], state: Mapping[str, Tensor], where: str) -> Module:
    """A module with the weights of a state dict, float32, in evaluation mode; no random number is drawn.

    Raises:
        CheckpointError: parameters are missing, unexpected or of another shape; it names `where` and them.
    """
    with torch.device("meta"):
        module = make()
    module = module.to_empty(device="cpu")
    load_state(module, state, where)
    return module.eval()
