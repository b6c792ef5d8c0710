"""Records of a detector whose code is not shared, from per-clip scores that its owner computed.

    python -m benchmark.from_scores FOLDER --name secret --modality audio-visual --template
    python -m benchmark.from_scores FOLDER --name secret --modality audio-visual

The first writes a CSV file for each train→test pair, `sim_whole_to_sim_lip.csv` and so on, that lists the clips to
score; of real data sets for those that were imported. The second turns the filled files into records in the results
folder, with the metrics and intervals of every other detector. Files that are deleted are cells that are left out.
"""

import argparse
import csv
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from datasets.clip import Clip
from datasets.errors import DatasetError
from datasets.registry import Corpus, Source, source_of
from datasets.sim.plan import SIZES
from detectors.cardcheck import RegistryError, check_name
from detectors.cards import Modality
from detectors.registry import Row, registry
from detectors.signature import digest
from leaderboard import records

from .cells import PROBES, Cell
from .evaluation import Outcome, evaluate
from .pairs import collected, suits
from .recording import VERSION, Costs, Parts, Provenance, measured
from .scoring import Part, Scores

NO_SCORE = "no score was given"


class ScoresError(ValueError):
    """A file of scores cannot be used; the message names file and line, and says what to do."""


@dataclass(frozen=True)
class Private:
    """A detector known by its scores alone."""

    name: str
    modality: str
    corpus: Corpus

    def cells(self) -> Iterable[Cell]:
        """Every cell that scores may be given for; trained detectors have seen reals and fakes."""
        needs = frozenset({"real", "fake"})
        row = Row(self.name, self.modality, "scores of its owner", needs, logit=False, control=False, seeds=(0,))
        pairs = [pair for pair in collected() if suits(pair[0], needs) and not any(map(self._lacking, pair))]
        return [Cell(row, *pair, probe) for probe in PROBES for pair in pairs]

    def source(self, name: str) -> Source:
        """Where the clips of a set come from."""
        return source_of(name, self.corpus)

    def _lacking(self, name: str) -> str | None:
        return self.source(name).lacking(name)

    def parts(self, cell: Cell) -> Parts:
        """The clips of a cell, as the manifests have them; no file is needed."""
        source = self.source(cell.test)
        found = [tuple(source.clips(*place)) for place in cell.places.values()]
        return Parts(*(Part(clips, clips) for clips in found))


def file_of(cell: Cell, folder: Path) -> Path:
    """Where a cell's scores are."""
    return folder / (cell.id.partition("-")[2] + ".csv")


def write_templates(private: Private, folder: Path) -> list[Path]:
    """Write the files to fill, for cells without a probe; existing ones are left alone.

    The clips of a file are the validation clips of the training set, for the threshold, then the test clips.
    """
    written = []
    for cell in private.cells():
        path, parts = file_of(cell, folder), private.parts(cell)
        if cell.probe is None and not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with path.open("w", newline="", encoding="utf-8") as stream:
                writer = csv.writer(stream, lineterminator="\n")
                writer.writerow(["clip", "file", "score"])
                writer.writerows([clip.id, clip.path, ""] for clip in (*parts.val.expected, *parts.test.expected))
            written.append(path)
    return written


def read(path: Path, clips: Iterable[Clip]) -> dict[str, float]:
    """Scores by clip id; a clip whose score is empty, or without a line, has none.

    Raises:
        ScoresError: no CSV file with the columns clip and score, an unknown or repeated clip, or a score that is no
            finite number.
    """
    known, found, seen = {clip.id for clip in clips}, {}, set()
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, strict=True)
            if not {"clip", "score"} <= set(reader.fieldnames or ()):
                raise ScoresError(f"{path}: it needs the columns clip and score, and has {reader.fieldnames}")
            for line in reader:
                clip, text, where = line["clip"], (line["score"] or "").strip(), f"{path}, line {reader.line_num}"
                if clip not in known:
                    raise ScoresError(f"{where}: {clip!r} is neither a test clip of this cell nor a validation clip")
                if clip in seen:
                    raise ScoresError(f"{where}: {clip} is there twice")
                seen.add(clip)
                if text:
                    found[clip] = _number(text, where)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ScoresError(f"{path}: {error}") from None
    return found


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ScoresError(f"{where}: {text!r} is no finite number; leave the score of a clip that has none empty")
    return value


