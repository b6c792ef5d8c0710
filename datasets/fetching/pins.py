"""Pins: the hashes of files for which none was published, as they were first used here.

They are in `pins.json` of the files' folder: file -> sha256, size, date, source. They belong to that folder and are
never part of the package.
"""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import DiskFullError
from ..files import locked, write_atomic

log = logging.getLogger("avdf")


class PinsError(Exception):
    """The pins cannot be read; the message says what to do."""


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """The pins of a folder by key; empty where there are none.

    Raises:
        PinsError: the file is damaged. It is not replaced: that would accept whatever is there now.
    """
    path = folder / "pins.json"
    try:
        pins = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise PinsError(_damaged(path)) from error
    if not isinstance(pins, dict) or not all(isinstance(pin, dict) and "sha256" in pin for pin in pins.values()):
        raise PinsError(_damaged(path))
    return pins


def _damaged(path: Path) -> str:
    return f"{path} cannot be read, so nothing can be held against its pin; restore it, or remove it to pin anew"


def write(folder: Path, key: str, pin: Mapping[str, Any], *, replace: bool = False) -> bool:
    """Pin a hash under today's date; without `replace` one that is there, of another process perhaps, stays.

    Returns False where the folder cannot be written, and says so once in the log.

    Raises:
        PinsError: as `read`.
        DiskFullError: the disk is full.
    """
    path = folder / "pins.json"
    try:
        with locked(path):
            pins = read(folder)
            if replace or key not in pins:
                pins[key] = {**pin, "date": datetime.now(UTC).date().isoformat()}
                write_atomic(path, json.dumps(dict(sorted(pins.items())), indent=1) + "\n")
            return True
    except DiskFullError:
        raise
    except OSError as error:
        _say_once(path, error.strerror or str(error))
        return False


@cache
def _say_once(path: Path, reason: str) -> None:
    log.warning("%s cannot be written (%s): files without a published hash are not pinned", path, reason)
