"""The detectors' commands: list and describe them, fetch and verify their weights, time them, score any file."""

import argparse
import os
import sys

from datasets.errors import ClipError, DatasetError, in_words

from .commands import bench, listing, parity, scoring, weights
from .registry import RegistryError, UnknownNameError
from .tags import TagError

_COMMANDS = (listing, weights, scoring, bench, parity)


def main(arguments: list[str] | None = None) -> int:
    """Run the command that was typed; 1 when it could not be done."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except (UnknownNameError, TagError) as error:
        parser.error(str(error))
    except (ClipError, DatasetError, RegistryError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
    except BrokenPipeError:  # `... | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"error: {in_words(error)}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m detectors", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in _COMMANDS:
        module.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
