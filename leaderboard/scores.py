"""Per-clip scores beside the rows: `scores/<sha256>.csv`, named by their content, so that equal ones share a file.

Those of simulated data are kept with the rows, so that a comparison needs no new run. Those of real data are not, since
licences forbid publishing their clips' names: whoever accepts rows keeps them in `AVDF_DATA/scores`, with salted ids
(`leaderboard.salted`), and rows name them by their content. Elsewhere they are missing, and nothing is wrong with that.
"""

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from datasets.files import atomic_path
from datasets.library import data_root

from . import records
from .intervals import runs
from .metrics import RANKING, OneClassError
from .records import Record, RecordError
from .salted import salted_scores

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "scores"
TOLERANCE = 1e-6
"""Two numbers that differ by less are equal; the regression rule's."""
PRIVATE = re.compile(r"(?<![\w.])/(home|users|root|tmp|mnt|data|work|var|opt|scratch)/|\b[a-z]:\\|\w@\w+\.", re.I)
"""What looks like a path, a share or an address, and has no business in a public record."""
REFUSED = "which looks like a path or an address; nothing private is published"


def beside() -> Path:
    """Where the salted scores of real data are kept on this machine, in the folder `scores` of this one."""
    return data_root()


def keep(measured: Iterable[Record], results: Path, folder: Path, real: Path) -> list[Record]:
    """Copy per-clip scores from a results folder, those of simulated records to `folder`, salted real ones to `real`.

    Returns:
        the records, real ones naming their salted scores.

    Raises:
        RecordError: a file is missing or not what its record says; nothing is copied then.
    """
    measured = list(measured)
    for record in (one for one in measured if one.scores):
        _checked(record, results)
    return [_kept(record, results, folder, real) if record.scores else record for record in measured]


def _kept(record: Record, results: Path, folder: Path, real: Path) -> Record:
    source = path_of(record, results)
    if record.data == "real":
        frame = salted_scores(records.read_scores(source), record.cell.test)
        path, sha256 = records.write_scores(real, frame)
        return replace(record, scores={"path": path, "sha256": sha256})
    target = path_of(record, folder)
    if not target.exists():
        with atomic_path(target) as temporary:
            shutil.copyfile(source, temporary)
    return record


def _checked(record: Record, folder: Path) -> None:
    records.read_scores(path_of(record, folder), str((record.scores or {}).get("sha256")))


def of(record: Record, folder: Path) -> "pd.DataFrame":
    """A record's per-clip scores, as `records.read_scores` gives them; of real data with salted ids.

    Those of real rows are in `beside()`, if anywhere.

    Raises:
        RecordError: there are none, or they were changed.
    """
    sha256 = str((record.scores or {}).get("sha256"))
    path = path_of(record, folder)
    if record.data == "sim":
        return records.read_scores(path, sha256)
    path = path if path.exists() else path_of(record, beside())
    return salted_scores(records.read_scores(path, sha256), record.cell.test)


def elsewhere(kept: Iterable[Record], folder: Path) -> int:
    """How many real records have no scores on this machine, so that their numbers cannot be computed again."""
    return sum(record.data == "real" and not _here(record, folder) for record in kept)


def _here(record: Record, folder: Path) -> bool:
    try:
        return any(path_of(record, place).exists() for place in (folder, beside()))
    except RecordError:
        return False


def path_of(record: Record, folder: Path) -> Path:
    """Where a record's per-clip scores are, in a results folder or a leaderboard version's.

    Raises:
        RecordError: it has none, or they are not called after their content.
    """
    scores = record.scores or {}
    if not scores or scores.get("path") != f"{FOLDER}/{scores.get('sha256')}.csv":
        raise RecordError(f"{record.cell.id}: no per-clip scores named by their content, but {scores or 'none'}")
    return folder / str(scores["path"])


def prune(kept: Iterable[Record], folder: Path) -> None:
    """Delete score files that no record names any more."""
    for path in _unnamed(kept, folder):
        path.unlink()


def _unnamed(kept: Iterable[Record], folder: Path) -> list[Path]:
    named = {str((record.scores or {}).get("path")) for record in kept}
    return [path for path in sorted((folder / FOLDER).glob("*")) if f"{FOLDER}/{path.name}" not in named]


def problems(kept: Iterable[Record], folder: Path) -> Iterator[str]:
    """A sentence for each score file that is missing, changed or superfluous, or is not what the row's numbers say."""
    kept = list(kept)
    for record in kept:
        if record.data == "sim" or _here(record, folder):
            try:
                yield from _differing(record, folder)
            except (RecordError, OneClassError, ValueError) as error:
                yield f"{record.cell.id}: {error}"
    for path in _unnamed(kept, folder):
        yield f"{path}: no row names it; delete it"


def _differing(record: Record, folder: Path) -> Iterator[str]:
    """Ranking metrics of the row that its own scores do not give."""
    frame = of(record, folder)
    if match := PRIVATE.search("\n".join(frame["reason"].dropna())):
        yield f"{record.cell.id}: the reason of a clip without a score contains {match.group()!r}, {REFUSED}"
    seeds = [int(name.removeprefix("seed")) for name in frame.columns[3:-1]]
    if tuple(seeds) != record.cell.seeds:
        yield f"{record.cell.id}: scores of seeds {seeds}, but the row says {list(record.cell.seeds)}"
        return
    again = runs(frame["label"].to_numpy(), frame.iloc[:, 3:-1].to_numpy().T, seeds)
    for name in RANKING:
        value = fmean(run[name] for run in again)
        known = record.metrics.get(name)
        if known is None or abs(known.value - value) > TOLERANCE:
            told = "no value" if known is None else f"{known.value:.6f}"
            yield f"{record.cell.id}: its scores give {name} {value:.6f}, the row says {told}; accept it again"
