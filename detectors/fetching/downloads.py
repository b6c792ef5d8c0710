"""Fetching checkpoints: from their address, from the Hugging Face hub, or by hand where only a browser can."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datasets.errors import DiskFullError
from datasets.fetching import resuming
from datasets.fetching.retrieving import retrieve
from datasets.files import in_bytes

from ..cards import Weights
from .files import HUB_FILES, WeightsError, enough, find, located, needed_files
from .folder import archive_of, drive_link, hub_cache, name_for, weights_root
from .unzipping import unpack

_MOST = 16_000_000_000
"""Bytes that a zip file may hold where nothing is known of the checkpoint."""


class ByHandError(WeightsError):
    """Only a user can get a checkpoint; the message is numbered instructions, on several lines."""


class DownloadError(WeightsError):
    """A checkpoint cannot be downloaded; the message is one line and says why and what to do."""


def fetch(weights: Weights, name: str | None = None) -> Path:
    """Where a checkpoint is, fetched if it was not here; `name` is the encoder that wants it, for messages.

    Nothing that is here is fetched again or changed.

    Raises:
        ByHandError: only a browser can download it.
        DownloadError, ArchiveError: it cannot be had, or it is not what it should be; one line says why.
        DiskFullError: the disk is full; what has arrived is kept and continued.
    """
    found = located(weights)
    if found is not None:
        return found
    with _folder_errors():
        if weights.url:
            retrieve(weights.url, weights_root() / weights.file, weights.sha256, "checkpoint")
        elif weights.hub:
            _from_hub(weights, weights.hub)
        else:
            _by_hand(weights, name)
    return find(weights, name)


def instructions(weights: Weights, name: str | None = None) -> str:
    """How a user gets a checkpoint that cannot be downloaded from here, as numbered lines."""
    zipped = archive_of(weights)
    target = zipped or weights_root() / weights.file
    about = f", about {in_bytes(weights.size)}" if weights.size else ""
    steps = [
        f"open {drive_link(weights)} with a browser" if weights.drive else f"get it from {weights.source}",
        f"save it as {target.name}{about}",
        f"put it in the folder {target.parent}",
        f"run `python -m detectors fetch {name_for(weights, name)}` again, which "
        f"{'unpacks it and ' if zipped else ''}pins its hash",
    ]
    title = f"{weights.file} has to be fetched by hand:" if weights.drive else f"{weights.file} is not published:"
    return "\n".join([title, *(f"  {number}. {step}" for number, step in enumerate(steps, 1))])


@contextmanager
def _folder_errors() -> Iterator[None]:
    """Say of a disk that is full, or a folder that cannot be written, which variable names another."""
    try:
        yield
    except DiskFullError:
        raise
    except resuming.DownloadError as error:
        raise DownloadError(str(error)) from error
    except OSError as error:
        place = error.filename or weights_root()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            words = f"the disk is full: could not write {place}. Free some space, or name a larger disk"
            raise DiskFullError(error.errno, f"{words} with AVDF_WEIGHTS (HF_HOME for models of the hub)") from error
        reason = error.strerror or error
        raise DownloadError(
            f"{place}: {reason}; name another folder with AVDF_WEIGHTS (HF_HOME for models of the hub)"
        ) from error


def _from_hub(weights: Weights, hub: str) -> None:
    """Into the user's Hugging Face cache, which other programs share."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HTTPError

    try:
        page = HfApi().model_info(hub, revision=weights.revision)
        names = [file.rfilename for file in page.siblings or ()]
        if not enough(names, weights):
            wanted = ", ".join(weights.files or HUB_FILES)
            raise DownloadError(f"{hub} of the hub, at revision {weights.revision}, lacks files of {wanted}")
        snapshot_download(hub, revision=weights.revision, allow_patterns=needed_files(names, weights))
    except (HTTPError, OSError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise
        raise DownloadError(_hub_words(weights, hub, error)) from error


def _hub_words(weights: Weights, hub: str, error: Exception) -> str:
    from huggingface_hub import constants, errors

    page, place = f"{constants.ENDPOINT}/{hub}", weights_root() / weights.file
    if isinstance(error, errors.GatedRepoError):
        return f"{page} asks to accept its terms: accept them with a browser, run `hf auth login` and try again"
    if isinstance(error, errors.RevisionNotFoundError | errors.RepositoryNotFoundError):
        return f"there is no {page} at revision {weights.revision}, or it is closed to this user"
    if isinstance(error, errors.OfflineModeIsEnabled):
        return f"HF_HUB_OFFLINE keeps this off the network: unset it, or bring the files of {page} to {place}"
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return (
        f"{page} cannot be fetched ({reason}); what has arrived is kept in {hub_cache()} and the same command "
        f"continues, or bring its files to {place}"
    )


def _by_hand(weights: Weights, name: str | None) -> None:
    zipped = archive_of(weights)
    if zipped is None or not zipped.is_file():
        raise ByHandError(instructions(weights, name))
    unpack(zipped, weights_root() / weights.file, 4 * weights.size if weights.size else _MOST)
