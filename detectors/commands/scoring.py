"""`score`: any file, with a detector that is fitted as the leaderboard fits it."""

import argparse
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.errors import ClipError, DatasetError, DiskFullError
from datasets.sim.plan import SIZES
from detectors.devices import check_device
from detectors.fetching.files import WeightsError, find
from detectors.registry import RegistryError, Row, UnknownNameError, card_of, rows, suggest
from detectors.traces import own_traceback, reason_of

from .progress import progress

if TYPE_CHECKING:
    from benchmark.answers import Scorer

_SCORE = """\
Scores files with a detector that is fitted on a training set exactly as the suite fits it: an embedded one, or a
protocol of a real data set that was imported, as favc or favc.ssr. Where no such detector is kept, an embedded set is
generated (minutes, once) and the detector trained. Detectors that look at a face or a
mouth need its landmarks beside the file, <stem>.landmarks.npy; `python -m datasets example` writes a file to try.
Where <stem>.manifest.jsonl is beside it, the truth is shown too; the detector does not see it. Decoded sound and crops
of the file are kept in the cache folder (AVDF_CACHE). Scores are raw: read the warnings below each. Exit status: 0, 1
when a file or anything else failed, 2 for a usage error."""


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("score", help="score files", description=_SCORE)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="video or sound files")
    parser.add_argument(
        "--detector",
        required=True,
        action="append",
        metavar="NAME",
        help="of `python -m detectors list`, or a .py file that registers one; an encoder and a head are given one "
        "after the other, --detector mine.py --detector linear",
    )
    parser.add_argument("--train", required=True, metavar="SET", help="set that it is trained on, as sim_whole or favc")
    parser.add_argument("--probe", metavar="PROBE", help="cut as under trim, trimtest or drop (default: not at all)")
    parser.add_argument("--size", choices=SIZES, default="default", help="of the embedded corpus (default: default)")
    parser.add_argument("--corpus-seed", type=int, default=0, metavar="N", help="draws the corpus (default: 0)")
    parser.add_argument("--json", action="store_true", help="all numbers, frame scores included, as JSON")
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="also draw frames, sound, spectrogram and frame scores: a .png or .svg file; of several clips each gets "
        "its own, with the clip's name before the suffix",
    )
    parser.add_argument("--device", default="cpu", help="where clips are encoded, such as cuda; training stays on cpu")
    parser.set_defaults(run=_score)


def _score(options: argparse.Namespace) -> int:
    from tqdm.contrib.logging import logging_redirect_tqdm

    _check(options)
    known = _row(options.detector)
    _check_weights(known)
    progress()
    with logging_redirect_tqdm([logging.getLogger("avdf")]):
        return _report(_ready(known, options), options)


def _ready(known: Row, options: argparse.Namespace) -> "Scorer":
    """The detector trained, or found so.

    Raises:
        RegistryError: its own code fails; the message has the traceback.
        DatasetError, OSError: clips cannot be made or kept.
        WeightsError: its checkpoint is missing or has changed.
    """
    from benchmark.answers import scorer
    from datasets.files import cache_root
    from datasets.registry import Corpus, source_of

    cache_root().mkdir(parents=True, exist_ok=True)
    try:
        source = source_of(options.train, Corpus(options.size, options.corpus_seed))
        return scorer(known, options.train, options.probe, source, device=options.device)
    except (DatasetError, DiskFullError, WeightsError):
        raise
    except (Exception, SystemExit) as error:
        own = "".join(f" --detector {value}" for value in options.detector)
        raise RegistryError(
            f"{known.name} cannot be trained: {reason_of(error)}\n{own_traceback(error)}\n"
            f"pytest benchmark -k contract{own} says what to mend"
        ) from error


