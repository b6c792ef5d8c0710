"""What the checks of the contract share: trying a call, other random states, and spans."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from datasets.clip import Clip
from detectors.traces import own_traceback, reason_of

from .kit import Kit, blinded

SLACK = 0.25
"""Seconds by which spans may pass the end of a clip beside one row: streams of a file end unevenly."""


def attempt(what: str, call: Callable[[], Any], allowed: tuple[type[Exception], ...] = ()) -> tuple[Any, str | None]:
    """The value of a call, or the complaint that it raised something, with the author's own traceback.

    Exceptions that are `allowed` give None and no complaint.
    """
    try:
        return call(), None
    except allowed:
        return None, None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever it is, it is theirs, exit included
        return None, f"{what} raised {reason_of(error)}\n{own_traceback(error)}"


@contextmanager
def global_state(seed: int) -> Iterator[None]:
    """Python's, NumPy's and torch's global generators seeded; as they were afterwards."""
    import torch

    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the global state is what is meant
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


def same(a: Any, b: Any) -> bool:
    """Equal scores, NaN included, or equal bytes."""
    return a == b or (isinstance(a, float) and isinstance(b, float) and np.isnan(a) and np.isnan(b))


def first_difference(one: Mapping[str, float], two: Mapping[str, float]) -> str | None:
    """`clip3 got 0.1 and then 0.2` for the first name whose scores differ."""
    for name, value in one.items():
        if not same(value, two.get(name)):
            return f"{name} got {value!r} and then {two.get(name)!r}"
    return None


def span_complaint(spans: np.ndarray, clip: tuple[float, float], whose: str) -> str | None:
    """What is wrong with spans `(N, 2)` of a clip that is seen from `clip[0]` to `clip[1]` seconds."""
    start, end = clip
    if not np.isfinite(spans).all() or (spans[:, 1] <= spans[:, 0]).any() or (np.diff(spans[:, 0]) <= 0).any():
        return f"the spans of {whose} must increase: each row (start, end) in seconds, later rows starting later"
    length = float((spans[:, 1] - spans[:, 0]).max())
    if spans[0, 0] < start - 1e-6:
        return (
            f"the spans of {whose} start at {spans[0, 0]:.2f} s, but the clip is seen from {start:.2f} s on; "
            "times are those of the original file: add clip.start"
        )
    if spans[-1, 1] > end + length + SLACK:
        return (
            f"the spans of {whose} end at {spans[-1, 1]:.2f} s, after the clip's end at {end:.2f} s; are they seconds?"
        )
    return None


def relation_complaints(answer: Callable[[Clip], Any], what: str, kit: Kit) -> list[str]:
    """Whether an answer changes with what is known of a clip beside its sound and pictures; which field does it."""
    for clip in kit.test:
        whose = f"{what}, of a clip with another label, name or relations,"
        read, complaint = attempt(whose, partial(_read, answer, clip, kit))
        if complaint:
            return [complaint]
        if read:
            return [
                f"{what} depends on {', '.join(read)}; read the sound and the pictures alone (a cache may use "
                "clip.key), since nothing else is there when a clip is scored"
            ]
    return []


def _read(answer: Callable[[Clip], Any], clip: Clip, kit: Kit) -> list[str]:
    """The fields that an answer depends on; each is changed alone where changing all changes the answer."""
    hidden = blinded(clip)
    expected = answer(hidden)
    others = [_hints(clip, kit, fake) for fake in (False, True)]
    if same(answer(clip), expected) and all(same(answer(replace(hidden, **other)), expected) for other in others):
        return []
    others.append({name: getattr(clip, name) for name in others[0]})
    changes = [(name, value) for other in others for name, value in other.items()]
    read = [f"clip.{name}" for name, value in changes if not same(answer(replace(hidden, **{name: value})), expected)]
    return list(dict.fromkeys(read)) or ["labels, names or relations of the clip"]


def _hints(clip: Clip, kit: Kit, fake: bool) -> dict[str, Any]:
    """Everything that is known of a clip beside its content, as it would be for a real or a fake one."""
    segments = ((0.0, 0.5),) if fake else ()
    return {
        "id": "another.0007f" if fake else "another.0007r",
        "dataset": "another",
        "split": "train",
        "path": kit.copies[clip.id][fake],
        "label": int(fake),
        "label_video": int(fake),
        "label_audio": int(fake),
        "method": "fake" if fake else "real",
        "identity": "somebody",
        "source": "elsewhere",
        "pair": "another.0007",
        "segments": segments,
        "segments_audio": segments,
        "segments_video": segments,
    }


def numbered(complaints: Sequence[str]) -> str:
    """Complaints as a list, further lines indented."""
    texts = [text.replace("\n", "\n   ") for text in complaints]
    return "\n".join(f"{index}. {text}" for index, text in enumerate(texts, 1))
