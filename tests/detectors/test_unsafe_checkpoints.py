"""Harmful checkpoints: nothing is executed, nothing large is allocated, and the error says what was found."""

import contextlib
import copyreg
import io
import pickle
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from detectors.nets.checkpoints import CheckpointError, read_checkpoint
from pickled import LAYOUTS, archive, attacks, called, named, text

NAMES = sorted(attacks(Path("x")))


class Plain(pickle.Unpickler):
    """Python's unpickler, which executes what a file says."""

    def persistent_load(self, identifier: object) -> object:
        return identifier


@pytest.fixture
def _extension():
    copyreg.add_extension("os", "system", 0xF0)
    yield
    copyreg.remove_extension("os", "system", 0xF0)
    copyreg.clear_extension_cache()


@pytest.mark.usefixtures("_extension")
@pytest.mark.parametrize("name", NAMES)
def test_attack_works_on_python_and_not_here(name: str, tmp_path: Path):
    marker = tmp_path / "marker"
    body = attacks(marker)[name]
    with contextlib.suppress(Exception):
        Plain(io.BytesIO(body)).load()
    marker.unlink()  # it was made: the attack is a real one
    for layout, wrap in LAYOUTS.items():
        path = tmp_path / f"{layout}.pt"
        path.write_bytes(wrap(body))
        with contextlib.suppress(CheckpointError):
            read_checkpoint(path)
    assert not marker.exists()


def test_the_error_names_the_file_and_the_opcode(tmp_path: Path):
    path = tmp_path / "evil.pth"
    path.write_bytes(archive(attacks(tmp_path / "marker")["extension"]))
    with pytest.raises(CheckpointError, match=r"evil\.pth: is not data alone.*EXT1.*nothing of it was executed"):
        read_checkpoint(path)


def _storage(length: str, key: str = "0") -> bytes:
    kind = text("storage") + named("torch", "FloatStorage") + text(key) + text("cpu")
    return b"(" + kind + b"\x8a\x08" + int(length).to_bytes(8, "little") + b"tQ"


def _tensor(storage: bytes, offset: int, size: int, stride: int) -> bytes:
    def number(value: int) -> bytes:
        return b"\x8a\x09" + value.to_bytes(9, "little", signed=True)

    shape = b"(" + number(size) + b"t(" + number(stride) + b"t"
    return called(named("torch._utils", "_rebuild_tensor_v2"), storage, number(offset), shape, b"\x89", b"N")


HUGE = {
    "memo index": b"\x80\x02Nr\xff\xff\xff\xff.",
    "text of an exabyte": b"\x80\x04\x8d" + (2**60).to_bytes(8, "little") + b"x.",
    "bytes of 4 GB": b"\x80\x03B\xff\xff\xff\xffx.",
    "number of 2 GB": b"\x80\x02\x8b\xff\xff\xff\x7fx.",
    "storage": b"\x80\x02" + _storage("1000000000000") + b".",
    "repeated value": b"\x80\x02" + _tensor(_storage("2"), 0, 10**15, 0) + b".",
    "beyond the end": b"\x80\x02" + _tensor(_storage("2"), 1, 2, 1) + b".",
    "negative offset": b"\x80\x02" + _tensor(_storage("2"), -1, 1, 1) + b".",
}
HARMLESS = {"memo index"}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", HUGE)
def test_what_a_file_claims_is_not_allocated(name: str, layout: str, tmp_path: Path):
    path = tmp_path / "huge.pt"
    storages = {} if name in HARMLESS else {"storage0": bytes(8)}
    path.write_bytes(LAYOUTS[layout](HUGE[name], **storages))
    tracemalloc.start()
    try:
        with contextlib.nullcontext() if name in HARMLESS else pytest.raises(CheckpointError):
            read_checkpoint(path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_small_tensor_of_the_same_kind_is_read(layout: str, tmp_path: Path):
    path = tmp_path / "fine.pt"
    body = b"\x80\x02" + _tensor(_storage("2"), 1, 1, 1) + b"."
    path.write_bytes(LAYOUTS[layout](body, storage0=b"\0\0\0\0\0\0\x80?"))
    assert read_checkpoint(path).tolist() == [1.0]


def test_a_key_whose_hash_takes_for_ever_is_refused(tmp_path: Path):
    doubled = b"".join(b"q" + bytes([i]) + b"h" + bytes([i]) + b"\x86" for i in range(100))
    path = tmp_path / "slow.pt"
    path.write_bytes(archive(b"\x80\x02})" + doubled + b"Ns."))
    with pytest.raises(CheckpointError, match="a tuple as the key"):
        read_checkpoint(path)


def test_a_compressed_archive_is_refused(tmp_path: Path):
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("archive/data.pkl", b"\x80\x02N." + bytes(20_000_000))
    with pytest.raises(CheckpointError, match=r"bomb\.pt: is a compressed archive"):
        read_checkpoint(path)


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path):
    path = tmp_path / "overlap.pt"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("archive/data.pkl", b"\x80\x02N.")
        made.writestr("archive/data/0", bytes(100_000))
        made.filelist.extend([made.filelist[-1]] * 50)
    with pytest.raises(CheckpointError, match="claims to hold more"):
        read_checkpoint(path)
