"""Broken metadata of any kind end in a manifest that can be read again, with findings, or in one error in words."""

import contextlib
import copy
import csv
import io
import json
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import documented
import layouts
from datasets.errors import DatasetError
from datasets.importing import NAMES, findings, load
from datasets.manifest import dumps, read_header, read_manifest
from datasets.sim.plan import plan

DOCUMENTED = documented.codes("Findings of an import")
EXAMPLES = 30
METADATA = (".csv", ".json", ".txt")
CELLS = [
    *("", " ", "nan", "-inf", "1e400", "-1", "0", "2", "9" * 5000, "a" * 140_000, "../../etc/passwd", "/etc/passwd"),
    *("C:\\x.mp4", "\\\\host\\x.mp4", "a\0b", "\x1b[31m", "\u202e", "..", ".", "/", "~", "{}", "[[1, 2]]", "]" * 9),
    *("real", "fake", "none", "True", "A", "id00000", "１", "1_0", "\ufeff", "e\u0301", "[" * 2000, '{"1": [0.5]}'),
    *('{"1": {"x": NaN}}', '{"1": {"x": 0.5, "y": "0.5"}}', '{"-1": {"x": 0.5, "y": 0.5}}', "1-2;2-1", "0-1e9"),
]
VALUES: list[Any] = [
    *(None, True, 0, -1, 2, 1e308, 10**30, float("nan"), float("inf"), "", "text", "../../etc/passwd", "/etc/passwd"),
    *("\ud800", "a\0b", "9" * 4400, "a" * 5000, "real", [], {}, {"a": []}, [[]], [[None]], [[1, "x"]], [[2, 1]]),
    *([[0.1, 0.2, 0.3]], [[float("nan"), 1]], [[-5, 1e12]], [[True, False]], [[10**400, 1]], ["a", "b"]),
]
BYTES = [
    b"",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\r\n",
    b"\n\n\n",
    b'"',
    b"'",
    b"\\",
    b",",
    b"../",
    b"{",
    b"]",
    b"NaN",
    b"\xc3",
    b"-",
    b"\x1a",
]
Change = Callable[[bytes, random.Random], bytes]


def cut(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randint(0, len(data))]


def flipped(data: bytes, draw: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.randint(1, 8)):
        if changed:
            changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def put_in(data: bytes, draw: random.Random) -> bytes:
    place = draw.randint(0, len(data))
    return data[:place] + draw.choice(BYTES) * draw.choice((1, 1, 3, 3000)) + data[place:]


def twice(data: bytes, draw: random.Random) -> bytes:
    return data + data[draw.randint(0, len(data)) :]


def in_other_letters(data: bytes, draw: random.Random) -> bytes:
    return data.decode("utf-8", "replace").encode(
        draw.choice(("utf-16", "utf-16-be", "utf-32", "cp949", "cp1252")), "replace"
    )


def other_cells(data: bytes, draw: random.Random) -> bytes:
    """A table with cells, rows or columns that are other ones."""
    rows = [line.split(",") for line in data.decode("utf-8", "replace").splitlines()] or [[""]]
    for _ in range(draw.randint(1, 3)):
        row = draw.choice(rows)
        column = draw.randrange(len(row))
        kind = draw.randrange(7)
        if kind < 3:
            row[column] = draw.choice(CELLS)
        elif kind == 3:
            other = draw.choice(rows)
            place = draw.randrange(len(other))
            row[column], other[place] = other[place], row[column]
        elif kind == 4:
            row[column:] = row[column + 1 :] or [""]
        elif kind == 5:
            row[column:column] = [draw.choice(CELLS)] * draw.choice((1, 2, 50))
        else:
            rows.insert(draw.randint(0, len(rows)), list(row))
    text = io.StringIO()
    csv.writer(text, lineterminator=draw.choice(("\n", "\r\n"))).writerows(rows)
    return text.getvalue().encode()


