"""Pictures in blocks: the same as all at once, as a decoder that holds everything gives them, and in little memory."""

import shutil
import tracemalloc
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import uniform_filter1d

from clips import clip_of, tone, write_landmarks, write_mp4
from datasets import media
from datasets.clip import Clip
from datasets.errors import ClipError
from datasets.video import Film, resample_index

pytestmark = pytest.mark.usefixtures("cache")

_RATE = 12_800
_VARIABLE = np.cumsum(np.random.default_rng(3).exponential(1 / 28, 70))
_TIMES = {
    "25 fps": np.arange(60) / 25,
    "30 fps": np.arange(70) / 30,
    "12 fps": np.arange(30) / 12,
    "variable": _VARIABLE,
    "a pause": np.concatenate([np.arange(20) / 25, 2 + np.arange(20) / 25]),
    "one picture": np.zeros(1),
}


def _write(path: Path, times: np.ndarray, size: tuple[int, int] = (96, 64)) -> Clip:
    """A film of moving stripes whose pictures are shown from these seconds on, and landmarks that wander."""
    down, right = np.mgrid[: size[1], : size[0]]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, _RATE)
        stream.options = {"preset": "ultrafast", "bf": "2", "g": "12"}
        for index, time in enumerate(times):
            picture = np.stack([3 * right + 9 * index, 4 * down - 7 * index, right + down], axis=-1).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(time * _RATE), Fraction(1, _RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    clip = clip_of(path)
    write_landmarks(clip, _wandering(len(times)))
    return clip


def _wandering(count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    points = np.array([48.0, 30.0]) + rng.normal(0, 1, (count, 68, 2)) + np.linspace(-9, 9, count)[:, None, None]
    points[:, 36:42, 0] -= 9
    points[:, 42:48, 0] += 9 + np.linspace(0, 8, count)[:, None]
    points[:, 48:68, 1] += 20
    points[count // 3 : count // 2] = np.nan if count > 2 else points[0]
    return points


def _all_at_once(clip: Clip, fps: int, view: str, size: int) -> np.ndarray:
    """Every picture decoded, then resampled, then cut from pictures padded all together."""
    with av.open(str(clip.file)) as container:
        decoded = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    times = np.array([time for time, _ in decoded]) - decoded[0][0]
    last = np.median(np.diff(times)) if len(times) > 1 else 1 / fps
    ticks = max(1, round((times[-1] + last) * fps))
    shown = [np.flatnonzero(times <= (tick + 0.5) / fps)[-1] for tick in range(ticks)]
    pictures = np.stack([decoded[index][1] for index in shown])
    if view == "full":
        return pictures
    points = np.load(clip.landmarks).astype(np.float64)
    faces = [row for row in range(len(points)) if not np.isnan(points[row]).any()]
    points = np.stack([points[min(faces, key=lambda row: (abs(row - index), row))] for index in shown])
    eyes = np.median(np.linalg.norm(points[:, 36:42].mean(axis=1) - points[:, 42:48].mean(axis=1), axis=1))
    middle = points[:, 48:].mean(axis=1) if view == "mouth" else points[:, 17:].mean(axis=1)
    middle = uniform_filter1d(middle, min(12, len(middle)), axis=0, mode="nearest")
    half = eyes * (1.7 if view == "mouth" else 3.2) / 2
    beyond = max(0, -(middle - half).min(), (middle + half - pictures.shape[2:0:-1]).max())
    pad = int(np.ceil(beyond))
    padded = np.pad(pictures, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="edge")
    boxes = np.concatenate([middle - half, middle + half], axis=1) + pad
    whole = [Image.fromarray(picture) for picture in padded]
    cut = [
        one.resize((size, size), Image.Resampling.BILINEAR, tuple(box)) for one, box in zip(whole, boxes, strict=True)
    ]
    found = np.stack([np.asarray(picture) for picture in cut])
    return (found @ np.array([0.299, 0.587, 0.114]) + 0.5).astype(np.uint8) if view == "mouth" else found


@pytest.mark.parametrize("times", _TIMES.values(), ids=_TIMES)
@pytest.mark.parametrize("view", ["full", "face", "mouth"])
def test_frames_and_streams_are_what_decoding_all_at_once_gives(tmp_path: Path, times: np.ndarray, view: str) -> None:
    clip = _write(tmp_path / "a.mp4", times)
    for fps in (25, 30):
        wanted = _all_at_once(clip, fps, view, 48)
        size = None if view == "full" else 48
        np.testing.assert_array_equal(clip.frames(fps, view, size), wanted)
        np.testing.assert_array_equal(np.concatenate(list(clip.stream(fps, view, size))), wanted)
        assert clip.count(fps) == len(wanted)


@pytest.mark.parametrize("view", ["full", "face", "mouth", "mouth_roi"])
def test_blocks_are_full_except_the_last_and_begin_after_the_skip(tmp_path: Path, view: str, cache: Path) -> None:
    clip = _write(tmp_path / "a.mp4", _TIMES["variable"]).skipping(7)
    blocks = list(clip.stream(25, view, 40, block=16))
    assert not cache.exists()  # nothing is kept
    assert [len(block) for block in blocks[:-1]] == [16] * (len(blocks) - 1) and 1 <= len(blocks[-1]) <= 16
    np.testing.assert_array_equal(np.concatenate(blocks), clip.frames(25, view, 40))
    assert clip.count() == sum(len(block) for block in blocks)


def test_resampling_a_list_of_times_is_a_search_in_it() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        count, rate = rng.integers(1, 90), rng.choice([12, 24, 25, 29.97, 50])
        times = np.sort(np.arange(count) / rate + rng.choice([0, 0.4, 3]) * rng.uniform(-1, 1, count) / rate)
        times -= times[0]
        step = np.median(np.diff(times)) if count > 1 else 1 / 25
        ticks = (np.arange(max(1, round((times[-1] + step) * 25))) + 0.5) / 25
        wanted = np.minimum(np.searchsorted(times, ticks, side="right") - 1, count - 1)
        np.testing.assert_array_equal(resample_index(times, 25), wanted)


def test_packets_that_announce_other_pictures_do_not_move_a_crop(tmp_path: Path) -> None:
    whole = _write(tmp_path / "whole.mp4", _TIMES["25 fps"])
    clip = clip_of(tmp_path / "a.ts")
    with av.open(str(whole.file)) as source, av.open(str(clip.file), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in list(source.demux(video=0))[3:-1]:  # without the key frame the next ones cannot be decoded
            packet.stream = stream
            target.mux(packet)
    shutil.copy(whole.landmarks, clip.landmarks)
    film = Film(clip, clip.file)
    assert len(film.shown(25)) != len(film.shown(25, decoded=True))
    for view in ("face", "mouth"):
        wanted = _all_at_once(clip, 25, view, 48)
        np.testing.assert_array_equal(clip.frames(25, view, 48), wanted)
        np.testing.assert_array_equal(np.concatenate(list(clip.stream(25, view, 48))), wanted)


def test_a_picture_that_is_announced_in_the_middle_and_never_comes_does_not_move_a_crop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = _write(tmp_path / "a.mp4", _TIMES["25 fps"])
    monkeypatch.setattr(Film, "_packet_times", lambda film: np.insert(_TIMES["25 fps"], 20, 19.6 / 25))
    film = Film(clip, clip.file)
    assert len(film.shown(25)) == len(film.shown(25, decoded=True))  # only which pictures differs
    np.testing.assert_array_equal(clip.frames(25, "face", 48), _all_at_once(clip, 25, "face", 48))


@pytest.mark.parametrize(("view", "size", "held"), [("full", None, 3 * 8), ("face", 24, 8), ("mouth_roi", None, 8)])
def test_streams_of_long_films_take_little_memory(tmp_path: Path, view: str, size: int | None, held: int) -> None:
    clip = _write(tmp_path / "a.mp4", np.arange(100) / 25, size=(320, 240))
    list(clip.stream(25, view, size))  # what is imported on the way does not count
    tracemalloc.start()
    for _ in clip.stream(25, view, size, block=8):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < held * 320 * 240 * 3


@pytest.mark.parametrize("view", ["full", "face", "mouth_roi"])
def test_streams_of_broken_files_are_clip_errors(tmp_path: Path, view: str) -> None:
    whole = _write(tmp_path / "whole.mp4", _TIMES["25 fps"])
    broken = clip_of(tmp_path / "broken.mp4")
    broken.file.write_bytes(whole.file.read_bytes()[: whole.file.stat().st_size // 2])
    with pytest.raises(ClipError, match=r"broken\.mp4.* video cannot be decoded"):
        list(broken.stream(view=view))
    with pytest.raises(ClipError, match=r"gone\.mp4.*No such file"):
        list(clip_of(tmp_path / "gone.mp4").stream(view=view))
    with pytest.raises(ClipError, match="no video track"):
        list(clip_of(write_mp4(tmp_path / "blind.mp4", video=False, audio=tone(1.0))).stream(view=view))
    longer = clip_of(whole.file, duration=4.0)
    with pytest.raises(ClipError, match=r"video lasts 2\.40 s, the manifest says 4\.00 s"):
        list(longer.stream(view=view))
    with pytest.raises(ClipError, match=r"no frame left after the first 2\.40 s"):
        list(whole.skipping(60).stream(view=view))
    with pytest.raises(ClipError, match="no frame left"):
        whole.skipping(60).count()


def test_a_film_whose_pictures_change_their_size_is_refused(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "a.ts")
    clip.file.write_bytes(
        b"".join(write_mp4(tmp_path / f"{w}.ts", count=20, size=(w, 64)).read_bytes() for w in (96, 64))
    )
    with pytest.raises(ClipError, match="several sizes, 96×64 and 64×64"):
        list(clip.stream())


def test_pictures_that_do_not_fit_into_memory_are_refused_only_where_they_are_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = _write(tmp_path / "a.mp4", _TIMES["25 fps"])
    pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 500}  # 2 MB; 60 pictures of 96×64 take 1.1, three times
    monkeypatch.setattr(media.os, "sysconf", pages.__getitem__)
    with pytest.raises(ClipError, match=r"holding its 60 pictures of 96×64 takes about .* of memory"):
        clip.frames()
    assert clip.frames(view="face", size=16).shape == (60, 16, 16, 3)
    assert sum(map(len, clip.stream())) == 60


def test_a_block_takes_at_least_a_picture(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        next(clip_of(tmp_path / "a.mp4").stream(block=0))
