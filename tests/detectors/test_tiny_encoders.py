"""The small encoders: what a user of their features relies on."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stub_clip import StubClip, mouths, noise

from datasets.errors import ClipError
from detectors.encoders import logmel, tiny
from detectors.protocols import Context

CLASSES = {
    "logmel": (logmel.LogMel, logmel.CARD),
    "tiny_a": (tiny.TinyAudio, tiny.AUDIO),
    "tiny_v": (tiny.TinyVisual, tiny.VISUAL),
    "tiny_av": (tiny.TinyAudioVisual, tiny.AUDIO_VISUAL),
}
CLIP = StubClip(noise(2.0), mouths(50), start=0.08)


def encoder(name: str, seed: int | None = 0):
    cls, card = CLASSES[name]
    built = cls(card, seed)
    built.load(Context())
    return built


def values(name: str, clip: StubClip, seed: int | None = 0) -> np.ndarray:
    return encoder(name, seed).encode(clip)["last"].values


@pytest.mark.parametrize("name", CLASSES)
def test_rows_and_their_times(name: str) -> None:
    track = encoder(name).encode(CLIP)["last"]
    assert track.values.shape == (50, CLASSES[name][1].dim) and track.values.dtype == np.float32
    assert np.isfinite(track.values).all()
    np.testing.assert_allclose(track.spans[[0, -1]], [[0.08, 0.12], [2.04, 2.08]])


@pytest.mark.parametrize("seed", [0, None], ids=["random", "trained"])
@pytest.mark.parametrize("name", CLASSES)
def test_a_clip_has_the_same_features_whatever_was_encoded_before(name: str, seed: int | None) -> None:
    first = encoder(name, seed)
    alone = first.encode(CLIP)["last"].values
    first.encode(StubClip(noise(1.0, 5), mouths(25, 5)))
    np.testing.assert_array_equal(first.encode(CLIP)["last"].values, alone)
    np.testing.assert_array_equal(values(name, CLIP, seed), alone)


@pytest.mark.parametrize("name", CLASSES)
def test_one_frame(name: str) -> None:
    assert values(name, StubClip(noise(0.04), mouths(1))).shape == (1, CLASSES[name][1].dim)


@pytest.mark.parametrize("name", CLASSES)
def test_digital_silence_is_finite(name: str) -> None:
    assert np.isfinite(values(name, StubClip(np.zeros(16_000, np.float32), mouths(25)))).all()


@pytest.mark.parametrize("name", ["logmel", "tiny_a"])
def test_audio_encoders_refuse_a_clip_without_sound(name: str) -> None:
    with pytest.raises(ClipError, match="no audio track"):
        values(name, StubClip(None, mouths(25)))


@pytest.mark.parametrize("name", ["logmel", "tiny_a", "tiny_av"])
def test_less_than_a_row_of_sound_is_refused(name: str) -> None:
    with pytest.raises(ClipError, match="less than 40 ms"):
        values(name, StubClip(noise(0.0399), mouths(25)))


@pytest.mark.parametrize("name", ["tiny_v", "tiny_av"])
def test_visual_encoders_refuse_a_clip_without_pictures(name: str) -> None:
    with pytest.raises(ClipError, match="no video track"):
        values(name, StubClip(noise(1.0), None))


def test_both_streams_stand_side_by_side_at_unit_norm() -> None:
    both, visual, audio = (values(name, CLIP) for name in ("tiny_av", "tiny_v", "tiny_a"))
    for half, stream in ((both[:, :128], visual), (both[:, 128:], audio)):
        np.testing.assert_allclose(half, stream / np.sqrt((stream**2).sum(axis=1))[:, None], rtol=1e-5)


def test_a_missing_audio_track_is_zeros_and_leaves_the_visual_half_alone() -> None:
    heard, deaf = values("tiny_av", CLIP), values("tiny_av", replace(CLIP, samples=None))
    np.testing.assert_array_equal(deaf[:, :128], heard[:, :128])
    assert not deaf[:, 128:].any()


@pytest.mark.parametrize(("seconds", "frames"), [(1.99, 50), (2.0, 48)])
def test_both_streams_are_cut_to_the_shorter(seconds: float, frames: int) -> None:
    clip = StubClip(noise(seconds), mouths(frames))
    assert len(values("tiny_av", clip)) == min(int(seconds * 25), frames)


@pytest.mark.parametrize("name", ["tiny_a", "tiny_v", "tiny_av"])
def test_untrained_weights_repeat_with_their_seed_and_differ_between_seeds(name: str) -> None:
    import torch

    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first, again, other = values(name, CLIP, 3), values(name, CLIP, 3), values(name, CLIP, 4)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.1 * np.abs(first).mean()
    assert torch.equal(torch.random.get_rng_state(), before), "drawing weights must not disturb torch's own stream"


def test_size() -> None:
    from detectors.nets.tiny import build

    assert sum(weights.numel() for weights in build(0).parameters()) == pytest.approx(0.57e6, rel=0.01)


def test_a_changed_checkpoint_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray((tiny.FOLDER / tiny.WEIGHTS.file).read_bytes())
    data[-1] ^= 1
    (tmp_path / tiny.WEIGHTS.file).write_bytes(data)
    monkeypatch.setattr(tiny, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match=r"tiny\.safetensors has SHA-256 .* expected"):
        encoder("tiny_v", None)


def test_a_missing_checkpoint_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny, "FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"tiny\.safetensors"):
        encoder("tiny_a", None)


def test_features_before_loading_are_refused() -> None:
    with pytest.raises(RuntimeError, match="call load"):
        tiny.TinyVisual(tiny.VISUAL).encode(CLIP)


def test_importing_the_modules_loads_nothing_heavy() -> None:
    code = (
        "import sys, detectors.encoders.tiny, detectors.encoders.logmel, detectors.silence, detectors.length\n"
        "import detectors.energy, detectors.pretrain_tiny\n"
        "heavy = {'torch', 'sklearn', 'scipy', 'pandas', 'av', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    root = Path(tiny.__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
