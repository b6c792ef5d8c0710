"""Where the checkout is, and where reference vectors are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def golden_root() -> Path:
    """The folder of reference vectors: `AVDF_GOLDEN`, or `shared/golden` beside the checkout."""
    return Path(os.environ.get("AVDF_GOLDEN", ROOT.parent / "shared" / "golden"))
