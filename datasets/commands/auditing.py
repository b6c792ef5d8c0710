"""`python -m datasets audit`: what gives the fakes of a data set away, and what its test split shares with training."""

import argparse
import sys
from pathlib import Path
from typing import Any

from ..errors import DatasetError
from ..registry import Corpus
from ..sim.plan import SIZES
from .jobs import jobs


def add(commands: Any) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser("audit", help="shortcuts and leaks: every trivial signal as a classifier")
    command.add_argument("name", metavar="NAME", help="a data set or protocol, such as favc, favc.ssr or sim_whole")
    command.add_argument("--out", type=Path, metavar="FOLDER", help="default: audit in the data set's own folder")
    command.add_argument("--size", choices=SIZES, default="default", help="of an embedded set (default: default)")
    command.add_argument("--seed", type=int, default=0, help="of an embedded set (default: 0)")
    command.add_argument("-j", "--jobs", type=jobs, metavar="N", help="processes (default: one a processor)")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Audit, print the tables and write the files; 0 also with findings."""
    from benchmark.audit import output, text
    from benchmark.audit.run import run as audited

    corpus = Corpus(options.size, options.seed)
    check(options.name)
    audit = audited(options.name, corpus, jobs=options.jobs)
    print(text.terminal(audit), text.notes(audit.data == "sim"), sep="\n\n")
    paths = output.write(audit, options.out or output.folder_of(options.name, corpus))
    print("\n" + "\n".join(str(path) for path in paths))
    lost = sum(len(split.failed) for split in audit.splits)
    if lost:
        print(f"\nclips that could not be probed: {lost}, listed in {paths[2]}", file=sys.stderr)
    return 0


def check(name: str) -> None:
    """Refuse a name that nothing can be audited by, before anything is made or read.

    Raises:
        DatasetError: what there is, or how to get it.
    """
    from ..registry import EMBEDDED

    if name in EMBEDDED:
        return
    if name.startswith("sim_"):
        raise DatasetError(f"no embedded set is called {name!r}; there are {', '.join(EMBEDDED)}")
    from .. import protocols

    protocols.get(name)
