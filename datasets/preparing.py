"""Prepares a data set: finds faces where landmarks are missing, then decodes, crops and keeps what encoders ask for.

A run that was interrupted is continued: what is in the cache folder, and landmarks of a file that has not changed, are
not made again.
"""

import errno
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

from . import journal, parallel
from .clip import FPS, Clip
from .errors import ClipError, DatasetError
from .faces import Detector, Maker, finding, kept
from .files import cache_root, disk_errors, locked
from .progress import bar
from .single import face_coverage

LOW = 0.8
"""Share of frames with a face below which a clip is flagged."""
KILLED = "its process was killed each time: too little memory, or a file that crashes the decoder"
NO_FACE = "no face was found in any frame"


@dataclass(frozen=True)
class Kind:
    """A view that can be prepared.

    Attributes:
        make: decodes a clip's, and leaves it in the cache folder.
        rate: bytes that are kept of a second.
        cut: whether it needs landmarks or a precomputed crop.
    """

    make: Callable[[Clip], object]
    rate: int
    cut: bool = True


VIEWS = {
    "audio": Kind(lambda clip: clip.audio(), 16_000 * 4, cut=False),
    "mouth_roi": Kind(lambda clip: clip.frames(FPS, "mouth_roi"), FPS * 96 * 96 * 3),
    "mouth": Kind(lambda clip: clip.frames(FPS, "mouth", 48), FPS * 48 * 48),  # of the tiny encoders
    "face": Kind(lambda clip: sum(map(len, clip.stream(FPS, "face"))), 0),
}
"""What can be prepared. Encoders read faces as a stream, of which nothing is kept: they are only tried."""
DEFAULT = ("audio", "mouth_roi")
_POINTS = 30 * 68 * 2 * 4
"""Bytes of a second of landmarks."""
_SAMPLE = 20
"""Clips whose duration is looked up where the manifest has none."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class Job:
    """A clip, and what is known of the faces in its file."""

    clip: Clip
    faces: kept.Faces | None


@dataclass(frozen=True)
class Done:
    """What became of a clip.

    Attributes:
        faces: what a detector found in the file, now or before.
        frames, found: rows of its landmarks, and those with a face; None without landmarks.
        problems: what cannot be had, and why; none for a clip that is prepared.
    """

    clip: Clip
    faces: kept.Faces | None = None
    frames: int | None = None
    found: int | None = None
    problems: tuple[tuple[str, str], ...] = ()

    @property
    def coverage(self) -> float | None:
        """Share of frames with a face."""
        return None if not self.frames or self.found is None else self.found / self.frames


def prepare(
    clips: Sequence[Clip],
    home: Path,
    views: Sequence[str] = DEFAULT,
    *,
    maker: Maker | None = None,
    jobs: int = -1,
    backend: parallel.Backend = "loky",
    scheduler: str | None = None,
    progress: bool = True,
) -> list[Done]:
    """Prepare clips of one data set; what became of each, in their order.

    Args:
        home: the data set's folder, which gets `landmarks/` and `landmarks.jsonl`.
        maker: makes the face detector, in each process; None to find no faces.
        jobs, backend, scheduler: see `parallel.each`. All workers have to see the same folders.

    Raises:
        DiskFullError: the disk is full; what was finished is kept.
        NoDetectorError: the detector's model is not the published one.
    """
    work = Work(home, cache_root(), tuple(views), maker)
    with disk_errors(home):
        lock = locked(home / "prepare")
    results: dict[str, Done] = {}
    with lock:
        known = kept.known(home)
        todo = [Job(clip, known.get(clip.path)) for clip in kept.attach(clips, home)]
        with bar(len(todo), "preparing", "clip", progress) as shown, journal.Writer(home / kept.JOURNAL) as writer:
            for job, done in parallel.each(work, todo, jobs=jobs, backend=backend, scheduler=scheduler):
                results[job.clip.id] = done or Done(job.clip, problems=(("all", KILLED),))
                if done and done.faces and done.faces != job.faces:
                    writer.add(done.faces.row())
                shown.update()
    return [results[clip.id] for clip in clips]


@dataclass(frozen=True)
class Work:
    """Prepares one clip, in any process that sees the same folders."""

    home: Path
    cache: Path
    views: tuple[str, ...]
    maker: Maker | None

    def __call__(self, job: Job) -> Done:
        """Prepare a clip; what is wrong with it is in the result.

        Raises:
            DiskFullError, NoDetectorError: no clip can be prepared.
        """
        os.environ["AVDF_CACHE"] = str(self.cache)  # of the process that started this one, perhaps on another machine
        clip, problems = job.clip, list[tuple[str, str]]()
        faces = job.faces if clip.prepared else None
        lacking = [view for view in self.views if VIEWS[view].cut and _lacks_landmarks(clip, view)]
        if lacking and self.maker:
            faces, reason = _tried(lambda: self._search(job))
            clip = replace(clip, prepared=kept.folder(self.home) if faces else None)
            reason = NO_FACE if faces and not faces.found else reason
            problems += [("faces", reason)] if reason else []
        views = [view for view in self.views if not (problems and view in lacking)]
        reasons = {view: _tried(partial(VIEWS[view].make, clip))[1] for view in views}
        problems += [(view, reason) for view, reason in reasons.items() if reason]
        frames, found = face_coverage(clip) or (None, None)
        return Done(clip, faces, frames, found, tuple(problems))

    def _search(self, job: Job) -> kept.Faces:
        """The faces of a clip; a file in which this detector found none is not searched again."""
        assert self.maker is not None
        detector = _detector(self.maker)
        faces, clip = job.faces, job.clip
        if faces and not faces.found and clip.prepared and faces.detector == detector.name:
            return faces
        return finding.search(clip, detector, self.home)


def _lacks_landmarks(clip: Clip, view: str) -> bool:
    crop = clip.precomputed(view)
    return not clip.landmarks.exists() and not (crop and crop.exists())


@lru_cache(maxsize=1)
def _detector(maker: Maker) -> Detector:
    """One a process: models are large."""
    return maker()


def _tried(make: Callable[[], Result]) -> tuple[Result | None, str | None]:
    """A result, or why this clip has none; what would befall all clips is raised.

    Raises:
        OSError, DatasetError: a folder cannot be written, the disk is full, or the detector cannot be used.
    """
    try:
        return make(), None
    except ClipError as error:
        return None, error.reason
    except (OSError, DatasetError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            return None, "its name is too long to keep landmarks under it"
        raise
    except Exception as error:  # a library's own, such as for pictures of an absurd size: one clip must not end the run
        return None, f"{type(error).__name__}: {error}"


def needed(clips: Sequence[Clip], views: Sequence[str]) -> int:
    """About how many bytes views and landmarks of clips take, from their durations or those of a sample."""
    rate = sum(VIEWS[view].rate for view in views) + _POINTS
    known = [clip.duration for clip in clips if clip.duration is not None]
    unknown = [clip for clip in clips if clip.duration is None]
    sample = [seconds for clip in unknown[:: len(unknown) // _SAMPLE + 1] if (seconds := _seconds(clip))]
    mean = sum(sample) / len(sample) if sample else 0.0
    return round(rate * (sum(known) + mean * len(unknown)))


def _seconds(clip: Clip) -> float | None:
    try:
        return clip.count() / FPS
    except ClipError:
        return None


def check_room(clips: Sequence[Clip], views: Sequence[str]) -> tuple[int, int]:
    """Bytes that are needed and that are free in the cache folder, what was prepared before counted as free.

    Raises:
        DatasetError: it cannot be enough; the message says what to do.
    """
    place = cache_root()
    here = next(folder for folder in (place, *place.parents) if folder.is_dir())
    kept_before = sum(path.stat().st_size for path in (place / "media").glob("v*/*/*.npy"))
    most, free = needed(clips, views), shutil.disk_usage(here).free + kept_before
    if most > free:
        raise DatasetError(
            f"preparing takes about {in_bytes(most)}, and {in_bytes(free)} are free at {place}: point AVDF_CACHE at a "
            f"larger disk, or prepare fewer views (--views {views[0]})"
        )
    return most, free


def in_bytes(count: int) -> str:
    """A size in words, in decimal units."""
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"
