"""Decoding of good and of broken files."""

from pathlib import Path

import av
import numpy as np
import pytest

from clips import RATE, clip_of, tone, write_landmarks, write_mp4
from datasets.crops import landmarks
from datasets.errors import ClipError
from datasets.video import resample_index

pytestmark = pytest.mark.usefixtures("cache")


def test_streams_have_the_written_content(tmp_path: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4", audio=tone(2.0)), duration=2.0)
    frames, audio = clip.frames(), clip.audio()
    assert frames.shape == (50, 64, 96, 3) and frames.dtype == np.uint8
    np.testing.assert_allclose(frames.mean(axis=(1, 2, 3)), 4.0 * np.arange(50), atol=3)
    assert audio.dtype == np.float32 and abs(len(audio) - 2 * RATE) <= 2048
    spectrum = np.abs(np.fft.rfft(audio[: 2 * RATE]))
    assert abs(spectrum.argmax() / 2 - 440) <= 1


def test_cached_streams_equal_decoded_ones_and_damage_is_mended(tmp_path: Path, cache: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4", audio=tone(2.0)))
    first = np.array(clip.frames()), np.array(clip.audio())
    kept = sorted(cache.rglob("*.npy"))
    assert len(kept) == 2
    for path in kept:
        path.write_bytes(path.read_bytes()[:-1000])
    again = clip.frames(), clip.audio()
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize(("channels", "layout"), [(1, "mono"), (2, "stereo"), (6, "5.1")])
def test_channels_are_averaged(tmp_path: Path, channels: int, layout: str) -> None:
    sound = np.random.default_rng(0).uniform(-1, 1, (channels, RATE)).astype(np.float32)
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_f32le", rate=RATE, layout=layout)
        packed = np.ascontiguousarray(sound.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
        frame.sample_rate = RATE
        container.mux([*stream.encode(frame), *stream.encode(None)])
    np.testing.assert_allclose(clip_of(path).audio(), sound.astype(np.float64).mean(axis=0), atol=1e-6)


def test_a_skip_cuts_both_streams(tmp_path: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4", audio=tone(2.0)))
    cut = clip.skipping(4)
    np.testing.assert_array_equal(cut.frames(), clip.frames()[4:])
    np.testing.assert_array_equal(cut.audio(), clip.audio()[4 * 640 :])
    assert cut.start == pytest.approx(0.16) and cut.key != clip.key
    with pytest.raises(ClipError, match="no frame left"):
        clip.skipping(50).frames()


def test_a_file_without_audio_has_none_and_without_video_is_an_error(tmp_path: Path) -> None:
    silent = clip_of(write_mp4(tmp_path / "silent.mp4"))
    assert silent.audio() is None and silent.audio() is None  # the second answer comes from the cache
    blind = clip_of(write_mp4(tmp_path / "blind.mp4", video=False, audio=tone(1.0)))
    with pytest.raises(ClipError, match="no video track"):
        blind.frames()
    assert len(blind.audio()) >= RATE


def test_broken_files_are_clip_errors_that_name_the_file(tmp_path: Path) -> None:
    good = write_mp4(tmp_path / "good.mp4", audio=tone(2.0)).read_bytes()
    broken = {"truncated": good[: len(good) // 2], "empty": b"", "text": b"<html>moved</html>" * 50}
    for name, content in broken.items():
        path = tmp_path / f"{name}.mp4"
        path.write_bytes(content)
        with pytest.raises(ClipError, match=f"{name}.mp4"):
            clip_of(path).frames()
    with pytest.raises(ClipError, match=r"gone\.mp4.*No such file"):
        clip_of(tmp_path / "gone.mp4").frames()


def test_streams_cut_short_inside_a_readable_file_are_found_by_their_duration(tmp_path: Path) -> None:
    path = write_mp4(tmp_path / "short.mp4", count=20, audio=tone(0.8))
    with pytest.raises(ClipError, match=r"video lasts 0\.80 s, the manifest says 2\.00 s"):
        clip_of(path, duration=2.0).frames()
    with pytest.raises(ClipError, match="audio lasts"):
        clip_of(path, duration=2.0).audio()


def test_an_audio_track_without_samples_is_an_error(tmp_path: Path) -> None:
    path = write_mp4(tmp_path / "void.mkv", audio=np.zeros(0, np.float32))  # mp4 would drop the empty track
    with pytest.raises(ClipError, match="audio track is empty"):
        clip_of(path).audio()


@pytest.mark.parametrize("fps", [24, 30, 50])
def test_other_frame_rates_are_sampled_by_time(tmp_path: Path, fps: int) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4", count=2 * fps, fps=fps))
    frames = clip.frames(25)
    assert len(frames) == 50
    shown = frames.mean(axis=(1, 2, 3)) / 4
    np.testing.assert_allclose(shown, np.floor((np.arange(50) + 0.5) / 25 * fps) % 64, atol=1)


def test_resampling_keeps_a_jittering_source_of_the_same_rate() -> None:
    rng = np.random.default_rng(0)
    times = (np.arange(40) + rng.uniform(-0.2, 0.2, 40)) / 25
    np.testing.assert_array_equal(resample_index(times - times[0] + 0.5, 25)[1:-2], np.arange(40)[1:-2])


def _points(count: int, shift: float = 0.0) -> np.ndarray:
    points = np.full((count, 68, 2), [48.0, 20.0])
    points[:, 36:42, 0], points[:, 42:48, 0] = 38, 58  # eye centres, 20 px apart
    points[:, 48:68] = [48 + shift, 44]
    return points


def test_the_mouth_crop_follows_the_landmarks(tmp_path: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4"))
    write_landmarks(clip, _points(50))
    mouth = clip.frames(view="mouth", size=34)
    assert mouth.shape == (50, 34, 34) and mouth.dtype == np.uint8
    np.testing.assert_allclose(mouth.mean(axis=(1, 2)), 4.0 * np.arange(50), atol=3)
    assert clip.frames(view="face").shape == (50, 224, 224, 3)


def test_landmarks_belong_to_source_frames_at_any_rate(tmp_path: Path, cache: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4", count=60, fps=30))
    points = _points(60)
    points[:30, :, 0] += 30  # to the right in the first second, to the left in the second one
    write_landmarks(clip, points)
    shown = resample_index(np.arange(60) / 30, 25)
    for rate, index in ((25, shown), (30, np.arange(60))):
        right = landmarks(clip, index)[:, 0, 0] > 60
        np.testing.assert_array_equal(right, np.arange(len(right)) < rate)


def test_frames_without_a_face_take_their_neighbours_place(tmp_path: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4"))
    points = _points(50)
    write_landmarks(clip, points)
    whole = np.array(clip.frames(view="mouth"))
    points[10:20] = np.nan
    gaps = clip_of(write_mp4(tmp_path / "b.mp4"))
    write_landmarks(gaps, points)
    np.testing.assert_array_equal(gaps.frames(view="mouth"), whole)


def test_other_landmarks_are_other_content(tmp_path: Path, cache: Path) -> None:
    path = write_mp4(tmp_path / "a.mp4")
    without = clip_of(path).key
    write_landmarks(clip_of(path), _points(50))
    first = clip_of(path)
    assert first.frames(view="mouth").shape == (50, 96, 96)
    write_landmarks(first, _points(50, shift=30))
    second = clip_of(path)
    assert second.frames(view="mouth").shape == (50, 96, 96)
    assert len({without, first.key, second.key}) == 3
    assert len(list(cache.rglob("*-mouth-25.npy"))) == 2  # cut anew, not taken from the cache


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (None, "no landmarks"),
        (np.zeros((50, 5, 2)), "shape"),
        (np.full((50, 68, 2), np.nan), "no face in any frame"),
        (np.full((50, 68, 2), 40.0), "are no face in this picture"),
        (1e4 * np.random.default_rng(0).random((50, 68, 2)), "are no face in this picture"),
    ],
)
def test_a_crop_without_usable_landmarks_is_an_error_never_a_centre_crop(
    tmp_path: Path, points: np.ndarray | None, reason: str
) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4"))
    if points is not None:
        write_landmarks(clip, points)
    with pytest.raises(ClipError, match=reason):
        clip.frames(view="mouth")
