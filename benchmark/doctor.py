"""What can be measured on this machine, what is missing for more, and how to get it: data sets, lists, weights, extras.

Nothing is decoded, hashed beyond small lists, or loaded, and no network is used.
"""

import importlib.util
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from datasets import catalogue, faces, library, lists, protocols
from datasets.errors import DatasetError
from datasets.files import cache_root, in_bytes
from datasets.glance import glance, searched
from datasets.manifest import read_header
from datasets.verify import share
from detectors.commands.listing import state_of
from detectors.fetching.folder import weights_root
from detectors.lacking import lacking
from detectors.registry import Row, registry, rows
from leaderboard.domains import data_set

from . import pairs
from .cells import PROBES

_TERMS = 40
"""Characters of a licence that the screen has room for; `python -m datasets fetch NAME` has all of it."""


@dataclass(frozen=True)
class DataSet:
    """What is on this machine of one data set.

    Attributes:
        here: in words, with what is wrong.
        clips: in the manifest; None where it was not imported.
        lists: how many of its published lists are here, and how many there are.
        searched: files that were searched for faces.
        cells: those that it takes part in and that can be measured here, or that it alone would add.
        page, terms: where to apply, and the licence; empty where it is here or one's own.
    """

    name: str
    here: str
    clips: int | None
    lists: tuple[int, int]
    searched: int
    cells: int
    page: str = ""
    terms: str = ""


def data_sets() -> list[DataSet]:
    """Every published data set and one's own, those that are here first."""
    names = dict.fromkeys([*library.names(), *sorted(catalogue.CARDS)])
    return [_data_set(name) for name in names]


def _data_set(name: str) -> DataSet:
    card, known = catalogue.get(name), lists.of(name)
    brought = sum(lists.place(one).is_file() for one in known)
    counts = ((brought, len(known)), searched(name), _cells_of(name))
    if library.here(name):
        return DataSet(name, _words(name), _clips(name), *counts)
    return DataSet(name, "no", None, *counts, card.page if card else "", card.licence if card else "")


def _clips(name: str) -> int | None:
    try:
        return int(read_header(library.manifest_path(name))["clips"])
    except (DatasetError, OSError, KeyError, TypeError, ValueError):
        return None


def _words(name: str) -> str:
    """Whether the files of an imported data set were verified, and are still there."""
    seen, right = glance(name), share(name)
    if seen.problem:
        return f"yes, but {seen.problem}"
    parts = ["yes, not verified" if right is None else f"yes, {right:.1%} verified"]
    for count, what in ((seen.missing, "gone"), (seen.changed, "changed")):
        parts += [f"of {seen.looked} files {count} {what}"] if count else []
    return "; ".join(parts)


def _cells_of(name: str) -> int:
    here = set(library.names())
    return _cells(here | {name}, _fit()) - _cells(here - {name}, _fit())


def _cells(present: Collection[str], measured: Collection[Row]) -> int:
    """How many cells of real data sets these data sets and detectors make; split lists can be fetched at any time."""
    return _count([pair for pair in _pairs() if all(data_set(name) in present for name in pair)], measured)


def _count(found: Collection[pairs.Pair], measured: Collection[Row]) -> int:
    return len(PROBES) * sum(pairs.suits(train, row.needs) for row in measured for train, _ in found)


def _waiting() -> int:
    """How many cells of the data sets that are here wait for split lists alone."""
    here = set(library.names())
    found = [pair for pair in _pairs() if all(data_set(name) in here for name in pair)]
    return _count([pair for pair in found if not all(map(_has_lists, pair))], _fit())


def _has_lists(protocol: str) -> bool:
    return protocols.usable(protocols.get(protocol))


@cache
def _pairs() -> tuple[pairs.Pair, ...]:
    return (*pairs.published(), *pairs.own())


@cache
def _fit() -> tuple[Row, ...]:
    """The detectors that can be measured here."""
    return tuple(row for row in rows() if not row.broken and lacking(row) is None)


@dataclass(frozen=True)
class Weights:
    """An encoder's weights: `state`, how to get them, and the cells that they would add or do make, of all data."""

    name: str
    state: str
    get: str
    cells: int


