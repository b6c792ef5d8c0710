"""What a command says while it works."""

import logging
import sys


class _Plain(logging.StreamHandler):
    """Lines without the form of a log."""


def progress() -> None:
    """Progress and warnings go to stderr from now on; once, however often this is called."""
    log = logging.getLogger("avdf")
    for handler in [handler for handler in log.handlers if isinstance(handler, _Plain)]:
        log.removeHandler(handler)
    log.addHandler(_Plain(sys.stderr))
    log.setLevel(logging.INFO)
