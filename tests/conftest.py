"""What tests share: reference vectors, cache folders, and the suite on a small corpus."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from detectors.registry import Registry, registry
from paths import ROOT, golden_root
from suite import Suite

SETS = ("sim_whole", "sim_local", "sim_lip", "sim_wild", "sim_null")


@pytest.fixture(scope="session", autouse=True)
def nobody_s_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Data sets that whoever runs the tests has imported are not seen by them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AVDF_DATA", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session")
def golden() -> Callable[[str], Path]:
    """A folder of reference vectors by name; the test is skipped where there are none."""

    def find(name: str) -> Path:
        folder = golden_root() / name
        if not folder.exists():
            pytest.skip(f"no reference vectors {name}: set AVDF_GOLDEN to the folder that holds them")
        return folder

    return find


@pytest.fixture
def known() -> Iterator[Registry]:
    """The registry, as it was before when the test is over."""
    found = registry()
    tables = (found.encoders, found.heads, found.detectors, found.broken, found.asked)
    before, modules, path = [dict(table) for table in tables], set(sys.modules), list(sys.path)
    yield found
    for table, kept in zip(tables, before, strict=True):
        table.clear()
        table.update(kept)
    for module in set(sys.modules) - modules:
        if module.startswith("/") or module == "beside_it":
            del sys.modules[module]
    sys.path[:] = path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder for one test, and no imported data sets."""
    monkeypatch.setenv("AVDF_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("AVDF_DATA", raising=False)
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def smoke_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder with the smallest corpus, generated once for all workers of a test run; not to be changed."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "smoke"
    code = f"from datasets.sim.build import ensure; ensure({SETS!r}, 'smoke', progress=False)"
    with FileLock(str(folder) + ".lock"):
        environment = os.environ | {"AVDF_CACHE": str(folder)}
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, timeout=400)
    return folder


@pytest.fixture
def suite(smoke_cache: Path, tmp_path: Path) -> Suite:
    """The suite on a copy of the smallest corpus."""
    shutil.copytree(smoke_cache, tmp_path / "cache")
    return Suite(tmp_path / "cache", tmp_path / "results" / "smoke-seed0")
