"""Signatures: one hash of everything that changes a result, and of nothing that does not."""

import hashlib
import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .cards import DetectorCard, EncoderCard, HeadCard, Weights


def digest(parts: Mapping[str, Any]) -> str:
    """SHA-256 of the parts as canonical JSON."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


_DECIDING = ("name", "version", "modality", "dim", "fps", "taps", "needs", "logit")


def parts_of(card: EncoderCard | HeadCard | DetectorCard, module: str) -> dict[str, Any]:
    """What changes results: of the card all but descriptions, and the text of the module that registered it.

    An edited module is measured anew. What it imports from elsewhere is not seen: raise the card's `version` then.

    Raises:
        MissingWeightsError: the hash of its weights is not known, and they are not on this machine.
        ChangedWeightsError: they are others than those that were used before.
    """
    fields = {name: getattr(card, name) for name in _DECIDING if hasattr(card, name)}
    fields |= {name: sorted(value) for name, value in fields.items() if isinstance(value, frozenset)}
    if tags := getattr(card, "tags", ()):
        fields["tags"] = tags
    weights = getattr(card, "weights", None)
    return fields | {"weights": _content(weights) if weights else None, "source": _source(module)}


def _content(weights: Weights) -> str:
    """The hash that the checkpoint must have, or, where none was published, the one that it has here."""
    from .fetching.files import hash_of

    return weights.sha256 or hash_of(weights)


@cache
def _source(module: str) -> str | None:
    path = getattr(sys.modules.get(module), "__file__", None)
    return hashlib.sha256(Path(path).read_bytes()).hexdigest() if path else None
