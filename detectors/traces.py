"""Tracebacks as the author of a detector wants them: their own frames, without those of whoever called."""

import importlib
import re
import traceback
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_CALLERS = ("cardcheck.py", "plugins.py", "registry.py")
_IMPORT_SYSTEM = ("<frozen importlib", str(Path(importlib.__file__).parent))
_HEADER_ALONE = re.compile(r"^Traceback \(most recent call last\):\n(?! )", re.MULTILINE)
_LONGEST = 300


def own_traceback(error: BaseException) -> str:
    """The traceback without the frames of the import system and of this package's plug-in and contract code."""
    found = traceback.TracebackException.from_exception(error)
    _strip(found)
    return _HEADER_ALONE.sub("", "".join(found.format())).rstrip()


def _strip(found: traceback.TracebackException) -> None:
    found.stack = traceback.StackSummary.from_list([frame for frame in found.stack if not _is_caller(frame.filename)])
    for linked in (found.__cause__, found.__context__, *(found.exceptions or ())):
        if linked is not None:
            _strip(linked)


def _is_caller(filename: str) -> bool:
    if filename.startswith(_IMPORT_SYSTEM):
        return True
    path = Path(filename)
    return (path.parent == _HERE and path.name in _CALLERS) or path.parent == _HERE / "contract"


def reason_of(error: BaseException) -> str:
    """One line: the error's type and the first line of its text."""
    text = f"{type(error).__name__}: {error}".strip().rstrip(":").splitlines()[0]
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
