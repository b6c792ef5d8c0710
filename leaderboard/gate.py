"""The gate: is any number worse than the one on record, by more than chance explains?

Each newly measured cell is held against the row's:

- **exactly**, where signature and fingerprint (processor, system and the libraries that compute) are the same: no
  metric may differ by more than 1e-6;
- **statistically** otherwise, on the same test clips: `leaderboard.regression`, paired and clustered by identity.
  Without scores to pair (no per-frame ones are kept, those of real data only on the machine that accepted them, none
  beside old rows) the numbers themselves are compared with their standard errors, as if independent, which is cautious;
- **score by score** too, when a run is held against rows, since a fault may move scores without lowering the AUC by
  more than chance does: Lin's concordance of old and new scores (Biometrics 1989, 45:255-268) below 0.95 means another
  detector, whether its code changed (the row is stale) or not (something else is wrong). The last digits of another
  decoder left it above 0.999 for detectors; `docs/gate.md` has what faults do. Controls are exempt: near chance, where
  a probe on untrained features stops training is chaotic (0.81 under the same digits);
- **not at all**, where clips, corpus or protocol are not the same: the row is stale, and to be accepted anew.

A gate that could compare nothing is red: it would otherwise let everything pass.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from .delong import Change, paired_change
from .differences import joined
from .records import Record, RecordError
from .regression import Judged, judge
from .scores import TOLERANCE
from .sources import Cells, Key, Measured
from .unpaired import unpaired

if TYPE_CHECKING:
    import pandas as pd

FINGERPRINT = ("processor", "system", "python", "torch", "torchaudio", "numpy", "scipy", "av")
"""Of a record's environment: where these agree, the same code gives the same digits."""

CONCORDANCE = 0.95
"""Below this the scores of two runs are those of different detectors."""

Word = Literal[
    "equal", "same", "rose", "new", "fell", "leak", "irreproducible", "changed", "incomparable", "failed", "lost"
]
RED: tuple[Word, ...] = ("failed", "lost", "irreproducible", "fell", "leak")
"""What turns the gate red, in the order of the report."""
UNTESTED: tuple[Word, ...] = ("new", "incomparable")
"""Of cells that were held against nothing."""
NOT_PAIRED = "not paired"
"""How the reason of a verdict begins where there were no scores to pair."""
STALE: tuple[Word, ...] = ("changed", "incomparable")
"""Red too where a run is held against rows, which no longer describe it; not between two states of the rows."""


@dataclass(frozen=True)
class Verdict:
    """What the gate says of one cell.

    Attributes:
        word: `equal` to the digit; `same` within chance; `rose`, to be accepted; `new`; and the red ones: `fell`,
            `leak` (a control that moved), `irreproducible` (other digits, or scores that are not concordant, from the
            same code), `changed` (other code, and scores that are not concordant), `incomparable`, `failed` (measured
            before, without a number now), `lost` (no longer there).
        reason: in words, where the numbers do not tell.
        old, new: AUC in [0, 1] (frame AUC where `metric` says so), None where there is none.
        metric: what was compared.
        judged: the statistical comparison, if there was one.
    """

    cell: str
    word: Word
    reason: str = ""
    old: float | None = None
    new: float | None = None
    judged: Judged | None = None
    metric: str = "auc"


def gate(new: Cells, old: Cells, *, whole: bool, rows: bool) -> list[Verdict]:
    """A verdict for each cell (and its frame AUC where it has one), in the order of their ids.

    Args:
        new: what was measured now.
        old: the rows, or what was measured before.
        whole: `new` should hold every cell of `old`; otherwise cells of `old` that were not selected are left out.
        rows: `old` are the rows, which have to be current; otherwise another state of them, or another run.
    """
    verdicts = [_lost(old[key]) for key in old if whole and key not in new]
    paired: dict[str, tuple[Measured, Measured]] = {}
    for key, one in new.items():
        known = old.get(key)
        early = _without_statistics(one, known)
        if early is not None:
            verdicts.append(early)
        elif known is not None:
            paired[_name(key, new)] = one, known
    return sorted(verdicts + _compared(paired, rows), key=lambda v: (v.cell, v.metric))


