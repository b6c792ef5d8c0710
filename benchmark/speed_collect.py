"""How long collecting 5,000 cells takes: `python -m benchmark.speed_collect`.

Registers as many empty detectors as it takes, and times `pytest benchmark --collect-only` against the plain suite.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .cells import PAIRS, PROBES, cells

_PLUGIN = """
from detectors.cards import DetectorCard
from detectors.registry import register

class Empty:
    def __init__(self, card): ...
    def fit(self, train, val, ctx): ...
    def load(self, folder, ctx): ...


for number in range({count}):
    card = DetectorCard(f"empty_{{number}}", "audio", frozenset(), "nothing", "none", "none")
    register(card)(type(f"Empty{{number}}", (Empty,), {{}}))
"""


def collect(folder: Path, count: int) -> tuple[float, int]:
    """Seconds that a collection takes with `count` more detectors, and the cells that it found."""
    (folder / "more_cells.py").write_text(_PLUGIN.format(count=count))
    command = [sys.executable, "-m", "pytest", "benchmark", "--collect-only", "-q", "-p", "more_cells"]
    paths = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    start = time.perf_counter()
    run = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": paths}, timeout=120
    )
    return time.perf_counter() - start, run.stdout.count("::test_detection[")


def main() -> None:
    """Print seconds for each round, and their medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=5000, help="at least so many cells (default: 5000)")
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds (default: 5)")
    options = parser.parse_args()
    missing = math.ceil((options.cells - sum(1 for _ in cells())) / (len(PAIRS) * len(PROBES)))
    times: dict[int, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for count in (0, max(0, missing)):
                seconds, found = collect(Path(folder), count)
                times.setdefault(found, []).append(seconds)
    for found, seconds_each in times.items():
        ordered = sorted(seconds_each)
        print(f"{found:6d} cells: median {ordered[len(ordered) // 2]:.2f} s  ({ordered[0]:.2f}-{ordered[-1]:.2f})")


if __name__ == "__main__":
    main()