def record(private: Private, cell: Cell, given_in: Path, results: Path) -> records.Record:
    """Measure one cell from its file, and store the record in its folder of `results`.

    Raises:
        ScoresError: as `read`, or no test clip has a score.
    """
    parts = private.parts(cell)
    given = read(file_of(cell, given_in), [*parts.val.expected, *parts.test.expected])
    outcome = Outcome(0, {}, _scores(parts.val, given), _scores(parts.test, given))
    try:
        result = evaluate(cell, parts.val, parts.test, [outcome])
    except ValueError as error:
        raise ScoresError(f"{file_of(cell, given_in)}: {error}") from None
    source = private.source(cell.test)
    manifests = {name: source.manifest(*place) for name, place in cell.places.items()}
    signature = digest({"protocol": VERSION, "cell": cell.id, "manifests": manifests, "scores": given})
    provenance = Provenance(signature, {}, manifests, Costs())
    folder = results / source.folder
    done = replace(measured(cell, source, provenance, result, parts, folder), environment={})
    records.write(folder, done)
    return done


def _scores(part: Part, given: dict[str, float]) -> Scores:
    failed = {clip.id: NO_SCORE for clip in part.expected if clip.id not in given}
    return Scores(np.array([given.get(clip.id, np.nan) for clip in part.expected]), {}, failed)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmark.from_scores",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the CSV files are, or go")
    parser.add_argument("--name", required=True, help="of the detector: a-z, 0-9 and _")
    parser.add_argument("--modality", required=True, choices=get_args(Modality))
    parser.add_argument("--template", action="store_true", help="write the files to fill, instead of reading them")
    parser.add_argument("--size", choices=SIZES, default="default", help="of the embedded corpus (default: default)")
    parser.add_argument("--corpus-seed", type=int, default=0, metavar="N", help="seed of the corpus (default: 0)")
    parser.add_argument(
        "--results", type=Path, default=Path("results"), metavar="FOLDER",
        help="records go to a folder in here for each size and seed, and to real (default: results)",
    )  # fmt: skip
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Write templates or records; 1 if a file could not be used, 2 if nothing could be done."""
    options = _arguments().parse_args(arguments)
    try:
        check_name(options.name)
    except RegistryError as error:
        print(error, file=sys.stderr)
        return 2
    if options.name in registry().detectors:
        print(f"{options.name!r} is a detector of this benchmark; choose another name", file=sys.stderr)
        return 2
    private = Private(options.name, options.modality, Corpus(options.size, options.corpus_seed))
    try:
        return _template(private, options.folder) if options.template else _convert(private, options)
    except DatasetError as error:
        print(error, file=sys.stderr)
        return 2


def _template(private: Private, folder: Path) -> int:
    written = write_templates(private, folder)
    print(f"{len(written)} files to fill in {folder}; simulated clips are made by `python -m datasets generate`")
    return 0


def _convert(private: Private, options: Any) -> int:
    found = [cell for cell in private.cells() if file_of(cell, options.folder).exists()]
    if not found:
        print(f"{options.folder}: no file such as sim_whole_to_sim_lip.csv; --template writes them", file=sys.stderr)
        return 2
    bad = 0
    for cell in found:
        try:
            auc = record(private, cell, options.folder, options.results).metrics["auc"]
            print(f"{cell.id}: AUC {100 * auc.value:.1f}")
        except ScoresError as error:
            bad += 1
            print(error, file=sys.stderr)
    folders = sorted({str(options.results / private.source(cell.test).folder) for cell in found})
    more = "".join(f"; next: python -m leaderboard submit {folder} {private.name}" for folder in folders)
    more = more if bad < len(found) else ""
    print(f"{len(found) - bad} of {len(found)} cells{more}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
