"""A fingerprint of what is seen, which a copy in another file keeps: hashes of five pictures.

Each hash has 64 bits: the picture in gray, averaged over 9 × 8 fields, and whether each field is brighter than its
right neighbour. Coding, scaling and small changes of brightness alter few of them. Two clips look the same where their
lengths agree within `SECONDS` and at most `BITS` of the five hashes' 320 bits differ. A fake whose pictures were made
from a real clip may look the same as that clip; it then shares its recording, and counts as such.
"""

from fractions import Fraction
from typing import Any

import numpy as np

from ..clip import Clip
from ..video import opened

MOMENTS = 5
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
    with opened(clip, clip.file, "video") as container:
        stream = _track(container)
        hashes = [_hash(picture) for picture in _pictures(container, stream)]
    if len(hashes) < MOMENTS or None in hashes:
        return None
    return "".join(f"{value:016x}" for value in hashes)


def bits(fingerprints: list[str]) -> np.ndarray:
    """Fingerprints as `(N, MOMENTS) uint64`."""
    return np.array(
        [[int(text[i : i + 16], 16) for i in range(0, 16 * MOMENTS, 16)] for text in fingerprints], np.uint64
    ).reshape(-1, MOMENTS)


def _track(container: Any) -> Any:
    from .facts import video_track

    return video_track(container)


def _pictures(container: Any, stream: Any) -> list[Any]:
    """The pictures shown at five moments."""
    stamps = sorted(packet.pts for packet in container.demux(stream) if packet.size and packet.pts is not None)
    if len(stamps) < 2:
        return _counted(container, stream)
    last = stamps[-1] + (stamps[-1] - stamps[0]) / (len(stamps) - 1)
    wanted = [stamps[0] + float(part) * (last - stamps[0]) for part in _parts()]
    return [_shown(container, stream, [s for s in stamps if s <= moment][-1]) for moment in wanted]


def _parts() -> list[Fraction]:
    return [Fraction(2 * i + 1, 2 * MOMENTS) for i in range(MOMENTS)]


def _shown(container: Any, stream: Any, stamp: int) -> Any:
    """The picture of one time stamp, decoded from the last key picture before it."""
    container.seek(stamp, stream=stream)
    found = None
    for frame in container.decode(stream):
        found = frame
        if frame.pts is None or frame.pts >= stamp:
            break
    return found


def _counted(container: Any, stream: Any) -> list[Any]:
    """Five pictures of a file without times, by their number; it is decoded twice to hold few of them."""
    container.seek(0)
    total = sum(1 for _ in container.decode(stream))
    wanted = {int(part * total) for part in _parts()}
    container.seek(0)
    return [frame for index, frame in enumerate(container.decode(stream)) if index in wanted]


def _hash(frame: Any) -> int | None:
    from PIL import Image

    if frame is None:
        return None
    gray = Image.fromarray(frame.to_ndarray(format="gray"))
    fields = np.asarray(gray.resize((9, 8), Image.Resampling.BOX), np.float64)
    if fields.std() < _FLAT:
        return None
    return int("".join("1" if brighter else "0" for brighter in (fields[:, :-1] > fields[:, 1:]).ravel()), 2)
