"""The audit in words: for the terminal, and as Markdown."""

from collections import Counter
from collections.abc import Sequence
from textwrap import fill

from leaderboard.markdown import table
from leaderboard.tables import NOTICE

from .passport import Overlap
from .run import Audit
from .splits import Finding, Split
from .standing import Standing

MOST = 10
"""Lines of a list before the rest is counted."""
_LEGEND = (
    "AUC of one signal alone in %, with its 95 % interval over identities; more of it means fake above 50, real below. "
    "*: the interval excludes 50. **: it does so after Holm's correction for all signals of the split. A category "
    "is scored by its clips of other identities, a name by its other clips; of both only intervals above 50 count "
    "(docs/audit.md)."
)


def terminal(audit: Audit, *, short: bool = False) -> str:
    """The tables of signals, the passports and what encoders have seen.

    Args:
        short: only signals whose interval excludes 50, and only pairs that the set is tested in.
    """
    from tabulate import tabulate

    parts = [title(audit)]
    for split in audit.splits:
        rows = [_row(one) for one in split.tried if one.tells or not short]
        body = tabulate(rows, _HEADER, "simple", disable_numparse=True) if rows else ""
        parts += ["\n\n".join(filter(None, [headline(split), body])), _failed(split)]
    pairs = [pair for pair in audit.pairs if pair.test == audit.name or not short]
    rows = [[f"{pair.train} → {pair.test}", *(_overlap(one) for one in pair.overlaps)] for pair in pairs]
    if rows:
        header = ["shared with training", *(one.kind for one in pairs[0].overlaps)]
        parts.append(tabulate(rows, header, "simple", disable_numparse=True))
    parts += [*_seen_lines(audit)] if not short else []
    return "\n\n".join(filter(None, parts))


def notes(sim: bool, width: int = 120) -> str:
    """What stands below the tables: how to read them, and the notice of simulated data."""
    found = [_LEGEND, *([f"sim: {NOTICE}"] if sim else [])]
    return "\n\n".join(fill(note, width) for note in found)


def title(audit: Audit) -> str:
    """What was audited, and how much of it is in no split."""
    left = f"; left out: {', '.join(f'{n} ({why})' for why, n in audit.left_out.items())}" if audit.left_out else ""
    return f"audit of {audit.name}, {audit.data} data, {audit.source}{left}"


def headline(split: Split) -> str:
    """How many clips and signals, and how many intervals would exclude 50 by chance."""
    size = f"{split.name}: {split.fakes} fakes and {split.reals} reals of {split.clusters} identities"
    if not split.findings:
        return f"{size}: one class alone, so that no signal can tell it from another"
    told = [one for one in split.tried if one.tells]
    held = sum(one.holds for one in told)
    unexplained = sum(one.holds and not one.why for one in told)
    return (
        f"{size}; {len(told)} of {len(split.tried)} signals exclude 50 ({split.by_chance:.1f} by chance), {held} after "
        f"correction, of which {unexplained} without a known reason"
    )


_HEADER = ["signal", "AUC", "", "unknown", "what it is", "reason"]


def _row(one: Finding) -> list[str]:
    assert one.standing is not None
    return [one.signal, auc(one.standing), sign(one), str(one.unknown or ""), one.words, reason(one)]


def auc(standing: Standing) -> str:
    """`65.2 [55.0, 74.1]`, in %."""
    return f"{100 * standing.auc:.1f} [{100 * standing.lo:.1f}, {100 * standing.hi:.1f}]"


def sign(one: Finding) -> str:
    """How far a finding is to be believed: two stars, one, or none."""
    return "**" if one.holds else "*" if one.tells else ""


def reason(one: Finding) -> str:
    """The known reason, what an AUC below 50 of a name means, or nothing."""
    if one.kind == "name" and one.standing and one.standing.hi < 0.5:
        return "its clips are of both classes"
    return one.why or ("not explained" if one.holds else "")


