"""Which clips of a data set can be decoded, each tried once: what came out is kept in `decoded.jsonl`.

A result holds as long as the file, its separate sound and the decoder are the same. Clips are decoded in processes of
their own, since a broken file may crash the decoder, which then costs that clip and not the command.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from . import journal, parallel
from .clip import Clip
from .errors import ClipError
from .files import disk_errors, locked
from .progress import bar

JOURNAL = "decoded.jsonl"
CRASHED = "the process that decodes it is killed: the file crashes the decoder, or memory is short"


def decode_all(home: Path, clips: Sequence[Clip], jobs: int, progress: bool) -> Iterator[tuple[Clip, str | None]]:
    """Every clip, in any order, with the reason why it cannot be decoded; None where it can.

    Args:
        home: the data set's folder, which holds the journal.
        jobs: processes, -1 for one a processor.

    Raises:
        DiskFullError: the journal cannot grow; what was finished is kept.
    """
    with disk_errors(home):
        lock = locked(home / JOURNAL)
    with lock:
        known = {_key(row.get("of")): row.get("reason") for row in journal.read(home / JOURNAL)}
        kept = {clip.path: _state(clip) for clip in clips}
        left = []
        for clip in clips:
            if (state := kept[clip.path]) in known:
                yield clip, known[state]
            else:
                left.append(clip)
        with bar(len(left), "decoding", "clips", progress) as shown, journal.Writer(home / JOURNAL) as writer:
            for clip, reason in _tried(left, jobs):
                if reason != CRASHED:  # tried again the next time, with more memory perhaps
                    writer.add({"of": kept[clip.path], "reason": reason})
                shown.update()
                yield clip, reason


def _state(clip: Clip) -> tuple[Any, ...]:
    """What a result depends on."""
    import av

    from .media import VERSION

    files = [clip.file] + ([clip.root / clip.sound] if clip.sound else [])
    stamps: list[Any] = []
    for file in files:
        try:
            status = file.stat()
        except OSError:
            stamps += [None, None]
        else:
            stamps += [status.st_size, status.st_mtime_ns]
    return (clip.path, clip.sound, clip.duration, f"{VERSION} {av.__version__}", *stamps)


def _key(row: Any) -> Any:
    """A kept state as it was; anything else than a list of simple values is no state."""
    simple = isinstance(row, list) and all(value is None or isinstance(value, str | int | float) for value in row)
    return tuple(row) if simple else None


def _tried(clips: Sequence[Clip], jobs: int) -> Iterator[tuple[Clip, str | None]]:
    for clip, outcome in parallel.each(partial(_attempt, reason_of), clips, jobs=jobs, apart=True):
        yield clip, CRASHED if outcome is None else outcome[0]


def _attempt(work: Callable[[Clip], str | None], clip: Clip) -> tuple[str | None]:
    """In a tuple, since a killed process gives None itself."""
    return (work(clip),)


def reason_of(clip: Clip) -> str | None:
    """Decode a clip; why it cannot be done, None where it can."""
    from .media import check

    try:
        check(clip)
    except ClipError as error:
        return error.reason
    except Exception as error:  # whatever else a broken file brings about is said of that file
        return f"{type(error).__name__}: {error}"
    return None
