"""Names of data sets in cells: `favc.ssr` is the protocol `ssr` of the data set `favc`."""

from typing import Literal

LEFT_OUT = "without_"
"""How the tag of a training set begins from which one kind of manipulation is left out, to be tested on."""


def data_set(name: str) -> str:
    """The data set that a protocol draws from."""
    return name.partition(".")[0]


def domain(train: str, test: str) -> Literal["in", "out"]:
    """`in` when trained and tested on one data set, none of its manipulations left out of training; else `out`."""
    tag = train.partition(".")[2]
    return "in" if data_set(train) == data_set(test) and not tag.startswith(LEFT_OUT) else "out"
