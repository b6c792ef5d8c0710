"""Splits from published lists: rows are matched to clips, and what is not matched is counted."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from .. import lists
from ..clip import Clip
from .protocol import Coverage, Drawing, Drawn, Protocol


def any_clip(clip: Clip) -> bool:
    """The rule that takes all."""
    return True


@dataclass(frozen=True)
class Lists:
    """Published lists of a data set, and how their rows are matched to clips.

    Attributes:
        whose: who is said to have made the split.
        parts: the list of each split, by the names of `datasets.lists`.
        of_path: what identifies a path of a list.
        of_clip: what identifies a clip in the list of a split likewise; None for one that cannot be in it.
        rule: which listed clips are taken; the others count as found all the same.
    """

    whose: str
    parts: Mapping[str, str]
    of_path: Callable[[str], Hashable]
    of_clip: Callable[[str, Clip], Hashable | None]
    rule: Callable[[Clip], bool] = any_clip

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the lists."""
        return tuple(self.parts.values())

    def draw(self, clips: Sequence[Clip]) -> Drawn:
        """The listed clips in their splits; the others are left out, by reason."""
        drawing = Drawing()
        taken: set[str] = set()
        for split in self.parts:
            known = {key: clip for clip in clips if (key := self.of_clip(split, clip)) is not None}
            self._one(drawing, known, split, taken)
        drawing.leave("in no list", sum(clip.id not in taken for clip in clips))
        return drawing.done()

    def _one(self, drawing: Drawing, known: Mapping[Hashable, Clip], split: str, taken: set[str]) -> None:
        """Take the clips of one list; the ids of all that it names join `taken`."""
        name = self.parts[split]
        rows, note = lists.rows(name)
        found = 0
        for row in rows:
            clip = known.get(self.of_path(row.path))
            if clip is None:
                continue
            if row.label is not None and row.label != clip.label:
                drawing.leave(f"labelled otherwise by {name}")
            elif clip.id in taken:
                drawing.leave("listed again")
            else:
                found += 1
                if self.rule(clip):
                    drawing.take(clip, split, self.whose)
                else:
                    drawing.leave("listed, but left out by the protocol's rule")
            taken.add(clip.id)
        drawing.read(Coverage(name, len(rows), found, note))


def here(names: Sequence[str]) -> bool:
    """Whether all of these lists are on this machine."""
    return all(lists.place(lists.BY_NAME[name]).is_file() for name in names)


def following(name: str, summary: str, comparable: str | None, ways: Sequence[Lists], instead: str) -> Protocol:
    """A protocol that follows lists: the first of the ways whose lists are all here.

    Args:
        ways: one or two; the second gives the same clips as the first.
        instead: what can be used without lists, for the message where there are none.
    """
    dataset = name.partition(".")[0]
    rule = partial(_first, name, dataset, tuple(ways), instead)
    return Protocol(name, dataset, summary, comparable, rule, ways[0].names, ways[-1].names if len(ways) > 1 else ())


def _first(name: str, dataset: str, ways: Sequence[Lists], instead: str, clips: Sequence[Clip]) -> Drawn:
    for way in ways:
        if here(way.names):
            return way.draw(clips)
    raise lists.MissingListError(
        f"{name} needs {ways[0].whose}'s split lists, which are not here; run `python -m datasets fetch {dataset}`, or "
        f"`python -m datasets fetch {dataset} --from FOLDER` with a copy of them; {instead} needs none"
    )
