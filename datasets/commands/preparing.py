"""`python -m datasets prepare`: landmarks, crops and sound of a whole data set; `faces`: those of single files."""

import argparse
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from datasets import library, parallel, preparing
from datasets.clip import Clip
from datasets.commands.jobs import jobs
from datasets.errors import ClipError, DatasetError
from datasets.faces import Maker, NoDetectorError, installed
from datasets.files import write_array, write_atomic

COLUMNS = ("clip", "path", "landmarks", "faces", "frames", "with_face", "coverage", "problem")
_MORE = """
For each clip whose face has no landmarks yet (beside the file, or prepared before) and no precomputed crop, faces are
found in every frame, if a face detector is installed (pip install 'avdf-bench[faces]'). Then the views are decoded, cut
and kept in the cache folder, where encoders find them. The same command continues where it was interrupted. What could
not be prepared, and how many frames of each clip have a face, stands in AVDF_DATA/NAME/prepared.csv.
"""


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("prepare", help="find faces, crop and decode a data set ahead", epilog=_MORE)
    command.add_argument("name", metavar="NAME", help="an imported data set, a protocol of it, or an embedded set")
    command.add_argument(
        "-j", "--jobs", type=jobs, default=-1, metavar="N", help="processes (default: one a processor)"
    )
    command.add_argument(
        "--views",
        type=_views,
        default=preparing.DEFAULT,
        metavar="V,V",
        help=f"of {', '.join(preparing.VIEWS)} "
        f"(default: {','.join(preparing.DEFAULT)}); face is only tried, encoders read it as a stream",
    )
    command.add_argument(
        "--backend", choices=parallel.BACKENDS, default="loky", help="loky: processes here (default); dask: a cluster"
    )
    command.add_argument("--scheduler", metavar="ADDRESS", help="of a dask cluster; without it, one is started here")
    command.set_defaults(run=run)
    files = commands.add_parser("faces", help="find the faces of single files, beside which landmarks are written")
    files.add_argument("files", nargs="+", type=Path, metavar="FILE", help="videos")
    files.add_argument("--sheet", type=Path, metavar="PNG", help="draw the first file's points and crops")
    files.set_defaults(run=run_faces)


def _views(text: str) -> tuple[str, ...]:
    views = tuple(dict.fromkeys(text.split(",")))
    if unknown := [view for view in views if view not in preparing.VIEWS]:
        raise argparse.ArgumentTypeError(f"no view is called {unknown[0]!r}; there are {', '.join(preparing.VIEWS)}")
    return views


def run(options: argparse.Namespace) -> int:
    """Prepare a data set; 1 where no clip could be prepared.

    Raises:
        DatasetError: it was not imported, the disk is too small, or dask or its scheduler is missing.
    """
    if options.scheduler and options.backend != "dask":
        raise DatasetError("--scheduler names a dask cluster; add --backend dask")
    clips, home = _clips(options.name), library.home(options.name.partition(".")[0])
    if not clips:
        raise DatasetError(f"{options.name} has no clips")
    maker, detector = _maker()
    most, free = preparing.check_room(clips, options.views)
    print(f"{options.name}: {len(clips):,} clips; views {', '.join(options.views)}; faces: {detector}")
    print(f"up to {preparing.in_bytes(most)} are kept, {preparing.in_bytes(free)} are free")
    done = preparing.prepare(
        clips,
        home,
        options.views,
        maker=maker,
        jobs=options.jobs,
        backend=options.backend,
        scheduler=options.scheduler,
    )
    table = home / f"prepared{options.name.removeprefix(home.name)}.csv"
    write_atomic(table, as_csv(done))
    print(summary(done, maker is not None))
    print(f"every clip: {table}")
    return int(all(each.problems for each in done))


def run_faces(options: argparse.Namespace) -> int:
    """Write landmarks beside files that have none; 1 where a file has no face or cannot be read.

    Raises:
        DatasetError: no face detector is installed, or the sheet cannot be drawn.
    """
    from datasets.single import single

    failed = 0
    for path in options.files:
        try:
            print(_found(single(path)))
        except ClipError as error:
            failed += 1
            print(f"{path}: {error.reason}")
    if options.sheet and not failed:
        from datasets.faces.sheet import draw

        draw(single(options.files[0]), options.sheet)
        print(f"{options.sheet}: points and crops of {options.files[0].name}")
    return int(failed > 0)


