"""Runs the suite as a user does, in a process of its own, on a small embedded corpus."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from leaderboard import records
from paths import ROOT


@dataclass(frozen=True)
class Suite:
    """A cache folder with a small corpus in it, and a folder where the results of that corpus end up."""

    cache: Path
    results: Path

    def command(self, *arguments: str) -> list[str]:
        """`pytest benchmark` on the smallest corpus with these arguments."""
        fixed = ["--size", "smoke", "--results", str(self.results.parent), "-p", "no:cacheprovider"]
        return [sys.executable, "-m", "pytest", "benchmark", *fixed, *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        """Where the run finds its cache, and in it the manifests of real data sets, unless `more` names AVDF_DATA."""
        rest = {name: value for name, value in os.environ.items() if name != "AVDF_DATA"}
        return rest | {"AVDF_CACHE": str(self.cache)} | more

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run to the end."""
        return subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=300,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start in a process group of its own, which can be killed whole."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def record(self, cell: str) -> records.Record:
        """One cell's record; damage is an error."""
        return records.read(records.path_for(self.results, cell))

    def records(self) -> dict[str, records.Record]:
        """All records by cell; damage is an error."""
        found = [records.read(path) for path in sorted(self.results.glob("[!.]*.json"))]
        return {record.cell.id: record for record in found}
