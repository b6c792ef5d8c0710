"""An encoder and a head, composed to a detector; features are computed once and kept in the store."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from datasets.clip import Clip
from datasets.errors import ClipError
from datasets.files import write_atomic

from .cards import DetectorCard
from .protocols import Context, Encoder, Example, Fitted, FittedHead, Head
from .registry import BrokenModuleError, Entry, registry, row
from .signature import digest, parts_of
from .store import FeatureStore
from .tracks import Scored, Track

_FAILED = "unusable.json"
log = logging.getLogger("avdf")


@dataclass
class Features:
    """An encoder's features of clips, from the store or computed now.

    Attributes:
        name: the encoder's name, tag included.
        build: makes the encoder; it is built and loaded only when some clip is not in the store.
        signature: what the features depend on beside the clip.
    """

    name: str
    build: Callable[[], Encoder]
    signature: str
    store: FeatureStore
    ctx: Context
    _encoder: Encoder | None = field(default=None, repr=False)

    def get(self, clip: Clip) -> Track:
        """The features of one clip.

        Raises:
            ClipError: the clip cannot be encoded.
        """
        stored = self.store.get(self.signature, clip.key)
        return stored.track if stored else self._encode(clip)

    def ensure(self, clips: Sequence[Clip]) -> dict[str, str]:
        """Encode what the store lacks or holds damaged; returns the reason for each clip id that failed."""
        failed: dict[str, str] = {}
        keys: dict[str, list[Clip]] = {}
        for clip in clips:
            try:
                keys.setdefault(clip.key, []).append(clip)
            except ClipError as error:
                failed[clip.id] = error.reason
        missing = [same for key, same in keys.items() if self.store.get(self.signature, key) is None]
        return failed | self._extract(missing) if missing else failed

    def _extract(self, clips: Sequence[Sequence[Clip]]) -> dict[str, str]:
        """Encode one of each group of clips with the same content."""
        failed: dict[str, str] = {}
        bar = tqdm(clips, desc=f"{self.name}: encoding", unit="clip", leave=False, disable=None)
        with self.store.writer(self.signature) as writer:
            for same in bar:
                try:
                    writer.add(same[0].key, self._encode(same[0]))
                except ClipError as error:
                    log.warning("%s: %s", self.name, error)
                    failed |= {clip.id: error.reason for clip in same}
        return failed

    def _encode(self, clip: Clip) -> Track:
        if self._encoder is None:
            self._encoder = self.build()
            self._encoder.load(self.ctx)
        tap = self._encoder.card.taps[0]
        return self._encoder.encode(clip, (tap,))[tap]


@dataclass
class FittedComposed:
    """A trained head on an encoder's features."""

    features: Features
    head: FittedHead
    report: dict[str, Any]

    def score(self, clip: Clip) -> Scored:
        """The score of one clip; see `Fitted.score`."""
        return self.head.score({self.features.name: self.features.get(clip)})

    def prepare(self, clips: Sequence[Clip]) -> None:
        """Encode many clips at once, so that `score` finds them in the store."""
        self.features.ensure(clips)

    def save(self, folder: Path) -> None:
        """Write the head, and which clips it could not use; the encoder is frozen."""
        self.head.save(folder)
        write_atomic(folder / _FAILED, json.dumps(self.report["unusable"]))


@dataclass(frozen=True)
class Composed:
    """A detector made of a frozen encoder and a head."""

    card: DetectorCard
    features: Features
    head: Head

    def fit(self, train: Sequence[Clip], val: Sequence[Clip], ctx: Context) -> Fitted:
        """Encode what is missing and train the head; clips that cannot be encoded are left out and reported."""
        failed = self.features.ensure([*train, *val])
        fitted = self.head.fit(self._examples(train, failed), self._examples(val, failed), ctx)
        return FittedComposed(self.features, fitted, fitted.report | {"unusable": failed})

    def load(self, folder: Path, ctx: Context) -> Fitted:
        """The detector with a head as `save` wrote it."""
        fitted = self.head.load(folder)
        failed = json.loads((folder / _FAILED).read_text())
        return FittedComposed(self.features, fitted, fitted.report | {"unusable": failed})

    def prepare(self, clips: Sequence[Clip]) -> None:
        """Encode many clips at once, so that `fit` finds them in the store."""
        self.features.ensure(clips)

    def _examples(self, clips: Sequence[Clip], failed: dict[str, str]) -> list[Example]:
        name = self.features.name
        return [Example(c.id, {name: self.features.get(c)}, c.label) for c in clips if c.id not in failed]


def build(name: str, seed: int, store: FeatureStore, ctx: Context) -> tuple[Any, str]:
    """A detector by name, and its signature.

    Args:
        seed: of the untrained weights for an encoder tagged `.random`; otherwise only trainings use a seed.

    Raises:
        UnknownNameError: no such detector.
        BrokenModuleError: its module fails to import.
    """
    known = row(name)
    if known.broken:
        raise BrokenModuleError(f"{known.broken.module} does not import:\n{known.broken.traceback}")
    if known.encoder is None:
        entry = registry().detectors[name]
        return entry.cls(entry.card), digest(parts_of(entry.card, entry.module))
    encoder, head = registry().encoders[known.encoder], registry().heads[str(known.head)]
    weights_seed = seed if known.random else None
    features = Features(
        name=known.scope,
        build=lambda: encoder.cls(encoder.card, weights_seed),
        signature=_feature_signature(encoder, weights_seed),
        store=store,
        ctx=ctx,
    )
    card = DetectorCard(
        name=name,
        modality=encoder.card.modality,
        needs=head.card.needs,
        summary=known.summary,
        licence=encoder.card.licence,
        citation=encoder.card.citation,
        logit=known.logit,
        control=known.control,
    )
    signature = digest({"features": features.signature, "head": parts_of(head.card, head.module)})
    return Composed(card, features, head.cls(head.card)), signature


def _feature_signature(encoder: Entry, seed: int | None) -> str:
    from datasets.media import VERSION

    card = encoder.card if seed is None else replace(encoder.card, weights=None)
    return digest({"encoder": parts_of(card, encoder.module), "seed": seed, "media": VERSION})