def _row(values: Sequence[str]) -> Row:
    """The detector that all values of `--detector` have a part in: its name, its encoder, its head, or their files.

    Raises:
        UnknownNameError: there is none, or several.
        RegistryError: its module or the file cannot be imported.
    """
    from detectors.plugins import chosen

    chosen(values)  # all files first: a name may be one that a file registers
    parts = [chosen([value]) for value in values]
    found = [
        known for known in rows() if all({known.name, known.scope, known.encoder, known.head} & part for part in parts)
    ]
    found = [known for known in found if not known.random] or found
    together = " and ".join(values)
    if not found:
        raise UnknownNameError(f"no detector is made of {together}; see `python -m detectors list`")
    if len(found) > 1:
        names = ", ".join(known.name for known in found)
        raise UnknownNameError(f"{together} makes several detectors ({names}); add --detector with one of these names")
    if found[0].broken:
        raise RegistryError(f"{found[0].name} does not import:\n{found[0].broken.traceback}")
    return found[0]


def _check(options: argparse.Namespace) -> None:
    """Refuse names that do not exist and devices that do not work, before anything takes long.

    Raises:
        UnknownNameError: of a set or probe.
        ValueError: a picture that is neither PNG nor SVG, files whose pictures would have one name, or a device that
            torch cannot use.
    """
    from benchmark.cells import PROBES
    from benchmark.pairs import trainable

    known = trainable()
    if options.train not in known:
        raise UnknownNameError(f"no training set is called {options.train!r}{suggest(options.train, known)}")
    probes = [probe for probe in PROBES if probe]
    if options.probe and options.probe not in probes:
        raise UnknownNameError(f"no probe is called {options.probe!r}{suggest(options.probe, probes)}")
    if options.picture and options.picture.suffix not in (".png", ".svg"):
        raise ValueError(f"--picture {options.picture}: a picture is a .png or .svg file; name one")
    stems = [path.stem for path in options.files]
    if options.picture and len(set(stems)) < len(stems):
        twice = next(stem for stem in stems if stems.count(stem) > 1)
        raise ValueError(f"--picture: several files are called {twice}, and one picture would replace the other")
    if options.device != "cpu":
        check_device(options.device)


def _check_weights(known: Row) -> None:
    """Refuse an encoder whose weights are not here, before clips are made for it.

    Raises:
        MissingWeightsError: it says how to get them.
    """
    card = card_of(known)
    if card is not None and card.weights is not None and not known.random:
        find(card.weights, known.scope)


def _report(ready: "Scorer", options: argparse.Namespace) -> int:
    """Answer for every file; those that fail are named and counted, and do not stop the others."""
    from benchmark.answer_text import header

    found = list(_answers(ready, options))
    failed = sum("error" in answer for answer in found)
    if options.json:
        print(json.dumps(header(ready) | {"clips": found}, indent=1, allow_nan=False))
    if failed:
        print(f"{failed} of {len(found)} files could not be scored", file=sys.stderr)
    return 1 if failed else 0


def _answers(ready: "Scorer", options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    from benchmark.caveats import remedy

    for path in options.files:
        try:
            yield _answer(ready, path, options)
        except (ClipError, DatasetError, RuntimeError) as error:
            advice = remedy(error) if isinstance(error, ClipError) else ""
            reason = f"{error.reason}. {advice}".rstrip() if isinstance(error, ClipError) else str(error)
            print(f"error: {path}: {reason}", file=sys.stderr)
            yield {"file": str(path), "error": reason}


def _answer(ready: "Scorer", path: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Score one file, print it unless JSON was asked for, and draw it where that was."""
    from benchmark.answer_text import as_json, text
    from benchmark.caveats import caveats
    from benchmark.picture import draw
    from datasets.single import single, streams

    clip = single(path)
    found = streams(clip)
    answer = ready.answer(clip)
    warnings = caveats(answer, ready, found)
    if not options.json:
        print(text(answer, found, warnings), end="\n\n", flush=True)
    if options.picture:
        target = options.picture
        if len(options.files) > 1:
            target = target.with_name(f"{target.stem}-{path.stem}{target.suffix}")
        draw(answer, target)
        print(f"drawn: {target}", file=sys.stderr)
    return as_json(answer, warnings)
