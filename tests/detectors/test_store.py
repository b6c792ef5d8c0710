"""The feature store: what was added is what is read, and damage costs only the blocks that it hit."""

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.errors import DiskFullError
from detectors import shards
from detectors.shards import Shard, ShardWriter
from detectors.store import FeatureStore
from detectors.tracks import Track, frame_spans

SIGNATURE = "tiny_v-3f2a"


def track_of(key: str) -> Track:
    """Features that follow from the key alone, so that any process can tell right from wrong."""
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    count = int(rng.integers(1, 40))
    values = rng.normal(size=(count, 7)).astype(np.float32)
    return Track(values, frame_spans(count, 25.0, start=float(rng.integers(0, 9)) / 25))


def fill(store: FeatureStore, keys: list[str]) -> ShardWriter:
    with store.writer(SIGNATURE) as writer:
        for key in keys:
            writer.add(key, track_of(key))
    return writer


def right(store: FeatureStore, key: str) -> bool:
    """Whether the key is stored; if so, with the right content."""
    stored = store.get(SIGNATURE, key)
    if stored is None:
        return False
    expected = track_of(key)
    np.testing.assert_array_equal(stored.track.values, expected.values)
    np.testing.assert_array_equal(stored.track.spans, expected.spans)
    np.testing.assert_allclose(stored.norms, np.sqrt((expected.values.astype(float) ** 2).sum(axis=1)), rtol=1e-6)
    return True


KEYS = [f"clip{number}-0" for number in range(12)]


def test_reads_what_was_added(tmp_path: Path) -> None:
    fill(FeatureStore(tmp_path), KEYS)
    store = FeatureStore(tmp_path)
    assert all(right(store, key) for key in KEYS)
    assert store.has(SIGNATURE, [*KEYS, "other"]) == set(KEYS)
    assert store.get(SIGNATURE, "other") is None
    assert store.get("another", KEYS[0]) is None


def test_views_are_mapped_read_only_and_aligned(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    fill(store, KEYS)
    for key in KEYS:
        stored = store.get(SIGNATURE, key)
        assert stored is not None
        for array, dtype in ((stored.track.values, "f4"), (stored.norms, "f4"), (stored.track.spans, "f8")):
            assert array.dtype == np.dtype(dtype) and array.flags.aligned
            assert not array.flags.owndata and not array.flags.writeable
        assert stored.track.values.ctypes.data % 64 == 0


def test_a_reader_sees_what_others_add_later(tmp_path: Path) -> None:
    reader = FeatureStore(tmp_path)
    assert reader.has(SIGNATURE, KEYS) == set()
    with FeatureStore(tmp_path).writer(SIGNATURE) as writer:
        writer.add(KEYS[0], track_of(KEYS[0]))
        assert not right(reader, KEYS[0])
        writer.flush()
        assert right(reader, KEYS[0])
        view = reader.get(SIGNATURE, KEYS[0])
        writer.add(KEYS[1], track_of(KEYS[1]))
        writer.flush()
        assert right(reader, KEYS[1])
        assert view is not None
        np.testing.assert_array_equal(view.track.values, track_of(KEYS[0]).values)


def test_no_file_without_a_clip(tmp_path: Path) -> None:
    with FeatureStore(tmp_path).writer(SIGNATURE):
        pass
    assert list(tmp_path.rglob("*")) == []


def test_an_error_between_clips_keeps_those_before_it(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)

    def stumble() -> None:
        with store.writer(SIGNATURE) as writer:
            writer.add(KEYS[0], track_of(KEYS[0]))
            raise KeyError

    with pytest.raises(KeyError):
        stumble()
    assert right(store, KEYS[0])


@pytest.mark.parametrize("shape", [(3,), (0, 4), (3, 0), (2, 3, 4)])
def test_refuses_what_is_not_frames_by_features(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with (
        FeatureStore(tmp_path).writer(SIGNATURE) as writer,
        pytest.raises(ValueError, match=r"clip7.*\(T, D\)"),
    ):
        writer.add("clip7", Track(np.zeros(shape, np.float32), np.zeros((shape[0], 2))))


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "a" * 201])
def test_refuses_signatures_that_are_no_folder_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a folder"):
        FeatureStore(tmp_path).get(name, "k")


