"""`python -m datasets import`: read a release where it lies, and say what is in it and what is wrong with it."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import library
from ..clip import Clip
from ..errors import DatasetError
from ..files import in_bytes
from ..importing import NAMES, Imported, findings, load
from ..importing.naming import OWN, check_name
from ..progress import bar

_HELP = f"""Reads the metadata of a data set and the names and sizes of its files, and writes a manifest and a list of
findings into AVDF_DATA. Nothing is copied, and nothing in the data set's folder is changed. Import again after files
came or went; hashes of unchanged files are kept.

NAME is one of
{", ".join(NAMES)}.
PATH is the folder that the release was unpacked into, or one or two folders above it. `{OWN}` is one's own data:
real/ and fake/ folders or a CSV table, see docs/datasets.md."""

_MANY = 10_000
"""Files with which an import takes more than a moment."""


def add(commands: Any) -> None:
    """The command's arguments."""
    command = commands.add_parser(
        "import", help="read a real data set that is on this machine", description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("name", metavar="NAME", choices=NAMES, help="which data set")
    command.add_argument("path", metavar="PATH", type=Path, help="its folder")
    command.add_argument("--name", dest="own", metavar="MINE", help=f"what `{OWN}` is called from now on")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Import, keep and describe; findings are no failure."""
    if options.own and options.name != OWN:
        raise DatasetError(f"--name is for `{OWN}` alone; {options.name} keeps its name")
    name = check_name(options.own or OWN) if options.name == OWN else options.name
    before = _before(name)
    imported = _named(load(options.name, options.path.expanduser(), _watched), name)
    table = findings.table(imported.findings)
    if not imported.clips:
        print(table)
        found = "none of the files that it should have" if not table else "see the findings above"
        raise DatasetError(f"nothing in {imported.root} can be used as {options.name}: {found}")
    manifest = library.keep(imported)
    print("\n".join([*_summary(imported), *_difference(before, imported), "", table or "no findings", ""]))
    print(f"manifest {manifest}\nfindings {manifest.with_name('findings.csv')}\n")
    print("\n".join(_next(imported)))
    return 0


def _watched(paths: Iterator[str]) -> Iterator[str]:
    count = 0
    with bar(None, "looking through the folder", "files") as shown:
        for path in paths:
            count += 1
            shown.update()
            yield path
    if count >= _MANY:
        print(f"{count:,} files; reading what the release says of them", file=sys.stderr)


def _named(imported: Imported, name: str) -> Imported:
    """One's own data under its own name."""
    if imported.name == name:
        return imported
    clips = tuple(replace(clip, dataset=name) for clip in imported.clips)
    return replace(imported, name=name, clips=clips)


_Files = dict[str, tuple[int | None, int | None]]
"""Size and time of the files of clips, by id: a million clips are not kept for them."""


def _before(name: str) -> tuple[Path, _Files] | None:
    """Where the data set was imported from before, and its files; None where it was not, or is damaged."""
    try:
        return library.root_of(name), _files(library.clips(name))
    except DatasetError:
        return None


def _summary(imported: Imported) -> list[str]:
    clips = imported.clips
    size = sum(clip.bytes or 0 for clip in clips)
    lines = [
        f"{imported.name}: {len(clips):,} clips ({in_words(clips)}), {in_bytes(size)}, from {imported.root}",
        _identities(clips),
    ]
    splits = Counter(clip.split for clip in clips)
    if splits.keys() == {""}:
        return [*lines, "splits: none in the release; protocols make them"]
    parts = [f"{split or 'none'} {in_words([c for c in clips if c.split == split])}" for split in sorted(splits)]
    return [*lines, "splits: " + "; ".join(parts)]


def _identities(clips: Sequence[Clip]) -> str:
    """How many people are seen, or what intervals are clustered by where nobody says."""
    if known := {clip.identity for clip in clips if clip.identity}:
        return f"identities: {len(known):,}"
    nearest = next((name for name in ("source", "pair") if any(getattr(clip, name) for clip in clips)), None)
    words = f"are clustered by {nearest}" if nearest else "take each clip for a person of its own"
    return f"identities: unknown; intervals {words}"


def in_words(clips: Sequence[Clip]) -> str:
    """How many clips are real, fake and unlabelled."""
    labels = Counter(clip.label for clip in clips)
    words = ((0, "real"), (1, "fake"), (None, "unlabelled"))
    return ", ".join(f"{labels[label]:,} {word}" for label, word in words if labels[label])


def _difference(before: tuple[Path, _Files] | None, imported: Imported) -> list[str]:
    """What became of an earlier import; nothing where all is as it was."""
    if before is None:
        return []
    root, known = before
    now = _files(imported.clips)
    counts = {
        "new": len(now.keys() - known.keys()),
        "gone": len(known.keys() - now.keys()),
        "with another file": sum(now[name] != known[name] for name in now.keys() & known.keys()),
    }
    words = [f"{count:,} clips {word}" for word, count in counts.items() if count]
    words += [f"imported from {root} before"] if root != imported.root else []
    return [f"since the last import: {', '.join(words)}"] if words else []


def _files(clips: Sequence[Clip]) -> _Files:
    return {clip.id: (clip.bytes, clip.modified) for clip in clips}


def _next(imported: Imported) -> Iterable[str]:
    from ..protocols import get, names
    from ..protocols import usable as has_lists

    name = imported.name
    all_protocols = [get(protocol) for protocol in names(name)]
    usable = [protocol.name for protocol in all_protocols if has_lists(protocol)]
    later = [protocol.name for protocol in all_protocols if not has_lists(protocol)]
    if usable:
        yield f"protocols that can be used now: {', '.join(usable)}"
    if later:
        yield f"protocols that need split lists: {', '.join(later)}"
    yield "\nnext"
    steps = {f"verify {name}": "read every file once: damaged, missing and repeated ones"}
    if len({clip.label for clip in imported.clips} - {None}) > 1:
        steps[f"audit {name}"] = "what gives fakes away besides forgery"
    steps[f"prepare {name}"] = "find faces and cut them out, which visual detectors need"
    if later:
        steps[f"fetch {name}"] = "the split lists of the papers"
    width = max(map(len, steps))
    yield from (f"  python -m datasets {step:<{width}}  {words}" for step, words in steps.items())
