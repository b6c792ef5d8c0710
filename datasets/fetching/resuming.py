"""One file over HTTP, continued where a cut connection left it."""

import errno
import json
import logging
import shutil
import time
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import requests
from tqdm import tqdm

from ..errors import DatasetError, DiskFullError
from ..files import variable_for, write_atomic

PAUSES = (1.0, 4.0, 16.0, 30.0)
"""Seconds before each further try, once a server has answered."""
_TIMEOUTS = (15, 60)
"""Seconds to connect, and for a server to send something."""
_BLOCK = 1 << 16
"""Bytes at a time; a cut loses those of a block that did not arrive whole."""
_CUTS = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
log = logging.getLogger("avdf")


class DownloadError(DatasetError):
    """A file cannot be downloaded; the message is one line and says why and what to do."""


class UnreachableError(DownloadError):
    """There is no way to the server from here."""


class _CutError(Exception):
    """The server answered, and the file did not arrive whole; another try may go on."""


def download(url: str, part: Path, what: str) -> None:
    """Complete `part`, `NAME.part`, which stays after a failure and is continued by the next call.

    It is continued only where the server says that its file is still the same one, and begun anew otherwise. `what`
    it is, such as "checkpoint", is for messages.

    Raises:
        DownloadError: no network, a connection that is cut too often, an error of the server, or a web page.
        DiskFullError: the disk is full, or has too little space for the rest.
    """
    for number, pause in enumerate((*PAUSES, None)):
        try:
            _try(url, part, what, reached=number > 0)
            break
        except _CutError as cut:
            if pause is None:
                raise DownloadError(
                    f"{_name(part)} did not arrive whole in {len(PAUSES) + 1} tries ({cut}); "
                    f"{_so_far(part)} kept, and the same command continues from there"
                ) from cut
            log.info("%s: %s; trying again in %g s", _name(part), cut, pause)
            time.sleep(pause)
    _notes(part).unlink(missing_ok=True)


def _try(url: str, part: Path, what: str, *, reached: bool) -> None:
    """Complete the part, or raise as `download`; `_CutError` where the server was `reached`, now or before."""
    have, headers = _continued(url, part)
    try:
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUTS) as answer:
            reached = True
            if not _refused(answer, url, part, what, have):
                _receive(answer, url, part, what, have)
    except _CUTS as error:
        if not reached:
            raise UnreachableError(_unreachable(url, part, error)) from error
        raise _CutError(_reason(error)) from error
    except requests.RequestException as error:
        raise DownloadError(f"{url} cannot be downloaded: {_reason(error)}") from error


def _continued(url: str, part: Path) -> tuple[int, dict[str, str]]:
    """How many bytes are here, and the headers that ask for the rest of the same file."""
    headers = {"Accept-Encoding": "identity"}
    try:
        notes = json.loads(_notes(part).read_text())
        have, validator = part.stat().st_size, str(notes["validator"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, headers
    if notes.get("url") != url or not validator or not have:
        return 0, headers
    return have, headers | {"Range": f"bytes={have}-", "If-Range": validator}


def _refused(answer: requests.Response, url: str, part: Path, what: str, have: int) -> bool:
    """Raise where the answer is no file; true where nothing is left to send."""
    status = answer.status_code
    if status == 416:  # the part is whole, or no part of this file
        if answer.headers.get("Content-Range") == f"bytes */{have}":
            return True
        part.unlink(missing_ok=True)
        raise _CutError("the server has no such part")
    if status >= 500 or status == 429:
        raise _CutError(f"the server answers {status} {answer.reason}")
    if status not in (200, 206):
        raise DownloadError(f"{url} cannot be downloaded: the server answers {status} {answer.reason}")
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        raise DownloadError(_page(url, what))
    return False


def _receive(answer: requests.Response, url: str, part: Path, what: str, have: int) -> None:
    """Append the answer to the part, or begin it anew where the server sends the whole file."""
    if answer.status_code == 200:
        have = 0
    elif not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        part.unlink(missing_ok=True)
        raise _CutError("the server sent another part than was asked for")
    length = answer.headers.get("Content-Length")
    total = have + int(length) if length else None
    _check_space(part, (total or 0) - have)
    write_atomic(_notes(part), json.dumps({"url": url, "validator": _validator(answer)}))
    try:
        with part.open("ab" if have else "wb") as stream, _bar(part, have, total) as bar:
            _copy(answer, url, what, stream, bar)
    except DownloadError:
        part.unlink()
        _notes(part).unlink()
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full(part, error.errno) from error
        raise
    if total is not None and part.stat().st_size != total:
        raise _CutError("the connection was cut")


def _copy(answer: requests.Response, url: str, what: str, stream: IO[bytes], bar: Any) -> None:
    for block in answer.iter_content(_BLOCK):
        if not stream.tell() and block.lstrip()[:1] == b"<":
            raise DownloadError(_page(url, what))
        stream.write(block)
        bar.update(len(block))


def _bar(part: Path, have: int, total: int | None) -> Any:
    """Progress on a terminal."""
    return tqdm(desc=_name(part), initial=have, total=total, unit="B", unit_scale=True, leave=False, disable=None)


def _validator(answer: requests.Response) -> str:
    """What tells this version of the file from others; a weak tag does not, byte for byte."""
    tag = answer.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")


def _name(part: Path) -> str:
    return part.name.removesuffix(".part")


def _notes(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _check_space(part: Path, more: int) -> None:
    if more > shutil.disk_usage(part.parent).free:
        raise _full(part, errno.ENOSPC)


def _full(part: Path, number: int) -> DiskFullError:
    return DiskFullError(
        number,
        f"the disk is full: could not write {part}. Free some space, or point {variable_for(part)} at a larger disk; "
        f"{_so_far(part)} kept, and the same command continues from there",
    )


def _so_far(part: Path) -> str:
    return f"{part.stat().st_size if part.exists() else 0:,} bytes are"


def _page(url: str, what: str) -> str:
    return f"{url} gives a web page and no {what}: a network may ask for a login; open it with a browser"


def _unreachable(url: str, part: Path, error: Exception) -> str:
    return (
        f"{urlsplit(url).netloc} cannot be reached ({_reason(error)}); run this where there is a network, or bring "
        f"the file {url} to {part.with_name(_name(part))}"
    )


def _reason(error: BaseException) -> str:
    """The innermost and plainest part of what the layers below say, in one line."""
    for inner in (getattr(error, "reason", None), *error.args):
        if isinstance(inner, BaseException):
            return _reason(inner)
    return (str(error).splitlines() or [type(error).__name__])[0].rpartition(": ")[2]
