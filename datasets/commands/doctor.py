"""`python -m datasets doctor`: what is on this machine, what is missing, and what it would unlock."""

import argparse
from typing import Any

_HELP = """Says in one screen which data sets, split lists, prepared faces and weights are on this machine, where to
apply for the missing ones and on which terms, how many cells of the suite each would add, which optional extras are
installed, and how much disk is free. Reads no media and uses no network."""


def add(commands: Any) -> None:
    """The command's arguments."""
    command = commands.add_parser("doctor", help="what is here, what is missing, how to get it", description=_HELP)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print it."""
    from benchmark.doctor import report

    print(report())
    return 0
