"""The part of the contract that whole detectors and heads share: fit, score, save and load."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from datasets.errors import ClipError
from detectors.tracks import Scored, Track

from .common import attempt, first_difference, global_state, span_complaint

_FIT, _OTHER_FIT, _SCORE, _OTHER_SCORE = 1, 2, 3, 4


@dataclass(frozen=True)
class Trial:
    """A detector or a head, brought to one shape.

    Attributes:
        fit: a new instance, fitted; always on the same data and seed.
        load: what a new instance loads from a folder.
        items: what is scored, clips or tracks, by name; `odd`: those that may be refused.
        seen: from which to which second an item is seen, by name.
        fit_odd: as `fit`, with odd clips among the training clips; None where they never come there.
        relations: complaints about a fitted one that are not about its training.
    """

    fit: Callable[[], Any]
    load: Callable[[Path], Any]
    items: Mapping[str, Any]
    odd: Mapping[str, Any]
    seen: Mapping[str, tuple[float, float]]
    fit_odd: Callable[[], Any] | None = None
    relations: Callable[[Any], list[str]] = lambda fitted: []


@dataclass
class _Answers:
    """Scores and local scores by name, and what was wrong with them."""

    scores: dict[str, float] = field(default_factory=dict)
    local: dict[str, Track] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


def trained_complaints(trial: Trial, folder: Path) -> list[str]:
    """Everything that is wrong with how it trains, scores and is kept; `folder` is empty and its own."""
    with global_state(_FIT):
        fitted, complaint = _made("fit", trial.fit)
    if complaint:
        return [complaint]
    found = _report_complaints(fitted)
    first = _answers(trial, fitted, _SCORE)
    if first.complaints:
        return found + first.complaints
    found += _local_complaints(trial, first)
    if changing := _again_complaints(trial, fitted, first):
        return found + changing  # nothing below means anything for scores that do not repeat
    found += trial.relations(fitted)
    found += _refit_complaints(trial, first)
    found += _kept_complaints(trial, fitted, first, folder)
    found += _odd_complaints(trial, fitted, first)
    return found


def _made(what: str, call: Callable[[], Any]) -> tuple[Any, str | None]:
    """What fit or load returns, or the complaint that it raised or cannot be used."""
    fitted, complaint = attempt(what, call)
    missing = [name for name in ("score", "save") if not callable(getattr(fitted, name, None))]
    if complaint or not missing:
        return fitted, complaint
    return None, (
        f"{what} returned {type(fitted).__name__}, which has no {' and no '.join(missing)}; return an object with the "
        "methods score and save, as in detectors/protocols.py"
    )


def _answers(trial: Trial, fitted: Any, seed: int, *, backwards: bool = False) -> _Answers:
    """Score everything; the first item whose answer cannot be used ends it."""
    found = _Answers()
    names = list(trial.items)
    with global_state(seed):
        for name in reversed(names) if backwards else names:
            scored, complaint = attempt(f"score, of {name},", partial(fitted.score, trial.items[name]))
            complaint = complaint or _form_complaint(scored, name)
            if complaint is None and not np.isfinite(scored.score):
                complaint = f"the score of {name} is {scored.score}, though nothing is wrong with it"
            if complaint:
                found.complaints.append(complaint)
                return found
            found.scores[name] = float(scored.score)
            if scored.local is not None:
                found.local[name] = scored.local
    return found


def _form_complaint(scored: Any, name: str) -> str | None:
    """Whether an answer is a `Scored` with a number in it."""
    if not isinstance(scored, Scored):
        return f"score, of {name}, returned {type(scored).__name__}; write `return Scored(float(value))`"
    if isinstance(scored.score, bool) or not isinstance(scored.score, int | float | np.floating | np.integer):
        return f"the score of {name} is of type {type(scored.score).__name__}; write `Scored(float(value))`"
    return None


def _report_complaints(fitted: Any) -> list[str]:
    report = getattr(fitted, "report", None)
    if not isinstance(report, dict):
        return [
            f"what fit returns has the report {report!r}; give it a dict `report`, such as {{}}, of what training did"
        ]
    try:
        json.dumps(report)
    except (TypeError, ValueError) as error:
        return [f"its report cannot be written as JSON ({error}); use plain numbers, texts, lists and dicts in it"]
    return []


def _local_complaints(trial: Trial, first: _Answers) -> list[str]:
    for name, local in first.local.items():
        whose = f"the local scores of {name}"
        if not isinstance(local, Track) or getattr(local.values, "ndim", 0) != 1:
            shape = getattr(getattr(local, "values", local), "shape", type(local).__name__)
            return [f"{whose} are {shape}; write Track(values, spans) with values (N,) and spans (N, 2)"]
        if local.values.dtype.kind != "f":
            return [f"{whose} are of type {local.values.dtype}; write values.astype(np.float32)"]
        if len(local) and (complaint := span_complaint(local.spans, trial.seen[name], whose)):
            return [complaint]
    return []


def _again_complaints(trial: Trial, fitted: Any, first: _Answers) -> list[str]:
    """Scores must repeat: in another order, and under another global random state."""
    again = _answers(trial, fitted, _OTHER_SCORE, backwards=True)
    if again.complaints:
        return [f"scored a second time: {again.complaints[0]}"]
    for name, value in first.scores.items():
        if value != again.scores[name]:
            why, complaint = attempt("score", partial(_why_it_changes, partial(fitted.score, trial.items[name])))
            cause = why or f"a third time, {complaint}"
            return [f"{name} got {value!r}, and {again.scores[name]!r} when it was scored again; {cause}"]
    return []


def _why_it_changes(score: Callable[[], Any]) -> str:
    """What kind of fault makes the score of one item change, from scoring it alone."""
    score()  # so that the clip before is the same one for all that follow
    values = []
    for state in (_SCORE, _SCORE, _OTHER_SCORE):
        with global_state(state):
            values.append(score().score)
    if values[0] == values[1] == values[2]:
        return (
            "score keeps something from clip to clip (the clip before, running statistics); it must see one clip alone"
        )
    if values[0] == values[1]:
        return "score draws from the global random state; call net.eval(), so that nothing is dropped, and draw nothing"
    return "it changes at every call (score draws from a generator of its own, or counts); it must see one clip alone"


def _refit_complaints(trial: Trial, first: _Answers) -> list[str]:
    """Two fits with one seed must agree, whatever the global random state."""
    other, complaint = _fit_scores(trial, _OTHER_FIT)
    if complaint:
        return [f"fitted a second time: {complaint}"]
    difference = first_difference(first.scores, other)
    if difference is None:
        return []
    repeated, complaint = _fit_scores(trial, _FIT)
    if complaint is None and first_difference(first.scores, repeated) is None:
        return [
            f"{difference} after two fits with one seed: fit draws from the global random state; draw from "
            "np.random.default_rng(ctx.seed), or call torch.manual_seed(ctx.seed) inside torch.random.fork_rng()"
        ]
    return [
        f"{difference} after two fits with one seed: ctx.seed must be the only source of randomness (is a generator "
        "made without a seed, or something kept from the fit before?)"
    ]


def _fit_scores(trial: Trial, seed: int) -> tuple[dict[str, float], str | None]:
    with global_state(seed):
        fitted, complaint = _made("fit", trial.fit)
    if complaint:
        return {}, complaint
    answers = _answers(trial, fitted, _SCORE)
    return answers.scores, answers.complaints[0] if answers.complaints else None


def _kept_complaints(trial: Trial, fitted: Any, first: _Answers, folder: Path) -> list[str]:
    """What was saved and loaded must answer as before."""
    folder.mkdir(parents=True, exist_ok=True)
    _, complaint = attempt("save", lambda: fitted.save(folder))
    if complaint:
        return [complaint]
    loaded, complaint = _made("load", lambda: trial.load(folder))
    if complaint:
        return [f"after save, {complaint}"]
    again = _answers(trial, loaded, _SCORE)
    if again.complaints:
        return [f"after save and load: {again.complaints[0]}"]
    if difference := first_difference(first.scores, again.scores):
        return [f"{difference} after save and load; save everything that score needs into the folder, and read it back"]
    if getattr(loaded, "report", None) != fitted.report:
        return [
            f"its report is {fitted.report!r} before save, and {getattr(loaded, 'report', None)!r} after load; save "
            "and load it too (JSON turns tuples into lists and keys into texts)"
        ]
    return []


def _odd_complaints(trial: Trial, fitted: Any, first: _Answers) -> list[str]:
    """An odd clip is refused with a `ClipError`, or gets a score, or NaN; and it changes nothing for the others."""
    found = []
    for name, item in trial.odd.items():
        scored, complaint = attempt(f"score, of {name},", partial(fitted.score, item), (ClipError,))
        if complaint:
            complaint += "\nraise clip.error('what is missing') where a clip cannot be used, or score it NaN"
        elif scored is not None:
            complaint = _form_complaint(scored, name)
            if complaint is None and np.isinf(scored.score):
                complaint = f"the score of {name} is {scored.score}; a clip that cannot be scored gets NaN"
        found += [complaint] if complaint else []
    after = _answers(trial, fitted, _SCORE)
    if not after.complaints and (difference := first_difference(first.scores, after.scores)):
        found.append(f"{difference} after clips that cannot be used; they must not change anything")
    if trial.fit_odd is not None:
        _, complaint = attempt("fit, with unusable clips among the training clips,", trial.fit_odd)
        if complaint:
            found.append(f"{complaint}\nleave such clips out (try ... except ClipError: continue); data sets have them")
    return found
