"""AV-HuBERT's inputs against reference vectors, and against the same formulas written with loops."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file
from scipy.signal import lfilter

from datasets.trim import frames_to_cut, leading_silence
from detectors.nets.avhubert_input import (
    audio_rows,
    gray,
    log_mel,
    mel_filters,
    mouth_pictures,
    normal_rows,
    row_count,
    stacked_log_mel,
)

Golden = Callable[[str], Path]
Arrays = dict[str, np.ndarray]


def read(folder: Path) -> tuple[Arrays, Arrays]:
    return load_file(folder / "inputs.safetensors"), load_file(folder / "outputs.safetensors")


def as_floats(samples: np.ndarray) -> np.ndarray:
    return samples.astype(np.float32) / 32768


def test_reference_rows_in_both_scalings(golden: Golden) -> None:
    inputs, outputs = read(golden("avhubert/audio_frontend"))
    assert len(inputs) == 4
    for name, wav in inputs.items():
        np.testing.assert_allclose(stacked_log_mel(wav), outputs[f"{name}/stacked_int16"], rtol=0, atol=1e-5)
        for scaling, samples in (("int16", wav), ("float", as_floats(wav))):
            for values, kind in ((log_mel(samples), "logfbank"), (audio_rows(samples).numpy(), "normalised")):
                np.testing.assert_allclose(values, outputs[f"{name}/{kind}_{scaling}"], rtol=0, atol=1e-5)


def test_reference_rows_after_the_cut_of_the_silence(golden: Golden) -> None:
    inputs, outputs = read(golden("avh_preprocess/trim_rule"))
    names = [name.removesuffix("/audio_feats") for name in outputs if name.endswith("/audio_feats")]
    assert len(names) == 6
    for name in names:
        samples = as_floats(inputs[name])
        left = samples[640 * frames_to_cut(leading_silence(samples)) :]
        np.testing.assert_allclose(audio_rows(left).numpy(), outputs[f"{name}/audio_feats"], rtol=0, atol=1e-5)


def test_reference_items_of_the_training_set(golden: Golden) -> None:
    """There the sound is cut to the pictures, or rows of zeros are added, before it is normalised."""
    inputs, outputs = read(golden("avhubert/dataset_collate"))
    for index, clip in enumerate(("clip0", "clip1", "clip2")):
        pictures = mouth_pictures(inputs[f"{clip}/gray"]).numpy()
        rows = stacked_log_mel(inputs[f"{clip}/wav"])[: len(pictures)]
        padded = np.pad(rows, ((0, len(pictures) - len(rows)), (0, 0)))
        np.testing.assert_allclose(normal_rows(padded).numpy(), outputs[f"{clip}/audio_source"], rtol=0, atol=1e-5)
        means = outputs["pad/video_row_means"][index, : len(pictures)]
        np.testing.assert_allclose(pictures.mean((1, 2)), means, rtol=0, atol=1e-5)


def test_reference_pictures(golden: Golden) -> None:
    inputs, outputs = read(golden("avhubert/video_transform"))
    assert len(inputs) == 4
    for name in (key.removesuffix("/bgr") for key in inputs):
        shades = gray(inputs[f"{name}/bgr"][..., ::-1])
        np.testing.assert_array_equal(shades, outputs[f"{name}/gray"])
        np.testing.assert_allclose(mouth_pictures(shades), outputs[f"{name}/model_input"][0, 0], rtol=0, atol=1e-6)


def looped_log_mel(samples: np.ndarray) -> np.ndarray:
    """Window by window and band by band, pre-emphasis by SciPy's recursive filter."""
    emphasised = lfilter([1, -0.97], [1], samples.astype(np.float64))
    mels = np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 28)
    corners = [int(513 * 700 * (10 ** (mel / 2595) - 1) / 16_000) for mel in mels]
    columns, start = [], 0
    while not columns or start + 240 < len(samples):
        window = np.zeros(512)
        piece = emphasised[start : start + 400]
        window[: len(piece)] = piece
        power = np.abs(np.fft.fft(window)) ** 2 / 512
        column = []
        for left, centre, right in zip(corners, corners[1:], corners[2:], strict=False):
            energy = sum((k - left) / (centre - left) * power[k] for k in range(left, centre))
            energy += sum((right - k) / (right - centre) * power[k] for k in range(centre, right))
            column.append(np.log(energy or 2.220446049250313e-16))
        columns.append(column)
        start += 160
    return np.array(columns)


@given(st.integers(1, 3000), st.sampled_from([1e-6, 0.1, 3000.0]), st.integers(0, 2**32 - 1))
def test_log_mel_equals_loops(length: int, level: float, seed: int) -> None:
    samples = np.random.default_rng(seed).normal(0, level, length)
    expected = looped_log_mel(samples)
    np.testing.assert_allclose(log_mel(samples), expected, rtol=1e-5, atol=1e-5)
    rows = stacked_log_mel(samples)
    assert rows.shape == (-(-len(expected) // 4), 104)
    np.testing.assert_allclose(rows.reshape(-1, 26)[: len(expected)], expected, rtol=1e-5, atol=1e-5)
    assert not rows.reshape(-1, 26)[len(expected) :].any()


def test_filters_peak_at_one_and_none_is_empty() -> None:
    filters = mel_filters()
    assert filters.shape == (26, 257)
    np.testing.assert_array_equal(filters.max(axis=1), 1)
    assert filters.min() == 0


def test_digital_silence_gives_finite_rows_near_zero() -> None:
    rows = audio_rows(np.zeros(16_000, np.float32)).numpy()
    assert rows.shape == (25, 104)
    assert np.abs(rows[:-1]).max() < 0.01


@pytest.mark.parametrize("shape", [(0,), (2, 400)])
def test_samples_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected \(L,\)"):
        audio_rows(np.zeros(shape, np.float32))


def test_gray_is_the_luma_of_itu_601() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 50, 50, 3)).astype(np.uint8)
    exact = pictures @ np.array([0.299, 0.587, 0.114])
    assert np.abs(gray(pictures) - exact).max() < 0.51
    shades = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    np.testing.assert_array_equal(gray(shades), np.arange(256))


@pytest.mark.parametrize(("height", "width", "top", "left"), [(96, 96, 4, 4), (99, 120, 5, 16), (88, 88, 0, 0)])
def test_the_middle_is_cut_and_nothing_resized(height: int, width: int, top: int, left: int) -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (2, height, width)).astype(np.uint8)
    found = mouth_pictures(pictures).numpy()
    assert found.shape == (2, 88, 88) and found.dtype == np.float32
    shades = (found * 0.165 + 0.421) * 255
    np.testing.assert_allclose(shades, pictures[:, top : top + 88, left : left + 88], atol=1e-3)


def test_pictures_that_are_too_small_are_refused() -> None:
    with pytest.raises(ValueError, match="80 x 96 pixels: at least 88 x 88"):
        mouth_pictures(np.zeros((1, 96, 80), np.uint8))


@pytest.mark.parametrize("samples", [1, 400, 401, 560, 639, 640, 880, 881, 1039, 1040, 1041, 16_000, 20_123])
def test_rows_are_counted_as_they_are_made(samples: int) -> None:
    assert row_count(samples) == len(audio_rows(np.ones(samples, np.float32)))
