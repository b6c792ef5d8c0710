"""Checkpoint files of torch.save, both its zip archives and its older layout, read without executing anything.

The layouts are those of torch/serialization.py of torch 2.11. Nothing is decompressed, and no tensor holds more than
the file: what a file claims is held against its size first.
"""

import io
import mmap
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any, cast

import torch
from torch import Tensor, nn

from ..fetching.files import WeightsError
from .unpickling import Builder, Interpreter, Stub, UnsafePickleError

_DTYPES = {
    f"torch.{name}Storage": dtype
    for name, dtype in {
        "Float": torch.float32,
        "Double": torch.float64,
        "Half": torch.float16,
        "BFloat16": torch.bfloat16,
        "Long": torch.int64,
        "Int": torch.int32,
        "Short": torch.int16,
        "Char": torch.int8,
        "Byte": torch.uint8,
        "Bool": torch.bool,
    }.items()
}
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_START = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
_MOST_DIMENSIONS = 64
_MOST_NAMES = 8
_LONGEST_NAME = 80
_EXPECTED = "expected a checkpoint that torch.save wrote"
_STARTS = {
    b"<": "a web page or XML, perhaps a download that asked for a login or a confirmation",
    b"version https://git-lfs": "a pointer of git-lfs; fetch the file itself with `git lfs pull`",
    b"\x1f\x8b": "a gzip file; unpack it",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"\x80": "a pickle that torch.save did not write",
}


class CheckpointError(WeightsError):
    """A checkpoint cannot be used; the message names the file, what it is and what was expected."""


@dataclass(frozen=True)
class _Storage:
    """A flat tensor of the file, or what is known of it before it is read."""

    key: str
    dtype: torch.dtype
    length: int
    values: Tensor | None = None

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self.length * self.dtype.itemsize


def read_checkpoint(path: Path) -> Any:
    """What torch.save was given: tensors on the CPU, dicts, lists, tuples, numbers and strings.

    Objects of any class are `Stub`s, ordered dicts are dicts, parameters are tensors. The whole file is read into
    memory. Raises `CheckpointError` for a file that is missing, empty, cut off, damaged, compressed or of another kind,
    and for one that asks for more than data.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file; {_EXPECTED}")
    with path.open("rb") as file:
        start = file.read(32)
    if start.startswith(b"PK"):
        read = _read_archive
    elif start.startswith(_LEGACY_START):
        read = _read_legacy
    else:
        raise CheckpointError(f"{path}: is {_kind(start)}; {_EXPECTED}")
    try:
        return read(path)
    except CheckpointError:
        raise
    except UnsafePickleError as problem:
        text = f"is not data alone, or damaged: {problem}; nothing of it was executed"
        raise CheckpointError(f"{path}: {text}") from problem
    except Exception as problem:  # what zipfile, pickletools, mmap and torch raise on damaged input is no closed list
        raise CheckpointError(f"{path}: is cut off or damaged ({problem!r:.200}); get it again") from problem


def _kind(start: bytes) -> str:
    if not start:
        return "an empty file"
    text = start.lstrip()
    for beginning, kind in _STARTS.items():
        if text.startswith(beginning):
            return kind
    if start[8:10] == b'{"':
        return "a safetensors file"
    return f"a file of unknown kind that starts with {start[:8]!r}"


def _read_archive(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        root = _archive_root(path, archive)
        storages: dict[str, _Storage] = {}

        def storage(identifier: Any) -> _Storage | Stub:
            wanted = _wanted(identifier)
            if isinstance(wanted, Stub):
                return wanted
            if wanted.key not in storages:
                storages[wanted.key] = _filled(wanted, bytearray(archive.read(f"{root}data/{wanted.key}")))
            return storages[wanted.key]

        return Interpreter(_BUILDERS, storage).load(io.BytesIO(archive.read(f"{root}data.pkl")))


def _archive_root(path: Path, archive: zipfile.ZipFile) -> str:
    """The folder inside the archive, with its slash; checks that reading any of it is harmless."""
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    roots = [name.removesuffix("data.pkl") for name in names if name.count("/") == 1 and name.endswith("/data.pkl")]
    if len(roots) != 1:
        raise CheckpointError(f"{path}: is a zip archive without a data.pkl of torch; {_EXPECTED}")
    if f"{roots[0]}constants.pkl" in names:
        raise CheckpointError(f"{path}: is a TorchScript program; {_EXPECTED}, of weights")
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise CheckpointError(f"{path}: is a compressed archive, which torch.save does not write; {_EXPECTED}")
    size = path.stat().st_size
    if sum(entry.file_size for entry in entries) > size:
        raise CheckpointError(f"{path}: claims to hold more than its {size} bytes: damaged or harmful; get it again")
    if f"{roots[0]}byteorder" in names:
        _check_order(archive.read(f"{roots[0]}byteorder").decode())
    return roots[0]


def _check_order(order: str) -> None:
    if order != sys.byteorder:
        raise UnsafePickleError(f"written on a {order}-endian machine, this one is {sys.byteorder}-endian")


def _read_legacy(path: Path) -> Any:
    """Storages follow the object that uses them, so the object is built twice: to learn of them, and with them."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        data = cast(IO[bytes], mapped)
        magic, _, system = (Interpreter({}, _wanted).load(data) for _ in range(3))
        if magic != _LEGACY_MAGIC:
            raise UnsafePickleError("not torch's mark at the start")
        _check_order("little" if system["little_endian"] else "big")
        start, storages = data.tell(), dict[str, _Storage]()

        def learn(identifier: Any) -> _Storage | Stub:
            wanted = _wanted(identifier)
            return storages.setdefault(wanted.key, wanted) if isinstance(wanted, _Storage) else wanted

        Interpreter(_BUILDERS, learn).load(data)
        for key in Interpreter({}, learn).load(data):
            if not isinstance(key, str) or key not in storages:
                raise UnsafePickleError("a storage that nothing uses")
            length = int.from_bytes(data.read(8), "little", signed=True)
            if length != storages[key].length:
                raise UnsafePickleError(f"storage {key:.40} holds {length} values instead of {storages[key].length}")
            storages[key] = _filled(storages[key], bytearray(data.read(storages[key].size)))
        if any(storage.values is None for storage in storages.values()):
            raise UnsafePickleError("storages that the file does not hold")
        data.seek(start)
        return Interpreter(_BUILDERS, learn).load(data)


