"""What `-j` takes."""

import argparse


def jobs(text: str) -> int:
    """A number of threads or processes.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes; write 1 or more")
    return int(text)
