"""A fingerprint of what is seen, which a copy in another file keeps: hashes of five pictures.

Each hash has 64 bits: the picture in gray, averaged over 9 × 8 fields, and whether each field is brighter than its
right neighbour. Coding, scaling and small changes of brightness alter few of them. Two clips look the same where their
lengths agree within `SECONDS` and at most `BITS` of the five hashes' 320 bits differ. A fake whose pictures were made
from a real clip may look the same as that clip; it then shares its recording, and counts as such.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..clip import Clip
from ..container import opened, pictures_of

MOMENTS = 5
_PARTS = [(2 * i + 1) / (2 * MOMENTS) for i in range(MOMENTS)]
SECONDS = 0.1
"""By how much the lengths of two clips that look the same may differ."""
BITS = 24
"""How many of the 320 bits may differ, see docs/audit.md for what copies and other clips have."""
_FLAT = 2.0
"""Standard deviation of the gray fields below which a picture shows nothing to compare."""


def fingerprint(clip: Clip) -> str | None:
    """Hashes of five pictures at the middles of five equal parts of the time, 80 hexadecimal digits.

    None where one of the pictures is flat, as in a black film: flat films look the same and are no copies.

    Raises:
        ClipError: the video cannot be decoded.
    """
    with opened(clip, clip.file, "video cannot be decoded") as container:
        hashes = [_hash(picture) for picture in _pictures(container, pictures_of(container))]
    if len(hashes) < MOMENTS or None in hashes:
        return None
    return "".join(f"{value:016x}" for value in hashes)


def bits(fingerprints: list[str]) -> np.ndarray:
    """Fingerprints as `(N, MOMENTS) uint64`."""
    return np.array(
        [[int(text[i : i + 16], 16) for i in range(0, 16 * MOMENTS, 16)] for text in fingerprints], np.uint64
    ).reshape(-1, MOMENTS)


def _pictures(container: Any, stream: Any) -> list[Any]:
    """The pictures shown at five moments, found by their times; in files where those cannot be found, by number."""
    stamps = sorted(packet.pts for packet in container.demux(stream) if packet.size and packet.pts is not None)
    if len(stamps) > 1:
        last = stamps[-1] + (stamps[-1] - stamps[0]) / (len(stamps) - 1)
        moments = [stamps[0] + float(part) * (last - stamps[0]) for part in _PARTS]
        wanted = [max(stamp for stamp in stamps if stamp <= moment) for moment in moments]
        found = [_shown(container, stream, stamp) for stamp in wanted]
        if all(frame is not None and frame.pts == stamp for frame, stamp in zip(found, wanted, strict=True)):
            return found
    return _counted(container)


def _shown(container: Any, stream: Any, stamp: int) -> Any:
    """The picture of one time stamp, decoded from the last key picture before it; the nearest after it, or None."""
    container.seek(stamp, stream=stream)
    found = None
    for found in container.decode(stream):
        if found.pts is None or found.pts >= stamp:
            break
    return found


def _counted(container: Any) -> list[Any]:
    """Five pictures by their number; the file is decoded twice, so that few pictures are held."""
    total = sum(1 for _ in _again(container))
    wanted = {int(part * total) for part in _PARTS}
    return [frame for index, frame in enumerate(_again(container)) if index in wanted]


def _again(container: Any) -> Iterator[Any]:
    """All pictures from the beginning, in a file opened anew: not every format can go back to its start."""
    import av

    with av.open(container.name) as opened_anew:
        stream = pictures_of(opened_anew)
        if stream is not None:
            yield from opened_anew.decode(stream)


def _hash(frame: Any) -> int | None:
    from PIL import Image

    if frame is None:
        return None
    gray = Image.fromarray(frame.to_ndarray(format="gray"))
    fields = np.asarray(gray.resize((9, 8), Image.Resampling.BOX), np.float64)
    if fields.std() < _FLAT:
        return None
    return int("".join("1" if brighter else "0" for brighter in (fields[:, :-1] > fields[:, 1:]).ravel()), 2)
