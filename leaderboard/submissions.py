"""Submissions: one detector's rows and per-clip scores in a zip file, made by whoever measured them.

A submission is a leaderboard version's folder with a single detector in it, `rows/<data>/<detector>.json` and
`scores/<sha256>.csv`, and is checked as one. Nothing in it is executed, and only files of these names are unpacked.
"""

import lzma
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from datasets.files import atomic_path

from . import records, rows, scores
from .records import Record, RecordError
from .rows import Row
from .submitted import cell_problems, number_problems
from .tables import NULL, percent

MEMBER = re.compile(r"rows/(sim|real)/[a-z0-9_.+-]{1,120}\.json|scores/[0-9a-f]{64}\.csv")
LARGEST = 500_000_000
"""Bytes that a submission may unpack to."""
MOST = 10_000
"""Files that it may hold."""
UNKNOWN_CLIPS = "its test set is not one of the embedded corpus of this version: its clips cannot be checked"

Roll = Mapping[str, tuple[str, int]]
"""Identity and label of each clip of a test set, by clip id."""


class SubmissionError(ValueError):
    """A submission cannot be made or read; the message says why."""


def pack(results: Path, detector: str, out: Path) -> Row:
    """Write a detector's records in a results folder, with their scores, to a zip file; the same bytes every time.

    Raises:
        SubmissionError: nothing was measured, or cells failed (they are named).
        RecordError, RowError: unreadable records, or scores that are missing or were changed.
    """
    if not results.is_dir():
        raise SubmissionError(f"{results}: no such folder; name a run's results folder, as results/default-seed0")
    found = [records.read(path) for path in sorted(results.glob(f"{detector}-*.json"))]
    found = [record for record in found if record.cell.detector == detector]
    failed = [record.cell.id for record in found if record.status != "ok"]
    if failed or not found:
        what = f"{', '.join(failed[:5])} have no number" if failed else f"no records of {detector}"
        raise SubmissionError(f"{results}: {what}; measure them first")
    if len({record.data for record in found}) > 1:
        raise SubmissionError(f"{results}: records of simulated and real data; submit them apart")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rows.accept(scores.keep(found, results, folder, folder), folder, verified=False)
        with atomic_path(out) as path:
            _zip(folder, path)
        return rows.read_all(folder)[0]


def _zip(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            member = zipfile.ZipInfo(file.relative_to(folder).as_posix(), date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, file.read_bytes())


_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError)


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """A submission's files in a temporary folder.

    Raises:
        SubmissionError: no zip file, damaged, too large, or with other members than rows and scores.
    """
    with tempfile.TemporaryDirectory() as temporary:
        try:
            with zipfile.ZipFile(path) as archive:
                _extract(archive, Path(temporary))
        except (OSError, EOFError, RuntimeError, UnicodeDecodeError, *_DAMAGED) as error:
            raise SubmissionError(f"{path} is not a readable zip file ({error}); make it again") from None
        yield Path(temporary)


def _extract(archive: zipfile.ZipFile, target: Path) -> None:
    names = archive.namelist()
    if strange := [name for name in names if not MEMBER.fullmatch(name)]:
        raise SubmissionError(
            f"{archive.filename}: {strange[0]!r} is neither a row nor a score file; nothing was unpacked"
        )
    if len(set(names)) != len(names):
        raise SubmissionError(f"{archive.filename}: a file is in it twice; nothing was unpacked")
    if len(names) > MOST:
        raise SubmissionError(f"{archive.filename}: it holds more than {MOST} files; nothing was unpacked")
    if sum(member.file_size for member in archive.infolist()) > LARGEST:
        raise SubmissionError(f"{archive.filename}: it unpacks to more than {LARGEST // 10**6} MB")
    archive.extractall(target)


@dataclass(frozen=True)
class Here:
    """What this checkout knows, against which a submission is held.

    Attributes:
        roll: who is in the test set of a record, with salted names for real data; None where that is not known.
        signatures: of a detector's code, by seed; None where there is no such code.
        name_problem: why a detector's name cannot be used; empty if it can.
    """

    roll: Callable[[Record], Roll | None]
    signatures: Callable[[str, Sequence[int]], Mapping[str, str] | None]
    name_problem: Callable[[str], str]


@dataclass(frozen=True)
class Findings:
    """What speaks against a row, and what should be known of it; a sentence each."""

    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def inspect(submitted: Path, version: Path, here: Here) -> Findings:
    """Check a submission's folder, and what it would do to a leaderboard version."""
    try:
        found = rows.read_all(submitted)
        known = {(row.detector, row.data): row for row in rows.read_all(version)}
    except rows.RowError as error:
        return Findings(tuple(str(error).splitlines()))
    if len(found) != 1:
        return Findings((f"{len(found)} rows instead of one: {', '.join(row.detector for row in found) or 'none'}",))
    row = found[0]
    bad = [*_standing(row, known.get((row.detector, row.data))), *scores.problems(row.cells, submitted)]
    bad += [
        f"{record.cell.id}: {UNKNOWN_CLIPS}"
        for record in row.cells
        if record.data == "sim" and here.roll(record) is None
    ]
    more = inspect_row(row, submitted, here)
    return Findings((*bad, *more.problems), more.notes)


