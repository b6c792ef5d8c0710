"""One file from its address to its place, whole and checked, or a reason why not."""

from pathlib import Path
from typing import Any

from ..files import locked
from .resuming import DownloadError, download


def retrieve(url: str, target: Path, sha256: str | None, what: str) -> None:
    """Download a file to `target` unless it is there; a download that was cut before is continued.

    Processes that ask at once download it once. `what` it is, such as "checkpoint", is for messages.

    Raises:
        DownloadError: it cannot be had, or it has another hash; then it was not kept.
        OSError: the folder cannot be written; `DiskFullError` where the disk is full.
    """
    import pooch

    def resumed(url: str, checked: str, _: Any) -> None:
        """Download beside the target, where a later run can continue; pooch checks the whole file and moves it."""
        download(url, part, what)
        part.replace(checked)

    pooch.get_logger().setLevel("WARNING")
    part = target.with_name(f"{target.name}.part")
    known = f"sha256:{sha256}" if sha256 else None
    with locked(target):
        if target.exists():  # another process fetched it while this one waited
            return
        try:
            pooch.retrieve(url, known, target.name, target.parent, downloader=resumed)
        except ValueError as error:
            words = str(error).partition(". ")[0]
            raise DownloadError(f"{url} was not kept: {words}; another try may help") from error
