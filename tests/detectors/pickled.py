"""Pickles assembled by hand, and the two layouts of torch.save around them."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path


def text(value: str) -> bytes:
    return b"X" + len(value.encode()).to_bytes(4, "little") + value.encode()


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def called(function: bytes, *arguments: bytes) -> bytes:
    return function + b"(" + b"".join(arguments) + b"tR"


def archive(body: bytes, **entries: bytes) -> bytes:
    """A zip archive as torch.save writes it, around one pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("archive/data.pkl", body)
        for name, content in entries.items():
            made.writestr(f"archive/data/{name.removeprefix('storage')}", content)
    return file.getvalue()


def legacy(body: bytes, **entries: bytes) -> bytes:
    """The older layout around one pickle; storages hold values of four bytes."""
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    start = (pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, system))
    keys = pickle.dumps([name.removeprefix("storage") for name in entries], 2)
    contents = ((len(content) // 4).to_bytes(8, "little") + content for content in entries.values())
    return b"".join(start) + body + keys + b"".join(contents)


def attacks(marker: Path) -> dict[str, bytes]:
    """Pickles that make Python's unpickler create the file `marker`."""
    touch, code = text(f"touch '{marker}'"), text(f"open({str(marker)!r}, 'w').close()")
    path = called(named("pathlib", "PosixPath"), text(str(marker)))
    system = named("os", "system")
    imported = called(named("builtins", "__import__"), text("os"))
    looked_up = called(named("builtins", "getattr"), imported, text("system"))
    namespace = named("argparse", "Namespace") + b")\x81"
    bodies = {
        "reduce": called(system, touch),
        "eval": called(named("builtins", "eval"), code),
        "dotted name": b"\x80\x04" + text("pathlib") + text("Path.touch") + b"\x93(" + path + b"tR",
        "found by getattr": called(looked_up, touch),
        "built state": namespace + b"}" + text("__setstate__") + system + b"sb" + touch + b"b",
        "inside a persistent id": b"(" + text("storage") + called(system, touch) + b"tQ",
        "behind a tensor's name": called(named("torch._utils", "_rebuild_tensor_v2"), called(system, touch)),
        "key of a dict": b"}" + called(system, touch) + b"Ns",
        "text opcodes": b"(S" + repr(f"touch '{marker}'").encode() + b"\nios\nsystem\n",
        "obj opcode": b"(" + system + touch + b"o",
        "extension": b"\x82\xf0" + b"(" + touch + b"tR",
    }
    return {name: (body if body.startswith(b"\x80") else b"\x80\x02" + body) + b"." for name, body in bodies.items()}


LAYOUTS: dict[str, Callable[..., bytes]] = {"archive": archive, "legacy": legacy}
