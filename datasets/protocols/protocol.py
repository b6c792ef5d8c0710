"""What a protocol is, and what it makes of a data set's clips."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..clip import Clip

OURS = "avdf-bench"
"""`split_from` of the splits that are drawn here."""
RELEASE = "release"
"""`split_from` of splits that the release has."""


@dataclass(frozen=True)
class Coverage:
    """How much of a published list is on this machine.

    Attributes:
        name: the list, by its path in its repository.
        listed, found: its rows, and those whose file is in the manifest with the label that the list gives.
        note: what else there is to say of the list, such as that it is a copy of another version.
    """

    name: str
    listed: int
    found: int
    note: str | None = None


@dataclass(frozen=True)
class Drawn:
    """The clips of a protocol, and what became of the others.

    Attributes:
        clips: by id, each with its split and who made it.
        left_out: how many clips of the data set are not among them, by reason.
        lists: coverage of the lists that were read.
        notes: what else there is to say of the clips.
    """

    clips: tuple[Clip, ...]
    left_out: Mapping[str, int]
    lists: tuple[Coverage, ...] = ()
    notes: tuple[str, ...] = ()

    def counts(self) -> dict[str, tuple[int, int]]:
        """Reals and fakes of each split."""
        labels = Counter((clip.split, clip.label) for clip in self.clips)
        return {
            split: (labels[split, 0], labels[split, 1])
            for split in ("train", "val", "test")
            if labels[split, 0] or labels[split, 1]
        }


Rule = Callable[[Sequence[Clip]], Drawn]
"""From the labelled clips of a data set, by id, to those of a protocol."""


@dataclass(frozen=True)
class Protocol:
    """Which clips of a data set are trained, validated and tested on.

    Attributes:
        name: `dataset` or `dataset.tag`, as in the ids of cells.
        dataset: whose manifest it draws from.
        summary: one line.
        comparable: None, or why its numbers do not compare with published ones.
        rule: makes the splits.
        lists: published lists that it follows, by the names of `datasets.lists`.
        or_lists: lists from which the same can be derived.
    """

    name: str
    dataset: str
    summary: str
    comparable: str | None
    rule: Rule
    lists: tuple[str, ...] = ()
    or_lists: tuple[str, ...] = ()


class Drawing:
    """Collects the clips of a protocol."""

    def __init__(self) -> None:
        self._clips: list[Clip] = []
        self._left_out: Counter[str] = Counter()
        self._lists: list[Coverage] = []
        self._notes: list[str] = []

    def take(self, clip: Clip, split: str, split_from: str) -> None:
        """A clip of the protocol."""
        same = (clip.split, clip.split_from) == (split, split_from)
        self._clips.append(clip if same else replace(clip, split=split, split_from=split_from))

    def leave(self, reason: str, count: int = 1) -> None:
        """Clips that are not of the protocol."""
        if count:
            self._left_out[reason] += count

    def read(self, coverage: Coverage) -> None:
        """A list that was read."""
        self._lists.append(coverage)

    def note(self, words: str) -> None:
        """Something to say of the clips."""
        self._notes.append(words)

    def done(self) -> Drawn:
        """What was collected."""
        return Drawn(
            tuple(sorted(self._clips, key=lambda clip: clip.id)),
            dict(self._left_out),
            tuple(self._lists),
            tuple(self._notes),
        )
