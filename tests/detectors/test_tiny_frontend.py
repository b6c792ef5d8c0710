"""The log-mel front end against SciPy's transform and torchaudio's filters, and its promises about rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.encoders.frontend import BANDS, DIM, log_mel


def speech_like(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(count) / 16_000
    voice = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 30))
    return (0.1 * voice * np.sin(2 * np.pi * 3 * time) + 0.002 * rng.standard_normal(count)).astype(np.float32)


def reference(samples: np.ndarray) -> np.ndarray:
    """The same spectrogram in float64 from SciPy's short-time transform and torchaudio's filter bank."""
    import torchaudio
    from scipy.signal import ShortTimeFFT, get_window

    rows = len(samples) // 640
    padded = np.concatenate([samples, np.zeros(1000)])[: rows * 640 + 400].astype(np.float64)
    transform = ShortTimeFFT(get_window("hann", 400), hop=160, fs=16_000, mfft=512, phase_shift=None)
    first = transform.m_num_mid  # SciPy centres its windows; ours start where they are said to
    shifted = np.concatenate([np.zeros(160 * 2 - first), padded])
    power = np.abs(transform.stft(shifted)) ** 2
    columns = power[:, 2 - transform.p_min :][:, : 4 * rows]
    filters = torchaudio.functional.melscale_fbanks(257, 60.0, 7600.0, BANDS, 16_000, mel_scale="htk").numpy()
    return np.log(np.maximum(columns.T @ filters, 1e-8)).reshape(rows, DIM)


@pytest.mark.parametrize("count", [640, 1279, 16_000, 47_999])
def test_matches_an_independent_spectrogram(count: int) -> None:
    samples = speech_like(count)
    np.testing.assert_allclose(log_mel(samples), reference(samples), atol=2e-3)


@given(count=st.integers(0, 5000))
@settings(max_examples=40, deadline=None)
def test_a_row_for_each_whole_40_ms(count: int) -> None:
    values = log_mel(speech_like(count))
    assert values.shape == (count // 640, 160) and values.dtype == np.float32


def test_a_click_shows_in_its_own_row_and_column() -> None:
    samples = np.zeros(640 * 10, np.float32)
    samples[640 * 4 + 330] = 1.0  # 20 to 30 ms into row 4: windows of its columns 0 (0-25 ms), 1 and 2 hold it
    loud = np.flatnonzero(log_mel(samples).reshape(-1, BANDS).max(axis=1) > -10)
    assert loud.tolist() == [16, 17, 18]


@pytest.mark.parametrize(("first", "last"), [(0, 20), (1000, 1040)])
def test_rows_depend_only_on_their_own_windows(first: int, last: int) -> None:
    samples = speech_like(16_000 * 60)
    part = samples[640 * first : 640 * last + 240]
    np.testing.assert_allclose(log_mel(samples)[first:last], log_mel(part), atol=1e-5)


def test_digital_silence_is_finite_and_below_all_noise() -> None:
    silence = log_mel(np.zeros(3200, np.float32))
    assert np.isfinite(silence).all()
    quiet = log_mel((1e-3 * np.random.default_rng(0).standard_normal(3200)).astype(np.float32))
    assert silence.max() < quiet.min()


def test_louder_sound_raises_every_value_alike() -> None:
    samples = speech_like(6400)
    np.testing.assert_allclose(log_mel(2 * samples), log_mel(samples) + np.log(4), atol=1e-3)
