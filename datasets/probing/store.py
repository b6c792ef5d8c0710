"""Facts of many files: probed in parallel, once for each content, and kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .. import journal
from ..clip import Clip
from ..errors import ClipError, DatasetError
from ..files import cache_root, locked
from ..library import data_set_of
from ..progress import bar
from .facts import NAMES, Facts, facts_of

VERSION = 1
"""Raised whenever the same file would give other facts."""
_FEW = 16
"""Up to so many files are probed without other processes, whose start takes longer."""


@dataclass(frozen=True)
class Probed:
    """Facts by clip id, and why a clip has none."""

    facts: Mapping[str, Facts]
    failed: Mapping[str, str]


def probe(clips: Sequence[Clip], *, jobs: int | None = None, progress: bool = True) -> Probed:
    """The facts of all clips: those on record by the file's hash, the others now. Resumable wherever it stops.

    One run at a time probes a data set; another one waits for it, and finds what it wrote.

    Args:
        clips: of one data set; those without `sha256` are read and hashed.
        jobs: processes, all processors by default.

    Raises:
        DatasetError: a worker process was killed; what was finished is kept.
        DiskFullError: the disk is full; what was written is kept.
    """
    facts, failed = known(clips), dict[str, str]()
    if len(facts) == len(clips):
        return Probed(facts, failed)
    path = _path(clips[0])
    with locked(path):
        facts = known(clips)
        waiting = [clip for clip in clips if clip.id not in facts]
        with bar(len(waiting), "probing files", "file", progress) as shown, journal.Writer(path) as writer:
            for clip, found in _probed(waiting, jobs):
                shown.update()
                if isinstance(found, Facts):
                    facts[clip.id] = found
                    writer.add(asdict(found))
                else:
                    failed[clip.id] = found
    return Probed(facts, failed)


def known(clips: Sequence[Clip]) -> dict[str, Facts]:
    """The facts on record of clips of one data set, by id; no media is read, and clips without `sha256` have none."""
    kept = _read(_path(clips[0])) if clips else {}
    return {clip.id: kept[clip.sha256] for clip in clips if clip.sha256 in kept}


def _path(clip: Clip) -> Path:
    """One file for the data set and all its protocols."""
    return cache_root() / "facts" / f"v{VERSION}" / f"{data_set_of(clip) or 'files'}.jsonl"


def _read(path: Path) -> dict[str | None, Facts]:
    return {row["sha256"]: Facts(**row) for row in journal.read(path) if set(row) == set(NAMES)}


def _attempt(clip: Clip) -> tuple[Clip, Facts | str]:
    try:
        return clip, facts_of(clip)
    except ClipError as error:
        return clip, error.reason


def _probed(clips: Sequence[Clip], jobs: int | None) -> Iterator[tuple[Clip, Facts | str]]:
    """Each clip with its facts, or with the reason why it has none, as they are ready."""
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import BrokenProcessPool

    workers = Parallel(n_jobs=1 if len(clips) <= _FEW else jobs or -1, return_as="generator_unordered")
    try:
        yield from workers(delayed(_attempt)(clip) for clip in clips)
    except BrokenProcessPool as error:
        raise DatasetError(
            "a worker process was killed while it probed files, perhaps for lack of memory; what was finished is kept: "
            "run again to continue, with fewer processes (-j) if memory is short"
        ) from error
