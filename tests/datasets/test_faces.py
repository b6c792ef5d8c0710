"""Faces of a clip: detection in every frame, joined to tracks, kept for the file that they were found in."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coloured_faces import BLUE, RED, ColouredFaces, clip_at, film, points
from datasets import journal
from datasets.clip import Clip
from datasets.errors import ClipError
from datasets.faces import NoDetectorError, dlib_faces, finding, kept, tracks
from datasets.sim.pictures import pictures, tracked
from datasets.sim.recipe import draw_pair

pytestmark = pytest.mark.usefixtures("cache")

A, B = (RED, 10, 20, 40), (BLUE, 70, 30, 30)


def seen(track: np.ndarray) -> list[int]:
    return np.flatnonzero(np.isfinite(track).all(axis=(1, 2))).tolist()


def found(tmp_path: Path, *frames: list) -> list[np.ndarray]:
    clip = clip_at(tmp_path, film(tmp_path / "a.mp4", frames).name)
    rows, count = finding.find(clip, ColouredFaces())
    assert count == len(frames) and all(track.shape == (count, 68, 2) for track in rows)
    return rows


def searched(tmp_path: Path, *frames: list) -> tuple[Clip, Path]:
    """A clip whose faces were found and kept, and the data set's folder."""
    root, home = tmp_path / "release", tmp_path / "home"
    film(root / "x" / "a.mp4", frames)
    clip = clip_at(root, "x/a.mp4")
    journal.append(home / kept.JOURNAL, [finding.search(clip, ColouredFaces(), home).row()])
    return clip, home


def test_points_stand_in_the_row_of_their_source_frame(tmp_path: Path) -> None:
    (track,) = found(tmp_path, *([(RED, 10 + i, 20, 40)] for i in range(30)))
    wanted = np.stack([points(10 + i, 20, 40) for i in range(30)])
    np.testing.assert_allclose(track, wanted, atol=1)


def test_no_face_is_no_track_and_never_the_centre(tmp_path: Path) -> None:
    assert found(tmp_path, *[[]] * 20) == []


def test_a_face_that_leaves_has_rows_of_nan(tmp_path: Path) -> None:
    (track,) = found(tmp_path, *[[A]] * 15, *[[]] * 15)
    assert seen(track) == list(range(15)) and np.isnan(track[15:]).all()


def test_two_faces_are_two_tracks_the_longer_one_first(tmp_path: Path) -> None:
    main, other = found(tmp_path, *[[A, B]] * 20, *[[B]] * 10)
    assert seen(main) == list(range(30)) and seen(other) == list(range(20))
    np.testing.assert_allclose(main[5], points(*B[1:]), atol=1.5)


def test_of_two_faces_as_long_the_larger_one_is_the_main_one(tmp_path: Path) -> None:
    main, other = found(tmp_path, *[[A, B]] * 15)
    assert np.ptp(main[0, :, 0]) > np.ptp(other[0, :, 0])


def test_a_face_that_comes_back_soon_is_the_same_and_later_another() -> None:
    here, nothing = [points(10, 20, 40)], []
    (track,), count = tracks.join([here] * 20 + [nothing] * tracks.GAP + [here] * 15)
    assert count == 35 + tracks.GAP and len(seen(track)) == 35
    rows, _ = tracks.join([here] * 20 + [nothing] * (tracks.GAP + 1) + [here] * 15)
    assert [len(seen(track)) for track in rows] == [20, 15]


def test_a_face_that_jumps_away_is_another_and_brief_ones_are_left_out() -> None:
    left, right = [points(0, 20, 30)], [points(90, 20, 30)]
    rows, _ = tracks.join([left] * 20 + [right] * tracks.BRIEF)
    assert [len(seen(track)) for track in rows] == [20, tracks.BRIEF]
    rows, _ = tracks.join([left] * 20 + [right] * (tracks.BRIEF - 1))
    assert len(rows) == 1
    rows, _ = tracks.join([left] * 3)
    assert len(rows) == 1  # the main one, however brief


def test_crossing_faces_keep_their_tracks() -> None:
    one = [points(10 + i, 20, 30) for i in range(60)]
    two = [points(70 - i, 36, 30) for i in range(60)]
    rows, _ = tracks.join([b, a] if i % 2 else [a, b] for i, (a, b) in enumerate(zip(one, two, strict=True)))
    assert len(rows) == 2
    for track in rows:
        assert np.ptp(track[:, :, 1].min(axis=1)) == 0  # neither changes its height


def test_faces_that_overlap_each_continue_the_nearest_track() -> None:
    frames = [[points(shift + place, 20, 60) for place in (22, 0)] for shift in (0, 2)] * 10
    rows, _ = tracks.join(frames)
    assert [np.ptp(track[:, 0, 0]) for track in rows] == [2, 2]


