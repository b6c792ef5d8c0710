"""What the encoders that transformers implements share: how they are drawn and read. Registers nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, cast

from .frozen import Frozen, Net


class HubModel(Frozen[Net]):
    """An encoder of the Hugging Face hub: `kind` is one of `nets.hub.KINDS`, `toy` the sizes of its tiny form."""

    kind: ClassVar[str]
    toy: ClassVar[Mapping[str, Any]]

    def untrained(self, seed: int) -> Net:
        """See `Frozen`; drawn as transformers draws."""
        from ..nets.hub import build

        return cast(Net, build(self.kind, seed, self.toy if self.tiny else None))

    def trained(self, path: Path) -> Net:
        """See `Frozen`."""
        from ..nets.hub import from_folder

        return cast(Net, from_folder(self.kind, path))
