"""Pictures of the clips that a measured cell gets most right and most wrong.

    python -m benchmark.explain tiny_av-linear-sim_whole_to_sim_wild --best 2 --worst 2 --out pictures

Best are the fakes with the highest and the reals with the lowest scores, worst the fakes with the lowest and the reals
with the highest, as many of each class as asked for. The scores are those of the cell's record; each clip that is drawn
is scored again for its frame scores, and a difference is said.
"""

import argparse
import logging
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.clip import Clip
from datasets.errors import ClipError, DatasetError, in_words
from datasets.registry import Corpus, source_of
from datasets.sim.plan import SIZES
from detectors.plugins import ask_in, chosen
from detectors.registry import RegistryError, UnknownNameError, suggest
from leaderboard import records

from . import pairs
from .answers import scorer
from .cells import Cell, cells
from .picture import draw

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".png", ".svg")
_SAME = 1e-6
"""How far a score may be from the recorded one: another machine's last digits."""


@dataclass(frozen=True)
class Choice:
    """A clip to draw: `name` such as `worst-fake-1`, and its recorded score, the mean of the seeds."""

    name: str
    clip: str
    score: float


def main(arguments: list[str] | None = None) -> int:
    """Draw what was asked for; 1 when it could not be done."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(message)s")
    if not options.best and not options.worst:
        parser.error("--best 0 --worst 0 leaves nothing to draw")
    try:
        chosen(options.detector)
        ask_in(options.cell)
        pairs.ask_in(options.cell)
        known = {cell.id: cell for cell in cells()}
        if options.cell not in known:
            near = suggest(options.cell, known)
            parser.error(f"no cell is called {options.cell!r}{near} (one of a scratch file needs --detector FILE.py)")
        _explain(known[options.cell], options)
    except UnknownNameError as error:
        parser.error(str(error))
    except (records.RecordError, RegistryError, ClipError, DatasetError) as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {in_words(error)}", file=sys.stderr)
    else:
        return 0
    return 1


def _parser() -> argparse.ArgumentParser:
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmark.explain", description=__doc__, formatter_class=shape)
    parser.add_argument("cell", metavar="CELL", help="its id, as in the name of its record")
    parser.add_argument("--best", type=_count, default=2, metavar="N", help="of each class (default: 2)")
    parser.add_argument("--worst", type=_count, default=2, metavar="N", help="of each class (default: 2)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="for the pictures (default: one named as the cell)")
    parser.add_argument("--detector", action="append", default=[], metavar="FILE.py", help="as pytest's")
    parser.add_argument("--results", type=Path, default=Path("results"), help="as pytest's (default: results)")
    parser.add_argument("--size", choices=SIZES, default="default", help="of the embedded corpus (default: default)")
    parser.add_argument("--corpus-seed", type=int, default=0, metavar="N", help="draws the corpus (default: 0)")
    return parser


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of clips")
    return int(text)


def _explain(cell: Cell, options: argparse.Namespace) -> None:
    source = source_of(cell.test, Corpus(options.size, options.corpus_seed))
    scores = _scores(cell, options.results / source.folder, options)
    source.generate([cell.test])
    clips = {clip.id: clip for clip in source.load(cell.test, "test")}
    ready = scorer(cell.row, cell.train, cell.probe, source)
    for choice in extremes(scores, options.best, options.worst):
        answer = ready.answer(_known(clips, choice, cell, options))
        if abs(answer.score - choice.score) > _SAME * max(1.0, abs(choice.score)):
            print(
                f"{choice.clip} now scores {answer.score:.6g}, the record says {choice.score:.6g}: detector, clip or "
                f"machine changed since; measure again with {_measuring(cell, options)} --rerun always",
                file=sys.stderr,
            )
        for suffix in SUFFIXES:
            path = (options.out or Path(cell.id)) / f"{choice.name}{suffix}"
            draw(answer, path)
            print(f"{path}: {choice.clip}, score {answer.score:.4g}")


def _measuring(cell: Cell, options: argparse.Namespace) -> str:
    """The command that measures a cell with the same options."""
    words = ["pytest", "benchmark", "-k", cell.id]
    words += [word for value in options.detector for word in ("--detector", value)]
    for name, default in (("size", "default"), ("corpus_seed", 0), ("results", Path("results"))):
        value = getattr(options, name)
        words += [] if value == default else [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(words)


def _known(clips: dict[str, Clip], choice: Choice, cell: Cell, options: argparse.Namespace) -> Clip:
    """The clip of a recorded score.

    Raises:
        DatasetError: the test set no longer has it.
    """
    if choice.clip not in clips:
        raise DatasetError(
            f"{cell.test} has no clip {choice.clip}; measure again with {_measuring(cell, options)} --rerun always"
        )
    return clips[choice.clip]


def _scores(cell: Cell, folder: Path, options: argparse.Namespace) -> "pd.DataFrame":
    """The cell's per-clip scores.

    Raises:
        RecordError: it is not measured, or its record or scores are damaged.
    """
    path = records.path_for(folder, cell.id)
    if not path.exists():
        raise records.RecordError(f"{path} does not exist: measure the cell with {_measuring(cell, options)}")
    record = records.read(path)
    if record.status != "ok" or not record.scores:
        raise records.RecordError(f"{path}: {record.status}, {record.reason}; there are no scores to explain")
    return records.read_scores(folder / record.scores["path"], record.scores["sha256"])


def extremes(scores: "pd.DataFrame", best: int, worst: int) -> list[Choice]:
    """The clips of each class on which a detector does best and worst; those without a score are left out.

    Args:
        scores: per-clip scores as records keep them: clip, identity, label, a column a seed, reason.
    """
    mean = scores.iloc[:, 3:-1].mean(axis=1, skipna=False)
    ranked = scores.assign(mean=mean).dropna(subset=["mean"]).sort_values(["mean", "clip"])
    return [
        choice
        for label, name in ((1, "fake"), (0, "real"))
        for choice in _ends(ranked[ranked["label"] == label], name, best, worst)
    ]


def _ends(ranked: "pd.DataFrame", name: str, best: int, worst: int) -> Iterator[Choice]:
    """Choices of one class from its clips by rising score: good fakes are at the end; no clip is taken twice."""
    rows = [(str(clip), float(mean)) for clip, mean in zip(ranked["clip"], ranked["mean"], strict=True)]
    right = rows[::-1] if name == "fake" else rows
    taken = right[:best]
    for place, (clip, mean) in enumerate(taken, 1):
        yield Choice(f"best-{name}-{place}", clip, mean)
    for place, (clip, mean) in enumerate(right[len(taken) :][::-1][:worst], 1):
        yield Choice(f"worst-{name}-{place}", clip, mean)


if __name__ == "__main__":
    sys.exit(main())
