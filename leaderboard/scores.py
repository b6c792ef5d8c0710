"""Per-clip scores beside the rows: `scores/<sha256>.csv`, named by their content, so that equal ones share a file.

Those of simulated data are kept with the rows, so that a comparison needs no new run; those of real data are not, since
licences forbid publishing their clips' names.
"""

import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import fmean

from datasets.files import atomic_path

from . import records
from .intervals import runs
from .metrics import RANKING, OneClassError
from .records import Record, RecordError

FOLDER = "scores"
TOLERANCE = 1e-6
"""Two numbers that differ by less are equal; the regression rule's."""
PRIVATE = re.compile(r"(?<![\w.])/(home|users|root|tmp|mnt|data|work|var|opt|scratch)/|\b[a-z]:\\|\w@\w+\.", re.I)
"""What looks like a path, a share or an address, and has no business in a public record."""
REFUSED = "which looks like a path or an address; nothing private is published"


def keep(measured: Iterable[Record], results: Path, folder: Path) -> None:
    """Copy the per-clip scores of simulated records from a results folder to a leaderboard version's.

    Raises:
        RecordError: a file is missing or not what its record says; nothing is copied then.
    """
    files = [str(r.scores["path"]) for r in measured if r.data == "sim" and r.scores and _checked(r, results)]
    for name in files:
        if not (folder / name).exists():
            with atomic_path(folder / name) as temporary:
                shutil.copyfile(results / name, temporary)


def _checked(record: Record, folder: Path) -> bool:
    records.read_scores(path_of(record, folder), str((record.scores or {}).get("sha256")))
    return True


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
        if record.data == "sim":
            try:
                yield from _differing(record, folder)
            except (RecordError, OneClassError, ValueError) as error:
                yield f"{record.cell.id}: {error}"
    for path in _unnamed(kept, folder):
        yield f"{path}: no row names it; delete it"


def _differing(record: Record, folder: Path) -> Iterator[str]:
    """Ranking metrics of the row that its own scores do not give."""
    frame = records.read_scores(path_of(record, folder), str((record.scores or {}).get("sha256")))
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
