"""`check`: are rows, score files and tables what they say they are?"""

import argparse
from typing import Any

from .tables import problems


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser(
        "check", help="exit with 1 if a generated file is stale, missing or edited, or a row unreadable"
    )
    parser.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    found = problems(options.folder)
    print("\n".join(found) if found else f"{options.folder}: rows and generated files agree")
    return 1 if found else 0
