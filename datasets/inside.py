"""Whether a file lies in a data set's folder, links followed."""

from pathlib import Path

_DEPTH = 3
"""How many folders up from a data set's folder its snapshot may begin."""


def is_inside(file: Path, root: Path) -> bool:
    """Whether a file lies in the folder, or is a file of the hub's snapshot that the folder is (`hub_blobs`)."""
    target, folder = file.resolve(), root.resolve()
    if target.is_relative_to(folder):
        return True
    blobs = hub_blobs(folder)
    return blobs is not None and target.is_relative_to(blobs)


def hub_blobs(root: Path) -> Path | None:
    """Where the Hugging Face hub's cache keeps the content of a snapshot, if the root is one or lies in one.

    A cache is `datasets--OWNER--NAME/{blobs,snapshots/REVISION}`, and all files of a snapshot are links to blobs.
    """
    for folder in (root, *root.parents[: _DEPTH - 1]):
        blobs = folder.parent.parent / "blobs"
        if folder.parent.name == "snapshots" and blobs.is_dir():
            return blobs.resolve()
    return None