def _overlap(one: Overlap) -> str:
    if one.shared is None:
        return "?" if one.of else "–"
    remembered = f", AUC {auc(one.memory)}" if one.memory and one.memory.tells else ""
    return f"{one.shared}/{one.of}{remembered}"


def _failed(split: Split) -> str:
    if not split.failed:
        return ""
    lines = [f"{clip}: {why}" for clip, why in list(split.failed.items())[:MOST]]
    more = [f"... and {len(split.failed) - MOST} more"] if len(split.failed) > MOST else []
    return "\n  ".join([f"{split.name}: could not be probed, {len(split.failed)} in all:", *lines, *more])


def _seen_lines(audit: Audit) -> list[str]:
    lines = [
        f"{one.dataset} ({', '.join(one.encoders)}): {one.why}{_counted(one.identities, one.sources)}"
        for one in audit.seen
        if one.related == "yes"
    ]
    unknown = [one.dataset for one in audit.seen if one.related == "not known"]
    if unknown:
        lines.append(f"not known of {', '.join(unknown)}")
    return [
        "\n  ".join(["Seen by encoders before (pre-training data with recordings of the test set):", *lines])
    ] * bool(lines)


def _counted(identities: tuple[int, int] | None, sources: tuple[int, int] | None) -> str:
    named = [(identities, "identities"), (sources, "recordings")]
    found = [f"{counts[0]} of {counts[1]} {words}" for counts, words in named if counts]
    return f"; by name {' and '.join(found)}" if found else ""


def markdown(audit: Audit) -> str:
    """The whole audit as a Markdown page; simulated data carry their notice in every table."""
    notice = [[f"_{NOTICE}_", "", "", "", "", ""]] if audit.data == "sim" else []
    parts = [f"# {title(audit)[0].upper()}{title(audit)[1:]}", _LEGEND]
    for split in audit.splits:
        parts += [f"## {split.name}", headline(split)]
        if split.findings:
            parts.append(table(_HEADER, [*notice, *(_row(one) for one in split.tried)]))
            parts.append(_untold(split.findings))
        parts.append(_failures(split))
    parts += [*_passports(audit, notice), *_encoders(audit)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _untold(findings: Sequence[Finding]) -> str:
    same = [one.signal for one in findings if one.constant]
    return f"The same in all clips: {', '.join(same)}." if same else ""


def _failures(split: Split) -> str:
    if not split.failed:
        return ""
    reasons = Counter(split.failed.values())
    lines = [f"- {count}: {why}" for why, count in reasons.most_common(MOST)]
    head = f"Clips that could not be probed and are in no number above, {len(split.failed)} in all (`unprobed.csv`):"
    return "\n".join([head, "", *lines])


def _passports(audit: Audit, notice: list[list[str]]) -> list[str]:
    parts = ["## Shared with training"] if audit.pairs or audit.broken else []
    for pair in audit.pairs:
        rows = [
            [one.kind, _overlap(one), "" if one.clips is None else str(one.clips), one.note] for one in pair.overlaps
        ]
        head = ["kind", "shared", "test clips concerned", "note"]
        parts += [f"### {pair.train} → {pair.test}", table(head, [*(row[: len(head)] for row in notice), *rows])]
    return parts + [f"{pair}: not looked at, {why}" for pair, why in audit.broken.items()]


def _encoders(audit: Audit) -> list[str]:
    if not audit.seen:
        return []
    rows = [
        [one.dataset, ", ".join(one.encoders), one.related, one.why, _share(one.identities), _share(one.sources)]
        for one in audit.seen
    ]
    head = ["pre-training data", "encoders", "has of the test set", "why", "identities", "recordings"]
    return ["## Seen by encoders before", table(head, rows)]


def _share(counts: tuple[int, int] | None) -> str:
    return f"{counts[0]}/{counts[1]}" if counts else ""
