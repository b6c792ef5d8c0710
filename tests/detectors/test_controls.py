"""The controls against direct computation, and the sign that they learn."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from stub_clip import StubClip, mouths, noise

from clips import clip_of
from datasets.errors import ClipError
from detectors import energy, length, silence
from detectors.protocols import Context
from detectors.signed import fit_sign
from detectors.tracks import Scored

SILENCE, LENGTH, ENERGY = silence.Silence(silence.CARD), length.Length(length.CARD), energy.Energy(energy.CARD)


def labelled(frames: list[int], labels: list[int]) -> list[StubClip]:
    pairs = zip(frames, labels, strict=True)
    return [StubClip(noise(1.0, i), mouths(n), label, f"clip{i}") for i, (n, label) in enumerate(pairs)]


def test_silence_is_the_time_of_the_first_loud_sample() -> None:
    samples = noise(1.0)
    samples[:1234] = 4e-4
    samples[1234] = -6e-4
    assert SILENCE.fit([], [], Context()).score(StubClip(samples)).score == pytest.approx(1234 / 16_000)


@pytest.mark.parametrize(("value", "seconds"), [(0.0, 0.5), (5e-4, 0.5), (5.1e-4, 0.0)])
def test_silence_of_a_constant_signal(value: float, seconds: float) -> None:
    clip = StubClip(np.full(8000, value, np.float32))
    assert SILENCE.fit([], [], Context()).score(clip).score == seconds


def test_length_counts_what_is_seen() -> None:
    assert length.measure(StubClip(None, mouths(37))).score == 37 / 25


@pytest.mark.parametrize(("labels", "sign"), [([0, 0, 1, 1], 1), ([1, 1, 0, 0], -1)])
def test_length_learns_which_way_it_points(labels: list[int], sign: int) -> None:
    fitted = LENGTH.fit(labelled([20, 30, 40, 50], labels), [], Context())
    assert fitted.score(StubClip(None, mouths(25))).score == sign * 1.0
    assert fitted.report == {"train_auc": 1.0, "clips": 4, "left_out": 0}


def test_energy_is_the_log_rms_of_each_frame() -> None:
    samples = noise(1.01)
    fitted = ENERGY.fit([StubClip(noise(1.0, 1, 0.1), label=0), StubClip(noise(1.0, 2, 0.01), label=1)], [], Context())
    scored = fitted.score(StubClip(samples, start=0.2))
    expected = [-0.5 * np.log(np.mean(samples[640 * t : 640 * (t + 1)].astype(float) ** 2)) for t in range(25)]
    assert scored.local is not None
    np.testing.assert_allclose(scored.local.values, expected, rtol=1e-5)
    np.testing.assert_allclose(scored.local.spans[[0, -1]], [[0.2, 0.24], [1.16, 1.2]])
    assert scored.score == pytest.approx(np.mean(expected))


def test_energy_of_digital_silence_is_finite() -> None:
    scored = energy.measure(StubClip(np.zeros(16_000, np.float32)))
    assert scored.local is not None
    np.testing.assert_allclose(scored.local.values, np.log(1e-5), rtol=1e-6)


@pytest.mark.parametrize("module", [silence, energy])
def test_a_clip_without_sound_is_refused(module) -> None:
    with pytest.raises(ClipError, match="no audio track"):
        module.measure(StubClip(None, mouths(25)))


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 1)), min_size=2, max_size=30))
@settings(max_examples=60, deadline=None)
def test_the_learned_sign_never_scores_below_chance_on_its_training_set(rows: list[tuple[int, int]]) -> None:
    labels = [label for _, label in rows]
    clips = [StubClip(label=label, id=str(number)) for number, label in rows]

    def measure(clip: StubClip) -> Scored:
        return Scored(float(clip.id))

    if len(set(labels)) < 2:
        with pytest.raises(ValueError, match="needs real and fake clips"):
            fit_sign(measure, clips, Context())
        return
    fitted = fit_sign(measure, clips, Context())
    auc = roc_auc_score(labels, [fitted.score(clip).score for clip in clips])
    assert auc >= 0.5
    assert fitted.report["train_auc"] == pytest.approx(auc)


def test_clips_that_cannot_be_measured_are_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    clips = labelled([20, 30, 40, 50], [0, 0, 1, 1])
    broken = replace(clips[0], pictures=None, id="broken")
    with caplog.at_level(logging.WARNING):
        fitted = LENGTH.fit([broken, *clips], [], Context())
    assert fitted.report == {"train_auc": 1.0, "clips": 4, "left_out": 1}
    assert "broken" in caplog.text


@pytest.mark.parametrize("detector", [SILENCE, LENGTH, ENERGY], ids=["silence", "length", "energy"])
def test_saved_and_loaded_scores_are_the_same(detector, tmp_path: Path) -> None:
    clips = [
        StubClip(noise(1.0, i, level), mouths(n), label)
        for i, (n, level, label) in enumerate([(50, 0.3, 0), (40, 0.2, 0), (30, 0.1, 1), (20, 0.05, 1)])
    ]
    fitted = detector.fit(clips, [], Context())
    fitted.save(tmp_path)
    loaded = detector.load(tmp_path, Context())
    assert [loaded.score(clip).score for clip in clips] == [fitted.score(clip).score for clip in clips]
    assert loaded.report == fitted.report


@pytest.mark.parametrize("text", ["", '{"sign": 0, "report": {}}', '{"report": {}}', "[]"])
def test_a_damaged_file_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "sign.json").write_text(text)
    with pytest.raises(ValueError, match=r"sign\.json is damaged"):
        LENGTH.load(tmp_path, Context())


def test_a_measure_that_is_no_number_is_left_out_of_training_and_counted() -> None:
    values = {"a": 1.0, "b": 2.0, "c": float("nan"), "d": float("inf")}
    clips = [clip_of(Path(f"{name}.mp4"), label=int(name in "bd")) for name in values]
    fitted = fit_sign(lambda clip: Scored(values[clip.id]), clips, Context())
    assert fitted.sign == 1 and fitted.report["left_out"] == 2 and fitted.report["clips"] == 2
