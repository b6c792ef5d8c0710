"""An encoder and a head, composed to a detector; features are computed once and kept in the store."""

import json
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from datasets.clip import Clip
from datasets.errors import ClipError, DatasetError
from datasets.files import write_atomic
from datasets.media import VERSION

from .cards import DetectorCard, EncoderCard
from .protocols import Context, Encoder, Example, Fitted, FittedHead, Head
from .registry import BrokenModuleError, Entry, card_of, registry, row
from .signature import digest, parts_of
from .store import FeatureStore
from .tracks import Scored, Track

_FAILED = "unusable.json"
_MOST = 5
"""Clips that are named in the log before the rest is counted: a data set without landmarks fails on each of them."""
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
        with (
            self.store.writer(self.signature) as writer,
            tqdm(total=len(clips), desc=f"{self.name}: encoding", unit="clip", leave=False, disable=None) as bar,
        ):
            for batch in _batches(clips, self.ctx.batch):
                for same, found in zip(batch, self._encode_many([group[0] for group in batch]), strict=True):
                    if isinstance(found, ClipError):
                        if len(failed) < _MOST:
                            log.warning("%s: %s", self.name, found)
                        failed |= {clip.id: found.reason for clip in same}
                    else:
                        writer.add(same[0].key, found)
                bar.update(len(batch))
        if len(failed) > _MOST:
            log.warning("%s: %d clips in all cannot be encoded: %s", self.name, len(failed), in_short(failed))
        return failed

    def _encode_many(self, clips: Sequence[Clip]) -> list[Track | ClipError]:
        """The features of each clip, or why it has none; together where there are several and the encoder can."""
        encoder = self._loaded()
        if len(clips) > 1 and hasattr(encoder, "encode_many"):
            tap = encoder.card.taps[0]
            many = encoder.encode_many(clips, (tap,))
            return [found if isinstance(found, ClipError) else found[tap] for found in many]
        return [self._encode_or_error(clip) for clip in clips]

    def _encode_or_error(self, clip: Clip) -> Track | ClipError:
        try:
            return self._encode(clip)
        except ClipError as error:
            return error

    def _encode(self, clip: Clip) -> Track:
        encoder = self._loaded()
        tap = encoder.card.taps[0]
        return encoder.encode(clip, (tap,))[tap]

    def _loaded(self) -> Encoder:
        if self._encoder is None:
            encoder = self.build()
            encoder.load(self.ctx)
            self._encoder = encoder
        return self._encoder


def in_short(failed: Mapping[str, str]) -> str:
    """Reasons by clip id as a phrase: each with its number of clips, what it says of single files left out."""
    counts = Counter(re.sub(r" \([^)]*\)", "", reason) for reason in failed.values())
    parts = [f"{reason} ({count:,} clips)" for reason, count in counts.most_common(3)]
    return "; ".join(parts) + (f"; and {len(counts) - 3} other reasons" if len(counts) > 3 else "")


def _batches(clips: Sequence[Sequence[Clip]], size: int) -> Iterator[Sequence[Sequence[Clip]]]:
    """Groups of at most `size`; where there is a choice, of clips that are about equally long."""
    if size > 1:
        clips = sorted(clips, key=lambda same: same[0].duration or 0.0)
    for start in range(0, len(clips), size):
        yield clips[start : start + size]


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
        """Encode what is missing and train the head; clips that cannot be encoded are left out and reported.

        Raises:
            DatasetError: no training clip, or no validation clip, can be encoded at all.
        """
        failed = self.features.ensure([*train, *val])
        for part, clips in (("training", train), ("validation", val)):
            if clips and all(clip.id in failed for clip in clips):
                lost = {clip.id: failed[clip.id] for clip in clips}
                raise DatasetError(f"{self.features.name} can use none of the {part} clips: {in_short(lost)}")
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
        usable = [clip for clip in clips if clip.id not in failed]
        return [Example(clip.id, {name: self.features.get(clip)}, int(bool(clip.label))) for clip in usable]


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
        return entry.cls(entry.card), digest(parts_of(entry.card, entry.module) | {"media": VERSION})
    encoder, head = registry().encoders[known.encoder], registry().heads[str(known.head)]
    form = card_of(known) or encoder.card
    weights_seed = seed if known.random else None
    features = Features(
        name=known.scope,
        build=lambda: encoder.cls(form, weights_seed),
        signature=_feature_signature(form, encoder, weights_seed, ctx),
        store=store,
        ctx=ctx,
    )
    card = DetectorCard(
        name=name,
        modality=form.modality,
        needs=head.card.needs,
        summary=known.summary,
        licence=form.licence,
        citation=form.citation,
        logit=known.logit,
        control=known.control,
    )
    signature = digest({"features": features.signature, "head": parts_of(head.card, head.module)})
    return Composed(card, features, head.cls(head.card)), signature


def _feature_signature(card: EncoderCard, entry: Entry, seed: int | None, ctx: Context) -> str:
    """What features depend on beside the clip; the device counts where it is not the processor.

    So do clips taken together, whose last digits depend on their neighbours, where the encoder takes any.
    """
    read = replace(card, weights=None) if seed is not None else card
    parts = {"encoder": parts_of(read, entry.module), "seed": seed}
    kind = ctx.device.partition(":")[0]
    device = {} if kind == "cpu" else {"device": kind}
    together = ctx.batch > 1 and getattr(entry.cls, "together", hasattr(entry.cls, "encode_many"))
    batch = {"batch": ctx.batch} if together else {}
    return digest(parts | device | batch | {"media": VERSION})
