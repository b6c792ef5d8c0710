"""Manifests: round trip, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datasets.errors import DatasetError
from datasets.manifest import manifest_hash, read_manifest, write_manifest
from datasets.sim.plan import plan


def test_a_manifest_comes_back_and_its_hash_knows_no_machine(tmp_path: Path) -> None:
    clips = plan("sim_local", "smoke", root=tmp_path)
    write_manifest(tmp_path / "m.jsonl", clips)
    assert read_manifest(tmp_path / "m.jsonl", tmp_path) == clips
    assert manifest_hash(clips) == manifest_hash(plan("sim_local", "smoke", root=Path("elsewhere")))
    assert manifest_hash(clips) != manifest_hash(clips[1:])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"path": "../../secret.mp4"}, "leads out of"),
        ({"path": "/etc/passwd"}, "leads out of"),
        ({"label": "1"}, "a label other than 0 and 1"),
        ({"skip": 7}, "one of the fields"),
        ({"sha256": "../x"}, "one of the fields"),
        ({"segments": 3}, "not iterable"),
        ({"segments": [[0.1]]}, "not enough values"),
        ({"colour": "red"}, "unexpected keyword"),
    ],
)
def test_a_line_that_cannot_be_trusted_is_refused_by_number(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    path = tmp_path / "m.jsonl"
    write_manifest(path, plan("sim_local", "smoke", root=tmp_path))
    lines = path.read_text().splitlines()
    lines[2] = json.dumps(json.loads(lines[2]) | change)
    path.write_text("\n".join(lines))
    with pytest.raises(DatasetError, match=f"line 3: .*{reason}"):
        read_manifest(path, tmp_path)


def test_a_truncated_missing_or_foreign_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with pytest.raises(DatasetError, match="no manifest at"):
        read_manifest(path, tmp_path)
    write_manifest(path, plan("sim_local", "smoke", root=tmp_path))
    content = path.read_text()
    path.write_text(content[: len(content) // 2])
    with pytest.raises(DatasetError, match=r"line \d+: not JSON .*truncated"):
        read_manifest(path, tmp_path)
    path.write_text('{"schema": 99}\n')
    with pytest.raises(DatasetError, match="not a manifest of schema 1"):
        read_manifest(path, tmp_path)


def test_half_a_letter_is_refused_in_a_name_and_kept_as_an_escape_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    clips = plan("sim_local", "smoke", root=tmp_path)[:1]
    write_manifest(path, [replace(clips[0], extra={"words": "\ud800"})])
    assert read_manifest(path, tmp_path)[0].extra == {"words": "\ud800"}
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], json.dumps(json.loads(lines[1]) | {"method": "\ud800"})]))
    with pytest.raises(DatasetError, match=r"line 2: method is .* no text"):
        read_manifest(path, tmp_path)
