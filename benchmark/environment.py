"""What a number was measured with, without host, user or path."""

import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("torch", "torchaudio", "transformers", "numpy", "scipy", "scikit-learn", "av")


@cache
def environment() -> dict[str, str | None]:
    """Python, the packages that decide a number, the system and the processor model."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found | {"system": f"{platform.system()} {platform.machine()}", "processor": _processor()}


def _processor() -> str | None:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or None


@cache
def code() -> dict[str, str | None]:
    """The version of avdf-bench and its commit, `+` added when the working copy has changes; None outside of git."""
    commit = _git("rev-parse", "--short=12", "HEAD")
    if commit and _git("status", "--porcelain", "--untracked-files=no"):
        commit += "+"
    return {"version": version("avdf-bench"), "commit": commit}


def _git(*arguments: str) -> str | None:
    root = Path(__file__).parent
    try:
        run = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return run.stdout.strip()
