"""What the blocks of a network give, recorded while it runs."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from .checkpoints import CheckpointError


def block_of(tap: str, count: int) -> int:
    """The place, from 0, of the block that a tap such as `layer12` names, among so many.

    Raises:
        CheckpointError: there are fewer, as in a checkpoint of a smaller model.
    """
    number = int(tap.removeprefix("layer"))
    if number > count:
        raise CheckpointError(f"the network of this checkpoint has {count} blocks and no {tap}; take an earlier layer")
    return number - 1


@contextmanager
def recorded(blocks: nn.ModuleList, taps: Iterable[str]) -> Iterator[dict[str, Tensor]]:
    """What the blocks give while the context lasts: `layer1` is the first one's raw output; `last` is left out."""
    found: dict[str, Tensor] = {}

    def keep(tap: str) -> Any:
        def hook(_: nn.Module, __: Any, output: Any) -> None:
            found[tap] = output[0] if isinstance(output, tuple) else output

        return hook

    places = {tap: block_of(tap, len(blocks)) for tap in taps if tap != "last"}
    handles = [blocks[place].register_forward_hook(keep(tap)) for tap, place in places.items()]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()
