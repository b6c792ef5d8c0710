"""AV-HuBERT's mouth region, against vectors of the original code, against geometry, and as a view of a clip."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from clips import clip_of, write_landmarks, write_mp4
from datasets import roi
from datasets.errors import ClipError
from datasets.video import resample_index

pytestmark = pytest.mark.usefixtures("cache")

Golden = Callable[[str], Path]


def _face(count: int = 50, centre: tuple[float, float] = (48, 32), scale: float = 0.25) -> np.ndarray:
    """Points of a still face `(T, 68, 2)`: the mean face about `centre`, its mouth 30 of its pixels below the nose."""
    points = np.tile(roi.MEAN_FACE.mean(axis=0), (68, 1))
    points[list(roi.STABLE)] = roi.MEAN_FACE
    points[36:42, 0], points[42:48, 0] = points[36, 0], points[45, 0]
    points[48:68] = roi.MEAN_FACE[0] + [0, 30]
    points[list(roi.STABLE)] = roi.MEAN_FACE
    return np.tile((points - roi.MEAN_FACE.mean(axis=0)) * scale + centre, (count, 1, 1))


@pytest.mark.parametrize("case", ["long", "short"])
def test_points_matrices_and_patches_are_the_originals(golden: Golden, case: str) -> None:
    folder = golden("avh_preprocess/mouth_align")
    given, wanted = load_file(folder / "inputs.safetensors"), load_file(folder / "outputs.safetensors")
    points = given[f"{case}/landmarks"].astype(np.float64)
    points[~given[f"{case}/valid"]] = np.nan
    filled = roi.interpolate(points, np.arange(len(points)))
    np.testing.assert_allclose(filled, wanted[f"{case}/interpolated"], atol=1e-12)
    matrices = roi.transforms(filled, given["mean_face"][list(roi.STABLE)])
    fresh = wanted[f"{case}/similarity_matrices"]
    np.testing.assert_allclose(matrices[: len(fresh)], fresh[:, :2], atol=1e-9)
    assert (matrices[len(fresh) :] == matrices[len(fresh) - 1]).all()  # no whole window follows
    places = roi.corners(filled, matrices)
    for picture, matrix, place, patch in zip(
        given[f"{case}/frames_bgr"], matrices, places, wanted[f"{case}/rois"], strict=True
    ):
        np.testing.assert_allclose(roi.patch(picture, matrix, place).astype(int), patch.astype(int), atol=1)


def test_patches_at_the_border_are_the_originals(golden: Golden) -> None:
    folder = golden("avh_preprocess/mouth_align")
    given, wanted = load_file(folder / "inputs.safetensors"), load_file(folder / "outputs.safetensors")
    places = roi.corner(given["cut_patch/points"].mean(axis=1), given["cut_patch/img"].shape[::-1])
    patches = [given["cut_patch/img"][top : top + 96, left : left + 96] for left, top in places]
    np.testing.assert_array_equal(patches, wanted["cut_patch/patches"])


def test_gaps_are_filled_linearly_and_ends_repeated() -> None:
    points = np.full((8, 68, 2), np.nan)
    points[2], points[6] = 10.0, 30.0
    filled = roi.interpolate(points, np.array([0, 2, 3, 5, 6, 7, 9]))
    np.testing.assert_allclose(filled[:, 0, 0], [10, 10, 15, 25, 30, 30, 30])
    assert filled.shape == (7, 68, 2)


def test_the_transform_undoes_a_turn_a_scale_and_a_shift() -> None:
    turn, scale, shift = 0.3, 1.7, np.array([40.0, -9.0])
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = _face(20, centre=tuple(roi.MEAN_FACE.mean(axis=0)), scale=1) @ matrix.T + shift
    found = roi.transforms(points)
    back = np.linalg.inv(matrix)
    np.testing.assert_allclose(found, np.tile(np.column_stack([back, -back @ shift]), (20, 1, 1)), atol=1e-10)


def test_points_are_averaged_over_this_frame_and_the_next_eleven() -> None:
    points = _face(30)
    points += np.arange(30)[:, None, None]  # one pixel a frame
    shift = roi.transforms(points)[:, :, 2]
    steps = np.diff(shift[:, 0])
    np.testing.assert_allclose(steps[:18], -4)  # canvas pixels: the face is a quarter as large
    np.testing.assert_array_equal(steps[18:], 0)  # 30 frames have 19 whole windows


def test_a_patch_of_a_linear_ramp_is_the_ramp_at_the_places_it_comes_from() -> None:
    down, right = np.mgrid[:120, :160]
    picture = np.stack([right, down, right // 2 + down], axis=-1).astype(np.uint8)
    matrix, place = np.array([[1.5, 0.4, -20.0], [-0.4, 1.5, 50.0]]), np.array([60, 60])
    found = roi.patch(picture, matrix, place)
    y, x = np.mgrid[60:156, 60:156]
    source = np.linalg.inv(matrix[:, :2]) @ (np.stack([x.ravel(), y.ravel()]) - matrix[:, 2:])
    assert source.min() > 0 and (source.max(axis=1) < [159, 119]).all()
    for channel in (0, 1):
        np.testing.assert_allclose(found[..., channel].ravel(), np.floor(source[channel]), atol=1)


def test_what_lies_outside_the_picture_is_black() -> None:
    picture = np.full((64, 96, 3), 200, np.uint8)
    found = roi.patch(picture, np.eye(2, 3), np.array([48, 0]))
    assert (found[:64, :48] == 200).all() and (found[64:] == 0).all() and (found[:, 48:] == 0).all()
    assert (roi.patch(picture, np.eye(2, 3), np.array([150, 150])) == 0).all()


def test_the_view_is_96_pixels_of_colour_and_follows_the_mouth(tmp_path: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4"))
    write_landmarks(clip, _face())
    seen = clip.frames(view="mouth_roi")
    assert seen.shape == (50, 96, 96, 3) and seen.dtype == np.uint8
    np.testing.assert_allclose(seen[:, 20:76, 20:76].mean(axis=(1, 2, 3)), 4.0 * np.arange(50), atol=3)
    assert clip.frames(view="mouth_roi", size=48).shape == (50, 48, 48, 3)


def test_landmarks_of_a_source_of_another_rate_are_those_of_the_pictures_shown(tmp_path: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4", count=60, fps=50))
    moving = (_face(60) + np.linspace(0, 12, 60)[:, None, None]).astype(np.float32)
    write_landmarks(clip, moving)
    shown = resample_index(np.arange(60) / 50, 25)
    points = moving[shown].astype(np.float64)
    matrices = roi.transforms(points)
    patches = [roi.patch(*each) for each in zip(clip.frames(), matrices, roi.corners(points, matrices), strict=True)]
    assert len(patches) == 30 and shown[-1] > 55
    np.testing.assert_array_equal(clip.frames(view="mouth_roi"), patches)


def test_a_precomputed_mouth_is_taken_as_it_is_before_landmarks(tmp_path: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4", count=50))
    write_landmarks(clip, _face())
    landmarks_alone = clip.content
    crop = clip_of(write_mp4(tmp_path / "a_roi.mp4", count=49, size=(88, 88)))
    both = clip_of(clip.file)
    np.testing.assert_array_equal(both.frames(view="mouth_roi"), crop.frames())
    np.testing.assert_array_equal(crop.frames(view="mouth_roi"), crop.frames())  # a mouth crop is its own
    np.testing.assert_array_equal(both.skipping(9).frames(view="mouth_roi"), crop.frames()[9:])
    assert len({landmarks_alone, both.content}) == 2
    assert both.frames(view="face").shape == (50, 224, 224, 3)
    write_mp4(crop.file, count=51, size=(96, 96))
    again = clip_of(clip.file)
    assert again.content != both.content and again.frames(view="mouth_roi").shape == (51, 96, 96, 3)
    crop.file.unlink()
    assert clip_of(clip.file).content == landmarks_alone


def test_a_precomputed_face_is_resized(tmp_path: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4", count=50))
    write_mp4(tmp_path / "a_face.mp4", count=50, size=(64, 64))
    assert clip.frames(view="face").shape == (50, 224, 224, 3)
    assert clip.frames(view="face", size=32).shape == (50, 32, 32, 3)
    with pytest.raises(ClipError, match=r"no landmarks beside it \(a\.landmarks\.npy\) and no precomputed mouth crop"):
        clip.frames(view="mouth_roi")


def test_a_precomputed_crop_of_another_length_is_refused(tmp_path: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4", count=60, fps=30))
    write_mp4(tmp_path / "a_roi.mp4", count=60, size=(96, 96))  # 30 pictures a second written as 25
    with pytest.raises(ClipError, match=r"a_roi\.mp4 lasts 2\.40 s, a\.mp4 2\.00 s; .*another rate"):
        clip.frames(view="mouth_roi")
    (tmp_path / "a_roi.mp4").write_bytes(b"no video" * 100)
    with pytest.raises(ClipError, match=r"its precomputed crop a_roi\.mp4 cannot be decoded"):
        list(clip_of(clip.file).stream(view="mouth_roi"))


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (None, r"no landmarks beside it \(a\.landmarks\.npy\) and no precomputed mouth crop \(a_roi\.mp4\)"),
        (np.full((50, 68, 2), np.nan), "no face in any frame"),
        (np.full((50, 68, 2), 40.0), "are no face in this picture"),
        (_face(scale=0.25, centre=(2000, 32)), "are no face in this picture"),
    ],
)
def test_a_mouth_that_cannot_be_found_is_an_error_never_a_centre_crop(
    tmp_path: Path, points: np.ndarray | None, reason: str
) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4"))
    if points is not None:
        write_landmarks(clip, points)
    with pytest.raises(ClipError, match=reason):
        clip.frames(view="mouth_roi")
