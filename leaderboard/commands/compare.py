"""`compare`: two detectors on the clips that both have scored."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from detectors.registry import suggest
from leaderboard.compare import compare, pair_name, place_of, probe_name
from leaderboard.sources import Cells, SourceError

from . import chosen


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "compare",
        help="the paired difference of two detectors in every cell that both have",
        description="AUC of two detectors, the difference on the same clips with its 95 % interval, and how many "
        "clips would separate them. Exit status 1 if a cell cannot be compared.",
    )
    parser.add_argument("a", metavar="A", help="a detector, such as tiny_av-linear")
    parser.add_argument("b", metavar="B", help="another one")
    parser.add_argument("--pair", action="append", default=[], help="these alone, such as sim_whole_to_sim_lip")
    parser.add_argument("--probe", action="append", default=[], help="these alone, such as trim; none for plain cells")
    chosen.add(parser)
    parser.set_defaults(run=_compare)


def _compare(options: argparse.Namespace) -> int:
    try:
        cells = chosen.cells(options)
        _check(cells, options)
    except (SourceError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    found, refused = compare(cells, options.a, options.b, options.pair, options.probe)
    if found:
        from leaderboard.compare_report import report

        print(report(found, options.a, options.b))
    for sentence in refused:
        print(f"not compared: {sentence}", file=sys.stderr)
    return 1 if refused else 0


def _check(cells: Cells, options: argparse.Namespace) -> None:
    """Refuse unknown names, and detectors that share no cell.

    Raises:
        ValueError: in words, with suggestions.
    """
    detectors = {one.record.cell.detector for one in cells.values()}
    _known("detector", [options.a, options.b], detectors)
    if options.a == options.b:
        raise ValueError(f"{options.a} is compared with itself; name two detectors of {', '.join(sorted(detectors))}")
    first, second = (_places(cells, name) for name in (options.a, options.b))
    both = first & second
    if not both:
        raise ValueError(
            f"{options.a} and {options.b} share no pair; the first has {_listed(first)}, the second {_listed(second)}"
        )
    _known("pair", options.pair, {pair_name(place) for place in both})
    _known("probe", options.probe, {probe_name(place) for place in both})
    wanted = [p for p in both if not options.pair or pair_name(p) in options.pair]
    if not [p for p in wanted if not options.probe or probe_name(p) in options.probe]:
        probes = ", ".join(sorted({probe_name(place) for place in wanted}))
        raise ValueError(f"these pairs have no such probe in common; they have {probes}")


def _places(cells: Cells, detector: str) -> set[tuple[str, str, str]]:
    return {place_of(one.record) for one in cells.values() if one.record.cell.detector == detector}


def _listed(places: Iterable[tuple[str, str, str]]) -> str:
    return ", ".join(sorted({pair_name(place) for place in places}))


def _known(what: str, names: Sequence[str], known: Iterable[str]) -> None:
    known = sorted(known)
    for name in names:
        if name not in known:
            raise ValueError(f"no {what} is called {name!r} in these cells{suggest(name, known)}")
