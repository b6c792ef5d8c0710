"""Dumps of reference features: the .npz files of reference/dump.py, read without trust.

Nothing is decompressed or unpickled, and nothing is read that does not have the size which its header claims.
"""

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

FORMAT = 1
STREAMS = {"a": ("sound",), "v": ("pictures",), "av": ("pictures", "sound")}
"""What a model takes in, by modality."""
SOUNDS = ("int16", "float")
_ENTRY = re.compile(r"([0-9]{1,9})/([a-z]+(?:\.[a-z]+)?[0-9]{0,3})\.npy", re.ASCII)
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
_ORDER = ("pictures", "sound", "visual.front", "audio.front", "joined", "visual.", "audio.", "")
_LONGEST_META = 1 << 22
_WRITER = "detectors/reference/dump.py"
_HEXADECIMAL = re.compile("[0-9a-f]{64}", re.ASCII)


class ParityError(ValueError):
    """A dump, a checkpoint or a clip cannot be compared; the message names the file and says what to do."""


@dataclass(frozen=True)
class DumpedClip:
    """A clip of a dump: its path in the list of clips, and the SHA-256 of its files by stream."""

    name: str
    sha256: Mapping[str, str]


@dataclass(frozen=True)
class Dump:
    """What a dump says of itself; the values stay in the file.

    model: of `avhubert`, `braven`, `autoavsr`. modality: of `a`, `v`, `av`. sound: how AV-HuBERT's was scaled, of
    `int16`, `float`. checkpoint, sha256: name and hash of the weights. stages: in the order that the model computes
    them; each clip has them all. versions: of the original's repository and the packages it ran with, in words.
    """

    path: Path
    model: str
    modality: str
    sound: str
    checkpoint: str
    sha256: str
    clips: tuple[DumpedClip, ...]
    stages: tuple[str, ...]
    versions: str

    def values(self, number: int) -> dict[str, np.ndarray]:
        """Every stage of clip `number`, from 0, float32: `pictures` `(T, 88, 88)`, `sound` `(T, 104)` for AV-HuBERT
        and `(L,)` for the others, all else `(T, D)`.

        Raises:
            ParityError: the file is damaged, or has changed since it was opened.
        """
        with _reading(self.path) as archive:
            return {stage: archive.values(f"{number}/{stage}.npy") for stage in self.stages}


def read_dump(path: Path) -> Dump:
    """Open a dump and check its form and its description.

    Raises:
        ParityError: the file is missing, damaged, cut off, compressed, or not of this form.
    """
    if not path.is_file():
        raise ParityError(f"{path}: there is no such file; {_WRITER} writes it")
    with _reading(path) as archive:
        stages = archive.stages()
        meta = archive.meta()
        clips = tuple(_clip(entry) for entry in meta["clips"])
        if sorted(stages) != list(range(len(clips))) or not clips:
            raise _Malformed(f"it describes {len(clips)} clips and has values of {len(stages)}")
        found = {frozenset(names) for names in stages.values()}
        if len(found) != 1:
            raise _Malformed("its clips have different stages")
        dump = _described(path, meta, clips, tuple(sorted(found.pop(), key=_rank)))
        for number in range(len(clips)):
            for stage in dump.stages:
                _check_shape(dump, stage, archive.shapes[f"{number}/{stage}.npy"])
    return dump


class _Malformed(Exception):
    """What is wrong with a dump, without its name."""


