"""Trivial facts about files that no detector should need: codecs, rates, lengths, loudness, silence."""

from .facts import Facts, facts_of
from .store import Probed, known, probe

__all__ = ["Facts", "Probed", "facts_of", "known", "probe"]
