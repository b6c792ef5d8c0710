"""The data sets' commands: list them, and generate the embedded ones."""

import argparse
import sys
from collections import Counter

from .errors import DatasetError, DiskFullError
from .files import cache_root
from .registry import EMBEDDED, Corpus
from .sim.build import ensure, present
from .sim.plan import SIZES, splits


def main() -> int:
    """Run the command that was typed; 1 when it could not be done."""
    parser = argparse.ArgumentParser(prog="python -m datasets", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in (("list", "what each set holds, and what of it is on this machine"), ("generate", "make clips")):
        command = commands.add_parser(name, help=words)
        command.add_argument("--size", choices=SIZES, default="default", help="default: default")
        command.add_argument("--seed", type=int, default=0, help="draws the corpus (default: 0)")
        if name == "generate":
            command.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(EMBEDDED)} (default: all)")
            command.add_argument("--jobs", type=int, default=None, help="processes (default: one a processor)")
    options = parser.parse_args()
    for name in getattr(options, "sets", ()):
        if name not in EMBEDDED:
            parser.error(f"no embedded set is called {name!r}; there are {', '.join(EMBEDDED)}")
    try:
        return _list(options) if options.command == "list" else _generate(options)
    except (DatasetError, DiskFullError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _generate(options: argparse.Namespace) -> int:
    ensure(options.sets or EMBEDDED, options.size, options.seed, options.jobs)
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
