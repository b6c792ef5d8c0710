"""One clip of a data set: what is known about it, and its decoded media."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .errors import ClipError
from .inside import is_inside

FPS = 25
"""Frames per second in which skips and frame labels are counted (AV-HuBERT's rate)."""
AUDIO_RATE = 16_000
"""Samples per second of the audio that silence is measured on."""

View = Literal["full", "face", "mouth", "mouth_roi"]
"""What is seen: whole pictures; the face; the mouth, gray; the mouth in colour as AV-HuBERT's preparation cuts it."""
PRECOMPUTED = {"mouth_roi": "_roi", "face": "_face"}
"""What the name of a precomputed crop ends in, by view."""
Span = tuple[float, float]
Click = tuple[int, float, float]
"""Where a person saw a fake: frame (from 0), x and y as fractions of the displayed frame."""

_KNOWN = ("label_video", "label_audio", "pair", "segments", "segments_audio", "segments_video", "category", "clicks")
"""What a detector is not told when it scores, beside the label."""


@dataclass(frozen=True)
class Clip:
    """One file, its labels and its media.

    All times are seconds of the original file, also when the start is skipped.

    Attributes:
        id: unique in the data set, the same on every machine.
        dataset, split: as in `sim_whole`, `test`; the split is empty where the release has none.
        root, path: the folder on this machine, and the file inside it (POSIX separators).
        label: 1 fake, 0 real, None where nobody says; `label_video` and `label_audio` likewise for each stream.
        method: the manipulation's name, `real` for none, None where unknown.
        identity: who is seen; intervals are clustered by it. None where unknown, as the next two.
        source: the recording that the clip was made from; a fake shares it with its real.
        pair: what joins a fake with the real that it was made from, such as one excerpt of the recording.
        duration: seconds according to the manifest, None where unknown.
        segments: fake intervals (start, end) of any stream; None where the fake has no times (a whole-clip
            manipulation), () for a real clip.
        segments_audio, segments_video: the same of each stream.
        sha256: of the file's bytes, when known.
        skip: 25 fps frames cut from the start of both streams before anything else.
        category: as the release or the literature names it, such as RVFA (real video, fake audio).
        split_from: who made the split, such as `release` or `AVH-Align`; None where there is no split.
        clicks: where people saw the manipulation.
        sound: a file inside `root` whose sound is taken where the clip's own file has none.
        extra: what else the release says, JSON values by name.
        bytes, modified: size and time (nanoseconds) of the file when it was imported.
        track: which of several faces, from 0; None for the only or main one.
        retimed: all pictures of the file follow one another at the rate that is asked for, instead of being resampled
            to it; the sound stays as it is. AV-HuBERT's own preparation does so with sources that do not run at 25
            pictures a second. See `datasets.media.original` for times.
        prepared: the folder on this machine that holds landmarks which were made for the data set.
    """

    id: str
    dataset: str
    split: str
    root: Path
    path: str
    label: int | None
    label_video: int | None
    label_audio: int | None
    method: str | None
    identity: str | None
    source: str | None
    pair: str | None = None
    duration: float | None = None
    segments: tuple[Span, ...] | None = None
    segments_audio: tuple[Span, ...] | None = None
    segments_video: tuple[Span, ...] | None = None
    sha256: str | None = None
    skip: int = 0
    category: str | None = None
    split_from: str | None = None
    clicks: tuple[Click, ...] | None = None
    sound: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    bytes: int | None = None
    modified: int | None = None
    track: int | None = None
    retimed: bool = False
    prepared: Path | None = None

    @property
    def cluster(self) -> str:
        """What intervals are clustered by: the identity, or the nearest thing to it that is known."""
        return self.identity or self.source or self.pair or self.id

    def blind(self) -> "Clip":
        """The clip as a detector sees it when it scores: without labels, times or relations."""
        hidden: dict[str, Any] = dict.fromkeys(_KNOWN)
        return replace(self, label=0, method="", identity="", source="", extra={}, **hidden)

    @property
    def file(self) -> Path:
        """Where the file is on this machine."""
        return self.root / self.path

    @property
    def start(self) -> float:
        """The first second that is seen."""
        return self.skip / FPS

    @cached_property
    def key(self) -> str:
        """What the decoded media depend on: the content, the skip, and whether it is re-timed.

        Raises:
            ClipError: the file is missing or cannot be read.
        """
        return f"{self.content}-{self.skip}" + ("-retimed" if self.retimed else "")

    @cached_property
    def content(self) -> str:
        """A hash of the file, of the landmarks and precomputed crops beside it and of its sound file, in hexadecimal.

        Raises:
            ClipError: the file is missing or cannot be read.
        """
        from .files import sha256_file

        try:
            parts = [self.sha256 or sha256_file(self.file)]
            if self.landmarks.exists():
                parts.append(sha256_file(self.landmarks))
            for view in PRECOMPUTED:
                crop = self.precomputed(view)
                if crop and crop != self.file and crop.exists():
                    parts.append(f"{view} {sha256_file(crop)}")
            if self.sound is not None and (self.root / self.sound).exists():
                self.check_inside(self.root / self.sound)
                parts.append(f"sound {sha256_file(self.root / self.sound)}")
        except OSError as error:
            raise self.error(f"cannot be read: {error.strerror}") from error
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()

    @property
    def landmarks(self) -> Path:
        """Where the landmarks of its face are or would be, see `datasets.crops`.

        Beside the file, `<stem>.landmarks.npy`, or else in the prepared folder, `<path>.landmarks.npy`; those of
        track 1 end in `.track1.landmarks.npy`.
        """
        ending = f".track{self.track}.landmarks.npy" if self.track else ".landmarks.npy"
        beside = self.file.with_suffix(ending)
        if self.prepared is None or beside.exists():
            return beside
        return self.prepared / f"{self.path}{ending}"

    def precomputed(self, view: str) -> Path | None:
        """Where a crop that was made before would be: `<stem>_roi.mp4` for "mouth_roi", `<stem>_face.mp4` for "face".

        A file that is called so is its own crop. None for views that are not made beforehand, and for further faces:
        such crops are of the main one.
        """
        ending = PRECOMPUTED.get(view)
        if ending is None or self.track:
            return None
        return self.file if self.file.stem.endswith(ending) else self.file.with_name(f"{self.file.stem}{ending}.mp4")

    def check_inside(self, path: Path) -> None:
        """Refuse to read a file that the manifest names and that a link takes out of the data set's folder.

        Landmarks and crops beside it may be links to anywhere, and so may a clip that belongs to no data set: the user
        put or named them.

        Raises:
            ClipError: it leads out.
        """
        named = path == self.file or (self.sound is not None and path == self.root / self.sound)
        if self.dataset and named and not is_inside(path, self.root):
            raise self.error(
                f"{path.name} is a link that leads out of the data set's folder; put the file itself there"
            )

    def skipping(self, frames: int) -> "Clip":
        """The same clip without its first `frames` frames at 25 fps (40 ms each), in both streams."""
        return replace(self, skip=frames)

    def audio(self, rate: int = AUDIO_RATE) -> np.ndarray | None:
        """Mono sound, `(L,) float32` in [-1, 1], or None where the file has no audio track and no sound file is named.

        It begins with the first sample of its track, see `datasets.sound`.

        Raises:
            ClipError: the file is missing, truncated or undecodable, or nothing is left after the skip.
        """
        from .media import audio

        return audio(self, rate)

    def frames(self, fps: int = FPS, view: View = "full", size: int | None = None) -> np.ndarray:
        """Pictures at `fps` per second, `(T, ...) uint8`, all at once; they are kept in the cache folder.

        They are upright as players show them, and begin with the first picture of the file. Pixels are taken as square.

        "full" gives RGB `(T, H, W, 3)`, or `(T, size, size, 3)`; "face" RGB `(T, size, size, 3)`, default 224; "mouth"
        gray `(T, size, size)`, default 96; "mouth_roi" RGB `(T, 96, 96, 3)`. Crops are cut at the landmarks beside
        the file, or taken from a precomputed crop: "face" resampled to `size`, "mouth_roi" as large as it is in the
        file unless `size` is given.

        Raises:
            ClipError: no video track, neither landmarks nor a precomputed crop, an undecodable file, no frame left,
                or more pictures than fit into memory.
        """
        from .media import frames

        return frames(self, fps, view, size)

    def stream(
        self, fps: int = FPS, view: View = "full", size: int | None = None, block: int = 64
    ) -> Iterator[np.ndarray]:
        """What `frames` gives, as blocks of `block` pictures and a last one of what is left; nothing is kept.

        Few pictures are in memory at once, however long the clip is.

        Raises:
            ClipError: as `frames`, except for memory; some errors are only found after the last block.
        """
        from .media import stream

        return stream(self, fps, view, size, block)

    def count(self, fps: int = FPS) -> int:
        """How many pictures `frames(fps)` gives; nothing is decoded where the file tells.

        Raises:
            ClipError: no video track, an undecodable file, or no frame left.
        """
        from .media import count

        return count(self, fps)

    def error(self, reason: str) -> ClipError:
        """A `ClipError` about this clip."""
        return ClipError(self.id, str(self.file), reason)
