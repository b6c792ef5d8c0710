"""Training and test sets that meet in a cell: those of the embedded corpus, and those of real data sets.

Real ones are protocols (`datasets.protocols`). A pair is collected when both of its data sets were imported on this
machine, or when `-k` or `-m` names it: then its cells are skipped and say what is missing. Any two protocols make a
pair once `-k` writes it out, as `lavdf_to_lavdf` or `favc.ssr.retimed_to_dfe.retimed`.
"""

import re
from collections.abc import Mapping

from datasets import library, protocols
from datasets.errors import DatasetError
from datasets.registry import EMBEDDED, Real
from leaderboard.domains import data_set

Pair = tuple[str, str]
"""Training and test set."""

SIM: tuple[Pair, ...] = (
    ("sim_whole", "sim_whole"),
    ("sim_local", "sim_whole"),
    ("sim_local", "sim_local"),
    ("sim_whole", "sim_local"),
    ("sim_whole", "sim_lip"),
    ("sim_local", "sim_lip"),
    ("sim_wild", "sim_wild"),
    ("sim_whole", "sim_wild"),
    ("sim_local", "sim_wild"),
    ("sim_whole", "sim_null"),
    ("sim_local", "sim_null"),
)
"""Of the embedded corpus. The last two are the null control: nothing to detect, so 50 must lie in the interval."""

TABLE_2: tuple[Pair, ...] = (
    ("favc", "favc"),
    ("av1m", "favc"),
    ("av1m", "av1m"),
    ("favc", "av1m"),
    ("favc", "avlips"),
    ("av1m", "avlips"),
    ("dfe", "dfe"),
    ("favc", "dfe"),
    ("av1m", "dfe"),
)
"""SSR-DFD's, table 2, by data set."""

SSR: Mapping[str, str] = {"favc": "favc.ssr", "av1m": "av1m.ssr", "avlips": "avlips", "dfe": "dfe.tracks"}
"""The protocol of each data set that is SSR-DFD's, or the nearest to it."""

LEFT_OUT = ("rvfa", "fvra_wl", "fvfa_fs", "fvfa_gan", "fvfa_wl")
"""HAVIC's five kinds of FakeAVCeleb's fakes, each left out of training and tested on alone."""

REALS = "real"
"""How the tag of a training set begins that has reals alone; only detectors that need no fake are trained on it."""

_OWN_TRAIN = ("favc", "av1m")
"""What own data are tested with, beside their own training part."""

_asked: dict[Pair, None] = {}


def published() -> list[Pair]:
    """The pairs of real data sets that are known by name, imported or not, each once."""
    pairs = [*TABLE_2, *((SSR[train], SSR[test]) for train, test in TABLE_2)]
    for test in ("kodf", "hifi_avdf"):
        pairs += [("favc", name) for name in protocols.names(test)]
    pairs += [("av1m.real", "av1m.ssr")]
    pairs += [(f"favc.without_{kind}", f"favc.only_{kind}") for kind in LEFT_OUT]
    return list(dict.fromkeys(pairs))


def own() -> list[Pair]:
    """The pairs of a user's own imported folders: each with itself where it has a training part, and as a test set."""
    pairs: list[Pair] = []
    for name in (name for name in library.names() if name not in protocols.DATASETS):
        if _is_split(name):
            pairs.append((name, name))
        pairs += [(train, name) for train in _OWN_TRAIN]
    return pairs


def _is_split(name: str) -> bool:
    """Whether there are clips to train on; also of a damaged manifest, so that its cells say so."""
    try:
        return {"train", "test"} <= Real().splits(name)
    except DatasetError:
        return True


def collected() -> tuple[Pair, ...]:
    """The pairs that the suite has here: the embedded ones, real ones that are here, and those that were asked for."""
    here = set(library.names())
    real = [pair for pair in (*published(), *own()) if {data_set(name) for name in pair} <= here or pair in _asked]
    return (*SIM, *dict.fromkeys([*real, *_asked]))


def ask_in(text: str) -> None:
    """Collect the pairs of real data sets that a `-k` or `-m` expression, or a cell's id, names, imported or not."""
    words = set(re.findall(r"[a-z0-9_.+-]+", text))
    for pair in (*published(), *own()):
        if any(_names(word, pair) for word in words):
            _asked[pair] = None
    for field in (field for word in words for field in word.split("-")):
        train, _, test = field.partition("_to_")
        if _is_protocol(train) and _is_protocol(test):
            _asked[train, test] = None


def _is_protocol(name: str) -> bool:
    try:
        return bool(protocols.get(name))
    except DatasetError:
        return False


def _names(word: str, pair: Pair) -> bool:
    """Whether a word is a part of the pair as ids write it that holds a whole name, or an id that holds the pair."""
    joined = "_to_".join(pair)
    whole = {*pair, *map(data_set, pair)}
    return joined in word or (word in joined and (word in whole or any(name in word for name in pair)))


def suits(train: str, needs: frozenset[str]) -> bool:
    """Whether a detector that needs these classes can be trained on a set: without fakes only one that needs none."""
    return not train.partition(".")[2].startswith(REALS) or needs == {"real"}


def names() -> list[str]:
    """Every data set and protocol of the pairs that are collected, the embedded sets first."""
    found = [name for pair in collected() for name in pair]
    return list(dict.fromkeys([*EMBEDDED, *found]))


def every_name() -> list[str]:
    """The same, and those of the pairs that could be collected after an import."""
    return list(dict.fromkeys([*names(), *(name for pair in published() for name in pair)]))


def every_pair() -> list[str]:
    """Pairs as cells' ids write them."""
    return ["_to_".join(pair) for pair in (*SIM, *published())]


def trainable() -> list[str]:
    """What can be trained on: embedded sets, every protocol of a real data set, imported or not, and own folders."""
    return [*dict.fromkeys(train for train, _ in SIM), *protocols.names()]