class _Archive:
    """An opened dump; the headers of all its arrays are checked."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise _Malformed("it is compressed, which the script does not do")
        if sum(entry.file_size for entry in entries) > path.stat().st_size:
            raise _Malformed("it claims to hold more than its size")
        self.archive = archive
        self.shapes = {entry.filename: self._shape(entry) for entry in entries}

    def _shape(self, entry: zipfile.ZipInfo) -> tuple[int, ...]:
        """The shape in an array's header, which has to account for the entry's size."""
        with self.archive.open(entry) as file:
            shape, dtype = _header(file)
            size = file.tell() + prod(shape) * dtype.itemsize
        if entry.filename == "meta.npy":
            expected = shape == () and dtype.kind == "U" and size <= _LONGEST_META
        else:
            expected = bool(_ENTRY.fullmatch(entry.filename)) and dtype == np.dtype("<f4") and min(shape, default=0) > 0
        if not expected:
            raise _Malformed(f"{entry.filename:.80} holds {dtype} {shape}, which it should not")
        if size != entry.file_size:
            raise _Malformed(f"{entry.filename:.80} has {entry.file_size} bytes instead of {size}")
        return shape

    def values(self, name: str) -> np.ndarray:
        """One array."""
        with self.archive.open(name) as file:
            return npy.read_array(file, allow_pickle=False)

    def meta(self) -> Mapping[str, Any]:
        """The description, of which the form alone is checked."""
        if "meta.npy" not in self.shapes:
            raise _Malformed("it has no description (meta)")
        meta = json.loads(str(self.values("meta.npy")))
        if not isinstance(meta, dict) or meta.get("format") != FORMAT:
            found = meta.get("format") if isinstance(meta, dict) else None
            raise _Malformed(f"it is of format {found!r:.20}, this version reads {FORMAT}")
        return meta

    def stages(self) -> dict[int, list[str]]:
        """Names of the stages by clip."""
        found: dict[int, list[str]] = {}
        for entry in filter(None, map(_ENTRY.fullmatch, self.shapes)):
            found.setdefault(int(entry[1]), []).append(entry[2])
        return found


class _reading:
    """Opens a dump; whatever its content makes go wrong inside becomes a `ParityError`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> _Archive:
        try:
            self.file = zipfile.ZipFile(self.path)
            return _Archive(self.path, self.file)
        except Exception as problem:
            raise self._error(problem) from problem

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> None:
        self.file.close()
        if isinstance(problem, Exception) and not isinstance(problem, ParityError):
            raise self._error(problem) from problem

    def _error(self, problem: Exception) -> ParityError:
        if isinstance(problem, _Malformed):
            return ParityError(f"{self.path}: no dump of reference features: {problem}; {_WRITER} writes them")
        # What zipfile, json and numpy raise on damaged input is no closed list.
        return ParityError(f"{self.path}: no dump of reference features, or damaged ({problem!r:.200}); make it again")


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    read = _HEADERS.get(npy.read_magic(file))
    if read is None:
        raise _Malformed("an array of an unknown version")
    shape, _, dtype = read(file)
    return shape, dtype


def _rank(stage: str) -> tuple[int, int]:
    """Where a stage comes in a pass."""
    part = next(at for at, start in enumerate(_ORDER) if stage == start or (at > 4 and stage.startswith(start)))
    number = re.search("[0-9]+$", stage)
    return part, int(number[0]) if number else 1000


def _clip(entry: Any) -> DumpedClip:
    name, hashes = entry["name"], entry["sha256"]
    if not (isinstance(name, str) and name.isprintable() and 0 < len(name) < 4096 and isinstance(hashes, dict)):
        raise _Malformed("a clip has no name or no hashes")
    return DumpedClip(name, {str(stream): _hash(value) for stream, value in hashes.items()})


def _hash(value: Any) -> str:
    if not (isinstance(value, str) and _HEXADECIMAL.fullmatch(value)):
        raise _Malformed(f"{value!r:.80} is no SHA-256")
    return value


def _described(path: Path, meta: Mapping[str, Any], clips: tuple[DumpedClip, ...], stages: tuple[str, ...]) -> Dump:
    text = partial(_text, meta)
    modality, sound, weights = text("modality"), text("sound"), meta["checkpoint"]
    if modality not in STREAMS or sound not in SOUNDS:
        raise _Malformed(f"modality {modality!r} or sound {sound!r} is unknown")
    missing = [stage for stage in (*STREAMS[modality], "last") if stage not in stages]
    if missing:
        raise _Malformed(f"it lacks {', '.join(missing)}")
    versions = ", ".join(f"{name} {version}" for name, version in dict(meta["versions"]).items())
    commit = "of unknown commit" if meta["commit"] is None else f"at {text('commit')[:12]}"
    made = f"{text('model')} {commit}, {versions}"
    if not made.isprintable():
        raise _Malformed("its versions are no text")
    return Dump(
        path, text("model"), modality, sound, _text(weights, "name"), _hash(weights["sha256"]), clips, stages, made
    )


def _text(meta: Mapping[str, Any], name: str) -> str:
    value = meta[name]
    if not (isinstance(value, str) and value.isprintable()):
        raise _Malformed(f"{name} is no text")
    return value


def _check_shape(dump: Dump, stage: str, shape: tuple[int, ...]) -> None:
    axes = {"pictures": 3, "sound": 2 if dump.model == "avhubert" else 1}.get(stage, 2)
    if len(shape) != axes:
        raise _Malformed(f"{stage} has the shape {shape} instead of {axes} axes")


def clips_in_order(dump: Dump) -> Iterator[tuple[DumpedClip, dict[str, np.ndarray]]]:
    """Every clip with its values, one at a time in memory."""
    for number, clip in enumerate(dump.clips):
        yield clip, dump.values(number)
