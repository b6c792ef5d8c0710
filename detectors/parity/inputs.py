"""What this project makes of the clips that a dump was made of: from their files to what the networks take in.

The steps are those of the original that was dumped, so that each can be compared. Where SSR-DFD prepares a clip in
another way (Auto-AVSR's two streams), the encoders do as SSR-DFD does.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datasets.clip import AUDIO_RATE
from datasets.files import sha256_file

from .dump import STREAMS, Dump, DumpedClip, ParityError

if TYPE_CHECKING:
    from torch import Tensor

Inputs = dict[str, "Tensor"]
Files = Mapping[str, Path]


def own_inputs(dump: Dump, clip: DumpedClip, folder: Path) -> Inputs:
    """`pictures` `(T, 88, 88)` and `sound` (`(T, 104)` or `(L,)`), as far as the dump's modality has them.

    Args:
        dump: what the clip is of; it tells the model, the modality and the scale of the sound.
        clip: its name is a path inside `folder`.
        folder: of the list of clips that was dumped.

    Raises:
        ParityError: a file is missing, another one than was dumped, or cannot be read.
    """
    video = folder / clip.name
    files = {"pictures": video, "sound": video.with_name(f"{video.stem.removesuffix('_roi')}.wav")}
    for stream, file in files.items():
        if stream in clip.sha256:
            _check(file, clip.sha256[stream])
    import av

    try:
        found = _PREPARED[dump.model](dump, files)
    except (ValueError, OSError, EOFError, av.FFmpegError) as error:
        raise ParityError(f"{video}: cannot be prepared: {error}") from error
    return {stream: found[stream] for stream in STREAMS[dump.modality]}


def _check(file: Path, expected: str) -> None:
    if not file.is_file():
        raise ParityError(f"{file}: there is no such file; --clips is the folder of the list that was dumped")
    if sha256_file(file) != expected:
        raise ParityError(f"{file}: is not the file that was dumped; dump again, or compare without --clips")


def _avhubert(dump: Dump, files: Files) -> Inputs:
    from ..nets.avhubert_input import audio_rows, gray, mouth_pictures, normal_rows, stacked_log_mel

    if dump.sound == "float":  # as AVH-Align: whichever stream is used, both are cut to the shorter
        rows = audio_rows(_samples(files["sound"]).astype(np.float32) / 32768)
        pictures = mouth_pictures(gray(_frames(files["pictures"])))
        steps = min(len(rows), len(pictures))
        return {"pictures": pictures[:steps], "sound": rows[:steps]}
    found: Inputs = {}
    if "v" in dump.modality:
        found["pictures"] = mouth_pictures(gray(_frames(files["pictures"])))
    if "a" in dump.modality:
        columns = stacked_log_mel(_samples(files["sound"]))
        if "pictures" in found:
            steps = len(found["pictures"])
            columns = np.pad(columns[:steps], ((0, max(0, steps - len(columns))), (0, 0)))
        found["sound"] = normal_rows(columns)
    return found


def _braven(dump: Dump, files: Files) -> Inputs:
    return {"sound": _wave(files["sound"])} if dump.modality == "a" else {"pictures": _mouth(files["pictures"])}


def _autoavsr(dump: Dump, files: Files) -> Inputs:
    from torch.nn import functional as F

    from ..nets.sound import AUTO_AVSR_EPS, HOP, standard_wave

    found: Inputs = {}
    if "v" in dump.modality:
        found["pictures"] = _mouth(files["pictures"])
    if "a" in dump.modality:
        wave = _wave(files["sound"])
        if "pictures" in found:
            length = HOP * len(found["pictures"])
            wave = F.pad(wave[:length], (0, max(0, length - len(wave))))
        found["sound"] = standard_wave(wave, AUTO_AVSR_EPS)
    return found


_PREPARED: Mapping[str, Callable[[Dump, Files], Inputs]] = {
    "avhubert": _avhubert,
    "braven": _braven,
    "autoavsr": _autoavsr,
}


def _mouth(video: Path) -> "Tensor":
    import torch

    from ..nets.mouth import mouth_pictures

    return mouth_pictures(torch.from_numpy(_frames(video)).permute(0, 3, 1, 2))


def _frames(video: Path) -> np.ndarray:
    """Every picture `(T, H, W, 3) uint8`; none is left out or shown twice, whatever the file's rate."""
    import av

    with av.open(str(video)) as container:
        if not container.streams.video:
            raise ValueError("it has no video track")
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    if not pictures:
        raise ValueError("its video track is empty")
    return np.stack(pictures)


def _wave(sound: Path) -> "Tensor":
    import torch

    return torch.from_numpy(_samples(sound).astype(np.float32) / 32768)


def _samples(sound: Path) -> np.ndarray:
    """Samples `(L,) int16` of a wav file."""
    from scipy.io import wavfile

    rate, samples = wavfile.read(sound)
    if rate != AUDIO_RATE or samples.ndim != 1 or samples.dtype != np.int16:
        raise ValueError(
            f"{sound.name} has {samples.dtype} samples {samples.shape} at {rate} Hz; 16 kHz mono is needed"
        )
    return samples