def inspect_row(row: Row, folder: Path, here: Here) -> Findings:
    """Check a self-reported row, its scores in `folder`: name, clips, intervals, code, nothing private."""
    bad = [text for text in [here.name_problem(row.detector)] if text]
    rolls = {record.cell.id: here.roll(record) for record in row.cells}
    for record in row.cells:
        bad += [f"{record.cell.id}: {text}" for text in _record_problems(record, folder, rolls[record.cell.id])]
    notes = [*_beyond_chance(row)]
    if unseen := [record for record in row.cells if record.data == "real" and rolls[record.cell.id] is None]:
        notes.append(
            f"{row.detector}: the clips of {len(unseen)} cells of real data cannot be checked without the data"
        )
    told = {seed: value for record in row.cells for seed, value in record.detectors.items()}
    try:
        code = here.signatures(row.detector, [int(seed) for seed in told]) if told else None
    except ValueError as error:
        return Findings((*bad, f"{row.detector}: {error}"), tuple(notes))
    if told and not all(record.detectors for record in row.cells):
        bad.append(f"{row.detector}: some cells have no code beside others that have it; submit cells of one kind")
    if not told:
        notes.append(f"{row.detector}: scores without code: self-reported for good")
    elif code is None:
        notes.append(f"{row.detector}: its code is not here; its numbers cannot be reproduced")
    elif any(record.detectors != {seed: code.get(seed) for seed in record.detectors} for record in row.cells):
        bad.append(f"{row.detector}: measured with other code or weights than those here; measure it again")
    else:
        notes.append(f"{row.detector}: measured with the code that is here")
    return Findings(tuple(bad), tuple(notes))


def _beyond_chance(row: Row) -> Iterator[str]:
    """Cells that tell apart what nobody can: the labels may have been seen."""
    for record in row.cells:
        auc = record.metrics["auc"]
        if record.cell.test == NULL and auc.lo is not None and auc.hi is not None and not auc.lo <= 0.5 <= auc.hi:
            yield (
                f"{record.cell.id}: AUC {percent(auc)} on untouched clips, where 50 is right: one interval in twenty "
                "misses by chance; more of them mean that labels or file names were seen"
            )


def _standing(row: Row, known: Row | None) -> Iterator[str]:
    """What the row would do to the one that is there."""
    if known is None:
        return
    lost = sorted({record.cell.id for record in known.cells} - {record.cell.id for record in row.cells})
    if lost:
        yield f"{len(lost)} cells of {row.detector} that are on record are missing, {lost[0]} for one; measure them too"
    given = {record.cell.id: record for record in row.cells}
    other = [r.cell.id for r in known.cells if r.verified and r.cell.id in given and _differ(r, given[r.cell.id])]
    if other:
        yield f"{other[0]} is verified here with other scores, which are not replaced by self-reported ones"


def _differ(a: Record, b: Record) -> bool:
    return (a.scores, a.size, a.corpus) != (b.scores, b.size, b.corpus)


def _record_problems(record: Record, folder: Path, roll: Roll | None) -> Iterator[str]:
    if record.verified:
        yield "it says to be verified, which only those who keep the leaderboard can do"
    if match := scores.PRIVATE.search(records.dumps(record)):
        yield f"it contains {match.group()!r}, {scores.REFUSED}"
    yield from cell_problems(record)
    try:
        real = record.data == "real"
        frame = scores.of(record, folder) if real else records.read_scores(scores.path_of(record, folder))
    except RecordError:
        return  # `scores.problems` says so; those of real data may be elsewhere
    if roll is not None:
        people = zip(frame["identity"].tolist(), frame["label"].tolist(), strict=True)
        yield from _other_clips(dict(zip(frame["clip"].tolist(), people, strict=True)), roll)
    if not real:  # intervals of real data were drawn with identities in the order of their names, which are not here
        yield from number_problems(record, frame)


def _other_clips(found: Roll, roll: Roll) -> Iterator[str]:
    if lost := sorted(roll.keys() - found.keys()):
        yield f"{len(lost)} test clips have no line in its scores, {lost[0]} for one; leave the score empty instead"
    if more := sorted(found.keys() - roll.keys()):
        yield f"{len(more)} clips of its scores are not in the test set, {more[0]} for one"
    if other := sorted(clip for clip in found.keys() & roll.keys() if found[clip] != roll[clip]):
        yield f"{len(other)} clips have another label or identity than in the test set, {other[0]} for one"