def test_kept_landmarks_are_found_and_change_what_is_decoded(tmp_path: Path) -> None:
    clip, home = searched(tmp_path, *[[A, B]] * 20, *[[A]] * 10)
    with pytest.raises(ClipError, match="no landmarks beside it"):
        clip.frames(view="mouth")
    (attached,) = kept.attach([clip], home)
    assert attached.landmarks == home / "landmarks" / "x" / "a.mp4.landmarks.npy"
    assert attached.content != clip.content and [file.name for file in clip.file.parent.iterdir()] == ["a.mp4"]
    other = replace(attached, track=1)
    assert kept.tracks_of(home) == {"x/a.mp4": 2}
    reds = [view.frames(view="face", size=32)[5, 16, 16] for view in (attached, other)]
    assert reds[0][0] > 150 > reds[1][0] and reds[1][2] > 150
    assert len({attached.key, other.key, clip.key}) == 3


def test_landmarks_beside_the_file_come_first(tmp_path: Path) -> None:
    clip, home = searched(tmp_path, *[[A]] * 15)
    np.save(clip.file.with_suffix(".landmarks.npy"), np.stack([points(*A[1:])] * 15))
    (attached,) = kept.attach([clip], home)
    assert attached.landmarks == clip.file.with_suffix(".landmarks.npy")
    assert attached.frames(view="mouth").shape == (15, 96, 96)


def test_a_precomputed_crop_is_of_the_main_face(tmp_path: Path) -> None:
    clip, home = searched(tmp_path, *[[A, B]] * 15)
    film(clip.file.with_name("a_face.mp4"), [[]] * 15, extent=(64, 64))
    main, other = (replace(kept.attach([clip], home)[0], track=track) for track in (None, 1))
    assert (abs(main.frames(view="face", size=32)[0].astype(int) - 120) < 8).all()
    assert other.frames(view="face", size=32)[0, 16, 16, 2] > 150


def test_landmarks_of_another_file_are_not_used(tmp_path: Path) -> None:
    clip, home = searched(tmp_path, *[[A]] * 15)
    assert kept.attach([clip], home)[0].prepared
    film(clip.file, [[B]] * 15)
    assert kept.attach([clip], home)[0].prepared is None
    clip.file.unlink()
    assert kept.attach([clip], home)[0].prepared is None


def test_landmarks_of_a_copy_are_used_once_its_hash_is_known(tmp_path: Path) -> None:
    from datasets.hashes import hash_files

    clip, home = searched(tmp_path, *[[A]] * 15)
    shutil.copy(clip.file, tmp_path / "copy")
    os.utime(tmp_path / "copy", (1, 1))
    (tmp_path / "copy").replace(clip.file)
    assert kept.attach([clip], home)[0].prepared is None
    hash_files(home, {clip.path: clip.file}, progress=False)
    assert kept.attach([clip], home)[0].prepared


def test_a_damaged_journal_costs_its_own_lines(tmp_path: Path) -> None:
    clip, home = searched(tmp_path, *[[A]] * 15)
    whole = (home / kept.JOURNAL).read_text()
    (home / kept.JOURNAL).write_text('{"path": 3}\n{"found": null}\n' + whole + whole[: len(whole) // 2])
    assert kept.attach([clip], home)[0].prepared
    *_, row = journal.read(home / kept.JOURNAL)
    journal.append(home / kept.JOURNAL, [row | {"bytes": 1, "sha256": None}])
    assert kept.known(home)[clip.path].row() | {"found": list(row["found"])} == row


def test_the_detector_finds_the_points_of_a_face_whose_points_are_known() -> None:
    pytest.importorskip("dlib")
    recipe = draw_pair(0, "sim_wild", "test", 0, identities=44)[0]
    truth, frame = tracked(recipe)[0], np.asarray(next(iter(pictures(recipe))))
    large = np.pad(frame, ((300, 300), (600, 600), (0, 0)), constant_values=60)
    assert max(large.shape) > dlib_faces.LARGEST
    for picture, moved in ((frame, 0), (large, (600, 300))):
        (face,) = dlib_faces.DlibFaces().faces(picture)
        away = np.linalg.norm(face - (truth + moved), axis=1)
        eyes = np.linalg.norm(truth[36:42].mean(axis=0) - truth[42:48].mean(axis=0))
        assert away.mean() < 0.1 * eyes, away  # left and right, up and down and all 68 are where they should be
        assert away[48:].mean() < 0.1 * eyes
    assert dlib_faces.DlibFaces().faces(np.full_like(frame, 90)) == []


def test_without_a_detector_or_with_another_model_it_is_said_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dlib_faces, "find_spec", lambda name: None)
    with pytest.raises(NoDetectorError, match=r"pip install 'avdf-bench\[faces\]'"):
        dlib_faces.check_installed()
    monkeypatch.undo()
    pytest.importorskip("dlib")
    (tmp_path / dlib_faces.PREDICTOR).write_bytes(b"another model")
    monkeypatch.setattr(dlib_faces, "_predictor_file", lambda: tmp_path / dlib_faces.PREDICTOR)
    dlib_faces._loaded.cache_clear()
    with pytest.raises(NoDetectorError, match="not the published predictor"):
        dlib_faces.DlibFaces()
    dlib_faces._loaded.cache_clear()
