"""Clips of files that belong to no data set, and the example to try things on."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clips import clip_of, tone, write_landmarks, write_mp4
from datasets.errors import ClipError, DatasetError
from datasets.manifest import write_manifest
from datasets.sim.example import write_example
from datasets.single import face_coverage, single, stills, streams

pytestmark = pytest.mark.usefixtures("cache")


def test_a_file_alone_is_a_clip_of_which_nothing_is_known(tmp_path: Path) -> None:
    clip = single(write_mp4(tmp_path / "a.b.mp4"))
    assert (clip.id, clip.dataset, clip.segments, clip.duration) == ("a.b", "", None, None)
    assert clip.landmarks.name == "a.b.landmarks.npy"
    with pytest.raises(ClipError, match="no such file"):
        single(tmp_path / "none.mp4")
    with pytest.raises(ClipError, match="folder"):
        single(tmp_path)
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(ClipError, match="is empty"):
        single(tmp_path / "empty.mp4")


def test_a_manifest_beside_it_says_what_it_is(tmp_path: Path) -> None:
    path = write_mp4(tmp_path / "a.mp4")
    known = clip_of(path, label=1, segments=((0.2, 0.6),))
    write_manifest(tmp_path / "a.manifest.jsonl", [known])
    assert single(path) == known
    write_manifest(tmp_path / "a.manifest.jsonl", [clip_of(tmp_path / "other.mp4")])
    with pytest.raises(DatasetError, match=r"does not list a\.mp4"):
        single(path)
    (tmp_path / "a.manifest.jsonl").write_text("{}\n")
    with pytest.raises(DatasetError, match=r"schema 1.* Without a\.manifest\.jsonl the file is scored too"):
        single(path)


def test_streams_say_what_the_container_holds(tmp_path: Path) -> None:
    both = streams(clip_of(write_mp4(tmp_path / "both.mp4", count=50, size=(96, 64), audio=tone(2.0))))
    assert (both.pictures, both.width, both.height, both.sound) == (50, 96, 64, True)
    assert both.seconds == pytest.approx(2.0, abs=0.1)
    assert not streams(clip_of(write_mp4(tmp_path / "mute.mp4"))).sound
    heard = streams(clip_of(write_mp4(tmp_path / "heard.mp4", video=False, audio=tone(1.0))))
    assert (heard.pictures, heard.sound) == (0, True)
    (tmp_path / "junk.mp4").write_bytes(b"junk" * 100)
    with pytest.raises(ClipError, match="cannot be opened"):
        streams(clip_of(tmp_path / "junk.mp4"))


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp"])
def test_still_pictures_are_no_clips(tmp_path: Path, suffix: str) -> None:
    Image.new("RGB", (64, 64), (200, 10, 10)).save(tmp_path / f"a.{suffix}")
    with pytest.raises(ClipError, match="is a still picture"):
        streams(clip_of(tmp_path / f"a.{suffix}"))


def test_texts_are_no_clips_though_ffmpeg_would_draw_them(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words\n" * 100)
    with pytest.raises(ClipError, match="is a text file"):
        streams(clip_of(tmp_path / "a.txt"))


def test_stills_are_the_pictures_shown_at_those_times(tmp_path: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4", count=50, size=(96, 64)))
    times = np.array([0.0, 0.5, 1.0, 1.98, 9.0])
    found = stills(clip, times, 32)
    assert found.shape == (5, 32, 48, 3) and found.dtype == np.uint8
    frames = clip.frames(25, "full")
    shown = np.minimum((times * 25).astype(int), 49)
    np.testing.assert_allclose(found.mean(axis=(1, 2, 3)), frames[shown].mean(axis=(1, 2, 3)), atol=2)
    with pytest.raises(ClipError, match="no video track"):
        stills(clip_of(write_mp4(tmp_path / "b.mp4", video=False, audio=tone(1.0))), times, 32)


def test_faces_are_counted_in_the_landmarks(tmp_path: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4"))
    assert face_coverage(clip) is None
    points = np.zeros((50, 68, 2))
    points[[3, 9]] = np.nan
    write_landmarks(clip, points)
    assert face_coverage(clip) == (50, 48)
    np.save(clip.landmarks, np.zeros((50, 5, 2)))
    assert face_coverage(clip) is None


def test_an_example_is_a_whole_clip_that_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "my.mp4"
    clip = write_example(path, "sim_wild", fake=True)
    assert single(path) == clip and clip.label == 1 and clip.dataset == "sim_wild"
    assert streams(clip).sound
    assert len(clip.frames(25, "mouth", 32)) == round(clip.duration * 25)
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "my.landmarks.npy",
        "my.manifest.jsonl",
        "my.mp4",
    ]
    before = path.read_bytes()
    with pytest.raises(DatasetError, match="not overwritten"):
        write_example(path)
    assert path.read_bytes() == before
    with pytest.raises(DatasetError, match="ends in"):
        write_example(tmp_path / "my.avi")
    with pytest.raises(DatasetError, match="sim_real has no fakes"):
        write_example(tmp_path / "real.mp4", "sim_real", fake=True)
