"""Do the papers' findings reappear? `python -m benchmark.claims RESULTS [--out docs/claims.md]`.

Goes through the claims of `benchmark.claimed` on a results folder and writes a Markdown report, the same bytes for the
same records.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from datasets.files import write_atomic
from leaderboard.markdown import table
from leaderboard.tables import NOTICE

from .claimed import FINDINGS
from .verdicts import CONTROL, MISSING, NOT_REPRODUCED, STATUSES, Results, ResultsError, Verdict, judge

_HEADER = ("expected", "cell", "value", "compared with", "its value", "difference", "status")
_INTRO = f"""The status is computed from the 95 % intervals, by `python -m benchmark.claims RESULTS`; not to be edited.

- `planted`: it succeeded, and is true by construction of the corpus.
- `calibrated`: it succeeded; the strength of the effect was set on a development corpus, its direction was not forced.
- `emergent`: it succeeded, the interval excludes the null in the claimed direction, and nobody planted or tuned it.
- `{NOT_REPRODUCED}`: the interval includes the null or lies on its other side (where the claim is that there is
  nothing to see: the interval excludes the null).
- `{MISSING}`: a cell that it needs has no usable number. `{CONTROL}`: listed without a claim.

AUC in % [95 % interval, identities resampled]. A difference is in points, first minus second, paired by clip: the same
resampled identities for both. An interval that contains 50 or 0 does not show that nothing is there; its ends say what
remains possible. Nothing is corrected for the number of claims: a difference that does not exist is found in about
2.5 % of cases."""


def report(results: Results) -> str:
    """The Markdown text."""
    verdicts = [judge(finding, results) for finding in FINDINGS]
    head = [
        "# The papers' findings on the embedded corpus",
        f"**Notice:** {NOTICE}.",
        f"Corpus: {results.corpus_of(results.measured[0])}; {len(results.measured)} measured cells.",
        _INTRO,
        _overview(verdicts),
    ]
    sections = [
        f"## {number}. {finding.title}\n\n{finding.text}\n\n{_lines(lines)}"
        for number, (finding, lines) in enumerate(zip(FINDINGS, verdicts, strict=True), 1)
    ]
    return "\n\n".join(head + sections) + "\n"


def _overview(verdicts: Sequence[Sequence[Verdict]]) -> str:
    """How many lines of each status a finding has."""
    body = [_notice(len(STATUSES) + 1)]
    for number, (finding, lines) in enumerate(zip(FINDINGS, verdicts, strict=True), 1):
        count = Counter(line.status for line in lines)
        body.append([f"{number}. {finding.title}", *(str(count[status] or "–") for status in STATUSES)])
    return table(["finding", *STATUSES], body)


def _lines(lines: Sequence[Verdict]) -> str:
    body = [
        [line.expected, line.first, line.value, line.second, line.other, line.difference, line.status] for line in lines
    ]
    return table(_HEADER, [_notice(len(_HEADER)), *([text or "–" for text in row] for row in body)])


def _notice(columns: int) -> list[str]:
    return [f"_{NOTICE}_", *[""] * (columns - 1)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or print the report; 1 if records or scores could not be read, or none are there."""
    parser = argparse.ArgumentParser(prog="python -m benchmark.claims", description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, metavar="RESULTS", help="where a run left its records and scores")
    parser.add_argument("--out", type=Path, help="the Markdown file to write (default: print it)")
    options = parser.parse_args(arguments)
    try:
        results = Results.load(options.results)
    except ResultsError as error:
        print(error, file=sys.stderr)
        return 1
    text = report(results)
    if options.out:
        write_atomic(options.out, text)
    else:
        print(text, end="")
    print("\n".join(results.problems), file=sys.stderr, end="\n" if results.problems else "")
    return 1 if results.problems else 0


if __name__ == "__main__":
    sys.exit(main())