def _name(key: Key, new: Cells) -> str:
    """The cell's id; ids are unique within simulated and within real data."""
    both = len({data for data, _ in new}) > 1
    return f"{key[0]}:{key[1]}" if both else key[1]


def _lost(old: Measured) -> Verdict:
    return Verdict(old.record.cell.id, "lost", "it is on record, and no longer there", old=_auc(old.record))


def _without_statistics(new: Measured, old: Measured | None) -> Verdict | None:
    """The verdict on a cell that needs no test; None for one that does."""
    record, cell = new.record, new.record.cell.id
    if old is None:
        if record.status != "ok":
            return Verdict(cell, "failed", record.reason or record.status)
        return Verdict(cell, "new", _against_published(record), new=_auc(record))
    known = old.record
    if _auc(known) is None:
        return Verdict(cell, "incomparable", "no AUC before", new=_auc(record))

    def verdict(word: Word, reason: str = "") -> Verdict:
        return Verdict(cell, word, reason, _auc(known), _auc(record))

    if record.status != "ok":
        return verdict("failed", record.reason or record.status)
    if _auc(record) is None:
        return verdict("failed", "it has no AUC any more")
    if different := _differences(record, known):
        return verdict("incomparable", different)
    if not _exact(record, known):
        return None
    if moved := _moved(record, known):
        return verdict("irreproducible", f"{', '.join(moved)} differ by more than {TOLERANCE:.0e}")
    return verdict("equal")


def _auc(record: Record) -> float | None:
    return record.metrics["auc"].value if "auc" in record.metrics else None


def _differences(new: Record, old: Record) -> str:
    """Why two records of a cell are not about the same thing; empty where they are."""
    pairs: list[tuple[str, object, object]] = [
        ("protocol", new.protocol, old.protocol),
        ("size", new.size, old.size),
        ("corpus", new.corpus, old.corpus),
        *((f"{split} clips", new.manifests.get(split), old.manifests.get(split)) for split in ("train", "val", "test")),
    ]
    return ", ".join(
        f"other {what}" if "clips" in what else f"{what} {_short(a)} against {_short(b)} on record"
        for what, a, b in pairs
        if a != b
    )


def _short(value: object) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name} {value[name]}" for name in sorted(value))
    return str(value)


def _exact(new: Record, old: Record) -> bool:
    """Whether the same code on the same clips ran on the same kind of machine."""
    known = all(new.environment.get(name) is not None for name in FINGERPRINT)
    equal = all(new.environment.get(name) == old.environment.get(name) for name in FINGERPRINT)
    return known and equal and new.signature == old.signature


def _moved(new: Record, old: Record) -> list[str]:
    """Metrics on record that are gone, or have another value; one that is new has nothing to be held against."""
    return [
        name
        for name, known in sorted(old.metrics.items())
        if name not in new.metrics or abs(new.metrics[name].value - known.value) > TOLERANCE
    ]


def _against_published(record: Record) -> str:
    """A warning where a paper's number lies outside of this cell's interval; empty otherwise."""
    auc, told = record.metrics.get("auc"), (record.published or {}).get("value")
    if auc is None or told is None or auc.lo is None or auc.hi is None or auc.lo <= told <= auc.hi:
        return ""
    source = (record.published or {}).get("source")
    return f"published {100 * told:.1f} ({source}) lies outside of [{100 * auc.lo:.1f}, {100 * auc.hi:.1f}]"


