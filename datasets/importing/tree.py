"""A data set's folder as importers see it: what is in it, and nothing outside it, whatever a row says."""

import os
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Iterator
from functools import cached_property
from pathlib import Path

from ..errors import DatasetError
from ..inside import hub_blobs
from .findings import Findings

VIDEO = (".mp4", ".webm", ".mkv", ".avi", ".mov", ".m4v", ".mpg", ".mpeg", ".ts", ".flv", ".wmv")
SOUND = (".wav", ".m4a", ".mp3", ".flac", ".ogg", ".opus", ".aac")
ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".7z", ".rar")
JUNK = (".ds_store", "thumbs.db", "desktop.ini", "__macosx", "@eadir", ".git", ".ipynb_checkpoints", ".trashes")
"""Names, in lower case, of files and folders that programs leave behind; so are all that begin with `._`."""
CROPS = ("_roi.mp4", "_face.mp4")
"""What the names of crops beside a clip end in; they are no clips where their plain file is there too."""
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\\]")
"""What no name in a manifest has: control characters, bytes that are no UTF-8, and the other system's separator."""


class Tree:
    """The files under a root, by their POSIX paths as the disk spells them.

    Symbolic links that stay inside the root are further names of the files that they lead to; the others are
    `symlink_escape` findings and not files, except in a snapshot of the Hugging Face hub, whose files are all links
    into the `blobs` beside it. Names are compared in Unicode's composed form (NFC), since some unpackers decompose
    them.

    Attributes:
        root: the folder, resolved.
        mentioned: files on disk that a row named, whatever became of them.
    """

    def __init__(self, root: Path, findings: Findings, watch: Callable[[Iterator[str]], Iterable[str]] = iter) -> None:
        if not root.is_dir():
            raise DatasetError(f"{root} is {'no folder' if root.exists() else 'not there'}; name the data set's folder")
        self.root = root.resolve()
        self.findings = findings
        self._watch = watch
        self.mentioned: set[str] = set()
        self._empty: set[str] = set()
        self._refused: set[str] = set()
        self._blobs = hub_blobs(self.root)
        self._sized = "", self.root.stat()

    @cached_property
    def files(self) -> dict[str, str]:
        """Every file: its path in composed form, to its path on disk; in sorted order."""
        links: list[str] = []
        found: dict[str, str] = {}
        for path in self._watch(self._walk(links)):
            name = composed(path)
            if name in found:
                detail = f"differs from {found[name]!a} in the form of its letters only; not imported"
                self.findings.error("same_name", path, path, detail)
            else:
                found[name] = path
        own = sorted(found)
        for link in sorted(links):
            for name, path in self._linked(link, found, own):
                found.setdefault(name, path)
        return dict(sorted(found.items()))

    def _walk(self, links: list[str]) -> Iterator[str]:
        """Every file that is no link; the links are added to the list."""
        folders = [""]
        while folders:
            inside = folders.pop()
            for entry in self._entries(inside):
                path = f"{inside}{entry.name}"
                if is_junk(entry.name):
                    self.findings.info("ignored_junk", path)
                elif _UNUSABLE.search(entry.name):
                    self.findings.error("unreadable_name", path, detail="not imported; rename it")
                elif entry.is_symlink():
                    links.append(path)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(path + "/")
                elif entry.is_file(follow_symlinks=False):
                    yield path

    def _entries(self, inside: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.root / inside) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.findings.error(
                "unreadable_folder", inside or ".", detail=f"{error.strerror}; nothing of it is imported"
            )
            return []

    def _linked(self, link: str, found: dict[str, str], own: list[str]) -> Iterator[tuple[str, str]]:
        """The names that a link gives to files; `own` are the sorted names of those that are no links."""
        try:
            target = (self.root / link).resolve(strict=True)
        except (OSError, RuntimeError):
            self._refuse(link, "a link that leads nowhere")
            return
        if self._blobs and target.is_relative_to(self._blobs) and target.is_file():
            yield composed(link), link
            return
        if not target.is_relative_to(self.root):
            self._refuse(link, "a link that leads out of the root; what it leads to must lie, or be mounted, there")
            return
        inside = composed(target.relative_to(self.root).as_posix())
        if inside in found:
            yield composed(link), found[inside]
        elif target.is_dir():
            start = "" if target == self.root else f"{inside}/"
            if not f"{composed(link)}/".startswith(start):  # else it leads back to a folder that it lies in
                for name in _beginning(own, start):
                    yield f"{composed(link)}/{name.removeprefix(start)}", found[name]

    def _refuse(self, link: str, reason: str) -> None:
        self._refused.add(composed(link))
        self.findings.error("symlink_escape", link, link, reason)

    @cached_property
    def _odd_endings(self) -> dict[str, str]:
        """Files whose ending is not in lower case: their names with it in lower case, to their names."""
        return {plain(name): name for name in self.files if plain(name) != name}

    def under(self, folder: str, suffixes: Iterable[str] = VIDEO) -> Iterator[str]:
        """Files on disk below a folder (`""` for all), with one of these endings in any case, sorted."""
        start = composed(folder).strip("/")
        start = f"{start}/" if start else ""
        endings = tuple(suffixes)
        names = (name for name in self.files if name.startswith(start) and name.lower().endswith(endings))
        return iter(sorted({self.files[name] for name in names}))

    def find(self, path: str) -> str | None:
        """The path on disk of one that a row names, in any Unicode form and with its ending in any case."""
        name = self._name(path)
        return None if name is None else self.files[name]

    def _name(self, path: str) -> str | None:
        name = composed(path)
        if name in self.files:
            return name
        other = plain(name)
        return other if other in self.files else self._odd_endings.get(other)

    def size(self, path: str) -> os.stat_result:
        """Size and time of a file on disk."""
        if self._sized[0] != path:  # an importer asks twice for each of a million files
            self._sized = path, (self.root / path).stat()
        return self._sized[1]

    def read(self, path: str) -> bytes:
        """The bytes of a metadata file.

        Raises:
            DatasetError: there is none inside the root, or it cannot be read.
        """
        found = self.files.get(composed(path))
        if found is None:
            raise DatasetError(f"{self.root / path} is no file inside the data set's folder")
        try:
            return (self.root / found).read_bytes()
        except OSError as error:
            raise DatasetError(f"{self.root / found} cannot be read: {error.strerror}") from error

    def named(self, text: str, where: str) -> str | None:
        """A path from a row, with `/` between its parts; None where it is refused, which is a finding.

        One finding at most: a path that is refused is not also said to have backslashes.
        """
        raw = text.strip()
        path = raw.replace("\\", "/")
        if path.startswith("/") or path[1:2] == ":":
            self.findings.error("absolute_path", where, raw, "the row is left out")
            return None
        if ".." in path.split("/") or "\0" in path:
            self.findings.error("path_traversal", where, raw, "the row is left out")
            return None
        if path != raw:
            self.findings.warning("backslash_path", where, raw, "read as /")
        return composed("/".join(part for part in path.split("/") if part not in ("", "."))) or "."

    def mention(self, path: str) -> bool:
        """Note that a row names a file, and whether it is on disk."""
        found = self.find(path)
        if found is not None:
            self.mentioned.add(found)
        return found is not None

    def existing(self, path: str, where: str) -> str | None:
        """The file on disk that a row names; None where there is none or it is empty, which is a finding.

        A link that is refused was a finding already, and so is all that lies below it.
        """
        name = self._name(path)
        if name is None:
            if not self._is_refused(composed(path)):
                self.findings.error("missing_file", where, path, "the row is left out")
            return None
        found = self.files[name]
        if name != composed(path) and found not in self.mentioned:
            self.findings.warning("extension_case", where, found, "the ending is spelled otherwise on disk")
        self.mentioned.add(found)
        return found if self.filled(found) else None

    def _is_refused(self, name: str) -> bool:
        while name and name not in self._refused:
            name = name.rpartition("/")[0]
        return bool(name)

    def filled(self, path: str) -> bool:
        """Whether a file on disk has content; an empty one is a finding, once."""
        if self.size(path).st_size:
            return True
        if path not in self._empty:
            self._empty.add(path)
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


def base(text: str) -> str:
    """The last part of a path from a row, whichever way its separators lean."""
    return text.replace("\\", "/").rpartition("/")[2]


def plain(path: str) -> str:
    """A path with its ending in lower case."""
    stem, dot, ending = path.rpartition(".")
    return path if "/" in ending else stem + dot + ending.lower()


def _beginning(names: list[str], start: str) -> Iterator[str]:
    """Those of sorted names that begin so."""
    for number in range(bisect_left(names, start), len(names)):
        if not names[number].startswith(start):
            return
        yield names[number]
