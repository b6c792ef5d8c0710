"""The clips of a data set while it is read: one for each file, whatever the rows repeat or contradict."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from ..clip import Clip
from .tree import VIDEO, Tree, composed, is_crop


class Drafts:
    """Collects the clips of one data set.

    A repeated row is `duplicate_row`, and the first one stays. Rows that contradict each other about a label or a split
    are `duplicate_row_conflicting_label` or `..._split`, and the file is left out; about a method they are
    `duplicate_row_conflicting_method`, and the first one stays.
    """

    def __init__(self, tree: Tree, dataset: str) -> None:
        self.tree, self.dataset = tree, dataset
        self._clips: dict[str, Clip] = {}
        self._dropped: set[str] = set()

    def add(self, path: str, where: str, **known: Any) -> None:
        """A clip whose file `path` is on disk; `known` has fields of `Clip`, everything else is unknown.

        `label` follows from the labels of the streams where it is not given.
        """
        name = composed(path)
        status = self.tree.size(path)
        unknown: dict[str, Any] = dict.fromkeys(("label_video", "label_audio", "method", "identity", "source"))
        streams = (known.get("label_video"), known.get("label_audio"))
        label = 1 if 1 in streams else 0 if streams == (0, 0) else None
        fields = (
            unknown | {"split": "", "label": label, "bytes": status.st_size, "modified": status.st_mtime_ns} | known
        )
        clip = Clip(id=name, dataset=self.dataset, root=self.tree.root, path=path, **fields)
        if clip.split and clip.split_from is None:
            raise ValueError(f"{where}: a split needs split_from")
        if name in self._clips or name in self._dropped:
            self._repeated(name, where, clip)
        else:
            self._clips[name] = clip

    def add_real(self, path: str, where: str, **known: Any) -> None:
        """As `add`, a clip of a data set that has reals alone."""
        self.add(path, where, label_video=0, label_audio=0, method="real", **known)

    def _repeated(self, name: str, where: str, clip: Clip) -> None:
        first, findings = self._clips.get(name), self.tree.findings
        if first is None:
            findings.warning("duplicate_row", where, clip.path, "of a file that is left out")
        elif _labels(first) != _labels(clip):
            findings.error("duplicate_row_conflicting_label", where, clip.path, "the file is left out")
            self.drop(name)
        elif first.split != clip.split:
            findings.error("duplicate_row_conflicting_split", where, clip.path, "the file is left out")
            self.drop(name)
        elif first.method != clip.method:
            detail = f"{first.method} stays, {clip.method} is ignored"
            findings.warning("duplicate_row_conflicting_method", where, clip.path, detail)
        else:
            findings.warning("duplicate_row", where, clip.path, "the first row stays")

    def drop(self, path: str) -> None:
        """Leave a file out, whatever other rows say; it does not count as unlisted."""
        self._clips.pop(composed(path), None)
        self._dropped.add(composed(path))

    def has(self, path: str) -> bool:
        """Whether a file was added or dropped."""
        return composed(path) in self._clips or composed(path) in self._dropped

    def report_unlisted(self, folder: str = "", suffixes: Iterable[str] = VIDEO) -> None:
        """A finding for each media file below a folder that no row names; crops beside a clip are none.

        A file that a row names is listed, whatever became of the row: one fault is one finding.
        """
        here = list(self.tree.under(folder, suffixes))
        names = set(here)
        for path in here:
            if path not in self.tree.mentioned and not self.has(path) and not is_crop(path, names):
                self.tree.findings.warning("unlisted_file", path, path, "no metadata; not imported")

    @property
    def clips(self) -> list[Clip]:
        """The clips, sorted by id."""
        return sorted(self._clips.values(), key=lambda clip: clip.id)


def _labels(clip: Clip) -> tuple[int | None, int | None, int | None]:
    return clip.label, clip.label_video, clip.label_audio


def folder_of(path: str) -> str:
    """The folder of a path, `""` for the root."""
    return str(PurePosixPath(path).parent).removeprefix(".")
