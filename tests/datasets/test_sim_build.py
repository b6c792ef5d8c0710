"""The files of the embedded sets: what they contain, and that generating them survives accidents."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from datasets.errors import DatasetError, DiskFullError
from datasets.sim import build, plan
from datasets.sim.pictures import pictures, shown_visemes
from datasets.sim.recipe import draw_pair
from datasets.sim.scene import SIZE, scene
from datasets.sim.sound import sound
from paths import ROOT

SEED = 1
LOUD = 5e-4
FEW = "from datasets.sim import build, plan; plan._PAIRS['sim_lip'] = {'test': (3, 3, 3, 44)}; "
ENSURE = FEW + f"print(build.ensure(['sim_lip'], seed={SEED}, jobs=1, progress=False))"


def pair(name, index, split="test"):
    return draw_pair(SEED, name, split, index, identities=44)


PAIRS = [
    pair("sim_whole", 2),
    pair("sim_whole", 4),
    pair("sim_local", 0),
    pair("sim_local", 1),
    pair("sim_lip", 2),
    pair("sim_null", 0),
    *(pair("sim_wild", i) for i in (0, 1)),
]
CLIPS = [clip for two in PAIRS for clip in two]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the clips of `PAIRS`."""
    root = tmp_path_factory.mktemp("made")
    assert [build.make(two, root) for two in PAIRS] == [2] * len(PAIRS)
    return root


