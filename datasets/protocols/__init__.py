"""Protocols: which clips of a data set are trained, validated and tested on.

A manifest has the release's own splits alone; a protocol gives every clip that it uses a split, and says who made it.
`favc` is a protocol of the data set of that name and so is `favc.ssr`; `favc.ssr.retimed` is the same clips with their
pictures re-timed instead of resampled (`Clip.retimed`). The bare name never depends on fetched lists. Clips without a
label are in no protocol.
"""

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from .. import library
from ..clip import Clip
from ..errors import DatasetError
from ..manifest import read_manifest
from . import av1m, dfe, favc, listed, others
from .protocol import Coverage as Coverage
from .protocol import Drawn as Drawn
from .protocol import Protocol as Protocol

RETIMED = ".retimed"
"""Ends the name of a protocol whose pictures are re-timed."""
GENERATORS = ("kling2.5", "pixverse_v5", "seedance1.0", "sora2", "veo3.1", "wan2.5")
"""Of HiFi-AVDF, until it is imported: then the generators are those of its tables."""
_ALL = {protocol.name: protocol for protocol in (*favc.PROTOCOLS, *av1m.PROTOCOLS, *dfe.PROTOCOLS, *others.PROTOCOLS)}
DATASETS = tuple(sorted({protocol.dataset for protocol in _ALL.values()}))
"""Published data sets that there are protocols for; what else was imported is one's own."""


class UnknownProtocolError(DatasetError):
    """No protocol is called so; the message has the nearest names."""


def names(dataset: str | None = None) -> list[str]:
    """All protocols, or those of one data set, the bare name first; without the re-timed ones."""
    return [protocol.name for protocol in _every() if dataset in (None, protocol.dataset)]


def get(name: str) -> Protocol:
    """The protocol of a name.

    Raises:
        UnknownProtocolError: there is none.
    """
    if name.endswith(RETIMED):
        return _retimed(get(name.removesuffix(RETIMED)))
    if name in _ALL:
        return _ALL[name]
    known = {protocol.name: protocol for protocol in _every()}
    if name not in known:
        raise UnknownProtocolError(_unknown(name, known))
    return known[name]


def usable(protocol: Protocol) -> bool:
    """Whether the published lists that a protocol follows are here, if it follows any."""
    return listed.here(protocol.lists) or bool(protocol.or_lists and listed.here(protocol.or_lists))


def draw(name: str, read: Callable[[str], list[Clip]] = library.clips) -> Drawn:
    """The clips of a protocol, the reasons why others are left out, and how much of published lists is here.

    Args:
        read: gives the clips of a data set; for who draws several protocols of one, which may have a million clips.

    Raises:
        UnknownProtocolError: no protocol is called so.
        DatasetError: its data set was not imported, or a list is not here; the message says how to get it.
    """
    protocol = get(name)
    every = sorted(read(protocol.dataset), key=lambda clip: clip.id)
    labelled = [clip for clip in every if clip.label is not None]
    drawn = protocol.rule(labelled)
    left_out = dict(drawn.left_out)
    if len(every) > len(labelled):
        left_out["no label"] = len(every) - len(labelled)
    clips = tuple(clip if clip.dataset == name else replace(clip, dataset=name) for clip in drawn.clips)
    return replace(drawn, clips=clips, left_out=left_out)


def clips(name: str) -> list[Clip]:
    """The labelled clips of a protocol by id, each in a split; as `draw`, which says more.

    Raises:
        UnknownProtocolError, DatasetError: as `draw`.
    """
    return list(draw(name).clips)


def _every() -> Iterator[Protocol]:
    for protocol in _ALL.values():
        yield protocol
        if protocol.name == "hifi_avdf":
            yield from (others.generator(tag) for tag in _generators())
    yield from (others.own(name) for name in library.names() if name not in DATASETS)


def _generators() -> list[str]:
    """The generators whose fakes are here; the known ones before the import."""
    if not library.here("hifi_avdf"):
        return list(GENERATORS)
    path = library.manifest_path("hifi_avdf")
    try:
        return list(_methods(path, path.stat().st_mtime_ns))
    except (DatasetError, OSError):  # which its own protocol says when it is used
        return list(GENERATORS)


@lru_cache(maxsize=8)
def _methods(manifest: Path, modified: int) -> tuple[str, ...]:
    """The methods of a manifest's fakes as tags; read anew once it was written again."""
    fakes = (clip for clip in read_manifest(manifest, manifest.parent) if clip.label)
    return tuple(sorted({others.word(clip.method) for clip in fakes if clip.method}))


def _retimed(protocol: Protocol) -> Protocol:
    def rule(given: Sequence[Clip]) -> Drawn:
        drawn = protocol.rule(given)
        return replace(drawn, clips=tuple(replace(clip, retimed=True) for clip in drawn.clips))

    summary = f"{protocol.summary}; pictures re-timed to the rate that is asked for"
    return replace(protocol, name=protocol.name + RETIMED, summary=summary, rule=rule)


def _unknown(name: str, known: dict[str, Protocol]) -> str:
    near = difflib.get_close_matches(name, known, 3, 0.6)
    dataset = name.partition(".")[0]
    near = near or [other for other in known if known[other].dataset == dataset]
    words = f"did you mean {' or '.join(near)}?" if near else f"data sets: {', '.join(DATASETS)};"
    return f"no protocol is called {name!r}; {words} `python -m datasets protocols` lists them"
