"""What a user relies on in the published encoders: what they refuse, how long their tracks are, layers and times."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from given import GivenClip, given, in_files, made, noise, pictures, unloaded
from torch import Tensor, nn

from clips import clip_of, tone, write_landmarks, write_mp4
from datasets import roi
from datasets.clip import Clip
from datasets.errors import ClipError
from detectors.encoders.avhubert import Streams
from detectors.encoders.frozen import Frozen
from detectors.nets.avhubert_input import audio_rows

pytestmark = pytest.mark.usefixtures("cache")

MOUTHS = ["avhubert_v", "avhubert_av", "braven_v", "autoavsr_v", "autoavsr_av"]
SOUND = ["avhubert_a", "braven_a", "autoavsr_a", "wav2vec2_xlsr_2b"]
WHOLE = ["clip_l14", "videomae_l"]
FACES = ["fsfm"]
EVERY = MOUTHS + SOUND + WHOLE + FACES


def tiny(name: str, tags: str = "tiny") -> Frozen:
    return made(f"{name}.{tags}.random")


def last(name: str, clip: Any, tags: str = "tiny") -> np.ndarray:
    return tiny(name, tags).encode(clip)["last"].values


def refused(name: str, clip: Any, tags: str = "tiny") -> str:
    """Why the clip has no features."""
    with pytest.raises(ClipError) as caught:
        tiny(name, tags).encode(clip)
    assert caught.value.clip == clip.id
    return caught.value.reason


def face(count: int) -> np.ndarray:
    """Landmarks `(count, 68, 2)` of a still face in the middle of pictures of 160 x 128."""
    points = np.tile(roi.MEAN_FACE.mean(axis=0), (68, 1))
    points[list(roi.STABLE)] = roi.MEAN_FACE
    points[36:42], points[42:48] = roi.MEAN_FACE[1], roi.MEAN_FACE[4]
    points[48:68] = roi.MEAN_FACE[0] + [0, 30]
    return np.tile((points - roi.MEAN_FACE.mean(axis=0)) * 0.5 + [80, 64], (count, 1, 1))


def filmed(folder: Path, *, video: bool = True, audio: bool = True, landmarks: bool = True) -> Clip:
    """A file of 0.8 s that may lack something."""
    sound = tone(0.8) if audio else None
    clip = clip_of(write_mp4(folder / "filmed.mp4", count=20, size=(160, 128), audio=sound, video=video))
    if landmarks:
        write_landmarks(clip, face(20))
    return clip


@pytest.mark.parametrize("name", EVERY)
def test_a_clip_has_as_many_rows_as_it_has_time_and_what_is_missing_is_named(name: str, tmp_path: Path) -> None:
    encoder = tiny(name)
    rows = {"videomae_l": 8, "wav2vec2_xlsr_2b": 21}.get(name, 20)  # AAC fills its last block: 0.832 s of sound
    assert len(encoder.encode(filmed(tmp_path / "whole"))["last"]) == rows
    mute, blind = filmed(tmp_path / "mute", audio=False), filmed(tmp_path / "blind", video=False)
    plain = filmed(tmp_path / "plain", landmarks=False)
    if name in SOUND or name == "autoavsr_av":
        assert "no audio track" in refused(name, mute)
    else:
        assert len(encoder.encode(mute)["last"]) == rows
    if name in SOUND:
        assert len(encoder.encode(blind)["last"]) == (21 if name in ("avhubert_a", "wav2vec2_xlsr_2b") else 20)
    else:
        assert "no video track" in refused(name, blind)
    if name in MOUTHS + FACES:
        crop = "face crop (filmed_face.mp4)" if name in FACES else "mouth crop (filmed_roi.mp4)"
        assert f"no landmarks beside it (filmed.landmarks.npy) and no precomputed {crop}" in refused(name, plain)
    else:
        assert len(encoder.encode(plain)["last"]) == rows


@pytest.mark.parametrize("name", MOUTHS)
def test_nocrop_is_the_middle_of_the_whole_frame_and_nothing_else_is(name: str, tmp_path: Path) -> None:
    shown, heard = pictures(10, size=(130, 150)), noise(0.4)
    middle = GivenClip(heard, shown[:, 21:109, 31:119])
    clip = in_files(tmp_path / "clip", heard, shown)
    forms = ["tiny.nocrop", "main.tiny.nocrop"] if name.startswith("autoavsr") else ["tiny.nocrop"]
    for tags in forms:
        np.testing.assert_array_equal(last(name, clip, tags), last(name, middle, tags))
    assert "no landmarks" in refused(name, clip)


def test_av_hubert_without_an_audio_track_is_its_pictures_alone() -> None:
    both = given(0.8)
    mute = replace(both, samples=None)
    alone = last("avhubert_v", mute)
    assert len(alone) == 20
    np.testing.assert_array_equal(last("avhubert_av", mute), alone)
    silent = replace(both, samples=np.zeros(16_000, np.float32))
    for other in (both, silent):
        assert np.abs(last("avhubert_av", other) - alone).max() > 1e-3


@pytest.mark.parametrize(("seconds", "count", "rows"), [(1.2, 12, 12), (0.3, 12, 8), (0.48, 12, 12)])
def test_av_hubert_is_as_long_as_the_shorter_stream_in_every_form(seconds: float, count: int, rows: int) -> None:
    clip = GivenClip(noise(seconds), pictures(count))
    streams = tiny("avhubert_av").inputs(clip)
    for name, part in (
        ("avhubert_a", Streams(streams.rows, None)),
        ("avhubert_v", Streams(None, streams.pictures)),
        ("avhubert_av", streams),
    ):
        encoder = tiny(name)
        found = encoder.encode(clip)["last"]
        assert len(found) == rows
        with torch.inference_mode():
            np.testing.assert_array_equal(found.values, encoder.compute([part], ("last",))[0]["last"].numpy())


def test_av_hubert_on_sound_is_cut_by_any_pictures_and_by_nothing_else(tmp_path: Path) -> None:
    sound = noise(1.0)
    assert torch.equal(tiny("avhubert_a").inputs(GivenClip(sound)).rows, audio_rows(sound))
    seen = in_files(tmp_path / "seen", sound, pictures(7, size=(48, 48)))  # neither landmarks nor large enough
    assert len(last("avhubert_a", seen)) == 7
    assert len(last("avhubert_v", GivenClip(noise(0.01), pictures(7)))) == 7  # sound too short for any encoder


@pytest.mark.parametrize("name", ["avhubert_v", "avhubert_av"])
def test_av_hubert_refuses_pictures_that_are_too_small(name: str) -> None:
    assert "80 x 80 pixels: at least 88 x 88" in refused(name, GivenClip(noise(0.4), pictures(10, size=(80, 80))))


@pytest.mark.parametrize(("name", "shortest"), [*((name, 640) for name in SOUND[:3]), (SOUND[3], 400)])
def test_less_sound_than_one_row_is_refused(name: str, shortest: int) -> None:
    assert len(last(name, GivenClip(noise(1)[:shortest]))) == 1
    assert refused(name, GivenClip(noise(1)[: shortest - 1])) == f"less than {shortest / 16:g} ms of audio"


@pytest.mark.parametrize("name", ["autoavsr_a", "autoavsr_av"])
@pytest.mark.parametrize("level", [0.0, 0.25])
def test_silence_has_features_where_its_normalisation_has_an_epsilon(name: str, level: float) -> None:
    clip = GivenClip(np.full(8000, level, np.float32), pictures(12))
    assert "digital silence, whose normalisation in VSR4ML divides by zero" in refused(name, clip)
    assert np.isfinite(last(name, clip, "main.tiny")).all()
    late = np.concatenate([clip.samples, noise(0.2)])  # heard only after the pictures' end
    if name == "autoavsr_av":
        assert "digital silence" in refused(name, replace(clip, samples=late))


def test_the_fused_auto_avsr_has_the_sound_s_or_the_pictures_length() -> None:
    for seconds, rows in ((0.8, 12), (0.33, 8)):
        clip = GivenClip(noise(seconds), pictures(12))
        assert len(last("autoavsr_av", clip)) == rows
        assert len(last("autoavsr_av", clip, "main.tiny")) == 12  # tag v1.0.0 pads the sound


def test_videomae_drops_what_is_no_window_and_has_rows_of_80_ms() -> None:
    shown = pictures(35)
    found = tiny("videomae_l").encode(GivenClip(pictures=shown))["last"]
    assert len(found) == 16
    np.testing.assert_allclose(found.spans, np.stack([np.arange(16), np.arange(1, 17)], 1) * 0.08)
    np.testing.assert_array_equal(found.values, last("videomae_l", GivenClip(pictures=shown[:32])))
    np.testing.assert_array_equal(found.values[8:], last("videomae_l", GivenClip(pictures=shown[16:32])))
    assert "fewer than 16 frames" in refused("videomae_l", GivenClip(pictures=shown[:15]))


@pytest.mark.parametrize(("samples", "vectors"), [(400, 1), (720, 2), (1040, 3), (8000, 24), (8080, 25)])
def test_xls_r_has_pairs_of_vectors_and_repeats_the_last_of_an_odd_number(samples: int, vectors: int) -> None:
    encoder, sound = tiny("wav2vec2_xlsr_2b"), noise(1)[:samples]
    rows = encoder.encode(GivenClip(sound))["last"].values
    normal = torch.from_numpy((sound - sound.mean()) / np.sqrt(sound.var() + 1e-7))
    with torch.inference_mode():
        single = encoder.net(normal[None]).last_hidden_state[0].numpy()
    assert len(single) == vectors and rows.shape == ((vectors + 1) // 2, 2 * single.shape[1])
    flat = rows.reshape(-1, single.shape[1])
    np.testing.assert_allclose(flat[:vectors], single, rtol=0, atol=1e-5)
    if vectors % 2:
        np.testing.assert_array_equal(flat[-1], flat[-2])


@pytest.mark.parametrize("name", EVERY)
def test_times_are_those_of_the_file_when_its_beginning_is_skipped(name: str) -> None:
    encoder, clip = tiny(name), given(1.2)
    skipped = encoder.encode(clip.skipping(6))["last"]
    without = encoder.encode(GivenClip(clip.samples[6 * 640 :], clip.pictures[6:]))["last"]
    np.testing.assert_array_equal(skipped.values, without.values)
    step = 0.08 if name == "videomae_l" else 0.04
    starts = 0.24 + step * np.arange(len(skipped))
    np.testing.assert_allclose(skipped.spans, np.stack([starts, starts + step], 1))
    np.testing.assert_allclose(without.spans, skipped.spans - 0.24)


def outputs_of_blocks(encoder: Frozen, clip: Any) -> dict[str, np.ndarray]:
    """What each block of the network gives, summed up as the encoder's `last` is."""
    net, inputs = encoder.net, encoder.inputs(clip)
    seen: list[Tensor] = []
    stacks = {
        "avhubert": lambda: net.encoder.layers,
        "braven": lambda: net.encoders,
        "autoavsr": lambda: net.encoders,
        "wav2vec2": lambda: net.encoder.layers,
        "clip": lambda: net.vision_model.encoder.layers,
        "videomae": lambda: net.encoder.layer,
        "fsfm": lambda: net.vit.layers,
    }
    family = encoder.card.name.partition("_")[0]
    blocks: nn.ModuleList = stacks[family]()
    for block in blocks:
        block.register_forward_hook(lambda _, __, out: seen.append(out[0] if isinstance(out, tuple) else out))
    batch = list(inputs) if family in ("clip", "videomae", "fsfm") else inputs
    with torch.inference_mode():
        encoder.compute([batch], ("last",))
    assert len(seen) == len(blocks) == 2  # the clip is short enough for one block of pictures
    summed = {
        "clip": lambda x: x[:, 0],
        "fsfm": lambda x: x[:, 1:].mean(1),
        "videomae": lambda x: x[0].reshape(8, -1, x.shape[2]).mean(1),
        "wav2vec2": lambda x: x[0].reshape(-1, 2 * x.shape[2]),
    }
    return {f"layer{at}": summed.get(family, lambda x: x[0])(x).numpy() for at, x in enumerate(seen, 1)}


