"""`python -m datasets verify`: read, and on demand decode, every file of an imported data set."""

import argparse
from typing import Any

from .. import library
from ..files import in_bytes
from ..importing import findings
from ..verify import verify
from .jobs import jobs

_HELP = """Reads every file of an imported data set once and keeps its SHA-256, so that missing, changed and repeated
files are known before anything is computed, and so are files that a download left in place of media. With --decode,
both streams of every clip are decoded too. Interrupted or killed, it continues where it stopped; files whose size and
time are as they were are not read again (delete hashes.jsonl beside the manifest to have them read).

Ends with 1 if anything is wrong."""


def add(commands: Any) -> None:
    """The command's arguments."""
    command = commands.add_parser(
        "verify", help="read every file of an imported set once, and find broken ones", description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("name", metavar="NAME", help="a data set that was imported")
    command.add_argument("--decode", action="store_true", help="also decode every clip, which takes longer")
    command.add_argument("-j", "--jobs", type=jobs, default=-1, metavar="N", help="at once (default: one a processor)")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Verify, and say what is wrong."""
    result = verify(options.name, decode=options.decode, jobs=options.jobs)
    words = f"{result.name}: {result.files:,} files, {in_bytes(result.bytes)}, in {result.root}"
    print(words + (f"; {result.decoded:,} clips decoded" if result.decoded is not None else ""))
    print(f"\n{findings.table(result.findings) or 'nothing is wrong with them'}\n")
    print(f"{result.good:,} of {result.clips:,} clips are right; {library.home(result.name) / 'verified.csv'}")
    return int(result.wrong)
