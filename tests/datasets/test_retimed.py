"""Clips whose pictures follow one another at the asked rate instead of being resampled to it."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from clips import clip_of, write_landmarks
from datasets.clip import Clip
from datasets.errors import ClipError
from datasets.media import check, facts, original
from datasets.trim import trim
from films import SILENCE, gray, write
from leaderboard.frames import frame_labels

pytestmark = pytest.mark.usefixtures("cache")

_REGULAR = np.arange(60) / 30
_VARYING = np.round(np.cumsum(np.random.default_rng(5).uniform(0.02, 0.06, 60)), 3)


def _film(path: Path, times: np.ndarray = _REGULAR, **known: object) -> Clip:
    return clip_of(write(path, times=times, size=(112, 96)), **known)


def _retimed(clip: Clip) -> Clip:
    return replace(clip, retimed=True)


def _levels(pictures: np.ndarray) -> np.ndarray:
    return pictures.reshape(len(pictures), -1).mean(axis=1)


def _grays(count: int) -> np.ndarray:
    return np.array([gray(index) for index in range(count)])


def _crop(clip: Clip, ending: str, shown: np.ndarray) -> None:
    """A precomputed crop of these source frames, 25 a second, one level brighter than the film."""
    path = clip.file.with_name(f"{clip.file.stem}{ending}.mp4")
    write(
        path,
        audio=None,
        times=np.arange(len(shown)) / 25,
        size=(96, 96),
        picture=lambda index, w, h: np.full((h, w, 3), gray(shown[index]) + 20, np.uint8),
    )


def test_every_picture_of_the_source_comes_once_and_the_sound_stays(tmp_path: Path) -> None:
    clip = _film(tmp_path / "a.mp4")
    retimed = _retimed(clip)
    assert len(clip.frames()) == 50
    for fps in (25, 30, 12):
        np.testing.assert_allclose(_levels(retimed.frames(fps)), _grays(60), atol=4)
        np.testing.assert_allclose(_levels(np.concatenate(list(retimed.stream(fps, block=7)))), _grays(60), atol=4)
        assert retimed.count(fps) == 60
    np.testing.assert_array_equal(retimed.audio(), clip.audio())
    assert retimed.key == f"{clip.key}-retimed" and retimed.content == clip.content
    assert facts(clip).timing == "resampled" and facts(retimed).timing == "re-timed"
    assert retimed.blind().retimed


def test_clips_that_are_not_retimed_keep_their_keys(tmp_path: Path) -> None:
    clip = _film(tmp_path / "a.mp4")
    assert clip.skipping(3).key == f"{clip.content}-3"


def test_a_skip_cuts_as_many_pictures_of_the_source_as_it_counts_ticks(tmp_path: Path) -> None:
    retimed = _retimed(_film(tmp_path / "a.mp4"))
    cut = retimed.skipping(7)
    np.testing.assert_array_equal(cut.frames(), retimed.frames()[7:])
    np.testing.assert_array_equal(np.concatenate(list(cut.stream())), retimed.frames()[7:])
    np.testing.assert_array_equal(cut.audio(), retimed.audio()[7 * 640 :])
    assert cut.count() == 53
    with pytest.raises(ClipError, match="no frame left"):
        retimed.skipping(60).frames()
    trimmed = trim(retimed)  # the published rule: int(25 s) + 1 pictures of the re-timed film, 640 samples for each
    assert trimmed.skip == pytest.approx(SILENCE * 25 + 1, abs=1)
    assert trimmed.count() == 60 - trimmed.skip and trimmed.retimed


@pytest.mark.parametrize("view", ["face", "mouth", "mouth_roi"])
def test_crops_are_cut_at_the_landmarks_of_their_own_pictures(tmp_path: Path, view: str) -> None:
    clip = _film(tmp_path / "a.mp4", _VARYING)
    points = np.random.default_rng(0).normal(50, 12, (60, 68, 2))
    points[:, 36:42, 0] -= 15
    points[:, 42:48, 0] += 15
    write_landmarks(clip, points)
    retimed = _retimed(clip)
    cut = retimed.frames(25, view)
    np.testing.assert_allclose(_levels(cut[:, 40:56, 40:56]), _grays(60), atol=5)
    np.testing.assert_array_equal(np.concatenate(list(retimed.stream(25, view))), cut)


@pytest.mark.parametrize("view", ["mouth_roi", "face"])
def test_a_crop_of_every_picture_belongs_to_the_retimed_clip_and_one_of_every_tick_to_the_resampled(
    tmp_path: Path, view: str
) -> None:
    ending = {"mouth_roi": "_roi", "face": "_face"}[view]
    each, resampled = _film(tmp_path / "each.mp4"), _film(tmp_path / "resampled.mp4")
    ticks = (np.floor((np.arange(50) + 0.5) / 25 * 30)).astype(int)
    _crop(each, ending, np.arange(60))
    _crop(resampled, ending, ticks)
    np.testing.assert_allclose(_levels(_retimed(each).frames(25, view)), _grays(60) + 20, atol=4)
    np.testing.assert_allclose(_levels(resampled.frames(25, view)), _grays(60)[ticks] + 20, atol=4)
    with pytest.raises(ClipError, match=r"lasts 2\.40 s, each\.mp4 2\.00 s; was it made of another file, or were "):
        each.frames(25, view)
    with pytest.raises(ClipError, match=r"another file, or are its pictures not all those .* said to be re-timed"):
        _retimed(resampled).frames(25, view)
    with pytest.raises(ClipError, match=r"`Clip\.retimed`"):
        list(each.stream(25, view))


def test_the_duration_is_that_of_the_source(tmp_path: Path) -> None:
    clip = _retimed(_film(tmp_path / "a.mp4", duration=2.0))
    longer = replace(clip, duration=2.4)  # what 60 pictures at 25 a second would last
    for read in (Clip.frames, Clip.count, lambda clip: list(clip.stream()), check):
        with pytest.raises(ClipError, match=r"video lasts 2\.00 s, the manifest says 2\.40 s"):
            read(longer)
    assert len(clip.frames()) == sum(map(len, clip.stream())) == clip.count() == 60
    check(clip)


@pytest.mark.parametrize("times", [_REGULAR, _VARYING], ids=["30 fps", "variable"])
def test_rows_of_pictures_are_mapped_to_the_times_of_the_original(tmp_path: Path, times: np.ndarray) -> None:
    clip = _film(tmp_path / "a.mp4", times)
    ticks = np.stack([np.arange(60), np.arange(1, 61)], axis=1) / 25
    mapped = original(_retimed(clip), ticks)
    begins = times - times[0]
    np.testing.assert_allclose(mapped[:, 0], begins, atol=1e-3)
    np.testing.assert_allclose(mapped[:-1, 1], begins[1:], atol=1e-3)
    np.testing.assert_array_equal(original(clip, ticks), ticks)
    np.testing.assert_allclose(original(_retimed(clip), ticks[10:20]), mapped[10:20])  # as rows after a skip
    segment = (begins[30], begins[42])  # in seconds of the file, as annotations are
    centres = (mapped[:, 0] + mapped[:, 1]) / 2
    inside = (centres >= segment[0]) & (centres < segment[1])
    np.testing.assert_array_equal(np.flatnonzero(inside), np.arange(30, 42))
    labels = frame_labels(mapped, [segment])
    assert np.array_equal(labels[[25, 33, 39, 46]], [0, 1, 1, 0])
    assert not np.array_equal(frame_labels(ticks, [segment]), labels)


def test_a_film_of_25_pictures_a_second_is_the_same_retimed_or_not(tmp_path: Path) -> None:
    clip = _film(tmp_path / "a.mp4", np.arange(50) / 25)
    np.testing.assert_array_equal(_retimed(clip).frames(), clip.frames())
    with av.open(str(clip.file)) as container:
        assert container.streams.video[0].frames == 50