def other_values(data: bytes, draw: random.Random) -> bytes:
    """A JSON file with values of other types, keys that are gone, or entries that are repeated."""
    try:
        top = json.loads(data)
    except (ValueError, RecursionError):
        return cut(data, draw)
    for _ in range(draw.randint(1, 3)):
        places = list(nodes(top))
        if not places or draw.random() < 0.03:
            top = draw.choice(VALUES)
            continue
        holder, key = draw.choice(places)
        kind = draw.randrange(5)
        if kind < 3:
            holder[key] = copy.deepcopy(draw.choice(VALUES))
        elif kind == 3:
            del holder[key]
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        else:
            holder[draw.choice(CELLS[:20])] = copy.deepcopy(holder[key])
    return json.dumps(top).encode()


def nodes(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value: what holds it, and its key there."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from nodes(value[key])


def deep(data: bytes, draw: random.Random) -> bytes:
    return draw.choice((b"[", b'{"a":')) * 100_000


@dataclass(frozen=True)
class Copy:
    """A copy of a layout whose files can be changed and put back."""

    name: str
    folder: Path
    root: Path
    files: dict[Path, bytes]

    def restore(self, path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        path.unlink(missing_ok=True)
        path.write_bytes(self.files[path])


def copied(name: str, folder: Path) -> Copy:
    root = own_data(folder) if name == "folder" else layouts.copied(name, folder)
    for path in folder.rglob("EXPECTED.json"):
        path.unlink()
    every = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    metadata = [path for path in every if path.suffix in METADATA] or every
    return Copy(name, folder, root, {path: path.read_bytes() for path in metadata})


def own_data(folder: Path) -> Path:
    root = folder / "mine"
    root.mkdir()
    for name in ("a", "b", "c"):
        (root / f"{name}.mp4").write_bytes(b"\0\0")
    (root / "manifest.csv").write_text(
        "path,label,label_video,label_audio,method,identity,split,segments,duration\n"
        "a.mp4,fake,1,0,wav2lip,anna,train,0.5-1;2-3.5,4.0\nb.mp4,real,,,,bert,test,,\nc.mp4,0,0,0,real,cleo,val,,5\n"
    )
    return root


CHANGES: dict[str, list[Change]] = {
    ".csv": [cut, flipped, put_in, twice, in_other_letters, other_cells, other_cells, other_cells],
    ".json": [cut, flipped, put_in, twice, in_other_letters, other_values, other_values, other_values, deep],
}
CHANGES[".txt"] = [*CHANGES[".csv"]]


def damage(copy_of: Copy, draw: random.Random) -> Path:
    """Change one file of a copy; returns which."""
    above = [path for path in copy_of.files if path.parent == copy_of.root]
    path = draw.choice(above if above and draw.random() < 0.6 else list(copy_of.files))
    kind = draw.randrange(30)
    if kind < 3 or path.suffix not in CHANGES:
        path.unlink()
        if kind % 3 == 0:
            path.mkdir()
        elif kind % 3 == 1:
            path.symlink_to(draw.choice(("/etc/passwd", path.name, "..", "nowhere")))
        return path
    data = copy_of.files[path]
    for _ in range(draw.choice((1, 1, 1, 2))):
        data = draw.choice(CHANGES[path.suffix])(data, draw)
    path.write_bytes(data)
    return path


opened: list[str] | None = None


def note(event: str, arguments: tuple[Any, ...]) -> None:
    if opened is not None and event in ("open", "os.scandir", "os.listdir") and isinstance(arguments[0], str):
        opened.append(arguments[0])


sys.addaudithook(note)


@pytest.mark.parametrize("name", NAMES)
def test_broken_metadata_are_findings_or_one_error(
    name: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # the list of findings may be lost here
    folder = tmp_path_factory.mktemp(name)
    given_copy = copied(name, folder / "copy") if name != "folder" else copied(name, folder)
    load(name, given_copy.root)  # imports modules

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(seed=st.integers(0, 2**32))
    def survives(seed: int) -> None:
        changed = damage(given_copy, random.Random(seed))
        try:
            check(given_copy, folder)
        finally:
            given_copy.restore(changed)

    survives()


PYTHON = tuple(os.path.realpath(place) + os.sep for place in (sys.base_prefix, sys.prefix))


def is_allowed(path: str, folder: str) -> bool:
    """Whether a path is in the folder, or where Python looks for the module of an encoding."""
    real = os.path.realpath(path)
    return f"{real}/".startswith((f"{folder}/", *PYTHON)) or real in sys.path


def check(of: Copy, folder: Path) -> None:
    global opened
    opened = []
    try:
        imported = load(of.name, of.root)
    except DatasetError:
        return
    finally:
        looked_at, opened = opened, None
    inside, root = os.path.realpath(of.folder), os.path.realpath(of.root)
    assert [path for path in set(looked_at) if not is_allowed(path, inside)] == []
    assert all(os.path.realpath(clip.file).startswith(f"{root}/") for clip in imported.clips)
    assert all(f.severity in DOCUMENTED[f.code] and f.where for f in imported.findings)
    text = dumps(imported.clips)
    (folder / "manifest.jsonl").write_text(text, encoding="utf-8")
    assert dumps(read_manifest(folder / "manifest.jsonl", imported.root)) == text
    findings.write(folder / "findings.csv", imported.findings)
    findings.table(imported.findings).encode()


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Manifests of simulated and of real clips."""
    return [dumps(plan("sim_local", "smoke")[:4]), dumps(load("av1m", layouts.root_of("av1m")).clips[:6])]


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_damaged_manifest_is_read_or_refused_in_words(
    seed: int, manifests: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    draw = random.Random(seed)
    lines = draw.choice(manifests).encode().split(b"\n")
    number = draw.randrange(len(lines))
    if draw.random() < 0.6:
        lines[number] = other_values(lines[number], draw)
        data = b"\n".join(lines)
    else:
        data = draw.choice([cut, flipped, put_in, twice, in_other_letters, deep])(b"\n".join(lines), draw)
    path = tmp_path_factory.getbasetemp() / "damaged.jsonl"
    path.write_bytes(data)
    for read in (read_header, read_again):
        with contextlib.suppress(DatasetError):
            read(path)


def read_again(path: Path) -> object:
    """What was accepted can be written, compared and read once more."""
    clips = read_manifest(path, path.parent)
    assert all(isinstance(clip.cluster, str) and clip.file.is_relative_to(path.parent) for clip in clips)
    text = dumps(clips)
    path.write_text(text, encoding="utf-8")
    assert dumps(read_manifest(path, path.parent)) == text


def test_what_takes_the_manifests_place_is_refused_in_words(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.jsonl"):
        with pytest.raises(DatasetError):
            read_manifest(path, tmp_path)
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.parametrize("place", [",", ".,", ",.", "/,", " , "])
def test_a_row_that_names_no_file_is_one_finding(place: str, tmp_path: Path) -> None:
    def plant(root: Path) -> None:
        with (root / "meta_data.csv").open("a") as stream:
            stream.write(f"id90001,-,-,real,A,RealVideo-RealAudio,African,men,{place}\n")

    found = layouts.beyond("favc", layouts.planted("favc", tmp_path, plant))
    assert len(found) == 1 and found[0][0] == "error"


def test_half_a_letter_in_an_entry_is_a_finding_and_none_in_the_manifest(tmp_path: Path) -> None:
    def plant(root: Path) -> None:
        path = root / "metadata.min.json"
        entries = json.loads(path.read_text())
        next(entry for entry in entries if entry["n_fakes"])["original"] = "train/\ud800.mp4"
        path.write_text(json.dumps(entries))

    imported = layouts.planted("lavdf", tmp_path, plant)
    assert [found[:2] for found in layouts.beyond("lavdf", imported)] == [("warning", "type_coerced")]
    assert "train/?.mp4" in {clip.pair for clip in imported.clips} and dumps(imported.clips).encode()
