"""Facts about files: right, kept, and copies recognised."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from clips import clip_of, tone, write_mp4
from datasets.clip import Clip
from datasets.errors import ClipError
from datasets.probing import facts_of, known, probe, store
from datasets.probing.fingerprint import BITS, bits
from datasets.sim.example import write_pairs
from datasets.trim import leading_silence


def hashed(clip: Clip) -> Clip:
    return replace(clip, sha256=facts_of(clip).sha256)


def test_facts_are_those_of_the_file(cache: Path, tmp_path: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4", count=50, size=(96, 64), audio=tone(2.0, silence=0.25)))
    facts = facts_of(clip)
    assert (facts.frames, facts.fps, facts.width, facts.height, facts.aspect) == (50, 25.0, 96, 64, 1.5)
    assert (facts.video_codec, facts.audio_codec, facts.container) == ("h264", "aac", "mov")
    assert (facts.sample_rate, facts.channels, facts.bytes) == (16_000, 1, clip.file.stat().st_size)
    assert facts.resolution == "96x64" and str(facts.encoder).startswith("Lavf")
    assert facts.video_seconds == 2.0 and abs(facts.audio_seconds - 2.0) < 0.15
    assert facts.lag == pytest.approx(facts.video_seconds - facts.audio_seconds, abs=1e-3)
    samples = clip.audio()
    assert facts.leading_silence == pytest.approx(leading_silence(samples), abs=1e-4) and facts.leading_silence > 0.2
    assert facts.trailing_silence == pytest.approx(leading_silence(samples[::-1]), abs=1e-4)
    assert facts.rms_db == pytest.approx(20 * np.log10(np.sqrt(np.mean(np.square(samples)))), abs=0.01)
    assert facts.peak_db == pytest.approx(20 * np.log10(np.abs(samples).max()), abs=0.01)


def test_bit_rates_are_those_of_the_packets(cache: Path, tmp_path: Path) -> None:
    clip = clip_of(write_mp4(tmp_path / "a.mp4", audio=tone(2.0)))
    with av.open(str(clip.file)) as container:
        sizes = {"video": 0, "audio": 0}
        for packet in container.demux():
            sizes[packet.stream.type] += packet.size
    facts = facts_of(clip)
    assert facts.video_kbps == pytest.approx(sizes["video"] * 8 / 1000 / facts.video_seconds, abs=0.01)
    assert facts.audio_kbps == pytest.approx(sizes["audio"] * 8 / 1000 / facts.audio_seconds, abs=0.01)


def test_a_missing_stream_is_unknown_and_sound_may_lie_beside(cache: Path, tmp_path: Path) -> None:
    mute = facts_of(clip_of(write_mp4(tmp_path / "mute.mp4")))
    assert (mute.audio_codec, mute.audio_seconds, mute.lag, mute.leading_silence) == (None,) * 4
    heard = facts_of(clip_of(write_mp4(tmp_path / "heard.mp4", audio=tone(1.0), video=False)))
    assert (heard.video_codec, heard.frames, heard.fps, heard.pictures) == (None,) * 4 and heard.audio_seconds
    beside = facts_of(replace(clip_of(tmp_path / "mute.mp4"), sound="heard.mp4"))
    assert beside.audio_seconds == heard.audio_seconds and beside.video_seconds == 2.0


def test_digital_silence_is_silent_from_both_ends(cache: Path, tmp_path: Path) -> None:
    facts = facts_of(clip_of(write_mp4(tmp_path / "a.mp4", audio=np.zeros(16_000, np.float32))))
    assert facts.leading_silence == facts.trailing_silence == pytest.approx(facts.audio_seconds, abs=1e-3)
    assert facts.rms_db == facts.peak_db == -120.0


def test_what_cannot_be_probed_is_counted_with_its_reason(cache: Path, tmp_path: Path) -> None:
    good = write_mp4(tmp_path / "good.mp4", audio=tone(2.0))
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "page.mp4").write_text("<html>sign in</html>")
    (tmp_path / "cut.mp4").write_bytes(good.read_bytes()[:2000])
    clips = [clip_of(tmp_path / f"{name}.mp4") for name in ("good", "empty", "page", "cut", "gone")]
    probed = probe(clips, progress=False)
    assert set(probed.facts) == {"good"} and set(probed.failed) == {"empty", "page", "cut", "gone"}
    assert all(probed.failed.values()) and not any(str(tmp_path) in reason for reason in probed.failed.values())


def test_facts_are_kept_by_content_and_a_torn_line_costs_one_file(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [write_mp4(tmp_path / f"{n}.mp4", count=10 + n, audio=tone(0.5)) for n in range(3)]
    clips = [hashed(clip_of(file)) for file in files]
    first = probe(clips, progress=False)
    assert known(clips) == dict(first.facts)
    assert known([replace(clip, path=f"moved/{clip.path}") for clip in clips]) == dict(first.facts)
    assert known([replace(clip, sha256=None) for clip in clips]) == {}
    (journal,) = (cache / "facts").rglob("*.jsonl")
    journal.write_bytes(journal.read_bytes()[:-20])
    read: list[str] = []
    monkeypatch.setattr(store, "facts_of", lambda clip: read.append(clip.id) or facts_of(clip))
    assert probe(clips, progress=False) == first and len(read) == 1


def test_other_processes_give_the_same_facts(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = [hashed(clip_of(write_mp4(tmp_path / f"{n}.mp4", count=10 + n))) for n in range(3)]
    here = probe(clips, progress=False).facts
    monkeypatch.setenv("AVDF_CACHE", str(tmp_path / "other"))
    monkeypatch.setattr(store, "_FEW", 0)
    assert probe(clips, jobs=2, progress=False).facts == here


def recoded(clip: Clip, path: Path, size: int, codec: str, options: dict[str, str], bit_rate: int) -> Clip:
    """Its pictures, in another size and coding."""
    with av.open(str(clip.file)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream(codec, rate=25)
        stream.width = stream.height = size
        stream.pix_fmt, stream.options, stream.bit_rate = "yuv420p", options, bit_rate
        for frame in source.decode(video=0):
            target.mux(stream.encode(frame.reformat(size, size, "yuv420p")))
        target.mux(stream.encode(None))
    return replace(clip, root=path.parent, path=path.name)


def test_a_copy_in_another_coding_looks_the_same_and_other_clips_do_not(cache: Path, tmp_path: Path) -> None:
    reals = write_pairs(tmp_path / "sim", 3)[::2]
    looks = bits([str(facts_of(clip).pictures) for clip in reals])
    for clip, look in zip(reals, looks, strict=True):
        for name, *how in (
            ("small.mp4", 96, "libx264", {"crf": "32"}, 0),
            ("large.avi", 256, "mpeg4", {}, 200_000),  # without times
            ("same.ts", 128, "libx264", {"crf": "28"}, 0),  # cannot be entered anywhere
        ):
            copy = facts_of(recoded(clip, tmp_path / name, *how))
            assert np.bitwise_count(bits([str(copy.pictures)])[0] ^ look).sum() <= BITS
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.bitwise_count(looks[one] ^ looks[other]).sum() > BITS


def test_flat_pictures_have_no_look(cache: Path, tmp_path: Path) -> None:
    assert facts_of(clip_of(write_mp4(tmp_path / "gray.mp4"))).pictures is None


def test_an_unreadable_file_says_why(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="cannot be read"):
        facts_of(clip_of(tmp_path / "gone.mp4"))
