"""The part of the contract that encoders keep."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from datasets.clip import Clip
from datasets.errors import ClipError
from detectors.cards import EncoderCard
from detectors.protocols import Context
from detectors.tracks import Track

from .common import attempt, global_state, relation_complaints, span_complaint
from .kit import Kit

_LOAD, _OTHER_LOAD, _THIRD_LOAD, _ENCODE, _OTHER_ENCODE = 1, 2, 3, 4, 5
_SLACK = 0.25
"""Seconds by which rows may be missing beside two of them: windows that do not fit are left out."""


def encoder_complaints(card: EncoderCard, cls: Callable[..., Any], kit: Kit) -> list[str]:
    """Everything that is wrong with how it loads and encodes."""
    encoder, complaint = _loaded(card, cls, None, _LOAD)
    if complaint:
        return [complaint]
    first, found = _encoded(encoder, kit.scored, _ENCODE)
    if found:
        return found
    again, found = _encoded(encoder, dict(reversed(kit.scored.items())), _OTHER_ENCODE)
    if changed := found or _changed(first, again):
        return [
            f"{changed[0]} when it is encoded again, in another order: encode draws random numbers (call net.eval(), "
            "no dropout) or keeps something from clip to clip"
        ]
    found = relation_complaints(lambda clip: _bytes(encoder.encode(clip, card.taps[:1])[card.taps[0]]), "encode", kit)
    found += _second_complaints(card, cls, first, kit)
    found += _odd_complaints(encoder, card, kit)
    return found + (_random_complaints(card, cls, first, kit) if card.randomisable else [])


def _loaded(card: EncoderCard, cls: Callable[..., Any], seed: int | None, state: int) -> tuple[Any, str | None]:
    """A new instance with its weights."""

    def load() -> Any:
        encoder = cls(card, seed)
        if getattr(encoder, "card", None) is not card:
            raise AttributeError("it does not keep its card; write `self.card = card` in __init__")
        encoder.load(Context())
        return encoder

    with global_state(state):
        return attempt("load", load)


def _encoded(encoder: Any, clips: Mapping[str, Clip], state: int) -> tuple[dict[str, Track], list[str]]:
    """The first tap's features of each clip; complaints about the first clip that has any."""
    found: dict[str, Track] = {}
    card = encoder.card
    with global_state(state):
        for name, clip in clips.items():
            what = f"encode, of {name},"
            tracks, complaint = attempt(what, partial(encoder.encode, clip, card.taps))
            complaints = [complaint] if complaint else _track_complaints(tracks, card, clip, name)
            if complaints:
                return {}, complaints
            found[name] = tracks[card.taps[0]]
    return found, []


def _track_complaints(tracks: Any, card: EncoderCard, clip: Clip, name: str) -> list[str]:
    """Form, values and times of one clip's features."""
    found = _form_complaints(tracks, card, name)
    if found:
        return found
    track = tracks[card.taps[0]]
    if not np.isfinite(track.values).all():
        return [f"the features of {name} are not finite, though nothing is wrong with it"]
    seconds = (clip.duration or 0.0) - clip.start
    complaint = span_complaint(track.spans, (clip.start, clip.start + seconds), f"the features of {name}")
    lacking = seconds - len(track) / card.fps
    if complaint is None and not -_SLACK - 2 / card.fps <= lacking <= _SLACK + 2 / card.fps + card.window:
        complaint = (
            f"{len(track)} rows for {seconds:.2f} s of {name} are {len(track) / seconds:.1f} a second; its card says "
            f"fps={card.fps}"
        )
    return [complaint] if complaint else []


def _form_complaints(tracks: Any, card: EncoderCard, name: str) -> list[str]:
    for tap in card.taps:
        track = tracks.get(tap) if isinstance(tracks, Mapping) else None
        if not isinstance(track, Track):
            got = type(tracks).__name__
            if isinstance(tracks, Mapping):
                got = str({key: type(value).__name__ for key, value in tracks.items()})
            return [f"encode, of {name}, gives {got}; write `return {{{tap!r}: Track(values, spans)}}`"]
        values = track.values
        if not isinstance(values, np.ndarray) or values.dtype != np.float32:
            kind = getattr(values, "dtype", type(values).__name__)
            return [f"the features of {name} are of type {kind}; write values.astype(np.float32)"]
        if values.ndim != 2 or (tap == card.taps[0] and values.shape[1] != card.dim) or len(values) == 0:
            return [f"the features of {name} have shape {values.shape}; its card says (T, {card.dim}), T at least 1"]
    return []


def _bytes(track: Track) -> bytes:
    return track.values.tobytes() + np.asarray(track.spans, np.float64).tobytes()


def _changed(one: Mapping[str, Track], two: Mapping[str, Track]) -> list[str]:
    return [f"{name} has other features" for name, track in one.items() if _bytes(track) != _bytes(two[name])]


def _second_complaints(card: EncoderCard, cls: Callable[..., Any], first: Mapping[str, Track], kit: Kit) -> list[str]:
    """Another instance must give the same features."""
    second, complaint = _loaded(card, cls, None, _OTHER_LOAD)
    if complaint:
        return [f"loaded a second time: {complaint}"]
    other, found = _encoded(second, kit.scored, _ENCODE)
    if found:
        return [f"loaded a second time: {found[0]}"]
    if changed := _changed(first, other):
        return [
            f"{changed[0]} when the encoder is loaded again: load leaves something random; does the checkpoint hold "
            "every layer?"
        ]
    return []


def _odd_complaints(encoder: Any, card: EncoderCard, kit: Kit) -> list[str]:
    """An odd clip is refused with a `ClipError`, or gets features of the right form, NaN where it must."""
    found = []
    for name, clip in kit.odd.items():
        tracks, complaint = attempt(f"encode, of {name},", partial(encoder.encode, clip, card.taps[:1]), (ClipError,))
        if complaint:
            found.append(f"{complaint}\nraise clip.error('what is missing') where a clip cannot be used")
        elif tracks is not None:
            wrong = _form_complaints(tracks, replace(card, taps=card.taps[:1]), name)
            if not wrong and np.isinf(tracks[card.taps[0]].values).any():
                wrong = [f"the features of {name} are infinite; raise clip.error(...) or write NaN there"]
            found += wrong
    return found


def _random_complaints(card: EncoderCard, cls: Callable[..., Any], first: Mapping[str, Track], kit: Kit) -> list[str]:
    """Untrained weights: the same for one seed, others for another, and none of the trained ones."""
    clips = dict(list(kit.scored.items())[:1])
    drawn: list[dict[str, Track]] = []
    for seed, state in ((0, _LOAD), (0, _OTHER_LOAD), (1, _THIRD_LOAD)):
        encoder, complaint = _loaded(card, cls, seed, state)
        features, found = ({}, [complaint]) if complaint else _encoded(encoder, clips, _ENCODE)
        if found:
            return [f"with untrained weights ({card.name}.random, seed {seed}): {found[0]}"]
        drawn.append(features)
    wrong = []
    if _changed(drawn[0], drawn[1]):
        wrong.append(
            f"{card.name}.random draws other weights each time for seed 0; use the seed that __init__ is given"
        )
    if not _changed(drawn[0], drawn[2]):
        wrong.append(
            f"{card.name}.random has the same features for the seeds 0 and 1; use the seed, or randomisable=False"
        )
    if not _changed({name: first[name] for name in clips}, drawn[0]):
        wrong.append(
            f"{card.name}.random has the features of the trained encoder; draw its weights from the seed instead"
        )
    return wrong
