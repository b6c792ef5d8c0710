"""`python -m datasets fetch`: published split lists and annotations; of the data themselves, how to get them."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import by_hand, catalogue, library, lists
from ..errors import DatasetError, in_words
from ..fetching.resuming import DownloadError, UnreachableError
from ..files import in_bytes
from ..lists import bringing

EVERY = "lists"
"""Stands for the lists of all data sets."""
NAMES = (EVERY, *sorted({*catalogue.CARDS, *(one.dataset for one in lists.LISTS)}))

_HELP = f"""Fetches the split lists and annotations of a data set that anyone may download, into AVDF_DATA/lists, and
holds each against its published SHA-256. A download that was cut is continued. The data themselves are behind forms:
the command prints where to apply and what to do. NAME is one of {", ".join(NAMES)}; `{EVERY}` means those of all.
With --from nothing is downloaded: the same files are taken from a folder, by their hashes, or by the ends of their
paths, which it warns about. Exit status: 0, 1 when something is still not here or there is nothing to fetch."""


def add(commands: Any) -> None:
    """The command's arguments."""
    command = commands.add_parser("fetch", help="get split lists; say how to get data", description=_HELP)
    command.add_argument("name", metavar="NAME", choices=NAMES, help="which data set, or `lists`")
    command.add_argument("--from", dest="folder", metavar="FOLDER", type=Path, help="take them from a copy there")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Fetch or bring the lists, then say how to get the data."""
    wanted = lists.LISTS if options.name == EVERY else lists.of(options.name)
    if options.folder:
        return _bring(options.name, wanted, options.folder.expanduser())
    ok = _fetch(options.name, wanted)
    _say_where(wanted)
    card = catalogue.get(options.name)
    if card and not library.here(card.name):
        print("\n".join(["", *route(card)] if wanted else route(card)))
        return 0 if wanted and ok else 1
    if not wanted:
        print(f"nothing of {options.name} can be fetched, and it is imported already")
        return 1
    return 0 if ok else 1


def route(card: catalogue.Card) -> list[str]:
    """How a person gets a data set, as lines."""
    why = "is not fetched: it is given out by" if card.gated else "is fetched by hand:"
    lines = [f"{card.title} itself {why} {card.page}", f"  licence: {card.licence}", f"  it holds {card.holds}"]
    lines += [f"  size: {card.size}"] if card.size else []
    steps = [*card.steps, f"run `python -m datasets import {card.name} FOLDER` with the folder that it is in"]
    return [*lines, *(f"  {number}. {step}" for number, step in enumerate(steps, 1))]


def _say_where(wanted: Sequence[lists.List]) -> None:
    """Of annotations that an importer reads in the data set's own folder, say so."""
    for one in wanted:
        if one.beside and lists.place(one).is_file():
            print(f"before the import, copy {lists.place(one)} to {one.beside} in the data set's folder")


def _fetch(name: str, wanted: Sequence[lists.List]) -> bool:
    """Whether all are here now; the first server that cannot be reached ends it."""
    failed = 0
    for one in wanted:
        try:
            before = lists.state(one)
            if before == "changed":
                raise DatasetError(f"{lists.place(one)} is not what was published; remove it and fetch again")
            bringing.fetch(one)
            print(f"{one.name}: {_words(one, before)}", flush=True)
        except UnreachableError as error:
            print(f"error: {one.name}: {error}", file=sys.stderr)
            print(f"or bring all of them: `python -m datasets fetch {name} --from FOLDER`", file=sys.stderr)
            return False
        except (DownloadError, DatasetError) as error:
            print(f"error: {one.name}: {error}", file=sys.stderr)
            failed += 1
        except OSError as error:
            print(f"error: {one.name}: {in_words(error)}", file=sys.stderr)
            return False
    return not failed


def _words(one: lists.List, before: lists.State) -> str:
    origin = f"{one.repository.name} at {one.repository.commit[:12]}, licence: {one.repository.licence}"
    if before == "copy":
        return f"already here: {lists.COPY}; remove {lists.place(one)} to have that one fetched"
    return f"{'already here' if before == 'published' else 'fetched'}, {in_bytes(one.size)}, {origin}"


def _bring(name: str, wanted: Sequence[lists.List], folder: Path) -> int:
    if name == by_hand.NAME and (place := by_hand.bring(folder)):
        print(f"unpacked to {place}\nnext: `python -m datasets import {name} {place}`")
        if folder.is_file():
            return 0
    found = {brought.one: brought for brought in bringing.bring(folder, wanted)}
    for one in wanted:
        if one not in found:
            print(f"{one.name}: not in {folder}")
        elif found[one].exact:
            print(f"{one.name}: the published version, from {found[one].source}")
        elif not found[one].kept:
            print(f"{one.name}: the published version is here; {found[one].source} is another one and was not taken")
        else:
            print(f"{one.name}: WARNING, {lists.COPY}, from {found[one].source}; splits may differ from the papers'")
    _say_where(wanted)
    if not found and not (name == by_hand.NAME and by_hand.unpacked().is_dir()):
        raise DatasetError(f"{folder} holds nothing of {name} that could be taken")
    return 0
