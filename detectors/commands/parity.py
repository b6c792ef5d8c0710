"""`parity`: a port against the features that the original code gave with the same weights."""

import argparse
from math import isfinite
from pathlib import Path
from typing import Any

from detectors.parity.comparing import TOLERANCE, Stage, compare, verdict
from detectors.parity.dump import read_dump
from detectors.parity.ports import PORTS
from detectors.registry import UnknownNameError, suggest

_PARITY = f"""\
Compares a port with its original on real weights. The original writes its features to a dump, in an environment of its
own: detectors/reference/README.md has the steps. The port then runs on the inputs in the dump, or, with --clips, on
what it makes of the same files, and every stage is compared: input pictures and sound, front ends, each layer, the
last output. Names: {", ".join(PORTS)}.
Exit status: 0 where all stages agree, 1 where they part or something cannot be read, 2 for a usage error."""


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("parity", help="compare a port with the original's features", description=_PARITY)
    parser.add_argument("name", metavar="NAME", help="encoder, such as avhubert_av")
    parser.add_argument("dump", type=Path, metavar="DUMP", help="the .npz of the original's features")
    parser.add_argument("--checkpoint", required=True, type=Path, metavar="FILE", help="the weights that were dumped")
    parser.add_argument("--clips", type=Path, metavar="FOLDER", help="folder of the clips, to prepare them here too")
    tolerance = f"largest difference by the original's largest value that counts as equal (default: {TOLERANCE:g})"
    parser.add_argument("--tolerance", type=_tolerance, default=TOLERANCE, metavar="X", help=tolerance)
    parser.set_defaults(run=_run)


def _tolerance(text: str) -> float:
    value = float(text)
    if not (isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"a tolerance is above 0, not {text}")
    return value


def _run(options: argparse.Namespace) -> int:
    if options.name not in PORTS:
        raise UnknownNameError(f"no port is called {options.name!r}{suggest(options.name, PORTS)}")
    dump = read_dump(options.dump)
    print(f"original: {dump.versions}")
    stages = list(compare(PORTS[options.name], dump, options.checkpoint, options.clips))
    print(_table(stages, options.tolerance), verdict(stages, options.tolerance), sep="\n\n")
    return int(any(stage.parts(options.tolerance) for stage in stages))


def _table(stages: list[Stage], tolerance: float) -> str:
    from tabulate import tabulate

    rows = [[stage.clip, stage.words, *_numbers(stage), _word(stage, tolerance)] for stage in stages]
    names = ["clip", "stage", "largest difference", "of the scale", ""]
    return tabulate(rows, names, "simple", disable_numparse=True, colalign=("left", "left", "right", "right", "left"))


def _numbers(stage: Stage) -> list[str]:
    if stage.given or stage.problem:
        return ["", ""]
    return [f"{stage.largest:.1e}", f"{stage.relative:.1e}"]


def _word(stage: Stage, tolerance: float) -> str:
    if stage.given:
        return "given"
    return stage.problem or ("parts" if stage.parts(tolerance) else "agrees")
