"""`python -m datasets protocols`: which there are, and what each makes of the data that are here."""

import argparse
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .. import library, protocols
from ..clip import Clip
from ..errors import DatasetError
from ..protocols import Drawn, Protocol

_HELP = """Lists the protocols of the data sets: which clips are trained, validated and tested on. With names of
protocols or data sets, counts their clips here, how many are left out for which reason, and how much of published
lists was found. Exit status: 0, 1 when a named protocol, or every one of a named data set, cannot be used here."""


def add(commands: Any) -> None:
    """The command's arguments."""
    command = commands.add_parser("protocols", help="which splits there are, and what is in them", description=_HELP)
    command.add_argument("names", nargs="*", metavar="NAME", help="such as favc.ssr, or favc for all of FakeAVCeleb")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """List all, or count some."""
    if not options.names:
        print(_listed())
        return 0
    told: dict[str, tuple[bool, str]] = {}
    read = lru_cache(maxsize=1)(library.clips)
    usable = True
    for typed in options.names:
        names = protocols.names(typed) or [typed]
        told |= {name: _told(protocols.get(name), read) for name in names if name not in told}
        usable &= any(told[name][0] for name in names)
    print("\n\n".join(text for _, text in told.values()))
    return 0 if usable else 1


def _listed() -> str:
    from tabulate import tabulate

    rows = []
    for name in protocols.names():
        protocol = protocols.get(name)
        rows.append([name, _state(protocol), protocol.summary])
    return tabulate(rows, ["protocol", "here", "what it is"], "simple")


def _state(protocol: Protocol) -> str:
    if not library.here(protocol.dataset):
        return ""
    return "yes" if protocols.usable(protocol) else "without its lists"


def _told(protocol: Protocol, read: Callable[[str], list[Clip]]) -> tuple[bool, str]:
    """Whether a protocol can be used here, and what there is to say of it."""
    lines = [f"{protocol.name}: {protocol.summary}"]
    lines += [f"  numbers do not compare with published ones: {protocol.comparable}"] if protocol.comparable else []
    try:
        drawn = protocols.draw(protocol.name, read)
    except DatasetError as error:
        return False, "\n".join([*lines, f"  not here: {error}"])
    return True, "\n".join([*lines, *_counted(drawn)])


def _counted(drawn: Drawn) -> list[str]:
    counts = drawn.counts()
    lines = [f"  {split}: {real:,} real, {fake:,} fake" for split, (real, fake) in counts.items()] or ["  no clips"]
    makers = sorted({str(clip.split_from) for clip in drawn.clips})
    lines += [f"  split by {', '.join(makers)}"] if makers else []
    lines += [f"  left out: {count:,}, {reason}" for reason, count in drawn.left_out.items()]
    for one in drawn.lists:
        note = f" ({one.note})" if one.note else ""
        lines.append(f"  {one.name}: {one.found:,} of {one.listed:,} files are here{note}")
    return [*lines, *(f"  {note}" for note in drawn.notes)]
