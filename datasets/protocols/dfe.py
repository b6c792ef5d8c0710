"""Protocols on Deepfake-Eval-2024: whole videos, and face tracks.

SSR-DFD works on face tracks of a collection of its authors, whose list is not published, so its numbers cannot be
rebuilt. Here a video has as many tracks as `python -m datasets prepare dfe` found faces that stay.
"""

from collections.abc import Sequence
from dataclasses import replace

from ..clip import Clip
from ..faces import kept
from .draws import train_in_two
from .protocol import Drawing, Drawn, Protocol

_COMPARED = "the papers' numbers are over face tracks whose list is not published"


def _video(clip: Clip) -> str:
    return clip.id


def _videos(clips: Sequence[Clip]) -> Drawn:
    return train_in_two(clips, _video, "dfe")


def _tracks(clips: Sequence[Clip]) -> Drawn:
    """The split of `dfe`, a clip for each face of a video; all have the video's label, and count as one source."""
    whole = _videos(clips)
    found = _faces(clips)
    drawing = Drawing()
    for clip in whole.clips:
        video = replace(clip, source=clip.source or clip.id)
        count = found.get(clip.path, 0) if clip.prepared else 0
        drawing.take(replace(video, track=0 if count > 1 else None), clip.split, str(clip.split_from))
        for track in range(1, count):
            further = replace(video, id=f"{clip.id}#track{track}", track=track)
            drawing.take(further, clip.split, str(clip.split_from))
    for reason, number in whole.left_out.items():
        drawing.leave(reason, number)
    alone = sum(not clip.prepared for clip in whole.clips)
    if alone:
        drawing.note(f"{alone:,} of {len(whole.clips):,} videos were not prepared, and count as one track each")
    return drawing.done()


def _faces(clips: Sequence[Clip]) -> dict[str, int]:
    """How many faces were found in each file."""
    homes = {clip.prepared.parent for clip in clips if clip.prepared}
    return {path: count for home in homes for path, count in kept.tracks_of(home).items()}


PROTOCOLS = (
    Protocol(
        "dfe",
        "dfe",
        "whole videos: the release's test set, a tenth of its training videos for validation",
        _COMPARED,
        _videos,
    ),
    Protocol("dfe.tracks", "dfe", "the same videos, a clip for each face that stays in view", _COMPARED, _tracks),
)
