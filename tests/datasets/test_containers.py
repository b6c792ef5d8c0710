"""Files of every kind that FFmpeg opens: which pictures and which sound they give, and what is refused."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition

from clips import clip_of, write_landmarks, write_mp4
from datasets.clip import Clip
from datasets.errors import ClipError
from datasets.media import check, facts
from datasets.single import single, stills, streams
from datasets.trim import leading_silence
from films import SILENCE, gray, write

pytestmark = pytest.mark.usefixtures("cache")

_KINDS = {
    "mp4-h264-aac": ("libx264", "aac"),
    "mp4-hevc-aac": ("libx265", "aac"),
    "m4v-mpeg4-aac": ("mpeg4", "aac"),
    "mov-mjpeg-pcm": ("mjpeg", "pcm_s16le"),
    "mov-prores-pcm": ("prores_ks", "pcm_s16le"),
    "webm-vp9-opus": ("libvpx-vp9", "libopus"),
    "webm-vp8-opus": ("libvpx", "libopus"),
    "mkv-hevc-mp3": ("libx265", "libmp3lame"),
    "mkv-ffv1-flac": ("ffv1", "flac"),
    "avi-mpeg4-mp3": ("mpeg4", "libmp3lame"),
    "avi-h264-pcm": ("libx264", "pcm_s16le"),  # pictures show in another order than they are stored, without times
    "ts-mpeg2-mp2": ("mpeg2video", "mp2"),
    "ts-h264-aac": ("libx264", "aac"),
    "flv-flv1-mp3": ("flv", "libmp3lame"),
    "wmv-wmv2-wmav2": ("wmv2", "wmav2"),
    "mpg-mpeg2-mp2": ("mpeg2video", "mp2"),
    "mxf-mpeg2-pcm": ("mpeg2video", "pcm_s16le"),
}
_FORMATS = {"mjpeg": "yuvj420p", "prores_ks": "yuv422p10le"}


def _grays(count: int) -> np.ndarray:
    return np.array([gray(index) for index in range(count)])


@pytest.mark.parametrize("kind", _KINDS)
def test_every_kind_of_file_gives_its_pictures_in_order_and_its_sound(tmp_path: Path, kind: str) -> None:
    (video, audio), suffix = _KINDS[kind], kind.partition("-")[0]
    rate = 44_100 if suffix == "flv" else 48_000
    clip = clip_of(write(tmp_path / f"a.{suffix}", video, audio, pix_fmt=_FORMATS.get(video, "yuv420p"), rate=rate))
    np.testing.assert_allclose(clip.frames().mean(axis=(1, 2, 3)), _grays(50), atol=4)
    assert clip.count() == 50
    sound = clip.audio()
    assert len(sound) / 16_000 == pytest.approx(2.0, abs=0.06)
    assert (np.abs(sound) > 0.1).argmax() / 16_000 == pytest.approx(SILENCE, abs=0.045)  # a block of wmav2: 43 ms
    assert abs(np.abs(np.fft.rfft(sound[8000:24_000])).argmax() - 440) <= 1
    check(clip)
    seen = facts(clip)
    assert (seen.pictures, seen.timing, seen.width, seen.height, seen.sound) == (50, "kept", 96, 64, "track")
    assert seen.fps == pytest.approx(25) and abs(seen.offset) < 0.045
    assert (streams(clip).pictures, streams(clip).sound) == (50, True)


@pytest.mark.parametrize("rate", [8000, 11_025, 44_100, 48_000])
@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
def test_sound_of_any_rate_and_number_of_channels_becomes_mono_at_16_khz(
    tmp_path: Path, rate: int, layout: str
) -> None:
    clip = clip_of(write(tmp_path / "a.mkv", None, "pcm_s16le", rate=rate, layout=layout))
    sound = clip.audio()
    assert abs(len(sound) - 32_000) <= 20
    t = np.arange(8000, 30_000)
    np.testing.assert_allclose(sound[t], 0.5 * np.sin(2 * np.pi * 440 * t / 16_000), atol=0.02)
    assert leading_silence(sound) == pytest.approx(SILENCE, abs=0.003)


def _several(path: Path, default: int) -> Path:
    """A file with three sound tracks of 300, 500 and 700 Hz, one of which is the default."""
    with av.open(str(path), "w") as container:
        tracks = [container.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in range(3)]
        for index, track in enumerate(tracks):
            track.disposition = Disposition.default if index == default else Disposition(0)
        for index, track in enumerate(tracks):
            wave = np.sin(2 * np.pi * (300 + 200 * index) * np.arange(16_000) / 16_000) * 16_000
            frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None], format="s16", layout="mono")
            frame.sample_rate = 16_000
            container.mux([*track.encode(frame), *track.encode(None)])
    return path


@pytest.mark.parametrize("default", [0, 2])
def test_of_several_sound_tracks_the_default_one_is_heard(tmp_path: Path, default: int) -> None:
    sound = clip_of(_several(tmp_path / "a.mkv", default)).audio()
    assert np.abs(np.fft.rfft(sound)).argmax() == 300 + 200 * default


def _add_cover(source: Path, target: Path) -> None:
    """A copy of a file with a red picture as its cover, in the first place."""
    codec = av.CodecContext.create("png", "w")
    codec.width, codec.height, codec.pix_fmt, codec.time_base = 32, 32, "rgb24", Fraction(1, 25)
    red = av.VideoFrame.from_ndarray(np.full((32, 32, 3), (255, 0, 0), np.uint8), format="rgb24")
    packet = [*codec.encode(red), *codec.encode(None)][0]
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        cover = new.add_stream("png", rate=25)
        cover.width, cover.height, cover.pix_fmt, cover.disposition = 32, 32, "rgb24", Disposition.attached_pic
        copies = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        packet.stream = cover
        new.mux(packet)
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                new.mux(packet)


def test_a_cover_picture_is_not_the_film(tmp_path: Path) -> None:
    _add_cover(write(tmp_path / "film.mp4"), tmp_path / "a.mp4")
    clip = clip_of(tmp_path / "a.mp4")
    with av.open(str(clip.file)) as container:
        assert len(container.streams.video) == 2
    np.testing.assert_allclose(clip.frames().mean(axis=(1, 2, 3)), _grays(50), atol=4)
    _add_cover(write(tmp_path / "song.mp3", None, "libmp3lame"), tmp_path / "b.mp3")
    song = clip_of(tmp_path / "b.mp3")
    with pytest.raises(ClipError, match="no video track"):
        song.frames()
    assert len(song.audio()) > 30_000 and streams(song).pictures == 0
    check(song)


@pytest.mark.parametrize(("suffix", "delay"), [("mp4", 0.5), ("mkv", 0.5), ("mp4", -0.6), ("ts", 0.3)])
def test_both_streams_begin_with_their_first_sample_and_picture_whenever_the_container_starts_them(
    tmp_path: Path, suffix: str, delay: float
) -> None:
    late = {"delay": delay} if delay > 0 else {"times": np.arange(50) / 25 - delay}
    clip = clip_of(write(tmp_path / f"a.{suffix}", **late), duration=2.0)
    assert leading_silence(clip.audio()) == pytest.approx(SILENCE, abs=0.04)
    np.testing.assert_allclose(clip.frames().mean(axis=(1, 2, 3)), _grays(50), atol=4)
    assert facts(clip).offset == pytest.approx(delay, abs=0.06)


def test_a_track_of_data_in_the_first_place_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    with av.open(str(write(tmp_path / "film.mp4"))) as old, av.open(str(path), "w") as new:
        assert new.add_data_stream("bin_data").index == 0
        copies = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                new.mux(packet)
    clip = clip_of(path)
    np.testing.assert_allclose(clip.frames().mean(axis=(1, 2, 3)), _grays(50), atol=4)
    assert len(clip.audio()) > 30_000


_EARLY = {"times": np.arange(-10, 40) / 25, "audio": None, "options": {"avoid_negative_ts": "disabled"}}


def test_pictures_that_an_edit_list_cuts_are_not_shown(tmp_path: Path) -> None:
    clip = clip_of(write(tmp_path / "a.mp4", **_EARLY))
    np.testing.assert_allclose(clip.frames().mean(axis=(1, 2, 3)), _grays(50)[10:], atol=4)
    assert clip.count() == 40
    check(clip)


def test_pictures_that_only_begin_to_have_times_later_come_first(tmp_path: Path) -> None:
    clip = clip_of(write(tmp_path / "a.mkv", **_EARLY))
    with av.open(str(clip.file)) as container:
        assert [frame.time is None for frame in container.decode(video=0)] == [True] * 10 + [False] * 40
    np.testing.assert_allclose(clip.frames().mean(axis=(1, 2, 3)), _grays(50), atol=4)
    assert clip.count() == 50


@pytest.mark.parametrize(("suffix", "video"), [("h264", "libx264"), ("m4v", "mpeg4"), ("avi", "libx264")])
def test_pictures_without_times_follow_one_another(tmp_path: Path, suffix: str, video: str) -> None:
    clip = clip_of(write(tmp_path / f"a.{suffix}", video, None))
    np.testing.assert_allclose(clip.frames().mean(axis=(1, 2, 3)), _grays(50), atol=4)
    np.testing.assert_allclose(clip.frames(50).mean(axis=(1, 2, 3)), np.repeat(_grays(50), 2), atol=4)
    assert clip.count(50) == 100


def test_a_codec_that_nobody_knows_is_said_and_the_other_track_is_read(tmp_path: Path) -> None:
    clip = clip_of(write(tmp_path / "a.mp4"))
    clip.file.write_bytes(clip.file.read_bytes().replace(b"avc1", b"zzzz"))
    for read in (Clip.frames, lambda clip: list(clip.stream()), check, facts, streams):
        with pytest.raises(ClipError, match="video cannot be decoded: FFmpeg does not know its codec"):
            read(clip)
    assert len(clip.audio()) > 30_000


def test_pictures_whose_times_jump_for_hours_are_refused_before_one_is_repeated_for_so_long(tmp_path: Path) -> None:
    clip = clip_of(write(tmp_path / "a.mkv", audio=None, times=[0, 0.04, 0.08, 90_000, 90_000.04]))
    for read in (Clip.frames, Clip.count, lambda clip: list(clip.stream()), check):
        with pytest.raises(ClipError, match="two of its pictures are 90000 s apart"):
            read(clip)


def _corners(index: int, width: int, height: int) -> np.ndarray:
    """A picture whose four quarters differ."""
    picture = np.full((height, width, 3), 40, np.uint8)
    picture[: height // 2, : width // 2] = (220, 30, 30)
    picture[: height // 2, width // 2 :] = (30, 220, 30)
    picture[height // 2 :, : width // 2] = (30, 30, 220)
    return picture


def _matrix(a: int, b: int, c: int, d: int) -> Callable[[Any, Any], None]:
    values = np.array([a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30], np.int64).astype(np.int32)
    return lambda film, sound: film.set_display_matrix(values.tolist())


_TURNS: dict[str, tuple[Callable[[Any, Any], None], Callable[[np.ndarray], np.ndarray]]] = {
    "90 to the left": (lambda film, sound: film.set_display_rotation(90), lambda p: np.rot90(p)),
    "90 to the right": (lambda film, sound: film.set_display_rotation(-90), lambda p: np.rot90(p, -1)),
    "180": (lambda film, sound: film.set_display_rotation(180), lambda p: np.rot90(p, 2)),
    "mirrored": (_matrix(-1, 0, 0, 1), lambda p: p[:, ::-1]),
    "upside down": (_matrix(1, 0, 0, -1), lambda p: p[::-1]),
    "across": (_matrix(0, 1, 1, 0), lambda p: p.transpose(1, 0, 2)),
    "20 degrees": (lambda film, sound: film.set_display_rotation(20), lambda p: p),
}


@pytest.mark.parametrize("turn", _TURNS)
def test_pictures_come_upright_as_players_show_them(tmp_path: Path, turn: str) -> None:
    prepare, expected = _TURNS[turn]
    lying = clip_of(write(tmp_path / "lying.mp4", audio=None, picture=_corners, times=np.arange(3) / 25))
    clip = clip_of(write(tmp_path / "a.mp4", audio=None, picture=_corners, times=np.arange(3) / 25, prepare=prepare))
    wanted = expected(lying.frames()[0])
    np.testing.assert_array_equal(clip.frames()[0], wanted)
    np.testing.assert_array_equal(next(clip.stream())[0], wanted)
    assert (facts(clip).height, facts(clip).width) == wanted.shape[:2] == (streams(clip).height, streams(clip).width)
    assert stills(clip, np.zeros(1), 32).shape[2] == round(32 * wanted.shape[1] / wanted.shape[0])
    check(clip)


def test_landmarks_are_in_pixels_of_the_upright_picture(tmp_path: Path) -> None:
    def turned(film: Any, sound: Any) -> None:
        film.set_display_rotation(90)

    clip = clip_of(write(tmp_path / "a.mp4", audio=None, picture=_corners, times=np.arange(3) / 25, prepare=turned))
    upright = clip.frames()[0]
    assert upright.shape == (96, 64, 3)
    points = np.full((3, 68, 2), (16.0, 24.0))  # a small face in the middle of the quarter at the top left
    points[:, 36:42, 0], points[:, 42:48, 0] = 14, 18
    write_landmarks(clip, points)
    face = clip.frames(25, "face", 8)[0].reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(face, upright[24, 16], atol=6)


def _colours(index: int, width: int, height: int) -> np.ndarray:
    picture = np.zeros((height, width, 3), np.uint8)
    for place, colour in enumerate([(200, 40, 40), (40, 180, 60), (50, 60, 210), (235, 235, 235), (12, 12, 12)]):
        picture[:, place * width // 5 : (place + 1) * width // 5] = colour
    return picture


@pytest.mark.parametrize(
    ("suffix", "video", "pix_fmt", "size"),
    [
        ("mp4", "libx264", "yuv420p10le", (160, 96)),
        ("mp4", "libx264", "yuvj420p", (160, 96)),
        ("mp4", "libx264", "yuv444p", (161, 97)),
        ("webm", "libvpx-vp9", "yuv420p", (163, 91)),
        ("webm", "libvpx-vp9", "yuva420p", (160, 96)),
        ("mov", "qtrle", "argb", (160, 96)),
        ("mkv", "ffv1", "yuv422p", (170, 90)),
    ],
)
def test_colours_and_sizes_survive_every_form_of_pixels(
    tmp_path: Path, suffix: str, video: str, pix_fmt: str, size: tuple[int, int]
) -> None:
    path = write(
        tmp_path / f"a.{suffix}", video, None, pix_fmt=pix_fmt, size=size, picture=_colours, times=np.arange(4) / 25
    )
    seen = clip_of(path).frames()[1]
    assert seen.shape == (size[1], size[0], 3)
    middle = [seen[size[1] // 2, (2 * place + 1) * size[0] // 10] for place in range(5)]
    wanted = [_colours(0, *size)[0, (2 * place + 1) * size[0] // 10] for place in range(5)]
    np.testing.assert_allclose(np.array(middle, int), np.array(wanted, int), atol=8)


def test_colours_of_high_definition_are_read_as_such(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.options = 160, 96, "yuv420p", {"crf": "5"}
        stream.codec_context.colorspace = 1  # BT.709
        frame = av.VideoFrame.from_ndarray(_colours(0, 160, 96), format="rgb24")
        container.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace="ITU709")))
        container.mux(stream.encode(None))
    seen = clip_of(path).frames()[0]
    np.testing.assert_allclose(seen[48, 16::32].astype(int), _colours(0, 160, 96)[0, 16::32].astype(int), atol=8)


def test_interlaced_pictures_come_as_they_are_stored(tmp_path: Path) -> None:
    def interlaced(film: Any, sound: Any) -> None:
        film.options = {"crf": "10", "x264-params": "tff=1"}

    clip = clip_of(write(tmp_path / "a.ts", prepare=interlaced))
    np.testing.assert_allclose(clip.frames().mean(axis=(1, 2, 3)), _grays(50), atol=4)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm", "flv"])
def test_pictures_at_varying_times_are_shown_as_long_as_they_last(tmp_path: Path, suffix: str) -> None:
    times = np.round(np.cumsum(np.random.default_rng(3).uniform(0.012, 0.07, 40)), 3)  # in steps that all can store
    codec = "libvpx-vp9" if suffix == "webm" else "libx264"
    clip = clip_of(write(tmp_path / f"a.{suffix}", codec, None, times=times))
    shown = clip.frames().mean(axis=(1, 2, 3))
    ticks = times[0] + (np.arange(len(shown)) + 0.5) / 25
    wanted = _grays(40)[np.minimum(np.searchsorted(times, ticks, side="right") - 1, 39)]
    apart = np.abs(ticks[:, None] - times[None]).min(axis=1) > 0.002
    np.testing.assert_allclose(shown[apart], wanted[apart], atol=4)
    assert len(shown) == clip.count() == pytest.approx((times[-1] - times[0]) * 25, abs=2)
    assert facts(clip).timing == "resampled"


@pytest.mark.parametrize("longer", ["sound", "film"])
def test_streams_of_different_lengths_keep_their_own(tmp_path: Path, longer: str) -> None:
    film, sound = (1.0, 2.0) if longer == "sound" else (2.0, 1.0)
    clip = clip_of(write(tmp_path / "a.mp4", times=np.arange(round(film * 25)) / 25, seconds=sound))
    assert clip.count() == len(clip.frames()) == film * 25
    assert len(clip.audio()) / 16_000 == pytest.approx(sound, abs=0.05)
    check(clip)


@pytest.mark.parametrize(
    ("suffix", "options"), [("mp4", {"movflags": "faststart"}), ("mov", {"movflags": "faststart"})]
)
def test_a_film_whose_end_is_missing_is_refused_though_its_beginning_decodes(
    tmp_path: Path, suffix: str, options: dict[str, str]
) -> None:
    path = write(tmp_path / f"a.{suffix}", options=options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    for read in (Clip.frames, Clip.audio, Clip.count, lambda clip: list(clip.stream()), check, facts, streams):
        with pytest.raises(ClipError, match="cut short: its index names data up to byte"):
            read(clip_of(path))


@pytest.mark.parametrize("suffix", ["mkv", "webm", "avi"])
def test_the_check_finds_other_files_that_were_cut_short(tmp_path: Path, suffix: str) -> None:
    codecs = {"mkv": ("libx264", "aac"), "webm": ("libvpx-vp9", "libopus"), "avi": ("mpeg4", "libmp3lame")}
    path = write(tmp_path / f"a.{suffix}", *codecs[suffix])
    check(clip_of(path))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ClipError, match="cut short"):
        check(clip_of(path))


def _noise(index: int, width: int, height: int) -> np.ndarray:
    return np.random.default_rng(index).integers(0, 255, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_the_check_finds_damage_that_the_decoder_tells_of(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a.{suffix}", audio=None, picture=_noise)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 300] = np.random.default_rng(0).bytes(300)
    path.write_bytes(data)
    with pytest.raises(ClipError, match="pictures are damaged: 1 of 50"):
        check(clip_of(path))


def test_the_check_refuses_what_decoding_refuses(tmp_path: Path, cache: Path) -> None:
    path = write(tmp_path / "a.mp4")
    check(clip_of(path, duration=2.0))
    with pytest.raises(ClipError, match=r"video lasts 2\.00 s, the manifest says 3\.00 s"):
        check(clip_of(path, duration=3.0))
    with pytest.raises(ClipError, match="No such file"):
        check(clip_of(tmp_path / "gone.mp4"))
    parts = [write_mp4(tmp_path / f"{width}.ts", count=20, size=(width, 64)).read_bytes() for width in (96, 64)]
    (tmp_path / "sizes.ts").write_bytes(b"".join(parts))
    with pytest.raises(ClipError, match="several sizes"):
        check(clip_of(tmp_path / "sizes.ts"))
    assert not cache.exists()  # nothing is kept


def test_sound_that_changes_its_form_on_the_way_is_heard_to_its_end(tmp_path: Path) -> None:
    first = write(tmp_path / "first.ts", None, "mp2", rate=48_000, layout="stereo")
    second = write(tmp_path / "second.ts", None, "mp2", rate=32_000, layout="mono")
    (tmp_path / "a.ts").write_bytes(first.read_bytes() + second.read_bytes())
    sound = clip_of(tmp_path / "a.ts").audio()
    assert len(sound) / 16_000 == pytest.approx(4.0, abs=0.15)
    for half in (sound[8000:24_000], sound[44_000:60_000]):
        assert abs(np.abs(np.fft.rfft(half)).argmax() - 440) <= 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"words\n" * 99, "a text file"),
        (
            "a.m3u8",
            b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nother.ts\n#EXT-X-ENDLIST\n",
            "a list of other files",
        ),
        ("a.ffconcat", b"ffconcat version 1.0\nfile other.ts\n", "a list of other files"),
    ],
)
def test_texts_and_lists_of_other_files_are_no_clips(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    write(tmp_path / "other.ts")
    (tmp_path / name).write_bytes(content)
    for read in (Clip.frames, Clip.audio, check):
        with pytest.raises(ClipError, match=f"is {words}, neither video nor sound|cannot be"):
            read(clip_of(tmp_path / name))


def test_a_separate_sound_file_is_heard_where_the_film_has_none(tmp_path: Path) -> None:
    write(tmp_path / "mute.mp4", audio=None)
    write(tmp_path / "wav" / "a.wav", None, "pcm_s16le", rate=16_000, layout="mono")
    mute = clip_of(tmp_path / "mute.mp4")
    clip = clip_of(tmp_path / "mute.mp4", sound="wav/a.wav")
    assert mute.audio() is None and facts(mute).sound is None
    assert leading_silence(clip.audio()) == pytest.approx(SILENCE, abs=0.003) and facts(clip).sound == "wav/a.wav"
    assert clip.key != mute.key
    check(clip)
    own = clip_of(write(tmp_path / "own.mp4", seconds=1.0), sound="wav/a.wav")
    assert len(own.audio()) / 16_000 == pytest.approx(1.0, abs=0.05) and facts(own).sound == "track"
    missing = clip_of(tmp_path / "mute.mp4", sound="wav/b.wav")
    assert missing.key == mute.key
    for read in (Clip.audio, check):
        with pytest.raises(ClipError, match=r"its sound file wav/b\.wav cannot be decoded: No such file"):
            read(missing)
    with pytest.raises(ClipError, match="has no audio track"):
        clip_of(tmp_path / "mute.mp4", sound="mute.mp4").audio()
    before = clip.key
    write(tmp_path / "wav" / "a.wav", None, "pcm_s16le", rate=16_000, layout="mono", seconds=1.5)
    again = clip_of(tmp_path / "mute.mp4", sound="wav/a.wav")
    assert again.key != before and len(again.audio()) == 24_000


def test_links_are_followed_inside_the_folder_of_a_data_set_only(tmp_path: Path) -> None:
    outside, root = write(tmp_path / "outside.mp4"), tmp_path / "root"
    write(root / "inside.mp4", audio=None)
    (root / "near.mp4").symlink_to(root / "inside.mp4")
    (root / "far.mp4").symlink_to(outside)
    assert clip_of(root / "near.mp4").count() == 50
    for read in (Clip.frames, Clip.audio, Clip.count, check, facts):
        with pytest.raises(ClipError, match=r"far\.mp4 is a link that leads out of the data set's folder"):
            read(clip_of(root / "far.mp4"))
    with pytest.raises(ClipError, match="leads out"):
        clip_of(root / "inside.mp4", sound="far.mp4").audio()
    assert single(root / "far.mp4").count() == 50  # its user named it
    (root / "inside_face.mp4").symlink_to(write(tmp_path / "crop.mp4", audio=None))  # whoever made it put it there
    assert len(clip_of(root / "inside.mp4").frames(25, "face")) == 50


def test_a_track_without_pictures_is_said(tmp_path: Path) -> None:
    clip = clip_of(write(tmp_path / "a.mkv", times=()))
    for read in (Clip.frames, check):
        with pytest.raises(ClipError, match="its video track is empty"):
            read(clip)
    assert len(clip.audio()) > 30_000