def test_half_precision_is_read_as_float32_unless_it_overflows(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, dtype="<f2")
    small = track_of("a")
    large = Track(small.values * np.float32(1e6), small.spans)
    with store.writer(SIGNATURE) as writer:
        writer.add("small", small)
        writer.add("large", large)
    got = store.get(SIGNATURE, "small")
    assert got is not None and got.track.values.dtype == np.float32
    np.testing.assert_array_equal(got.track.values, small.values.astype(np.float16).astype(np.float32))
    np.testing.assert_allclose(got.norms, np.linalg.norm(got.track.values, axis=1), rtol=1e-6)
    np.testing.assert_array_equal(got.track.spans, small.spans)
    kept = store.get(SIGNATURE, "large")
    assert kept is not None
    np.testing.assert_array_equal(kept.track.values, large.values)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_costs_its_block_and_is_named(tmp_path_factory: pytest.TempPathFactory, data) -> None:
    folder = tmp_path_factory.mktemp("flip")
    writer = fill(FeatureStore(folder), KEYS)
    entries = Shard(writer.index).tail()
    victim = data.draw(st.sampled_from(entries))
    content = bytearray(writer.data.read_bytes())
    content[data.draw(st.integers(victim.offset, victim.end - 1))] ^= 1 << data.draw(st.integers(0, 7))
    writer.data.write_bytes(content)
    store, messages = FeatureStore(folder), Messages()
    with messages:
        assert [key for key in KEYS if not right(store, key)] == [victim.key]
    assert len(messages.texts) == 1
    assert victim.key in messages.texts[0] and writer.data.name in messages.texts[0]
    assert victim.key not in store.has(SIGNATURE, KEYS)
    fill(store, [victim.key])
    assert right(store, victim.key)
    with messages:
        assert all(right(FeatureStore(folder), key) for key in KEYS)
    assert len(messages.texts) == 1, "the rebuilt block hides the damaged one"


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_truncated_shard_costs_the_blocks_past_its_end(tmp_path_factory: pytest.TempPathFactory, data) -> None:
    folder = tmp_path_factory.mktemp("cut")
    writer = fill(FeatureStore(folder), KEYS)
    entries = Shard(writer.index).tail()
    length = data.draw(st.integers(0, writer.data.stat().st_size - 1))
    with writer.data.open("rb+") as stream:
        stream.truncate(length)
    whole = {entry.key for entry in entries if entry.end <= length}
    store, messages = FeatureStore(folder), Messages()
    with messages:
        assert store.has(SIGNATURE, KEYS) == whole
        assert {key for key in KEYS if right(store, key)} == whole
    assert len(messages.texts) == len(KEYS) - len(whole)


def test_every_cut_of_the_index_leaves_the_lines_before_it(tmp_path: Path) -> None:
    writer = fill(FeatureStore(tmp_path), KEYS[:3])
    text = writer.index.read_bytes()
    for length in range(len(text)):
        writer.index.write_bytes(text[:length])
        store = FeatureStore(tmp_path)
        assert {key for key in KEYS[:3] if right(store, key)} == set(KEYS[: text[:length].count(b"\n")])


def test_a_line_that_is_still_being_written_is_read_when_it_is_whole(tmp_path: Path, caplog) -> None:
    writer = fill(FeatureStore(tmp_path), KEYS[:2])
    text = writer.index.read_bytes()
    writer.index.write_bytes(text[:-30])
    reader = FeatureStore(tmp_path)
    assert [right(reader, key) for key in KEYS[:2]] == [True, False]
    writer.index.write_bytes(text)
    assert [right(reader, key) for key in KEYS[:2]] == [True, True]
    assert not caplog.text


