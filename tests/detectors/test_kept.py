"""What is computed once is kept, and mended when it is damaged."""

import logging
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from clips import clip_of
from datasets.clip import Clip
from detectors.cards import DetectorCard
from detectors.compose import Features
from detectors.fitted import fit_or_load
from detectors.protocols import Context
from detectors.signature import digest, parts_of
from detectors.store import FeatureStore
from detectors.tracks import Scored, Track, frame_spans


class Counting:
    """An encoder whose features are the clip's skip, and that counts its calls."""

    card = type("Card", (), {"taps": ("last",)})

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.loads = 0

    def load(self, ctx: Context) -> None:
        self.loads += 1

    def encode(self, clip: Clip, taps: Any = ("last",)) -> dict[str, Track]:
        self.calls.append(clip.key)
        if clip.method == "broken":
            raise clip.error("cannot be encoded")
        return {"last": Track(np.full((5, 3), clip.skip, np.float32), frame_spans(5, 25))}


@pytest.fixture
def clip() -> Clip:
    return clip_of(Path("a.mp4"), sha256="a" * 64)


def features(folder: Path, encoder: Counting) -> Features:
    return Features("some", lambda: encoder, "signature", FeatureStore(folder), Context())


def test_a_clip_is_encoded_once_and_the_encoder_loaded_only_when_needed(tmp_path: Path, clip: Clip) -> None:
    encoder = Counting()
    clips = [clip, clip.skipping(2), clip_of(Path("b.mp4"), sha256="b" * 64, method="broken")]
    first = features(tmp_path, encoder)
    assert first.ensure(clips) == {"b": "cannot be encoded"}
    assert first.get(clips[1]).values[0, 0] == 2 and len(encoder.calls) == 3 and encoder.loads == 1
    later = Counting()
    assert features(tmp_path, later).ensure(clips[:2]) == {} and later.loads == 0


def test_clips_of_the_same_broken_content_all_fail(tmp_path: Path) -> None:
    same = [clip_of(Path(f"{name}.mp4"), sha256="c" * 64, method="broken") for name in "ab"]
    assert set(features(tmp_path, Counting()).ensure(same)) == {"a", "b"}


def test_a_signature_sees_the_module_and_what_decides_on_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = DetectorCard("some", "audio", frozenset({"real"}), "words", "", "")
    found = []
    for number, text in enumerate(("x = 1", "x = 2", "x = 2")):
        (tmp_path / f"m{number}.py").write_text(text)
        monkeypatch.setitem(sys.modules, f"m{number}", SimpleNamespace(__file__=str(tmp_path / f"m{number}.py")))
        found.append(digest(parts_of(card, f"m{number}")))
    assert found[0] != found[1] == found[2]
    assert digest(parts_of(replace(card, summary="other words"), "m2")) == found[2]
    for change in ({"needs": frozenset()}, {"logit": False}, {"version": 2}):
        assert digest(parts_of(replace(card, **change), "m2")) != found[2]


def test_damaged_features_are_named_and_rebuilt_for_all_later_runs(
    tmp_path: Path, clip: Clip, caplog: pytest.LogCaptureFixture
) -> None:
    features(tmp_path, Counting()).ensure([clip])
    data = max(tmp_path.rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    content = bytearray(data.read_bytes())
    content[4] ^= 1
    data.write_bytes(content)
    encoder = Counting()
    with caplog.at_level(logging.WARNING, "avdf"):
        features(tmp_path, encoder).ensure([clip])
    assert len(encoder.calls) == 1 and data.name in caplog.text
    third = Counting()
    assert features(tmp_path, third).ensure([clip]) == {} and third.calls == []


class Kept:
    """A detector that keeps one number in a file."""

    def __init__(self, number: float) -> None:
        self.number = number
        self.report: dict[str, Any] = {}

    def score(self, clip: Clip) -> Scored:
        return Scored(self.number)

    def save(self, folder: Path) -> None:
        (folder / "number").write_text(str(self.number))

    def load(self, folder: Path, ctx: Context) -> "Kept":
        return Kept(float((folder / "number").read_text()))


def test_a_detector_is_fitted_once_and_again_when_damaged_or_asked(cache: Path) -> None:
    fits: list[float] = []

    def fit() -> Kept:
        fits.append(len(fits) + 1.0)
        return Kept(fits[-1])

    def number(**known: bool) -> float:
        return fit_or_load(Kept(0), "f" * 64, fit, Context(), **known).number  # type: ignore[arg-type,attr-defined]

    assert [number(), number(), number(refit=True), number()] == [1.0, 1.0, 2.0, 2.0]
    next(cache.rglob("number")).write_text("torn")
    assert [number(), number()] == [3.0, 3.0]


def test_a_training_that_fails_leaves_nothing_behind(cache: Path) -> None:
    def fit() -> Kept:
        raise RuntimeError("diverged")

    with pytest.raises(RuntimeError, match="diverged"):
        fit_or_load(Kept(0), "f" * 64, fit, Context())  # type: ignore[arg-type]
    assert [path.suffix for path in cache.rglob("*") if path.is_file()] == [".lock"]
