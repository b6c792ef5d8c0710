"""Where measured cells come from: a leaderboard version's folder, a run's results folder, or a git revision."""

import io
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import records, rows, scores
from .records import Record, RecordError

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, str]
"""`data` (sim or real) and the cell's id."""


class SourceError(ValueError):
    """There are no measured cells at a place; the message says what could be named instead."""


@dataclass(frozen=True)
class Measured:
    """A record and the folder that its per-clip scores are relative to."""

    record: Record
    folder: Path

    @property
    def key(self) -> Key:
        """What two measurements of one cell share."""
        return self.record.data, self.record.cell.id

    def scores(self) -> "pd.DataFrame":
        """Per-clip scores, as `records.read_scores` gives them; of real data with salted ids.

        Raises:
            RecordError: there are none at this place, or they were changed.
        """
        return scores.of(self.record, self.folder)


Cells = Mapping[Key, Measured]


def cells_of(folder: Path) -> Cells:
    """The cells of a leaderboard version's folder, or of a results folder (failed and skipped ones too).

    Raises:
        RowError, RecordError: naming each unusable file.
        SourceError: the folder holds neither rows nor records.
    """
    if (folder / "rows").is_dir():
        found = [Measured(record, folder) for row in rows.read_all(folder) for record in row.cells]
    else:
        found = [Measured(record, folder) for record in _records(folder)]
    if not found:
        raise SourceError(f"{folder}: neither rows of a leaderboard version nor records of a run are there")
    return {one.key: one for one in found}


def _records(folder: Path) -> Iterator[Record]:
    problems = []
    for path in sorted(folder.glob("[!.]*.json")):
        try:
            yield records.read(path)
        except RecordError as error:
            problems.append(str(error))
    if problems:
        raise RecordError("\n".join(problems))


@contextmanager
def opened(place: str, version: Path) -> Iterator[Cells]:
    """The cells at a place: a folder as in `cells_of`, or a git revision, whose `version` folder is looked at.

    Raises:
        SourceError: neither a folder nor a revision.
        RowError, RecordError: as `cells_of`.
    """
    if Path(place).is_dir():
        yield cells_of(Path(place))
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield cells_of(_extracted(place, version, Path(temporary)))


def _extracted(revision: str, version: Path, target: Path) -> Path:
    """The version's folder as it was at a git revision, unpacked."""
    command = ["git", "archive", "--format=zip", revision, "--", "."]
    try:
        run = subprocess.run(command, cwd=version, capture_output=True, timeout=60, check=False)
    except OSError as error:
        raise SourceError(f"{revision!r} is no folder, and git cannot be run ({error.strerror})") from None
    if run.returncode:
        raise SourceError(
            f"{revision!r} is neither a folder nor a git revision with {version.name} in it; name a results folder, "
            f"a leaderboard version's folder or a revision ({run.stderr.decode(errors='replace').strip()})"
        )
    with zipfile.ZipFile(io.BytesIO(run.stdout)) as archive:
        archive.extractall(target)  # which leads no name out of the folder; tar does not before Python 3.11.4
    return target