def test_blocks_are_on_disk_before_their_lines_and_synced_together(tmp_path: Path, monkeypatch) -> None:
    calls: list[str] = []
    write, fsync = shards._write, os.fsync

    def noted_write(stream, data: bytes) -> None:
        calls.append(f"write {stream.name.suffix}")
        write(stream, data)

    def noted_fsync(descriptor: int) -> None:
        suffix = {stream.fileno(): stream.name.suffix for stream in writer._streams or ()}[descriptor]
        calls.append(f"sync {suffix}")
        fsync(descriptor)

    monkeypatch.setattr(shards, "_write", noted_write)
    monkeypatch.setattr(shards.os, "fsync", noted_fsync)
    flush_bytes = 3 * max(track_of(key).values.nbytes for key in KEYS)
    with ShardWriter(tmp_path / SIGNATURE, flush_bytes=flush_bytes, flush_seconds=1e9) as writer:
        for key in KEYS:
            writer.add(key, track_of(key))
    flush = ["sync .bin", "write .jsonl", "sync .jsonl"]
    rest = [call for call in calls if call != "write .bin"]
    assert rest == flush * (len(rest) // 3)
    assert 2 <= len(rest) // 3 <= writer.data.stat().st_size // flush_bytes + 1
    assert calls[-3:] == flush and calls[:3] == ["write .bin"] * 3


def test_every_damaged_byte_of_a_line_costs_that_line_alone(tmp_path: Path, caplog) -> None:
    writer = fill(FeatureStore(tmp_path), KEYS[:3])
    text = writer.index.read_bytes()
    first, last = text.index(b"\n") + 1, text.rindex(b"\n", 0, -1)
    for position in range(first, last):
        for bit in (0, 3, 6):
            damaged = bytearray(text)
            damaged[position] ^= 1 << bit
            writer.index.write_bytes(damaged)
            store = FeatureStore(tmp_path)
            assert right(store, KEYS[0]) and right(store, KEYS[2])
            right(store, KEYS[1])
    writer.index.write_bytes(text[:first] + b"\0" * 40 + b"\n" + text[last + 1 :])
    caplog.clear()
    store = FeatureStore(tmp_path)
    assert [right(store, key) for key in KEYS[:3]] == [True, False, True]
    assert f"{writer.index.name}, line 2: damaged" in caplog.text


def test_a_missing_data_file_is_named(tmp_path: Path, caplog) -> None:
    writer = fill(FeatureStore(tmp_path), KEYS[:1])
    writer.data.unlink()
    assert FeatureStore(tmp_path).has(SIGNATURE, KEYS) == set()
    assert writer.data.name in caplog.text and "cannot be read" in caplog.text


@pytest.mark.parametrize("victim", ["block", "line"])
def test_a_full_disk_says_so_and_leaves_the_store_readable(tmp_path: Path, monkeypatch, victim: str) -> None:
    store, write = FeatureStore(tmp_path), shards._write

    def full(stream, data: bytes) -> None:
        if stream.name.suffix == {"block": ".bin", "line": ".jsonl"}[victim]:
            write(stream, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        write(stream, data)

    writer = store.writer(SIGNATURE)
    writer.add(KEYS[0], track_of(KEYS[0]))
    writer.flush()

    def add() -> None:
        writer.add(KEYS[1], track_of(KEYS[1]))
        writer.flush()

    with monkeypatch.context() as patch:
        patch.setattr(shards, "_write", full)
        with pytest.raises(DiskFullError, match="AVDF_CACHE"):
            add()
    assert right(FeatureStore(tmp_path), KEYS[0])
    writer.add(KEYS[2], track_of(KEYS[2]))
    writer.close()
    assert [right(FeatureStore(tmp_path), key) for key in KEYS[:3]] == [True, False, True]
    assert len([json.loads(line) for line in writer.index.read_text().splitlines()]) == 2


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_store import SIGNATURE, track_of
from detectors.shards import ShardWriter
with ShardWriter(Path(sys.argv[2]) / SIGNATURE, flush_bytes=int(sys.argv[3])) as writer:
    for number in range(int(sys.argv[4])):
        writer.add(f"clip{number}-0", track_of(f"clip{number}-0"))
        print(number, flush=True)
"""


def start(folder: Path, flush_bytes: int, clips: int) -> subprocess.Popen[str]:
    arguments = [str(Path(__file__).parent), str(folder), str(flush_bytes), str(clips)]
    root = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": root},
    )


@pytest.mark.parametrize("flush_bytes", [1, 2000])
def test_a_killed_writer_loses_at_most_what_was_not_flushed(tmp_path: Path, flush_bytes: int) -> None:
    lines = 0
    process = start(tmp_path, flush_bytes, 10**9)
    assert process.stdout is not None
    for _ in range(150):
        lines += bool(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    lines += len(process.stdout.read().splitlines())
    process.wait()
    store = FeatureStore(tmp_path)
    kept = [right(store, f"clip{number}-0") for number in range(lines + 2)]
    assert kept == sorted(kept, reverse=True), "a gap before a clip that was kept"
    unflushed = [track_of(f"clip{number}-0").values for number in range(sum(kept), lines)]
    if flush_bytes == 1:
        assert not unflushed
    assert sum(values.nbytes for values in unflushed) <= flush_bytes


def test_two_writers_at_once_do_not_disturb_one_another(tmp_path: Path) -> None:
    writers = [start(tmp_path, flush_bytes, 60) for flush_bytes in (1, 3000)]
    for process in writers:
        process.communicate()
        assert process.returncode == 0
    store = FeatureStore(tmp_path)
    assert all(right(store, f"clip{number}-0") for number in range(60))
    assert len(list((tmp_path / SIGNATURE).glob("*.bin"))) == 2


class Messages(logging.Handler):
    """Warnings of the store, gathered while the context is open."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())

    def __enter__(self) -> "Messages":
        logging.getLogger("avdf").addHandler(self)
        return self

    def __exit__(self, *error: object) -> None:
        logging.getLogger("avdf").removeHandler(self)