@pytest.mark.parametrize("name", [name for name in EVERY if name != "autoavsr_av"])
def test_a_layer_is_what_its_block_gives_and_a_form_of_its_own(name: str) -> None:
    clip = given(0.645 if name == "wav2vec2_xlsr_2b" else 0.64)  # 32 vectors, 16 pictures
    encoder = tiny(name)
    assert encoder.card.taps == ("last", "layer1", "layer2")
    found = encoder.encode(clip, encoder.card.taps)
    for tap, values in outputs_of_blocks(tiny(name), clip).items():
        np.testing.assert_allclose(found[tap].values, values, rtol=0, atol=1e-6)
        layer = tiny(name, f"tiny.{tap}")
        assert layer.card.taps == (tap,)
        np.testing.assert_array_equal(layer.encode(clip, (tap,))[tap].values, found[tap].values)
        np.testing.assert_array_equal(found[tap].spans, found["last"].spans)
        with pytest.raises(ValueError, match=f"has no layer 'last'; it has {tap}"):
            layer.encode(clip)
    np.testing.assert_array_equal(encoder.encode(clip)["last"].values, found["last"].values)
    # Untrained, the norm that ends a conformer block and the one that follows the last block are the same.
    assert np.allclose(found["layer2"].values, found["last"].values, atol=1e-2) == name.startswith("autoavsr")


def test_the_halves_of_auto_avsr_are_forms_of_their_own() -> None:
    encoder, clip = tiny("autoavsr_av"), given(0.4)
    found = encoder.encode(clip, ("audio", "last", "video"))
    pictures_, wave = encoder.inputs(clip)
    with torch.inference_mode():
        video, audio = encoder.net.encoder(pictures_[None]).features, encoder.net.aux_encoder(wave[None]).features
        both = encoder.net.fusion(torch.cat([video, audio], -1))
    for tap, values in (("video", video), ("audio", audio), ("last", both)):
        np.testing.assert_allclose(found[tap].values, values[0].numpy(), rtol=0, atol=1e-6)
    for tap in ("video", "audio"):
        layer = tiny("autoavsr_av", f"tiny.{tap}")
        np.testing.assert_array_equal(layer.encode(clip, layer.card.taps)[tap].values, found[tap].values)


def test_encoding_before_loading_is_said() -> None:
    with pytest.raises(RuntimeError, match="wav2vec2_xlsr_2b: call load before encode"):
        unloaded("wav2vec2_xlsr_2b.tiny.random").encode(given(0.4))
