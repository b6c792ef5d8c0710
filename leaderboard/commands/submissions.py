"""`submit` and `validate`: rows of detectors that others measured."""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from leaderboard import rows
from leaderboard.records import Record
from leaderboard.salted import salted
from leaderboard.submissions import Findings, Here, Roll, SubmissionError, inspect, inspect_row, pack, unpacked

from .tables import writing


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser("submit", help="pack a detector's measured cells and per-clip scores to a zip file")
    parser.add_argument("results", type=Path, metavar="RESULTS_FOLDER", help="where a run left its records")
    parser.add_argument("detector", metavar="DETECTOR", help="as in the cells, for example flicker or tiny_v-linear")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: DETECTOR.zip")
    parser.set_defaults(run=_submit)
    parser = commands.add_parser(
        "validate", help="check submissions: schema, names, hashes, clips, numbers, code; exit with 1 on a problem"
    )
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE.zip", help="default: the self-reported rows")
    parser.set_defaults(run=_validate)


@writing
def _submit(options: argparse.Namespace) -> int:
    out = options.out or Path(f"{options.detector}.zip")
    try:
        row = pack(options.results, options.detector, out)
    except SubmissionError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{out}: {len(row.cells)} cells of {row.detector}; check it with `python -m leaderboard validate {out}`")
    return 0


def _validate(options: argparse.Namespace) -> int:
    if not options.files:
        return _validate_rows(options.folder)
    return max([show(str(path), inspected(path, options.folder)) for path in options.files])


def _validate_rows(version: Path) -> int:
    """The self-reported rows of a leaderboard version; what is verified is held by the gate."""
    reported = [row for row in rows.read_all(version) if not all(record.verified for record in row.cells)]
    print(f"{version}: {len(reported)} rows with self-reported cells")
    return max([show(row.detector, inspect_row(_reported(row), version, HERE)) for row in reported], default=0)


def _reported(row: rows.Row) -> rows.Row:
    return replace(row, cells=tuple(record for record in row.cells if not record.verified))


def show(what: str, found: Findings) -> int:
    """Print what was found; the exit status."""
    print(f"{what}: {'refused' if found.problems else 'sound'}")
    print("".join(f"  {text}\n" for text in (*found.problems, *found.notes)), end="")
    return 1 if found.problems else 0


def inspected(path: Path, version: Path) -> Findings:
    """What is found in a submission's file, with what this checkout knows of clips and code."""
    try:
        with unpacked(path) as folder:
            return inspect(folder, version, HERE)
    except SubmissionError as error:
        return Findings((str(error),))


def _roll(record: Record) -> Roll | None:
    """The test set of a record, if it is an embedded one of this version, or a real one that was imported here."""
    from datasets.registry import EMBEDDED, Corpus
    from datasets.sim.plan import SIZES

    if record.data == "real":
        return _real_roll(record.cell.test)
    corpus = record.corpus or {}
    if record.data != "sim" or record.cell.test not in EMBEDDED or record.size not in SIZES or "seed" not in corpus:
        return None
    planned = Corpus(record.size, int(corpus["seed"]))
    if planned.version != corpus.get("version"):
        return None
    return {clip.id: (clip.cluster, int(bool(clip.label))) for clip in planned.clips(record.cell.test, "test")}


def _real_roll(test: str) -> Roll | None:
    from datasets.errors import DatasetError
    from datasets.registry import Real

    try:
        if Real().lacking(test):
            return None
        clips = Real().clips(test, "test")
    except DatasetError:
        return None  # whoever measures with it is told what is wrong
    return {salted(clip.id, test): (salted(clip.cluster, test), int(bool(clip.label))) for clip in clips}


def _signatures(detector: str, seeds: Sequence[int]) -> Mapping[str, str] | None:
    """Signatures of a detector's code here, by seed; None where it is not registered."""
    from detectors.compose import build
    from detectors.protocols import Context
    from detectors.registry import UnknownNameError
    from detectors.store import FeatureStore

    with tempfile.TemporaryDirectory() as folder:
        try:
            return {str(seed): build(detector, seed, FeatureStore(Path(folder)), Context())[1] for seed in seeds}
        except UnknownNameError:
            return None


def _name_problem(detector: str) -> str:
    from detectors.cardcheck import RegistryError, check_name

    try:
        for part in detector.replace("+", "-").split("-"):
            check_name(part.removesuffix(".random"))
    except RegistryError as error:
        return str(error)
    return ""


HERE = Here(_roll, _signatures, _name_problem)