def _wanted(identifier: Any) -> _Storage | Stub:
    """What a persistent id names: `("storage", type, key, device, length)`, or `("module", class, ...)`, a stub."""
    if not isinstance(identifier, tuple) or len(identifier) < 2 or not isinstance(identifier[1], Stub):
        raise UnsafePickleError("a persistent id that is none of torch's")
    if identifier[0] == "module":
        return identifier[1]
    kind, stub, key, _, length, *view = identifier
    if kind != "storage" or stub.name not in _DTYPES or (view and view[0] is not None):
        raise UnsafePickleError(f"a storage of an unsupported kind, {stub.name:.80}")
    if not (isinstance(key, str) and isinstance(length, int) and length >= 0):
        raise UnsafePickleError("a storage without a name or a length")
    return _Storage(key, _DTYPES[stub.name], length)


def _filled(storage: _Storage, content: bytearray) -> _Storage:
    if len(content) != storage.size:
        raise UnsafePickleError(f"storage {storage.key:.40} has {len(content)} bytes instead of {storage.size}")
    values = torch.frombuffer(content, dtype=storage.dtype) if content else torch.empty(0, dtype=storage.dtype)
    return _Storage(storage.key, storage.dtype, storage.length, values)


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> Tensor:
    """A view of a storage; one of more elements than the storage has, or beyond its end, is refused."""
    if not isinstance(storage, _Storage) or len(size) != len(stride) or len(size) > _MOST_DIMENSIONS:
        raise UnsafePickleError("a tensor without a storage or a shape")
    if not all(type(number) is int and 0 <= number < 2**62 for number in (offset, *size, *stride)):
        raise UnsafePickleError("a tensor whose shape is no shape")
    if prod(size) > storage.length:
        raise UnsafePickleError(f"a tensor of shape {tuple(size)} in a storage of {storage.length} values")
    if storage.values is None:
        return torch.empty(0, dtype=storage.dtype)
    return torch.as_strided(storage.values, size, stride, offset)


def _ordered(*pairs: Any) -> dict[Any, Any]:
    if pairs:
        raise UnsafePickleError("an ordered dict in the layout of Python 2")
    return {}


def _parameter(data: Any, *_: Any) -> Tensor:
    if not isinstance(data, Tensor):
        raise UnsafePickleError("a parameter that is no tensor")
    return data


_BUILDERS: dict[str, Builder] = {
    "collections.OrderedDict": _ordered,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
}


def state_dict_at(checkpoint: Any, keys: tuple[str, ...], where: str) -> dict[str, Tensor]:
    """The state dict of a checkpoint that lies below `keys`, e.g. `("model",)`; `()` for the checkpoint itself.

    `where` names the file in errors. Raises `CheckpointError` that tells what lies there instead.
    """
    found = checkpoint
    for key in keys:
        if not isinstance(found, Mapping) or key not in found:
            raise CheckpointError(f"{where}: holds {_summary(found)}; expected weights under {'.'.join(keys)!r}")
        found = found[key]
    if not isinstance(found, Mapping) or not found or not all(isinstance(found[key], Tensor) for key in found):
        place = f" under {'.'.join(keys)!r}" if keys else ""
        raise CheckpointError(f"{where}: holds {_summary(found)}{place}; expected named tensors")
    return {str(key): found[key] for key in found}


def _summary(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"a dict with {listed([str(key)[:_LONGEST_NAME] for key in value if isinstance(key, str)])}"
    return f"an object of class {value.name:.80}" if isinstance(value, Stub) else f"a {type(value).__name__}"


def listed(names: list[str]) -> str:
    """The first names of a list, and how many more there are."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES]) or 'no names'}{more}"


def load_state(module: nn.Module, state: Mapping[str, Tensor], where: str) -> None:
    """Copies the weights into the module; every key must be there with the module's shape, and no other.

    `where` names the file in errors. Raises `CheckpointError` that lists what is missing, unexpected, of another shape
    or of another kind of number, and then leaves the module as it was.
    """
    own = module.state_dict()
    shared = [key for key in own if key in state]
    shapes = [f"{key} {tuple(state[key].shape)} instead of {tuple(own[key].shape)}"
              for key in shared if state[key].shape != own[key].shape]  # fmt: skip
    kinds = [f"{key} {state[key].dtype} instead of {own[key].dtype}"
             for key in shared if state[key].is_floating_point() != own[key].is_floating_point()]  # fmt: skip
    problems = {
        "missing": [key for key in own if key not in state],
        "unexpected": [key for key in state if key not in own],
        "of another shape": shapes,
        "of another type": kinds,
    }
    found = [f"{len(names)} {problem}: {listed(names)}" for problem, names in problems.items() if names]
    if found:
        name = type(module).__name__
        raise CheckpointError(f"{where}: the weights do not fit {name} ({len(own)} tensors); {'; '.join(found)}")
    module.load_state_dict(dict(state))
