"""The clips that the contract tries a detector on: ten small talking-face videos, and files with something missing."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from datasets.clip import AUDIO_RATE, FPS, Clip

_PAIRS = 5
_SKIPPED = 4
_BLANK = {"label_video": None, "label_audio": None, "method": "", "identity": "", "source": "", "pair": None}
_NO_SEGMENTS = {"segments": None, "segments_audio": None, "segments_video": None}


@dataclass(frozen=True)
class Kit:
    """Clips of a real and a fake each, none named after what it is.

    Attributes:
        train, val: six and two clips to fit on; `test`: two more.
        odd: clips by what is wrong with them; a detector may refuse them with a `ClipError`.
        copies: by the id of a test clip the paths of two copies of its file, called as real and as fake ones are.
    """

    train: tuple[Clip, ...]
    val: tuple[Clip, ...]
    test: tuple[Clip, ...]
    odd: Mapping[str, Clip]
    copies: Mapping[str, tuple[str, str]]

    @property
    def scored(self) -> dict[str, Clip]:
        """What is scored, by name: clips of both classes, and one whose first frames are cut, as `trim` does."""
        clips = {clip.id: clip for clip in (*self.test, *self.train[:2])}
        cut = self.test[1].skipping(_SKIPPED)
        return clips | {f"{cut.id} from {cut.start:.2f} s on": cut}


def make_kit(folder: Path) -> Kit:
    """Write the clips into a folder; always the same ones."""
    from datasets.sim.example import write_pairs
    from datasets.sim.plan import recipes

    clips = [_renamed(clip, folder, f"clip{index}") for index, clip in enumerate(write_pairs(folder, _PAIRS))]
    first, *_ = next(iter(recipes("sim_local", "smoke")))
    copies = {
        clip.id: (_copied(clip, f"real/{clip.id}-r").path, _copied(clip, f"fake/{clip.id}-f").path)
        for clip in clips[8:]
    }
    return Kit(tuple(clips[:6]), tuple(clips[6:8]), tuple(clips[8:]), _odd(clips[0], first, folder), copies)


def blinded(clip: Clip) -> Clip:
    """The clip as a detector sees it when it scores: without labels, times or relations."""
    return replace(clip, label=0, **_BLANK | _NO_SEGMENTS)  # type: ignore[arg-type]


def _renamed(clip: Clip, folder: Path, name: str) -> Clip:
    """The clip under a name that says nothing of its class, in `folder` itself."""
    landmarks = clip.landmarks
    moved = replace(clip, id=name, root=folder, path=f"{name}.mp4")
    clip.file.rename(moved.file)
    landmarks.rename(moved.landmarks)
    return moved


def _copied(clip: Clip, name: str) -> Clip:
    copy = replace(clip, id=name, path=f"{name}.mp4", sha256=None, duration=None)
    copy.file.parent.mkdir(exist_ok=True)
    shutil.copy(clip.file, copy.file)
    shutil.copy(clip.landmarks, copy.landmarks)
    return copy


def _odd(whole: Clip, recipe: object, folder: Path) -> dict[str, Clip]:
    """Clips that lack something, made from one that is whole."""
    from datasets.sim.pictures import pictures
    from datasets.sim.sound import sound

    shown, heard = pictures(recipe), sound(recipe)  # type: ignore[arg-type]
    points = np.load(whole.landmarks, allow_pickle=False)
    second = slice(0, FPS), slice(0, AUDIO_RATE)
    written = {
        "a clip of one frame": _written(whole, "one_frame", shown[:1], heard[: AUDIO_RATE // FPS], points[:1]),
        "digital silence": _written(whole, "silence", shown[second[0]], 0 * heard[second[1]], points[second[0]]),
        "no sound track": _written(whole, "mute", shown[second[0]], None, points[second[0]]),
        "no landmarks": _copied(whole, "no_landmarks"),
        "no video track": _sound_alone(whole, "sound_alone"),
        "a truncated file": _copied(whole, "truncated"),
    }
    written["no landmarks"].landmarks.unlink()
    truncated = written["a truncated file"].file
    truncated.write_bytes(truncated.read_bytes()[: truncated.stat().st_size // 2])
    return written


def _written(like: Clip, name: str, shown: np.ndarray, heard: np.ndarray | None, points: np.ndarray) -> Clip:
    from datasets.sim.recipe import Encoding
    from datasets.sim.write import write_mp4

    clip = replace(like, id=name, path=f"{name}.mp4", duration=None)
    write_mp4(clip.file, shown, heard, Encoding("libx264", 24, 0, 96))
    np.save(clip.landmarks, points)
    return clip


def _sound_alone(like: Clip, name: str) -> Clip:
    """The same sound in a file without a video track."""
    import av

    clip = replace(like, id=name, path=f"{name}.mp4", duration=None)
    with av.open(str(like.file)) as source, av.open(str(clip.file), "w") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return clip
