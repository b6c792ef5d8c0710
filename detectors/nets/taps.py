"""What the blocks of a network give, recorded while it runs."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn


@contextmanager
def recorded(blocks: nn.ModuleList, taps: Iterable[str]) -> Iterator[dict[str, Tensor]]:
    """What the blocks give while the context lasts: `layer1` is the first one's raw output; `last` is left out."""
    found: dict[str, Tensor] = {}

    def keep(tap: str) -> Any:
        def hook(_: nn.Module, __: Any, output: Any) -> None:
            found[tap] = output[0] if isinstance(output, tuple) else output

        return hook

    numbers = {tap: int(tap.removeprefix("layer")) for tap in taps if tap != "last"}
    handles = [blocks[number - 1].register_forward_hook(keep(tap)) for tap, number in numbers.items()]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()
