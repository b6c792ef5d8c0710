"""Splits from published lists: rows are matched to clips, and what is not matched is counted."""

from collections.abc import Callable, Hashable, Mapping, Sequence

from .. import lists
from ..clip import Clip
from .protocol import Coverage, Drawing

Key = Callable[[str], Hashable]
"""What a path of a list has in common with the clip's."""


def here(names: Sequence[str]) -> bool:
    """Whether all of these lists are on this machine."""
    return all(lists.place(lists.BY_NAME[name]).is_file() for name in names)


def missing(protocol: str, dataset: str, whose: str, instead: str) -> lists.MissingListError:
    """The error that says how to get lists, and what can be used without them."""
    return lists.MissingListError(
        f"{protocol} needs {whose}'s split lists, which are not here; run `python -m datasets fetch {dataset}`, or "
        f"`python -m datasets fetch {dataset} --from FOLDER` with a copy of them; {instead} needs none"
    )


def take(
    drawing: Drawing,
    clips: Sequence[Clip],
    parts: Mapping[str, str],
    split_from: str,
    key_of_clip: Callable[[str, Clip], Hashable | None],
    key_of_path: Key,
    rule: Callable[[Clip], bool] = lambda clip: True,
) -> None:
    """Give the clips that lists name their splits; the others are left out, by reason.

    Args:
        parts: the list of each split.
        key_of_clip: what identifies a clip in the list of a split; None for one that cannot be in it.
        key_of_path: what identifies a path of a list.
        rule: which listed clips are taken; the others count as found all the same.
    """
    taken: set[str] = set()
    for split, name in parts.items():
        known = {key: clip for clip in clips if (key := key_of_clip(split, clip)) is not None}
        taken |= _one(drawing, known, name, split, split_from, key_of_path, rule, taken)
    drawing.leave("in no list", sum(clip.id not in taken for clip in clips))


def _one(
    drawing: Drawing,
    known: Mapping[Hashable, Clip],
    name: str,
    split: str,
    split_from: str,
    key_of_path: Key,
    rule: Callable[[Clip], bool],
    before: set[str],
) -> set[str]:
    """Take the clips of one list; returns the ids of all that it names."""
    rows, note = lists.rows(name)
    taken: set[str] = set()
    found = 0
    for row in rows:
        clip = known.get(key_of_path(row.path))
        if clip is None:
            continue
        if row.label is not None and row.label != clip.label:
            drawing.leave(f"labelled otherwise by {name}")
        elif clip.id in before or clip.id in taken:
            drawing.leave("listed again")
        else:
            found += 1
            if rule(clip):
                drawing.take(clip, split, split_from)
            else:
                drawing.leave("not by the rule")
        taken.add(clip.id)
    drawing.read(Coverage(name, len(rows), found, note))
    return taken
