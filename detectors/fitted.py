"""Fitted detectors, kept by signature, so that every test set and probe uses the same one."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from datasets.files import cache_root, disk_errors, locked, write_atomic

from .protocols import Context, Detector, Fitted

_DONE = "done"


def fit_or_load(
    detector: Detector, signature: str, fit: Callable[[], Fitted], ctx: Context, *, refit: bool = False
) -> Fitted:
    """The fitted detector of this signature from the store, or a new one, which is stored.

    Args:
        signature: of everything that the training depends on: detector, training and validation data, seed.
        fit: trains; called at most once, under a lock, so that two runs do not train the same thing twice.
        refit: train in any case.
    """
    folder = cache_root() / "fitted" / signature[:2] / signature
    with locked(folder):
        if (folder / _DONE).exists() and not refit:
            try:
                return detector.load(folder, ctx)
            except Exception as error:  # whatever a detector makes of a damaged file, it can be made again
                ctx.log.warning("a fitted detector is damaged and trained again: %s", error)
        fitted = fit()
        _save(fitted, folder)
        return fitted


def _save(fitted: Fitted, folder: Path) -> None:
    """Write to a folder beside, then rename: a folder with this mark is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with disk_errors(folder):
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name[:8]}-"))
        try:
            fitted.save(temporary)
            write_atomic(temporary / _DONE, "")
            shutil.rmtree(folder, ignore_errors=True)
            temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
