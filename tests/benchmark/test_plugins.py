"""A stranger's detector: measured from wherever it is, and failing alone when it fails."""

import os
import subprocess
import sys
from pathlib import Path

from paths import ROOT
from suite import Suite

PAIR = "sim_whole_to_sim_lip and not probe"
FILE = """
import json
from detectors.cards import DetectorCard
from detectors.registry import register
from detectors.tracks import Scored

class Fitted:
    report = {{}}
    def score(self, clip):
        if clip.audio() is None:
            raise clip.error("no audio track")
        return Scored(float({score}))
    def save(self, folder): ...

@register(DetectorCard("{name}", "audio", frozenset(), "a summary", "Apache-2.0", "a test", logit=False))
class Whole:
    def __init__(self, card): self.card = card
    def fit(self, train, val, ctx): return Fitted()
    def load(self, folder, ctx): return Fitted()
"""
GOOD = FILE.format(name="loud", score="abs(clip.audio()).mean()")


def written(folder: Path, **texts: str) -> list[str]:
    """Files of these stems and texts, as `--detector` options."""
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    return [option for name in texts for option in ("--detector", str(folder / f"{name}.py"))]


def distributed(folder: Path, **texts: str) -> dict[str, str]:
    """Modules as an installed package's entry points; the environment that finds them."""
    written(folder, **texts)
    points = "".join(f"{name} = {name}\n" for name in texts)
    about = folder / "stranger-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[avdf_bench.detectors]\n{points}")
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


def test_scratch_files_are_measured_beside_registered_detectors_and_broken_ones_fail_alone(
    suite: Suite, tmp_path: Path
) -> None:
    broken = {"half": "import nonsense_that_is_not_there\n", "wrong": "def (\n", "ood_out": "import sys; sys.exit(2)\n"}
    options = written(tmp_path / "far", loud=GOOD, **broken)
    run = suite.run("-k", PAIR, *options, "--detector", "silence", "-n", "2")
    assert run.returncode == 1, run.stdout + run.stderr
    found = suite.records()
    assert {name.partition("-")[0]: record.status for name, record in found.items()} == {
        "loud": "ok", "silence": "ok", "half": "failed", "wrong": "failed", "oo_d_out": "failed",
    }  # fmt: skip
    reasons = {record.cell.detector: record.reason for record in found.values()}
    assert reasons["half"] == "ModuleNotFoundError: No module named 'nonsense_that_is_not_there'"
    assert str(reasons["wrong"]).startswith("SyntaxError: ") and reasons["oo_d_out"] == "SystemExit: 2"
    assert 'half.py", line 1, in <module>' in run.stdout and "2 of 5 cells measured" in run.stdout
    assert "importlib" not in run.stdout and "INTERNALERROR" not in run.stdout + run.stderr

    changed = GOOD.replace(".mean()", ".max()")
    again = suite.run("-k", PAIR, *written(tmp_path / "far", loud=changed))
    assert again.returncode == 0 and list(again.stdout.split()).count("loud") >= 1
    assert suite.records()["loud-sim_whole_to_sim_lip"].signature != found["loud-sim_whole_to_sim_lip"].signature


def test_entry_points_are_measured_and_never_replace_what_is_built_in(suite: Suite, tmp_path: Path) -> None:
    clash = FILE.format(name="silence", score="1")
    environment = distributed(tmp_path / "site", loud=GOOD, stolen=clash, lost="1 / 0\n")
    run = suite.run("-k", f"(loud or silence or stolen) and {PAIR}", **environment)
    assert run.returncode == 1, run.stdout + run.stderr
    found = {record.cell.detector: record for record in suite.records().values()}
    assert {name: record.status for name, record in found.items()} == {
        "loud": "ok",
        "silence": "ok",
        "stolen": "failed",
    }
    assert found["stolen"].reason is not None
    assert "'silence' is registered by detectors.silence and again by stolen" in found["stolen"].reason
    assert "not imported: lost: ZeroDivisionError: division by zero" in run.stdout
    plain = Suite(suite.cache, tmp_path / "plain" / "smoke-seed0")
    assert plain.run("-k", f"silence and {PAIR}").returncode == 0
    assert plain.records()["silence-sim_whole_to_sim_lip"].metrics == found["silence"].metrics


def test_a_module_dropped_in_that_does_not_import_has_a_failing_cell_for_every_pair_and_probe(tmp_path: Path) -> None:
    written(tmp_path, half="import nonsense_that_is_not_there\n")
    written(tmp_path, more=f"import detectors; detectors.__path__.append({str(tmp_path)!r})\n")
    command = [sys.executable, "-m", "pytest", "benchmark", "-k", "half and not contract", "-p", "more", "-q"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    more = ["-p", "no:cacheprovider", "--results", str(tmp_path / "results")]
    run = subprocess.run([*command, *more], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)
    assert run.returncode == 1 and "44 failed" in run.stdout, run.stdout + run.stderr
    assert "half-sim_wild_to_sim_wild-trimtest: does not import" in run.stdout


def test_the_contract_is_what_a_contributor_runs_first(suite: Suite, tmp_path: Path) -> None:
    cheat = FILE.format(name="cheat", score="clip.label")
    half = "import nonsense_that_is_not_there\n"
    run = suite.run("-k", "contract", *written(tmp_path / "far", loud=GOOD, cheat=cheat, half=half), "-v")
    assert run.returncode == 1 and "2 failed, 1 passed" in run.stdout, run.stdout + run.stderr
    assert "test_contract[loud] PASSED" in run.stdout
    assert "cheat: the contract is broken in 1 point(s)" in run.stdout and "score depends on clip.label" in run.stdout
    assert "half.py does not import: ModuleNotFoundError" in run.stdout
    assert "detectors/contract" not in run.stdout and not suite.results.exists()