def weights() -> list[Weights]:
    """Every encoder that needs weights, those that are here first."""
    here, pairs_here = set(library.names()), len(pairs.SIM)
    found = []
    for name, entry in registry().encoders.items():
        if entry.card.weights is None:
            continue
        own = [row for row in rows() if row.encoder == name and not row.random]
        cells = _cells(here, own) + len(PROBES) * pairs_here * len(own)
        found.append(Weights(name, *state_of(entry.card.weights), cells))
    return sorted(found, key=lambda one: (one.state != "here", one.name))


def extras() -> Iterator[tuple[str, str]]:
    """What is optional: its name, and whether it is here or what it would bring."""
    try:
        faces.installed()
        yield "face detector", "here"
    except DatasetError as error:
        yield "face detector", str(error)
    yield "dask", _extra("distributed", "several machines in `python -m datasets prepare`", "cluster")


def _extra(module: str, what: str, extra: str) -> str:
    if importlib.util.find_spec(module):
        return "here"
    return f"not installed; it brings {what}: pip install 'avdf-bench[{extra}]'"


def folders() -> Iterator[tuple[str, str, Path, str]]:
    """The folders that are written to: variable, what is in it, where, and how much is free there."""
    for variable, what, folder in (
        ("AVDF_CACHE", "clips, features, fitted detectors", cache_root()),
        ("AVDF_DATA", "manifests and lists", library.data_root()),
        ("AVDF_WEIGHTS", "weights", weights_root()),
    ):
        there = next((path for path in (folder, *folder.absolute().parents) if path.exists()), None)
        yield variable, what, folder, f"{in_bytes(shutil.disk_usage(there).free)} free" if there else "unknown"


def report() -> str:
    """All of it as one screen of text."""
    sets, encoders = data_sets(), weights()
    parts = [
        _table(_set_line(one) for one in sets),
        _table(
            {
                "encoder": one.name,
                "weights": one.state,
                "cells": _more(one.state == "here", one.cells),
                "how to get them": one.get,
            }
            for one in encoders
        ),
        _table({"extra": name, "here": words} for name, words in extras()),
        _table(
            {"folder": name, "holds": what, "where": str(place), "free": free} for name, what, place, free in folders()
        ),
        "\n".join(_summary(sets)),
    ]
    return "\n\n".join(parts)


def _table(lines: Iterable[Mapping[str, str]]) -> str:
    from tabulate import tabulate

    return tabulate([dict(line) for line in lines], "keys", "simple", disable_numparse=True)


def _set_line(one: DataSet) -> dict[str, str]:
    brought, known = one.lists
    return {
        "data set": one.name,
        "here": one.here,
        "clips": "" if one.clips is None else f"{one.clips:,}",
        "lists": f"{brought} of {known}" if known else "",
        "faces": f"{one.searched:,}" if one.searched else "",
        "cells": _more(one.here != "no", one.cells),
        "where to apply": one.page.removeprefix("https://").removeprefix("www."),
        "terms": one.terms if len(one.terms) <= _TERMS else f"{one.terms[: _TERMS - 1]}…",
    }


def _more(here: bool, cells: int) -> str:
    return f"{cells:,}" if here else f"+{cells:,}" if cells else ""


def _summary(sets: list[DataSet]) -> Iterator[str]:
    """What can be measured now, and the next commands."""
    simulated, real = len(PROBES) * len(pairs.SIM) * len(_fit()), _cells(set(library.names()), _fit())
    yield (
        "cells: those that can be measured here with all lists, or +those that it alone would add; faces: files "
        "searched for them"
    )
    lists_ = f", {waiting:,} more once lists are fetched" if (waiting := _waiting()) else ""
    yield f"can be measured now: {simulated:,} cells on simulated data, {real - waiting:,} on real data{lists_}"
    for one in sets:
        if one.clips is not None and one.lists[0] < one.lists[1] and not _have_lists(one.name):
            yield f"next: `python -m datasets fetch {one.name}`, the split lists of its published protocols"
        if " gone" in one.here or " changed" in one.here:
            yield f"next: import {one.name} again; some of its files are gone or changed since"
        elif one.here == "yes, not verified":
            yield f"next: `python -m datasets verify {one.name}`, which reads every file once"
    if not any(one.clips is not None for one in sets):
        yield "next: apply for a data set above, then `python -m datasets import NAME FOLDER`"


def _have_lists(name: str) -> bool:
    return all(map(_has_lists, protocols.names(name)))
