"""What BRAVEn's and Auto-AVSR's encoders of one stream share. Registers nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .frozen import Frozen

if TYPE_CHECKING:
    from types import ModuleType

    from torch import Tensor

    from ..nets.stream import Stream, StreamSizes


class OneStream(Frozen["Stream"]):
    """Sound or pictures alone, one clip at a time unless a subclass knows better: convolutions see padding."""

    def port(self) -> ModuleType:
        """The module that draws and reads the network: `nets.braven` or `nets.autoavsr`."""
        raise TypeError(f"{type(self).__name__} does not say whose it is")

    def sizes(self) -> StreamSizes:
        """Of the published, or of the toy model."""
        raise TypeError(f"{type(self).__name__} does not say its sizes")

    def untrained(self, seed: int) -> Stream:
        """See `Frozen`."""
        stream: Stream = self.port().build(self.sizes(), seed)
        return stream

    def trained(self, path: Path) -> Stream:
        """See `Frozen`."""
        from ..nets.checkpoints import read_checkpoint, state_dict_at
        from ..nets.stream import of_modality

        stream = self.port().from_state(state_dict_at(read_checkpoint(path), (), str(path)), str(path))
        return of_modality(stream, self.sizes(), str(path))

    def compute(self, batch: Sequence[Any], taps: Sequence[str]) -> list[Mapping[str, Tensor]]:
        """Features of each clip by itself."""
        found = [self.net(one[None].to(self.device)).tapped(taps) for one in batch]
        return [{tap: rows[0] for tap, rows in one.items()} for one in found]
