"""The leading-silence rule, against vectors of the original code and on files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from clips import clip_of, tone, write_mp4
from datasets.errors import ClipError
from datasets.trim import drop, frames_to_cut, leading_silence, trim


def test_the_rule_equals_the_original_code(golden: Callable[[str], Path]) -> None:
    folder = golden("avh_preprocess/trim_rule")
    given, expected = load_file(folder / "inputs.safetensors"), load_file(folder / "outputs.safetensors")
    silence = given["table/first_loud_index"] / 16_000
    np.testing.assert_array_equal(silence, expected["table/silence_seconds"])
    cut = [frames_to_cut(float(s)) for s in silence]
    np.testing.assert_array_equal(cut, expected["table/skip_frames"])
    np.testing.assert_array_equal(640 * np.array(cut), expected["table/skip_samples"])


def test_silence_of_samples_equals_the_original_code(golden: Callable[[str], Path]) -> None:
    folder = golden("avh_preprocess/trim_rule")
    given, expected = load_file(folder / "inputs.safetensors"), load_file(folder / "outputs.safetensors")
    files = [name.split("/")[1] for name in given if name.startswith("file/")]
    assert len(files) == 8
    for name in files:
        samples = given[f"file/{name}"].astype(np.float32) / 32768
        assert leading_silence(samples) == expected[f"file/{name}/silence_seconds"][0], name


def test_float_rounding_is_kept() -> None:
    short = [k for k in range(1, 260) if frames_to_cut(k * 640 / 16_000) != k + 1]
    assert short[:7] == [29, 57, 58, 113, 114, 115, 116]
    assert all(frames_to_cut(k * 640 / 16_000) == k for k in short)


@pytest.mark.usefixtures("cache")
def test_a_clip_is_trimmed_in_both_streams(tmp_path: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4", audio=tone(2.0, silence=0.2)))
    cut = trim(clip)
    assert 3 <= cut.skip <= 6  # the codec lets the tone begin up to a block early
    assert len(cut.frames()) == 50 - cut.skip
    assert leading_silence(cut.audio()) < 0.04
    assert drop(clip).skip == 4 and drop(cut).skip == cut.skip + 4


@pytest.mark.usefixtures("cache")
def test_loud_missing_and_silent_tracks(tmp_path: Path) -> None:
    loud = clip_of(write_mp4(tmp_path / "loud.mp4", audio=np.tile(np.float32([0.5, -0.5]), RATE := 16_000)))
    assert trim(loud).skip == frames_to_cut(leading_silence(loud.audio())) <= 1
    mute = clip_of(write_mp4(tmp_path / "mute.mp4"))
    assert trim(mute) == mute
    silent = clip_of(write_mp4(tmp_path / "silent.mp4", audio=np.zeros(RATE, np.float32)))
    with pytest.raises(ClipError, match="silent from start to end"):
        trim(silent)