def _compared(paired: Mapping[str, tuple[Measured, Measured]], rows: bool) -> list[Verdict]:
    """Statistical verdicts, corrected for their number, and whether the scores are those of the same detector."""
    changes: dict[tuple[str, str], Change] = {}
    verdicts: list[Verdict] = []
    told: dict[tuple[str, str], tuple[Word | None, str]] = {}
    for name, (new, old) in paired.items():
        for metric, found in (
            ("auc", _auc_change(new, old, rows)),
            ("frame_auc", _frame_change(new.record, old.record)),
        ):
            if isinstance(found, Verdict):
                verdicts.append(replace(found, cell=name, metric=metric))
            elif found is not None:
                changes[name, metric], told[name, metric] = found[0], found[1:]
    controls = [key for key in changes if paired[key[0]][0].record.cell.control]
    for (name, metric), judged in judge(changes, controls).items():
        after, before = (one.record.metrics[metric].value for one in paired[name])
        word, (moved, reason) = _word(judged, control=(name, metric) in controls), told[name, metric]
        word = moved if moved and word in ("same", "rose") else word
        verdicts.append(Verdict(name, word, reason, before, after, judged, metric))
    return verdicts


Found = tuple[Change, Word | None, str] | Verdict
"""A change to be judged, the word that a call of no drop is replaced by, and a remark; or what stands in its way."""


def _auc_change(new: Measured, old: Measured, rows: bool) -> Found:
    """The change of the AUC: of paired scores where there are any, of the two numbers otherwise."""
    try:
        scores = new.scores(), old.scores()
        change = paired_change(*scores)
    except (RecordError, ValueError) as error:
        lost = Verdict("", "incomparable", str(error), _auc(old.record), _auc(new.record))
        alone = None if rows and old.record.data == "sim" else unpaired(new.record, old.record, "auc")
        return (alone, None, f"{NOT_PAIRED}: {error}") if alone else lost
    moved = None
    if rows and not new.record.cell.control:
        moved = _discordant(*scores, same=new.record.detectors == old.record.detectors)
    return change, *(moved or (None, ""))


def _frame_change(new: Record, old: Record) -> Found | None:
    """The change of the frame AUC; None where none is on record."""
    known = old.metrics.get("frame_auc")
    if known is None:
        return None
    if "frame_auc" not in new.metrics:
        return Verdict("", "failed", "it has no frame scores any more", known.value)
    alone = unpaired(new, old, "frame_auc")
    told = known.value, new.metrics["frame_auc"].value
    return (alone, None, "") if alone else Verdict("", "incomparable", "frame AUC without an interval", *told)


def _discordant(new: "pd.DataFrame", old: "pd.DataFrame", *, same: bool) -> tuple[Word, str] | None:
    """The word for scores that moved although the AUC may not have; None where they agree."""
    value = concordance(new, old)
    if value >= CONCORDANCE:
        return None
    told = f"scores moved (concordance {value:.2f}) "
    if same:
        return "irreproducible", told + "though the detector's code did not change"
    return "changed", told + "with the detector's code"


def concordance(new: "pd.DataFrame", old: "pd.DataFrame") -> float:
    """Lin's concordance correlation coefficient of two per-clip score tables, in [-1, 1]; the least of their seeds.

    1 where all scores are equal; 0 where a clip has a score in one of them alone.
    """
    old = joined(new, old)
    return min(
        _lin(*pair) for pair in zip(new.iloc[:, 3:-1].to_numpy().T, old.iloc[:, 3:-1].to_numpy().T, strict=False)
    )


def _lin(a: np.ndarray, b: np.ndarray) -> float:
    seen = np.isfinite(a)
    if (seen != np.isfinite(b)).any():
        return 0.0
    a, b = a[seen], b[seen]
    if np.allclose(a, b, rtol=0, atol=TOLERANCE):
        return 1.0
    covariance = float(((a - a.mean()) * (b - b.mean())).mean())
    return 2 * covariance / float(a.var() + b.var() + (a.mean() - b.mean()) ** 2)


def _word(judged: Judged, *, control: bool) -> Word:
    return "leak" if control and judged.alarm else judged.word


def red(verdicts: Collection[Verdict], *, rows: bool) -> bool:
    """Whether any verdict stops a change, or none says anything; `rows`: rows have to be current too."""
    if all(verdict.word in UNTESTED for verdict in verdicts):
        return True
    return any(verdict.word in RED or (rows and verdict.word in STALE) for verdict in verdicts)


def of_word(verdicts: Sequence[Verdict], word: Word) -> list[Verdict]:
    """The verdicts with one word."""
    return [verdict for verdict in verdicts if verdict.word == word]
