"""The reference layouts: what a good importer finds in each, and how its fields are called there."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from datasets.clip import Clip
from datasets.importing import Imported, load
from datasets.importing.findings import Finding
from paths import golden_root

FOLDERS = {"favc": "fakeavceleb", "dfe": "dfe2024"}
"""Names of layouts that differ from the importer's."""
RENAMED = {
    "pair_id": "pair",
    "source_clip": "pair",
    "fake_segments": "segments",
    "audio": "sound",
}
NOT_FIELDS = ("in_ssr_subset",)
"""What says which protocol has a sample, and not what the sample is."""


def layout(name: str) -> Path:
    """The folder of a data set's layout; the test is skipped without it."""
    folder = golden_root() / "dataset_layouts" / FOLDERS.get(name, name)
    if not folder.is_dir():
        pytest.skip(f"no reference layouts at {folder}")
    return folder


def expected(name: str) -> dict[str, Any]:
    """What EXPECTED.json says."""
    return json.loads((layout(name) / "EXPECTED.json").read_text(encoding="utf-8"))


def root_of(name: str) -> Path:
    """The root of a layout."""
    return layout(name) / expected(name)["root"]


def copied(name: str, folder: Path) -> Path:
    """A copy of a layout that a test can damage; its root."""
    shutil.copytree(layout(name), folder / name, symlinks=True)
    return folder / name / expected(name)["root"]


def value_of(clip: Clip, field: str) -> Any:
    """A clip's value in the words of EXPECTED.json."""
    name = RENAMED.get(field, field)
    if name == "clicks":
        return [{"frame": frame, "x": x, "y": y} for frame, x, y in clip.clicks or ()]
    if name in clip.extra:
        return clip.extra[name]
    if name == "split":
        return clip.split or None
    value = getattr(clip, name, f"no field {name}")
    return [list(span) for span in value] if name == "segments" and value is not None else value


def differences(clips: Iterable[Clip], samples: Iterable[dict[str, Any]]) -> list[str]:
    """Where clips and expected samples differ, in words."""
    found, wanted = {clip.path: clip for clip in clips}, {sample["path"]: sample for sample in samples}
    lines = [f"{path}: not found" for path in wanted.keys() - found.keys()]
    lines += [f"{path}: not expected" for path in found.keys() - wanted.keys()]
    for path in wanted.keys() & found.keys():
        for field, value in wanted[path].items():
            if field not in NOT_FIELDS and value_of(found[path], field) != value:
                lines.append(f"{path}: {field} is {value_of(found[path], field)!r}, expected {value!r}")
    return lines


def codes(findings: Iterable[Finding]) -> Counter[tuple[str, str]]:
    """Findings by severity and code."""
    return Counter((finding.severity, finding.code) for finding in findings)


def planted(name: str, folder: Path, plant: Callable[[Path], object]) -> Imported:
    """The import of a copy of a layout after `plant` damaged it; `plant` gets the copy's root."""
    root = copied(name, folder)
    plant(root)
    return load(name, root)


def beyond(name: str, imported: Imported) -> list[tuple[str, str, str]]:
    """Severity, code and place of the findings that the untouched layout does not have, sorted by place."""
    rest = Counter((f.severity, f.code, f.where) for f in imported.findings)
    rest -= Counter((i["severity"], i["code"], i["where"]) for i in expected(name)["issues"])
    return sorted(rest.elements(), key=lambda found: found[2])


def samples_after(name: str, changes: dict[str, dict[str, Any] | None]) -> list[dict[str, Any]]:
    """The expected samples with those of `changes` by path: None where one is gone, else the fields that differ."""
    samples = {sample["path"]: sample for sample in expected(name)["samples"]}
    for path, fields in changes.items():
        if fields is None:
            del samples[path]
        else:
            samples[path] = samples.get(path, {"path": path}) | fields
    return list(samples.values())
