"""The data sets' commands: list them, generate the embedded ones, and import, verify and prepare real ones."""

import argparse
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from . import namesake  # noqa: F401  # first of all, since the others may not be ours

# isort: split
from .commands import auditing, doctor, fetching, importing, listing, preparing, protocols, verifying
from .commands.jobs import jobs
from .errors import DatasetError, in_words
from .files import cache_root
from .library import data_root
from .registry import EMBEDDED, Corpus
from .sim.build import ensure, present
from .sim.families import NULL
from .sim.plan import SIZES, splits
from .single import MANIFEST


def main() -> int:
    """Run the command that was typed; 1 when it could not be done."""
    parser = _parser()
    options = parser.parse_args()
    for name in getattr(options, "sets", ()):
        if name not in EMBEDDED:
            parser.error(f"no embedded set is called {name!r}; there are {', '.join(EMBEDDED)}")
    try:
        return int(options.run(options))
    except DatasetError as error:
        print(f"error: {error}", file=sys.stderr)
    except BrokenPipeError:  # `... | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"error: {in_words(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped; what was finished is kept", file=sys.stderr)
        return 130
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m datasets", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, words in (("list", "what each set holds, and what of it is on this machine"), ("generate", "make clips")):
        command = commands.add_parser(name, help=words)
        command.add_argument("--size", choices=SIZES, default="default", help="default: default")
        command.add_argument("--seed", type=int, default=0, help="draws the corpus (default: 0)")
        command.set_defaults(run=_list if name == "list" else _generate)
        if name == "generate":
            command.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(EMBEDDED)} (default: all)")
            command.add_argument(
                "--jobs", type=jobs, default=None, metavar="N", help="processes (default: one a processor)"
            )
    _add_example(commands)
    importing.add(commands)
    doctor.add(commands)
    fetching.add(commands)
    protocols.add(commands)
    verifying.add(commands)
    preparing.add(commands)
    auditing.add(commands)
    return parser


def _add_example(commands: Any) -> None:
    command = commands.add_parser("example", help="write one clip, or a folder of real and fake ones, to try things on")
    command.add_argument("file", type=Path, metavar="FILE", help="ends in .mp4; must not exist")
    command.add_argument(
        "--pairs", type=int, metavar="N", help="make FILE a folder instead, with N clips in real/ and N in fake/"
    )
    command.add_argument("--set", choices=EMBEDDED, default="sim_wild", help="which set's (default: sim_wild)")
    command.add_argument("--fake", action="store_true", help="the fake of the pair, instead of the real clip")
    command.add_argument("--seed", type=int, default=0, help="draws the corpus (default: 0)")
    command.set_defaults(run=_example)


def _generate(options: argparse.Namespace) -> int:
    ensure(options.sets or EMBEDDED, options.size, options.seed, options.jobs)
    return 0


def _example(options: argparse.Namespace) -> int:
    from .sim.example import write_example, write_folder

    if options.pairs is not None:
        count = write_folder(options.file, options.pairs, options.set, options.seed)
        print(f"{options.file}: {count} clips of {options.set} in real/ and fake/, with landmarks for visual detectors")
        return 0
    clip = write_example(options.file, options.set, options.fake, options.seed)
    truth = f"a fake, {clip.method}" if clip.label else "a real one"
    if clip.method == NULL:
        truth = "labelled fake, but nothing was changed"
    if clip.segments:
        truth += " from " + " and ".join(f"{start:.2f} to {end:.2f} s" for start, end in clip.segments)
    print(f"{clip.file}: {clip.id} of {clip.dataset}, {truth}; {clip.duration:.1f} s of a procedural face and voice")
    print(f"{clip.landmarks}: where its face is, which visual detectors need")
    print(f"{clip.file.with_suffix(MANIFEST)}: what is true of it; detectors do not see that")
    return 0


def _list(options: argparse.Namespace) -> int:
    from tabulate import tabulate

    corpus, made = Corpus(options.size, options.seed), present(options.seed)
    rows = []
    for name in EMBEDDED:
        for split in splits(name):
            clips = corpus.clips(name, split)
            labels = Counter(clip.label for clip in clips)
            here = sum(clip.path in made for clip in clips)
            rows.append([name, split, labels[0], labels[1], len({clip.identity for clip in clips}), here])
    print(tabulate(rows, ["set", "split", "real", "fake", "identities", "generated"], "simple"))
    print(f"\nprocedural faces and voices, size {options.size}, seed {options.seed}; cache folder {cache_root()}")
    if table := listing.imported():
        print(f"\n{table}\n\nreal data; manifests in {data_root()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
