"""Signatures: one hash of everything that changes a result, and of nothing that does not."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from .cards import DetectorCard, EncoderCard, HeadCard


def digest(parts: Mapping[str, Any]) -> str:
    """SHA-256 of the parts as canonical JSON."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def card_parts(card: EncoderCard | HeadCard | DetectorCard) -> dict[str, Any]:
    """What of a card changes results: its name, its version and its weights; no description does."""
    weights = getattr(card, "weights", None)
    return {"name": card.name, "version": card.version, "weights": asdict(weights)["sha256"] if weights else None}
