"""`python -m datasets doctor`: what is on a machine, counted against the suite itself."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import layouts
from benchmark import cells, doctor
from datasets import importing, library, lists
from datasets.lists import bringing
from datasets.registry import Real
from detectors.lacking import lacking
from paths import ROOT


@pytest.fixture(autouse=True)
def data(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is imported and no weights are here."""
    monkeypatch.delenv("AVDF_DATA", raising=False)
    monkeypatch.setenv("AVDF_WEIGHTS", str(cache / "weights"))
    doctor._pairs.cache_clear()
    return cache / "data"


def imported(name: str, folder: Path) -> Path:
    root = layouts.copied(name, folder)
    library.keep(importing.load(name, root))
    doctor._pairs.cache_clear()
    return root


def line(name: str) -> dict[str, str]:
    return next(doctor._set_line(one) for one in doctor.data_sets() if one.name == name)


def real_cells() -> int:
    """Cells of real data that the suite collects and that have their weights."""
    return sum(not cell.train.startswith("sim_") and lacking(cell.row) is None for cell in cells.cells())


def test_a_missing_data_set_says_where_to_apply_and_what_it_would_add(tmp_path: Path) -> None:
    missing = line("favc")
    assert missing["here"] == "no" and missing["where to apply"] == "github.com/DASH-Lab/FakeAVCeleb"
    assert missing["terms"].startswith("research, under") and missing["lists"] == "0 of 7"
    imported("favc", tmp_path)
    assert missing["cells"] == f"+{real_cells():,}" != "+0"
    here = line("favc")
    assert here["cells"] == f"{real_cells():,}" and here["clips"] == "40"
    assert here["here"] == "yes, not verified" and here["where to apply"] == ""


def test_what_two_data_sets_make_together_is_counted_for_each(tmp_path: Path) -> None:
    imported("favc", tmp_path)
    before, more = real_cells(), line("avlips")["cells"]
    imported("avlips", tmp_path)
    assert int(more.removeprefix("+")) == real_cells() - before > 0


def test_files_that_went_or_changed_since_the_import_are_noticed(tmp_path: Path) -> None:
    root = imported("favc", tmp_path)
    first, second = sorted(root.rglob("*.mp4"))[:2]
    first.unlink()
    second.write_bytes(b"another file")
    assert line("favc")["here"] == "yes, not verified; of 40 files 1 gone; of 40 files 1 changed"
    assert "next: import favc again; some of its files are gone or changed since" in doctor.report()
    shutil.rmtree(root)
    assert "is not there; import favc again" in line("favc")["here"]


def test_a_damaged_manifest_is_said_and_breaks_nothing(tmp_path: Path) -> None:
    imported("favc", tmp_path)
    library.manifest_path("favc").write_text("no manifest\n" * 9)
    assert "manifest.jsonl, line 1: not JSON" in line("favc")["here"]
    (library.home("favc") / "place.json").write_text("{")
    assert "place.json is damaged" in line("favc")["here"] and line("favc")["clips"] == ""


def _now() -> int:
    """Cells of real data that the report says can be measured, which are those that the suite does not skip."""
    said = next(line for line in doctor.report().splitlines() if line.startswith("can be measured now"))
    real = [cell for cell in cells.cells() if not cell.train.startswith("sim_") and lacking(cell.row) is None]
    assert f" {len([c for c in real if not any(map(Real().lacking, (c.train, c.test)))]):,} on real" in said
    return int(said.partition(" on real data")[0].rpartition(" ")[2].replace(",", ""))


def test_lists_and_next_steps_are_told(tmp_path: Path) -> None:
    imported("favc", tmp_path)
    assert "next: `python -m datasets fetch favc`" in doctor.report()
    measurable = _now()
    assert 0 < measurable < real_cells() and f"{real_cells() - measurable:,} more once lists" in doctor.report()
    bringing.bring(layouts.layout("favc"), lists.of("favc"))
    assert measurable < _now() <= real_cells()
    assert line("favc")["lists"] == "6 of 7"
    told = doctor.report()
    assert "fetch favc" not in told and "next: `python -m datasets verify favc`" in told


def test_ones_own_data_are_listed_too(tmp_path: Path) -> None:
    for label in ("real", "fake"):
        (tmp_path / "mine" / label).mkdir(parents=True)
        (tmp_path / "mine" / label / "1.mp4").write_bytes(b"video")
    read = importing.load("folder", tmp_path / "mine")
    library.keep(replace(read, name="mine", clips=tuple(replace(clip, dataset="mine") for clip in read.clips)))
    assert line("mine")["clips"] == "2" and line("mine")["where to apply"] == ""


def test_encoders_without_weights_say_what_they_would_add() -> None:
    known = {one.name: one for one in doctor.weights()}
    assert known["tiny_v"].state == "here" and known["avhubert_v"].state == "not here"
    assert known["avhubert_v"].get.startswith("fetch") and known["avhubert_v"].cells == known["tiny_v"].cells == 44


def test_the_command_needs_no_torch_and_fits_one_screen(cache: Path, tmp_path: Path) -> None:
    imported("favc", tmp_path)
    code = "import sys; sys.argv = ['datasets', 'doctor']; from datasets.__main__ import main; main(); "
    code += "print('loaded', {'torch', 'transformers', 'av', 'cv2', 'dlib'} & set(sys.modules))"
    environment = os.environ | {"AVDF_CACHE": str(cache)}
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[-1] == "loaded set()" and len(lines) < 60
    assert any("can be measured now: " in text for text in lines)
