"""Where what is known of real data sets is kept: one folder a data set, beside nothing of the release itself.

`AVDF_DATA/<name>/` holds `manifest.jsonl` and `findings.csv` of the last import, and `place.json`, where the release
lies on this machine. Hashes, landmarks and split lists join them.
"""

import difflib
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import hashes as kept_hashes
from .clip import Clip
from .errors import DatasetError
from .faces import kept as kept_faces
from .files import cache_root, locked, write_atomic
from .importing import NAMES, Imported, findings
from .manifest import read_manifest, write_manifest


def data_root() -> Path:
    """The folder of all manifests: `AVDF_DATA`, else `data` in the cache folder."""
    override = os.environ.get("AVDF_DATA")
    return Path(override).expanduser() if override else cache_root() / "data"


def home(name: str) -> Path:
    """The folder of one data set."""
    return data_root() / name


def manifest_path(name: str) -> Path:
    """Where the manifest of a data set is, or would be."""
    return home(name) / "manifest.jsonl"


def here(name: str) -> bool:
    """Whether a data set was imported on this machine."""
    return manifest_path(name).is_file() and (home(name) / "place.json").is_file()


def root_of(name: str) -> Path:
    """Where the release lies on this machine.

    Raises:
        DatasetError: it was not imported, or `place.json` is damaged.
    """
    path = home(name) / "place.json"
    try:
        return Path(json.loads(path.read_text(encoding="utf-8"))["root"])
    except FileNotFoundError:
        raise DatasetError(_not_here(name)) from None
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{path} is damaged ({error}); import {name} again") from error


def _not_here(name: str) -> str:
    if name in NAMES:
        return f"{name} was not imported; run `python -m datasets import {name} FOLDER`"
    near = difflib.get_close_matches(name, {*NAMES, *names()}, 1, 0.6)
    imported = ", ".join(names()) or "none"
    hint = f"did you mean {near[0]}?" if near else f"imported are: {imported};"
    return f"no data set is called {name!r}; {hint} `python -m datasets import --help` says which there are"


def clips(name: str) -> list[Clip]:
    """All clips of a data set that was imported, as its manifest has them, with landmarks that were made for them.

    Raises:
        DatasetError: it was not imported, or its manifest is damaged.
    """
    return kept_faces.attach(read_manifest(manifest_path(name), root_of(name)), home(name))


def keep(imported: Imported) -> Path:
    """Write manifest, findings and place of an import; returns the manifest's path."""
    folder = home(imported.name)
    header: dict[str, Any] = {
        "dataset": imported.name,
        "imported": datetime.now(UTC).date().isoformat(),
        "clips": len(imported.clips),
    }
    header["splits"] = _counts(imported.clips)
    with locked(folder / ".import"):  # of two imports at once, all three files are of one
        findings.write(folder / "findings.csv", imported.findings)
        write_manifest(manifest_path(imported.name), imported.clips, header)
        write_atomic(folder / "place.json", json.dumps({"root": str(imported.root)}) + "\n")
    return manifest_path(imported.name)


COUNTED = ("real", "fake", "unlabelled", "identities")
"""What the header of a manifest counts in each split."""


def _counts(clips: Iterable[Clip]) -> list[dict[str, Any]]:
    """What is in each split, for a quick look."""
    splits: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        splits[clip.split].append(clip)
    rows = []
    for split, of_split in sorted(splits.items()):
        labels = Counter(clip.label for clip in of_split)
        identities = {clip.identity for clip in of_split} - {None}
        counted = (labels[0], labels[1], labels[None], len(identities))
        rows.append({"split": split} | dict(zip(COUNTED, counted, strict=True)))
    return rows


def names() -> list[str]:
    """Data sets that were imported on this machine."""
    root = data_root()
    folders: Iterable[Path] = root.iterdir() if root.is_dir() else ()
    return sorted(folder.name for folder in folders if here(folder.name))


def hashes(name: str) -> dict[str, str]:
    """SHA-256 by path in the data set, of the files whose hash is known and still holds; nothing is hashed here.

    Raises:
        DatasetError: it was not imported.
    """
    return kept_hashes.valid(home(name), root_of(name))


def with_hashes(clips: Sequence[Clip], progress: bool = True) -> list[Clip]:
    """The clips, in their order, with the hashes of their files as they are now.

    Files whose hash is not known are read, and their hashes kept for the next time; see `datasets.hashes`. A clip whose
    file is missing or unreadable has no hash, and fails when it is read.

    Args:
        clips: of imported data sets, perhaps through their protocols (`favc.ssr` is of `favc`).

    Raises:
        DiskFullError: what was hashed so far is kept.
    """
    found: dict[tuple[str, str], str | None] = {}
    for name in sorted({data_set_of(clip) for clip in clips}):
        files = {clip.path: clip.file for clip in clips if data_set_of(clip) == name}
        hashed = kept_hashes.hash_files(home(name), files, progress=progress)
        found |= {(name, path): of_file.sha256 for path, of_file in hashed.items()}
    return [replace(clip, sha256=found[data_set_of(clip), clip.path]) for clip in clips]


def data_set_of(clip: Clip) -> str:
    """The data set that a clip was imported with, whatever protocol it came through."""
    return clip.dataset.partition(".")[0]
