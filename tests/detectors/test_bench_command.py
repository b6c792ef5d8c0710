"""`python -m detectors bench`: what it prints, what it refuses, and that it keeps nothing."""

import os
import re
from pathlib import Path

import pytest

from clips import clip_of, tone, write_mp4
from detectors.__main__ import main
from detectors.benching import DECODING, NETWORK, PREPARING, REST, measure
from detectors.protocols import Context
from detectors.tracks import Track, frame_spans


def sound_file(folder: Path) -> Path:
    return write_mp4(folder / "tone.mp4", audio=tone(1.0), video=False)


@pytest.mark.parametrize(
    ("name", "stages"), [("braven_a.tiny.random", (DECODING, PREPARING, NETWORK)), ("logmel-linear", (DECODING, REST))]
)
def test_it_prints_rates_and_shares_that_add_up(
    name: str, stages: tuple[str, ...], tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", name, str(sound_file(tmp_path)), "--rounds", "2", "--batch", "2"]) == 0
    first, *shares, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{name} on cpu") and "1 clips of 1." in first and "2 rounds" in first
    assert [re.sub(r"  .*", "", line) for line in shares] == list(stages)
    assert 99 <= sum(int(line.split()[-2]) for line in shares) <= 101
    assert re.fullmatch(r"\S+ clips/s \(\S+ to \S+\), \S+ × real time; at most \S+ GB of memory", last)
    assert not cache.exists() and os.environ["AVDF_CACHE"] == str(cache)


class Slow:
    """Counts what it is asked for; every stage takes a known time of a clock that only it moves."""

    together = True

    def __init__(self, card: object, clock: list[float]) -> None:
        self.card, self.clock, self.batches = card, clock, []

    def encode(self, clip, taps):
        self.clock[0] += 1000.0

    def inputs(self, clip):
        self.clock[0] += 3.0
        return iter([clip.id])

    def computed(self, batch, taps):
        self.batches.append(batch)
        self.clock[0] += 6.0
        return [{"last": Track(None, frame_spans(0, 25))} for _ in ()]


def test_each_stage_gets_its_own_time(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from detectors import benching
    from detectors.encoders.braven import AUDIO

    clock = [0.0]
    monkeypatch.setattr(benching.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(benching, "_decode", lambda clips, modality: clock.__setitem__(0, clock[0] + len(clips)))
    encoder, clip = Slow(AUDIO, clock), clip_of(sound_file(tmp_path))
    speed = measure(encoder, [clip] * 3, Context(batch=2), rounds=1)
    assert speed.seconds == {DECODING: [3.0], PREPARING: [6.0], NETWORK: [12.0]}
    assert (speed.clips, speed.totals) == (3, [21.0]) and speed.length == pytest.approx(3, abs=0.2)
    assert speed.share(NETWORK) == pytest.approx(12 / 21)
    assert encoder.batches == [[["tone"], ["tone"]], [["tone"]]]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["braven_w"], 2, "did you mean braven_v"),
        (["braven_v.layer99"], 2, "no form 'layer99'"),
        (["braven_a", "--rounds", "0"], 2, "'0' is no number from 1 on"),
        (["braven_a.tiny.random", "nothing.mp4"], 1, "no such file"),
        (["braven_a"], 1, "is not in"),
        (["logmel", "--device", "nonsense"], 1, "--device nonsense cannot be used here"),
        (["logmel", "--device", "meta"], 1, "--device meta cannot be used here"),
        (["logmel", "--device", "hpu"], 1, "--device hpu cannot be used here"),
    ],
)
def test_what_it_cannot_do_it_says(
    arguments: list[str], code: int, words: str, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        found = main(["bench", *arguments])
    except SystemExit as stop:
        found = stop.code
    assert found == code
    assert words in capsys.readouterr().err


def test_a_damaged_checkpoint_is_said_in_one_line(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AVDF_WEIGHTS", str(tmp_path))
    (tmp_path / "large_vox_iter5.pt").write_bytes(b"PK\x03\x04 and no more")
    assert main(["bench", "avhubert_a.pretrained", str(sound_file(tmp_path))]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"error: {tmp_path}/large_vox_iter5.pt: is cut off or damaged")
