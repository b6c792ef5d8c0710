"""Training a detector, or finding it trained: one rule for the suite and for `python -m detectors score`.

What decides a fit stands here alone, so that both find the same fitted detector.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from datasets.clip import Clip
from datasets.errors import ClipError

from .fitted import fit_or_load
from .protocols import Context, Fitted
from .signature import digest

Stage = Callable[[str], AbstractContextManager[None]]
"""A context around a stage of the work, `encode_s` or `fit_s`, that measures or announces it."""


def trained(
    detector: Any,
    signature: str,
    needs: frozenset[str],
    train: Sequence[Clip],
    val: Sequence[Clip],
    ctx: Context,
    *,
    protocol: int,
    stage: Stage = lambda name: nullcontext(),
    refit: bool = False,
) -> Fitted:
    """The detector fitted on these clips: from the store, or trained now and kept.

    Args:
        detector: as `detectors.compose.build` gives it, together with its `signature`.
        needs: classes that it may see; clips of others are left out, so that one of reals alone meets no fake.
        train, val: as the probe cuts them, those that could not be cut left out.
        ctx: its seed is the training's.
        protocol: version of the benchmark's rules.
        stage: entered only when there is something to do.
        refit: train in any case.
    """
    seen = allowed(train, needs), allowed(val, needs)

    def fit() -> Fitted:
        prepare(detector, [*seen[0], *seen[1]], stage)
        with stage("fit_s"):
            return detector.fit(*seen, ctx)

    content = [[_decisive(clip) for clip in part] for part in seen]
    whole = digest({"protocol": protocol, "detector": signature, "seed": ctx.seed, "content": content})
    return fit_or_load(detector, whole, fit, ctx, refit=refit)


def _decisive(clip: Clip) -> tuple[Any, ...]:
    """What of a clip decides a fit; re-timed pictures are others, of the same file."""
    return (clip.id, clip.label, content_of(clip), clip.skip, *(("retimed",) if clip.retimed else ()))


def allowed(clips: Sequence[Clip], needs: frozenset[str]) -> list[Clip]:
    """The clips that a detector may see: one that needs no fakes sees none, nobody unlabelled ones."""
    return [clip for clip in clips if clip.label is not None and ("fake" if clip.label else "real") in needs]


def prepare(thing: Any, clips: Sequence[Clip], stage: Stage) -> None:
    """Let a detector that can encode many clips at once do so."""
    if hasattr(thing, "prepare"):
        with stage("encode_s"):
            thing.prepare(clips)


def content_of(clip: Clip) -> str | None:
    """The clip's content hash; None where there is no file."""
    try:
        return clip.content
    except ClipError:
        return None
