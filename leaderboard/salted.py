"""Ids of real clips and identities as they may be published.

Licences forbid publishing names of files and people. A salted id says nothing by itself, but two who hold the same
data set have the same one for the same clip, so that their scores can be paired. The salt is public: whoever holds the
data can find out which clip it is.
"""

import hashlib
from typing import TYPE_CHECKING

from .domains import data_set

if TYPE_CHECKING:
    import pandas as pd

SALT = "avdf-bench real clip ids 1"
PREFIX = "salted:"
NO_SCORE = "no score"
"""Stands for every reason why a clip has no score: the text may hold a file's name."""


def salted(name: str, test: str) -> str:
    """The id of a clip or an identity of a test set; one that is salted already stays as it is.

    Args:
        test: a protocol, such as `favc.ssr`; all protocols of a data set give a clip the same id.
    """
    if name.startswith(PREFIX):
        return name
    return PREFIX + hashlib.sha256(f"{SALT}\n{data_set(test)}\n{name}".encode()).hexdigest()[:32]


def salted_scores(frame: "pd.DataFrame", test: str) -> "pd.DataFrame":
    """Per-clip scores with salted clips and identities, in the order of these, without reasons."""
    named = {column: [salted(name, test) for name in frame[column]] for column in ("clip", "identity")}
    lost = frame["reason"].notna() & (frame["reason"] != "")
    return frame.assign(**named, reason=lost.map({True: NO_SCORE, False: ""})).sort_values("clip", ignore_index=True)
