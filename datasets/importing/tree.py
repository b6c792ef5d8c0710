"""A data set's folder as importers see it: what is in it, and nothing outside it, whatever a row says."""

import os
import unicodedata
from collections.abc import Container, Iterable, Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..errors import DatasetError
from .findings import Findings

VIDEO = (".mp4", ".webm", ".mkv", ".avi", ".mov", ".m4v", ".mpg", ".mpeg", ".ts", ".flv", ".wmv")
SOUND = (".wav", ".m4a", ".mp3", ".flac", ".ogg", ".opus", ".aac")
ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".7z", ".rar")
JUNK = (".ds_store", "thumbs.db", "desktop.ini", "__macosx", "@eadir", ".git", ".ipynb_checkpoints", ".trashes")
"""Names, in lower case, of files and folders that programs leave behind; so are all that begin with `._`."""
CROPS = ("_roi.mp4", "_face.mp4")
"""What the names of crops beside a clip end in; they are no clips where their plain file is there too."""


class Tree:
    """The files under a root, by their POSIX paths as the disk spells them.

    Symbolic links that stay inside the root are followed; the others are `symlink_escape` findings and not files.
    Names are compared in Unicode's composed form (NFC), since some unpackers decompose them.

    Attributes:
        root: the folder, resolved.
    """

    def __init__(self, root: Path, findings: Findings) -> None:
        if not root.is_dir():
            raise DatasetError(f"{root} is {'no folder' if root.exists() else 'not there'}; name the data set's folder")
        self.root = root.resolve()
        self.findings = findings
        self._seen: set[tuple[int, int]] = set()

    @cached_property
    def files(self) -> dict[str, str]:
        """Every file: its path in composed form, to its path on disk; in sorted order."""
        return dict(sorted(self._walk(self.root, "")))

    def _walk(self, folder: Path, inside: str) -> Iterator[tuple[str, str]]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            self.findings.error("unreadable_folder", inside or ".", detail=error.strerror)
            return
        for entry in entries:
            path = f"{inside}{entry.name}"
            if is_junk(entry.name):
                self.findings.info("ignored_junk", path)
            elif not path.isprintable() or "\\" in entry.name:
                self.findings.error("unreadable_name", ascii(path), detail="rename it; it is no usable name")
            elif entry.is_symlink() and not self._is_inside(entry):
                self.findings.error("symlink_escape", path, path, "a link that leads out of the root, or nowhere")
            elif entry.is_dir():
                if self._is_new(entry):
                    yield from self._walk(folder / entry.name, path + "/")
            elif entry.is_file():
                yield composed(path), path

    def _is_inside(self, entry: os.DirEntry[str]) -> bool:
        try:
            return Path(entry.path).resolve(strict=True).is_relative_to(self.root)
        except (OSError, RuntimeError):
            return False

    def _is_new(self, entry: os.DirEntry[str]) -> bool:
        """Whether a folder was not walked yet: links may make a circle."""
        status = entry.stat()
        key = (status.st_dev, status.st_ino)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def under(self, folder: str, suffixes: Iterable[str] = VIDEO) -> Iterator[str]:
        """Files on disk below a folder (`""` for all), with one of these endings in any case, sorted."""
        start = composed(folder).strip("/")
        start = f"{start}/" if start else ""
        endings = tuple(suffixes)
        return (disk for path, disk in self.files.items() if path.startswith(start) and path.lower().endswith(endings))

    def find(self, path: str) -> str | None:
        """The path on disk of one that a row names, in any Unicode form and with its ending in any case."""
        path = composed(path)
        if path in self.files:
            return self.files[path]
        stem, dot, ending = path.rpartition(".")
        others = (ending.lower(), ending.upper(), ending.capitalize())
        return next((self.files[stem + dot + other] for other in others if stem + dot + other in self.files), None)

    def size(self, path: str) -> os.stat_result:
        """Size and time of a file on disk."""
        return (self.root / path).stat()

    def read(self, path: str) -> bytes:
        """The bytes of a metadata file.

        Raises:
            DatasetError: it cannot be read.
        """
        try:
            return (self.root / path).read_bytes()
        except OSError as error:
            raise DatasetError(f"{self.root / path} cannot be read: {error.strerror}") from error

    def named(self, text: str, where: str) -> str | None:
        """A path from a row, with `/` between its parts; None where it is refused, which is a finding."""
        path = text.strip()
        if "\\" in path:
            self.findings.warning("backslash_path", where, path, "read as /")
            path = path.replace("\\", "/")
        if PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive:
            self.findings.error("absolute_path", where, path, "the row is left out")
            return None
        if ".." in path.split("/") or "\0" in path:
            self.findings.error("path_traversal", where, path, "the row is left out")
            return None
        return composed(str(PurePosixPath(path)))

    def existing(self, path: str, where: str) -> str | None:
        """The file on disk that a row names; None where there is none or it is empty, which is a finding."""
        found = self.find(path)
        if found is None:
            self.findings.error("missing_file", where, path, "the row is left out")
            return None
        if composed(found) != composed(path):
            self.findings.warning("extension_case", where, found, "the ending is spelled otherwise on disk")
        return found if self.filled(found) else None

    def filled(self, path: str) -> bool:
        """Whether a file on disk has content; an empty one is a finding."""
        if self.size(path).st_size:
            return True
        self.findings.error("empty_file", path, path, "0 bytes; copy or download it again")
        return False


def composed(text: str) -> str:
    """Unicode's composed form (NFC)."""
    return unicodedata.normalize("NFC", text)


def is_junk(name: str) -> bool:
    """Whether a file or folder is what a file manager or a system leaves behind."""
    return name.lower() in JUNK or name.startswith("._")


def is_crop(path: str, all_paths: Container[str]) -> bool:
    """Whether a file is a crop of a clip that lies beside it."""
    ending = next((ending for ending in CROPS if path.endswith(ending)), None)
    return ending is not None and f"{path.removesuffix(ending)}.mp4" in all_paths