def _found(clip: Clip) -> str:
    """What became of one file, whose landmarks are written."""
    from datasets.faces.finding import find
    from datasets.single import face_coverage

    if clip.landmarks.exists():
        frames, found = face_coverage(clip) or (0, 0)
        return f"{clip.file}: has landmarks already, a face in {found} of {frames} rows; delete them to have them made"
    maker = installed()
    tracks, frames = find(clip, maker())
    if not tracks:
        raise clip.error(preparing.NO_FACE)
    for number, points in enumerate(tracks):
        write_array(replace(clip, track=number).landmarks, points)
    counts = [int(np.isfinite(points).all(axis=(1, 2)).sum()) for points in tracks]
    others = f"; further faces in {', '.join(map(str, counts[1:]))}" if counts[1:] else ""
    return f"{clip.file}: a face in {counts[0]} of {frames} frames{others}; {clip.landmarks.name}"


def _clips(name: str) -> list[Clip]:
    """The clips of a set with the hashes of their files."""
    from datasets.registry import EMBEDDED, Corpus
    from datasets.sim.plan import splits

    if name in EMBEDDED:
        corpus = Corpus()
        corpus.generate([name])
        return [clip for split in splits(name) for clip in corpus.load(name, split)]
    if "." not in name:
        return library.with_hashes(library.clips(name))
    from datasets import protocols

    return library.with_hashes(protocols.clips(name))


def _maker() -> tuple[Maker | None, str]:
    try:
        maker = installed()
    except NoDetectorError as error:
        return None, str(error)
    return maker, maker().name


def as_csv(done: Iterable[preparing.Done]) -> str:
    """A line a clip: where its landmarks are, in how many frames its face was found, and what is wrong."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for each in done:
        problems = "; ".join(f"{what}: {reason}" for what, reason in each.problems)
        coverage = "" if each.coverage is None else f"{each.coverage:.3f}"
        faces = "" if each.faces is None else len(each.faces.found)
        row = (each.clip.id, each.clip.path, _where(each.clip), faces, each.frames, each.found, coverage, problems)
        writer.writerow(dict(zip(COLUMNS, row, strict=True)))
    return text.getvalue()


def _where(clip: Clip) -> str:
    if not clip.landmarks.exists():
        return ""
    return "beside" if clip.landmarks.parent == clip.file.parent else "prepared"


def summary(done: Sequence[preparing.Done], detector: bool) -> str:
    """How many clips are prepared, and what is wrong with the others, by reason."""
    from tabulate import tabulate

    good = [each for each in done if not each.problems]
    lines = [f"{len(good):,} of {len(done):,} clips are prepared"]
    low = [each.clip.id for each in done if each.coverage is not None and 0 < each.coverage < preparing.LOW]
    if low:
        lines.append(
            f"{len(low):,} have a face in under {preparing.LOW:.0%} of their frames, such as {low[0]}: crops between "
            "follow a straight line"
        )
    if rows := _reasons(done):
        lines += ["", tabulate(rows, ["clips", "what", "problem", "such as"], "simple", disable_numparse=True), ""]
    if not detector and any("no landmarks" in reason for each in done for _, reason in each.problems):
        lines.append("a face detector would find faces: pip install 'avdf-bench[faces]', then the same command")
    return "\n".join(lines)


def _reasons(done: Iterable[preparing.Done]) -> list[tuple[str, str, str, str]]:
    """Problems that differ in numbers and file names only are one."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], tuple[str, str]] = {}
    for each in done:
        for what, reason in each.problems:
            key = what, re.sub(r"\S+\.\w+|\d+", "…", reason)
            counts[key] += 1
            examples.setdefault(key, (reason, each.clip.id))
    return [(f"{count:,}", what, *examples[what, key]) for (what, key), count in counts.most_common()]
