"""Says where to run a command whose modules would be half ours and half those of Hugging Face's `datasets`.

Theirs is found before an editable install of ours everywhere but in the checkout; importing this module then ends the
command, before an import that fails does so with a traceback.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def _found() -> Path:
    """The folder of the package that the name `datasets` means here."""
    return Path(str(sys.modules[__package__].__file__)).resolve().parent


if _found() != _HERE:
    sys.exit(
        f"error: another package called datasets, {_found()}, is found before ours here; run this command in "
        f"{_HERE.parent}, and name your folders in full"
    )
