"""What the gate prints: red cells first, then what rose, then how small a drop it could have seen."""

from collections.abc import Iterable, Sequence
from math import isfinite, isinf
from statistics import median

from .gate import NOT_PAIRED, RED, STALE, UNTESTED, Verdict, Word, of_word, red
from .regression import Judged

MOST = 30
"""Lines of one kind before the rest is counted."""
_TITLES: dict[Word, str] = {
    "failed": "No number",
    "lost": "On record, and no longer there",
    "irreproducible": "Other scores from the same code and clips",
    "fell": "Fell by more than chance explains",
    "leak": "Controls that moved (one that rises is a leak, one that falls measures something else)",
    "changed": "Scores of another detector than the row's: look at them, then accept it anew",
    "incomparable": "Not comparable with the row: measure and accept it anew",
    "rose": "Rose by more than chance explains: look at it, then accept it",
    "new": "Not on record yet: accept it",
}


def report(verdicts: Sequence[Verdict], *, rows: bool) -> str:
    """The gate's findings as text, its power and its answer at the end; `rows` as in `gate.red`."""
    parts = [_section(word, of_word(verdicts, word)) for word in (*RED, *STALE, "rose", "new")]
    return "\n\n".join([*filter(None, parts), *_power(verdicts), _answer(verdicts, rows)])


def _section(word: Word, verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return ""
    if word in ("incomparable", "new", "failed"):
        lines = _by_reason(verdicts)
    else:
        lines = [_line(verdict) for verdict in sorted(verdicts, key=_change)]
    more = [f"... and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return "\n  ".join([f"{_TITLES[word]} ({len(verdicts)}):", *lines[:MOST], *more])


def _change(verdict: Verdict) -> float:
    return 0.0 if verdict.old is None or verdict.new is None else verdict.new - verdict.old


def _by_reason(verdicts: Sequence[Verdict]) -> list[str]:
    """One line a reason where many cells share it."""
    cells: dict[str, list[str]] = {}
    for verdict in verdicts:
        cells.setdefault(verdict.reason, []).append(verdict.cell)
    return [
        (f"{reason}: " if reason else "") + ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
        for reason, names in sorted(cells.items())
    ]


def _line(verdict: Verdict) -> str:
    text = f"{verdict.cell}: {verdict.metric.replace('_', ' ').replace('auc', 'AUC')} "
    text += " -> ".join("?" if value is None else f"{100 * value:.2f}" for value in (verdict.old, verdict.new))
    if verdict.old is not None and verdict.new is not None:
        text += f" ({100 * (verdict.new - verdict.old):+.2f} points)"
    if verdict.judged:
        text += f", called from {100 * verdict.judged.critical:.2f} on, p {verdict.judged.p:.1g}"
    return text + (f"; {verdict.reason}" if verdict.reason else "")


def _power(verdicts: Sequence[Verdict]) -> Iterable[str]:
    exact = [v for v in verdicts if v.word in ("equal", "irreproducible")]
    tested = [v.judged for v in verdicts if v.judged]
    alone = sum(v.reason.startswith(NOT_PAIRED) for v in verdicts if v.judged)
    lines = []
    if exact:
        lines.append(f"{len(exact)} cells compared exactly: a difference of 1e-6 would have been called.")
    if tested:
        blind = sum(isinf(j.critical) for j in tested)
        called, sure = (sorted(x for x in kind if isfinite(x)) for kind in zip(*map(_drops, tested), strict=True))
        lines.append(
            f"{len(tested)} numbers compared statistically, corrected for their number: the smallest drop called is "
            f"{_range(called)} points; a true drop of {_range(sure)} points is called in 80 % of cases."
            + (f" In {blind} of them no drop could be called: too few identities." if blind else "")
            + (f" {alone} of them are AUCs without scores to pair: larger drops pass." if alone else "")
        )
    return ["\n".join(lines)] if lines else []


def _drops(judged: Judged) -> tuple[float, float]:
    return judged.critical, judged.powered


def _range(values: Sequence[float]) -> str:
    if not values:
        return "no number of"
    return f"{100 * values[0]:.1f} to {100 * values[-1]:.1f} (median {100 * median(values):.1f})"


def _answer(verdicts: Sequence[Verdict], rows: bool) -> str:
    counts = {word: len(of_word(verdicts, word)) for word in ("equal", "same", "rose", "new", *RED, *STALE)}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    if all(verdict.word in UNTESTED for verdict in verdicts):
        told = ": ".join(filter(None, ["nothing compared", told]))
    return f"gate: {'RED' if red(verdicts, rows=rows) else 'green'} ({told})"
