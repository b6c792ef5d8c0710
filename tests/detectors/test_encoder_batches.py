"""Clips together and in parts: a batch gives what each clip gives alone, and a long clip what it gives as a whole."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from given import GivenClip, given, made, pictures

from datasets.errors import ClipError
from detectors.encoders import avhubert, braven, clip, fsfm
from detectors.encoders.frozen import Frozen
from detectors.nets import huggingface, relative, sound, visual
from detectors.tracks import Track

MOUTHS = ["avhubert_v", "avhubert_av", "braven_v", "autoavsr_v", "autoavsr_av"]
SOUND = ["avhubert_a", "braven_a", "autoavsr_a", "wav2vec2_xlsr_2b"]
WHOLE = ["clip_l14", "videomae_l", "fsfm"]
TOGETHER = {"avhubert_a", "avhubert_v", "avhubert_av", "braven_v", "wav2vec2_xlsr_2b"}


def same(found: Track | ClipError, expected: Track, atol: float) -> None:
    assert isinstance(found, Track)
    assert found.values.dtype == np.float32 and np.ptp(found.values) > 0
    np.testing.assert_allclose(found.values, expected.values, rtol=0, atol=atol)
    np.testing.assert_array_equal(found.spans, expected.spans)


def tiny(name: str) -> Frozen:
    return made(f"{name}.tiny.random")


@pytest.mark.parametrize("name", MOUTHS + SOUND + WHOLE)
def test_a_batch_gives_what_each_clip_gives_alone_and_errors_in_their_place(name: str) -> None:
    encoder = tiny(name)
    clips = [given(0.8, 0), GivenClip(id="nothing"), given(1.32, 1).skipping(3), GivenClip(id="bare"), given(0.68, 2)]
    taps = encoder.card.taps
    found = encoder.encode_many(clips, taps)
    assert len(found) == len(clips) and encoder.together == (name in TOGETHER)
    for one, each in zip(clips, found, strict=True):
        if one.samples is None:
            assert isinstance(each, ClipError) and each.clip == one.id
            assert each.reason == ("no audio track" if name in SOUND else "no video track")
            continue
        assert not isinstance(each, ClipError)
        alone = encoder.encode(one, taps)
        for tap in taps:
            same(each[tap], alone[tap], atol=1e-5 if name in TOGETHER else 0)


@pytest.mark.parametrize("name", ["avhubert_a", "avhubert_v", "braven_v", "autoavsr_a", "clip_l14"])
def test_a_batch_of_failing_clips_and_an_empty_one(name: str) -> None:
    encoder = tiny(name)
    assert encoder.encode_many([]) == []
    found = encoder.encode_many([GivenClip(id="x"), GivenClip(id="y")])
    assert [isinstance(error, ClipError) and error.clip for error in found] == ["x", "y"]


def test_av_hubert_takes_clips_with_and_without_sound_together() -> None:
    encoder = tiny("avhubert_av")
    clips = [given(0.8, 0), replace(given(1.2, 1), samples=None), given(0.6, 2), replace(given(0.4, 3), samples=None)]
    for one, found in zip(clips, encoder.encode_many(clips), strict=True):
        assert not isinstance(found, ClipError)
        same(found["last"], encoder.encode(one)["last"], atol=1e-5)


@pytest.mark.parametrize("name", MOUTHS + SOUND + WHOLE)
def test_a_long_clip_in_blocks_gives_what_it_gives_as_a_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, long = tiny(name), given(2.28 if name in SOUND else 1.48)
    whole = encoder.encode(long, encoder.card.taps)
    for module, block in ((visual, 7), (sound, 6), (relative, 5)):
        monkeypatch.setattr(module, "BLOCK", block)
    monkeypatch.setattr(huggingface, "_SECONDS_AT_ONCE", 1)
    for module in (clip, fsfm):
        monkeypatch.setattr(module, "_FRAMES", 10)
    for module in (avhubert, braven):
        monkeypatch.setattr(module, "mouth_blocks", partial(module.mouth_blocks, block=4))
    parts = encoder.encode(long, encoder.card.taps)
    for tap, track in whole.items():
        assert len(track) > 10
        same(parts[tap], track, atol=1e-5)


@pytest.mark.parametrize("name", ["clip_l14", "fsfm"])
def test_pictures_do_not_see_each_other(name: str) -> None:
    encoder, shown = tiny(name), pictures(20)
    found = encoder.encode(GivenClip(pictures=shown))["last"].values
    alone = [encoder.encode(GivenClip(pictures=shown[at : at + 1]))["last"].values[0] for at in (0, 15, 16, 19)]
    np.testing.assert_allclose(found[[0, 15, 16, 19]], alone, rtol=0, atol=1e-5)
