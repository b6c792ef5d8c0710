"""The leaderboard's commands: accept measured records, check them, render, compare and draw them."""

import argparse
import os
import sys
from pathlib import Path

from . import VERSION, records, rows
from .commands import accept, compare, gate, pictures, submissions, tables
from .sources import SourceError

_COMMANDS = (accept, tables, gate, compare, pictures, submissions)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m leaderboard", description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=VERSION, help="a leaderboard version (default: the package's v1)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in _COMMANDS:
        module.add(commands)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (rows.RowError, records.RecordError, SourceError) as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # `... | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