@pytest.fixture
def few(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus of six clips, not yet generated: its folder."""
    monkeypatch.setitem(plan._PAIRS, "sim_lip", {"test": (3, 3, 3, 44)})
    return build.folder(SEED)


def ensure(jobs: int = 1) -> None:
    build.ensure(["sim_lip"], seed=SEED, jobs=jobs, progress=False)


def start(code: str, cache: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"AVDF_CACHE": str(cache)}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True
    )


def decode(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Pictures `(T, H, W, 3)` and sound `(L,)` at 16 kHz, through PyAV alone."""
    with av.open(str(path)) as container:
        seen = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return seen, None
        to_mono = av.AudioResampler("flt", "mono", 16_000)
        blocks = [out for frame in container.decode(audio=0) for out in to_mono.resample(frame)]
        heard = np.concatenate([block.to_ndarray()[0] for block in [*blocks, *to_mono.resample(None)]])
    return seen, heard


def first_loud(heard: np.ndarray) -> float:
    return float(np.argmax(np.abs(heard) > LOUD)) / 16_000


def test_the_same_bytes_in_another_process_and_order(made, tmp_path):
    code = (
        "import sys; from pathlib import Path; from datasets.sim.build import make; "
        "from datasets.sim.recipe import draw_pair\n"
        "for i in (1, 0): make(draw_pair(1, 'sim_local', 'test', i, 44)[::-1], Path(sys.argv[1]))\n"
        "make(draw_pair(1, 'sim_whole', 'test', 2, 44)[1:], Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    again = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert len(again) == 10
    for name, content in again.items():
        assert content == (made / name).read_bytes(), name


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.stem)
def test_a_file_holds_what_was_planned(made, clip):
    path = made / f"{clip.stem}.mp4"
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        codec = {"libx264": "h264"}.get(clip.encoding.codec, clip.encoding.codec)
        assert (video.codec_context.name, video.average_rate) == (codec, 25)
        if clip.sound:
            track = container.streams.audio[0]
            assert (track.codec_context.name, track.rate, track.channels) == ("aac", 48_000, 1)
    seen, heard = decode(path)
    assert seen.shape == (clip.frames, SIZE, SIZE, 3)
    assert np.abs(np.diff(seen.astype(int), axis=0)).mean() > 0.2
    assert (heard is not None) == clip.sound
    if heard is not None:
        assert len(heard) / 16_000 == pytest.approx(clip.frames / 25, abs=0.025)
        late = first_loud(heard) - clip.silence / 16_000
        assert -0.012 < late < 0.010


def test_what_is_written_is_what_was_rendered(made):
    clip = CLIPS[0]
    seen, heard = decode(made / f"{clip.stem}.mp4")
    assert np.abs(seen.astype(int) - pictures(clip)).mean() < 6
    planned = sound(clip)
    assert np.corrcoef(heard[: len(planned)], planned[: len(heard)])[0, 1] > 0.99


def test_lips_alone_leave_the_sound_untouched(made):
    real, fake = PAIRS[4]
    (_, sound_real), (_, sound_fake) = (decode(made / f"{clip.stem}.mp4") for clip in (real, fake))
    assert np.array_equal(sound_real, sound_fake)


def test_local_fakes_differ_inside_their_segments_alone():
    for index in range(4):
        real, fake = pair("sim_local", index)
        inside = np.zeros(fake.frames * 8, bool)
        for begin, end in fake.segments:
            inside[begin:end] = True
        if fake.voice:
            energy = (sound(replace(fake, silence=0)) - sound(replace(real, silence=0))).reshape(-1, 80) ** 2
            near = np.convolve(inside, np.ones(9), "same") > 0
            assert energy[inside].mean() > 1e-4 > 1e-8 > energy[~near].mean()
        if fake.lips:
            change = pictures(fake).astype(int) - pictures(real)
            blocks = np.abs(change.reshape(-1, 16, 8, 16, 8, 3).mean(axis=(2, 4, 5))).max(axis=(1, 2))
            seen = inside.reshape(-1, 8).any(axis=1)
            assert blocks[seen].mean() > 1.5 * blocks[~seen].mean()
            grain = scene(SEED, fake.take, fake.pair, fake.frames).grain * 255 * 2**0.5 / 8
            assert blocks[~seen].max() < 6 * grain  # sensor noise alone


def test_a_manipulated_mouth_changes_the_mouth(made):
    real, fake = pair("sim_whole", 2)
    change = np.abs(pictures(fake).astype(int) - pictures(real)).mean(axis=(0, 3))
    x, y = np.load(made / f"{real.stem}{build.LANDMARKS}")[:, 48:68].mean(axis=(0, 1)).astype(int)
    assert change[y - 8 : y + 8, x - 10 : x + 10].mean() > 1.5 * change[:30].mean()


def test_null_fakes_are_untouched_recordings():
    real, fake = pair("sim_null", 0)
    as_real = replace(fake, fake=False)
    assert np.array_equal(sound(fake), sound(as_real))
    assert np.abs(pictures(fake).astype(int) - pictures(as_real)).mean() < 6  # other sensor noise alone
    assert np.abs(pictures(fake).astype(int) - pictures(real)).mean() > 6
    assert (fake.voice, fake.lips, fake.silence) == (None, None, 0)


def test_sensor_noise_is_drawn_anew_for_each_file():
    real, fake = pair("sim_whole", 0)
    assert fake.lips is None
    assert 0 < np.abs(pictures(fake).astype(int) - pictures(real)).mean() < 6


def test_landmarks_follow_the_real_recording(made):
    for two in PAIRS[:5]:
        real, fake = (np.load(made / f"{clip.stem}{build.LANDMARKS}") for clip in two)
        assert real.shape == (two[0].frames, 68, 2) and real.dtype == np.float32
        assert np.array_equal(real, fake)
        assert real.min() > -3 and real.max() < SIZE + 8
        gap = np.linalg.norm(real[:, 66] - real[:, 62], axis=1)
        assert np.corrcoef(gap, np.maximum(shown_visemes(two[0])[:, 0], 0))[0, 1] > 0.95
        brows, eyes, nose, mouth, chin = (real[:, part, 1].mean() for part in (slice(17, 27), slice(36, 48), 30, 51, 8))
        assert brows < eyes < nose < mouth < chin
        assert (real[:, 36, 0] < real[:, 39, 0]).all() and (real[:, 0, 0] < real[:, 16, 0]).all()


def test_ensure_makes_what_is_missing_and_only_that(few):
    ensure()
    files = {clip.path: few / clip.path for clip in plan.plan("sim_lip", seed=SEED)}
    assert len(files) == 6 and all(file.exists() for file in files.values())
    assert build.present(SEED) == set(files)
    victim = files["sim_lip/test/0001-f.mp4"]
    content = victim.read_bytes()
    written = {file: file.stat().st_mtime_ns for file in files.values()}
    victim.unlink()
    stale = victim.with_name(".0001-f-abcd.mp4")
    stale.write_bytes(b"half")
    ensure()
    assert not stale.exists() and victim.read_bytes() == content
    assert all(file.stat().st_mtime_ns == written[file] for file in files.values() if file != victim)
    ensure()
    assert all(file.stat().st_mtime_ns == written[file] for file in files.values() if file != victim)


def test_lost_landmarks_are_made_again(few):
    ensure()
    lost = sorted(few.rglob(f"*{build.LANDMARKS}"))[0]
    content = lost.read_bytes()
    lost.unlink()
    assert len(build.present(SEED)) == 5
    ensure()
    assert lost.read_bytes() == content and len(build.present(SEED)) == 6


def test_a_killed_run_is_continued(few, cache):
    process = start(ENSURE, cache)
    while not list(few.glob("sim_lip/test/[!.]*.mp4")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    kept = {path: path.stat().st_mtime_ns for path in few.glob("sim_lip/test/[!.]*.mp4")}
    assert 0 < len(kept) < 6
    for path in kept:
        assert len(decode(path)[0]) == len(np.load(path.with_suffix("").with_suffix(build.LANDMARKS)))
    ensure()
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    assert len(build.present(SEED)) == 6 and not list(few.glob("*/*/.*"))


def test_two_runs_at_once_share_the_work(few, cache):
    runs = [start(ENSURE, cache) for _ in range(2)]
    counts = []
    for run in runs:
        count, problems = run.communicate()
        assert run.returncode == 0, problems
        counts.append(int(count))
    assert sorted(counts) == [0, 6] and len(build.present(SEED)) == 6


def killing(victim: str) -> Callable[..., int]:
    """`make`, but its process dies at one pair; a nested function, so that workers need no module of the tests."""
    make = build.make

    def deadly(two: build.Pair, root: Path) -> int:
        if two[0].pair == victim:
            os.kill(os.getpid(), signal.SIGKILL)
        return make(two, root)

    return deadly


def test_a_killed_worker_ends_in_one_clear_error(few, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(build, "make", killing("sim_lip.test.0002"))
        with pytest.raises(DatasetError, match="run again to continue"):
            ensure(jobs=2)
    ensure()
    assert len(build.present(SEED)) == 6


def test_a_full_disk_leaves_nothing_half_written(few, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("datasets.sim.write.write_mp4", full)
        with pytest.raises(DiskFullError, match="AVDF_CACHE"):
            ensure()
    assert not list(few.rglob("*.mp4")) and not list(few.glob("*/*/.*"))
    ensure()
    assert len(build.present(SEED)) == 6
