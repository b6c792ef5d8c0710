"""What every registered encoder and detector keeps to, whatever it is; a new module is tested without a line here."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clips import RATE, clip_of, write_landmarks, write_mp4
from datasets.clip import Clip
from datasets.errors import ClipError
from detectors.compose import build
from detectors.protocols import Context, Encoder
from detectors.registry import registry, rows
from detectors.store import FeatureStore

ENCODERS = [
    (name, seed) for name, e in registry().encoders.items() for seed in ((None, 0) if e.card.randomisable else (None,))
]
pytestmark = pytest.mark.usefixtures("cache")


def face(count: int) -> np.ndarray:
    """Landmarks `(count, 68, 2)` of a face in the middle of a 96x64 picture."""
    points = np.full((count, 68, 2), [48.0, 20.0])
    points[:, 36:42, 0], points[:, 42:48, 0] = 40, 56
    points[:, 48:68] = [48, 44]
    return points


def make(path: Path, count: int = 30, *, audio: np.ndarray | None = None, **known: Any) -> Clip:
    """A clip with landmarks."""
    clip = clip_of(write_mp4(path, count=count, audio=audio), **known)
    write_landmarks(clip, face(count))
    return clip


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).normal(size=int(seconds * RATE))).astype(np.float32)


@pytest.fixture(params=ENCODERS, ids=[f"{name}{'' if seed is None else '.random'}" for name, seed in ENCODERS])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    name, seed = request.param
    entry = registry().encoders[name]
    built = entry.cls(entry.card, seed)
    built.load(Context())
    return built


def test_features_have_the_shape_of_the_card_and_repeat(encoder: Encoder, tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mp4", audio=noise(1.2))
    for seen in (clip, clip.skipping(4)):
        track, again = (encoder.encode(seen)["last"] for _ in range(2))
        assert track.values.dtype == np.float32 and track.values.shape[1:] == (encoder.card.dim,)
        assert np.isfinite(track.values).all() and np.array_equal(track.values, again.values)
        assert abs(len(track) - (30 - seen.skip)) <= 2 * 25 / encoder.card.fps + 1
        assert track.spans[0, 0] == pytest.approx(seen.start) and (np.diff(track.spans[:, 0]) > 0).all()


def test_a_clip_of_one_frame_and_digital_silence_are_encoded_or_refused(encoder: Encoder, tmp_path: Path) -> None:
    for name, count, audio in (("one", 1, noise(0.04)), ("silent", 10, np.zeros(int(0.4 * RATE), np.float32))):
        try:
            track = encoder.encode(make(tmp_path / f"{name}.mp4", count, audio=audio))["last"]
        except ClipError:
            continue
        assert track.values.shape[1] == encoder.card.dim and len(track) >= 1


def test_a_missing_stream_is_a_clip_error_or_finite_features(encoder: Encoder, tmp_path: Path) -> None:
    mute = make(tmp_path / "mute.mp4")
    if encoder.card.modality == "audio":
        with pytest.raises(ClipError, match="no audio track"):
            encoder.encode(mute)
    else:
        assert np.isfinite(encoder.encode(mute)["last"].values).all()
    blind = clip_of(write_mp4(tmp_path / "blind.mp4", video=False, audio=noise(1.0)))
    if encoder.card.modality == "visual":
        with pytest.raises(ClipError, match="no video track"):
            encoder.encode(blind)


def test_cards_are_complete() -> None:
    known = registry()
    for entry in [*known.encoders.values(), *known.heads.values(), *known.detectors.values()]:
        for field in fields(entry.card):
            if field.name in ("name", "summary", "licence", "citation"):
                assert getattr(entry.card, field.name), f"{entry.card.name}: its card has no {field.name}"
        weights = getattr(entry.card, "weights", None)
        assert weights is None or len(weights.sha256) == 64


@pytest.fixture(scope="module")
def train_clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    """Six clips of both classes, whose fakes are longer and louder."""
    folder = tmp_path_factory.mktemp("train")
    return [
        make(folder / f"{i}.mp4", 20 + 2 * (i % 2) + i, audio=(1 + i % 2) * noise(1.0, i), label=i % 2, identity=str(i))
        for i in range(6)
    ]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_a_detector_scores_one_clip_at_a_time_and_survives_saving(
    row: Any, train_clips: list[Clip], tmp_path: Path
) -> None:
    ctx, store = Context(), FeatureStore(tmp_path / "features")
    detector, signature = build(row.name, row.seeds[0], store, ctx)
    allowed = [clip for clip in train_clips if ("fake" if clip.label else "real") in row.needs]
    fitted = detector.fit(allowed, allowed, ctx)
    scores = [fitted.score(clip).score for clip in train_clips]
    assert np.isfinite(scores).all()
    assert scores[::-1] == [fitted.score(clip).score for clip in reversed(train_clips)]
    if row.logit is False or row.needs:
        assert detector.fit(allowed, allowed, ctx).score(train_clips[0]).score == scores[0]

    folder = tmp_path / "fitted"
    folder.mkdir()
    fitted.save(folder)
    loaded = detector.load(folder, ctx)
    assert [loaded.score(clip).score for clip in train_clips] == scores and loaded.report == fitted.report

    local = fitted.score(train_clips[0]).local
    assert local is None or (local.values.ndim == 1 and len(local) == len(local.spans))
    assert len(signature) == 64


def test_signatures_tell_detectors_weights_and_seeds_apart(tmp_path: Path) -> None:
    store, ctx = FeatureStore(tmp_path), Context()
    found = [build(row.name, seed, store, ctx)[1] for row in rows() for seed in row.seeds]
    assert len(set(found)) == len(found)
    assert build("tiny_v-linear", 1, store, ctx)[1] == build("tiny_v-linear", 2, store, ctx)[1]
