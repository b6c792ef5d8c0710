"""A fit on re-timed pictures is another one than a fit on the same files as they are."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from clips import clip_of
from datasets.clip import Clip
from detectors.protocols import Context
from detectors.training import trained


@dataclass
class Counting:
    """A detector that remembers what it was fitted on, and is kept as an empty folder."""

    fits: list[bool] = field(default_factory=list)

    def fit(self, train: list[Clip], val: list[Clip], ctx: Context) -> "Counting":
        self.fits.append(train[0].retimed)
        return self

    def save(self, folder: Path) -> None:
        (folder / "kept").touch()

    def load(self, folder: Path, ctx: Context) -> "Counting":
        return self


def test_re_timed_clips_are_fitted_on_their_own(cache: Path, tmp_path: Path) -> None:
    plain = clip_of(tmp_path / "a.mp4", sha256="0" * 64)
    detector = Counting()
    for clip in (plain, replace(plain, retimed=True), plain, replace(plain, retimed=True)):
        trained(detector, "signature", frozenset({"real"}), [clip], [], Context(), protocol=1)
    assert detector.fits == [False, True]
