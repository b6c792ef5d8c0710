"""Detectors that are one number and a sign: what the controls share."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets.clip import Clip
from datasets.errors import ClipError
from datasets.files import write_atomic

from .cards import DetectorCard
from .protocols import Context
from .tracks import Scored, Track

Measure = Callable[[Clip], Scored]
_FILE = "sign.json"


@dataclass(frozen=True)
class Signed:
    """A measure whose `sign` (+1 or -1) makes it fake-positive."""

    measure: Measure
    sign: int
    report: dict[str, Any] = field(default_factory=dict)

    def score(self, clip: Clip) -> Scored:
        """The signed measure of one clip, local values included."""
        found = self.measure(clip)
        local = None if found.local is None else Track(self.sign * found.local.values, found.local.spans)
        return Scored(self.sign * found.score, local)

    def save(self, folder: Path) -> None:
        """Write the sign and the report as JSON."""
        write_atomic(folder / _FILE, json.dumps({"sign": self.sign, "report": self.report}))


def load_signed(measure: Measure, folder: Path) -> Signed:
    """A fitted detector as `Signed.save` wrote it.

    Raises:
        ValueError: the file is damaged (it is named).
    """
    path = folder / _FILE
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["sign"] not in (1, -1):
            raise ValueError(f"sign {stored['sign']!r} is neither 1 nor -1")
        return Signed(measure, stored["sign"], stored["report"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({error}); delete it and fit again") from error


def fit_sign(measure: Measure, train: Sequence[Clip], ctx: Context) -> Signed:
    """Learn which way the measure points: the sign whose AUC on `train` is at least 50 %.

    Clips that cannot be measured are left out, logged and counted in the report.

    Raises:
        ValueError: no measurable clip of one of the classes.
    """
    from sklearn.metrics import roc_auc_score

    values, labels = [], []
    for clip in train:
        try:
            value = measure(clip).score
        except ClipError as error:
            ctx.log.warning("left out of training: %s", error)
            continue
        if math.isfinite(value):
            values.append(value)
            labels.append(clip.label)
        else:
            ctx.log.warning("left out of training: %s measures %s", clip.id, value)
    if set(labels) != {0, 1}:
        raise ValueError(
            f"learning a sign needs real and fake clips; of {len(train)} training clips {labels.count(0)} real and "
            f"{labels.count(1)} fake ones could be measured"
        )
    auc = float(roc_auc_score(labels, values))
    report = {"train_auc": max(auc, 1 - auc), "clips": len(labels), "left_out": len(train) - len(labels)}
    return Signed(measure, 1 if auc >= 0.5 else -1, report)


class SignLearner:
    """A detector that learns nothing but the sign of its `measure`."""

    measure: Measure

    def __init__(self, card: DetectorCard) -> None:
        self.card = card

    def fit(self, train: Sequence[Clip], val: Sequence[Clip], ctx: Context) -> Signed:
        """Learn the sign on `train`; see `fit_sign`."""
        return fit_sign(self.measure, train, ctx)

    def load(self, folder: Path, ctx: Context) -> Signed:
        """A fitted detector as `save` wrote it."""
        return load_signed(self.measure, folder)
