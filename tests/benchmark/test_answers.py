"""What is said of a single clip, beside its score."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.answer_text import as_json, sparkline, text
from benchmark.answers import Answer, Run, Scorer
from benchmark.caveats import caveats, false_alarms, remedy
from benchmark.cells import Cell
from benchmark.explain import extremes
from benchmark.picture import draw, picture
from benchmark.recording import without_number
from clips import clip_of, tone, write_landmarks, write_mp4
from datasets.clip import Clip
from datasets.registry import Corpus
from datasets.single import Streams
from detectors.registry import Row, row
from detectors.tracks import Track, frame_spans
from leaderboard import rows
from leaderboard.intervals import Metric
from leaderboard.tables import NOTICE

FILE = Streams(2.4, 60, 96, 64, True)
LINEAR = row("tiny_av-linear")


def scorer(known: Row = LINEAR, **more: object) -> Scorer:
    fields = {"probe": None, "fitted": {}, "thresholds": {}, "durations": (2.0, 2.8), "seen": frozenset()} | more
    return Scorer(row=known, train="sim_whole", **({"source": Corpus()} | fields))  # type: ignore[arg-type]


def answer(clip: Clip, *runs: Run, known: Row = LINEAR, silence: float | None = 0.0) -> Answer:
    return Answer(clip, known, "sim_whole", None, silence, runs or (run(),))


def run(seed: int = 43, score: float = 1.0, threshold: float | None = 0.5, **more: object) -> Run:
    local = Track(np.linspace(-3, 0, 60).astype(np.float32), frame_spans(60, 25))
    return Run(seed, score, threshold, **({"local": local, "without_silence": None} | more))  # type: ignore[arg-type]


@pytest.fixture
def clip(tmp_path: Path, cache: Path) -> Clip:
    return clip_of(write_mp4(tmp_path / "some.mp4", count=60, audio=tone(2.4)))


def said(given_: Answer, found: Streams = FILE, **more: object) -> str:
    return "\n".join(caveats(given_, scorer(given_.row, **more), found))


def test_an_answer_is_the_mean_of_its_seeds(clip: Clip) -> None:
    locals_ = [Track(np.full(3, float(i), np.float32), frame_spans(3, 25)) for i in (1, 2, 6)]
    found = answer(clip, *(run(i, score=10.0 * i, threshold=float(i), local=locals_[i]) for i in range(3)))
    assert (found.score, found.threshold) == (10.0, 1.0)
    assert found.local is not None
    np.testing.assert_array_equal(found.local.values, [3, 3, 3])
    assert answer(clip, run(threshold=None)).threshold is None
    assert "no threshold" in said(answer(clip, run(threshold=None))).lower()


def test_seeds_on_both_sides_of_their_thresholds_are_said_to_disagree(clip: Clip) -> None:
    assert "disagree" in said(answer(clip, run(0, 1.0, 0.5), run(1, 1.0, 1.5)))
    assert "disagree" not in said(answer(clip, run(0, 1.0, 0.5), run(1, 2.0, 1.5)))


@given(st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=80))
def test_the_most_fake_spans_are_runs_of_high_frames_and_hold_the_highest(values: list[float]) -> None:
    track = Track(np.array(values, np.float32), frame_spans(len(values), 25))
    found = answer(clip_of(Path("x.mp4")), run(local=track)).most_fake(len(values))
    inside = np.zeros(len(values), bool)
    for (start, end), peak in found:
        frames = slice(round(start * 25), round(end * 25))
        assert peak == max(track.values[frames]) and not inside[frames].any()
        inside[frames] = True
    level = (np.median(track.values) + track.values.max()) / 2
    np.testing.assert_array_equal(inside, track.values > level)
    assert [peak for _, peak in found] == sorted((peak for _, peak in found), reverse=True)
    spark = sparkline(track.values, 20)
    assert len(spark) == min(20, len(values))
    assert ("█" in spark) == (max(track.values) > min(track.values))


def test_silence_that_carries_the_score_is_said_with_the_score_without_it(clip: Clip) -> None:
    hanging = said(answer(clip, run(score=2.0, without_silence=0.25), silence=0.061))
    assert "61 ms of silence" in hanging and "gives 0.250" in hanging and "+1.750 of the score" in hanging
    assert "side of the threshold changes" in hanging
    assert "side of the threshold stays" in said(answer(clip, run(score=2.0, without_silence=1.9), silence=0.061))
    assert "does not hear" in said(answer(clip, run(), known=row("tiny_v-linear"), silence=0.061))
    assert "silence" not in said(answer(clip, run(without_silence=0.1), silence=0.002))
    assert "silence:" not in said(answer(clip.skipping(2), run(), silence=0.061))


def test_lengths_unlike_the_training_clips_controls_and_training_files_are_said(clip: Clip) -> None:
    plain = said(answer(clip))
    for words in ("lasts", "is a control", "training or validation split: its score"):
        assert words not in plain
    assert "lasts 9.0 s, the training clips 2.0 to 2.8 s" in said(answer(clip), replace(FILE, seconds=9.0))
    assert "lasts 0.5 s" in said(answer(clip), replace(FILE, seconds=0.5))
    assert "silence is a control" in said(answer(clip, known=row("silence")))
    assert "no test" in said(answer(clip), seen=frozenset([clip.content]))
    assert "sim_whole: procedural" in plain and "no probability" in plain


def test_landmarks_that_miss_faces_or_belong_elsewhere_are_said(clip: Clip) -> None:
    points = np.ones((60, 68, 2))
    points[:7] = np.nan
    write_landmarks(clip, points)
    assert "In 7 of 60 pictures no face" in said(answer(clip))
    assert "no face" not in said(answer(clip, known=row("logmel-linear")))
    write_landmarks(clip, np.ones((50, 68, 2)))
    assert "50 rows for 60 pictures" in said(answer(clip))


def test_a_stream_that_ends_early_or_is_missing_is_said(clip: Clip) -> None:
    short = Track(np.zeros(20, np.float32), frame_spans(20, 25))
    assert "Only the first 0.8 of 2.4 s" in said(answer(clip, run(local=short)))
    assert "no sound" in said(answer(clip), replace(FILE, sound=False))


def test_false_alarms_come_from_the_rows_of_the_same_training_and_corpus(tmp_path: Path) -> None:
    def record(train: str, test: str, rate: float, probe: str | None = None, corpus: Corpus = Corpus()):  # noqa: B008
        metric = Metric(rate, None, None, None, 9, 9, 9, "some", rate, rate)
        empty = without_number(Cell(LINEAR, train, test, probe), corpus, "failed", "x")
        return replace(empty, status="ok", reason=None, signature="s", metrics={"fpr_at_val": metric})

    assert "not measured" in false_alarms(scorer(), tmp_path)
    measured = [
        record("sim_whole", "sim_lip", 0.13),
        record("sim_whole", "sim_wild", 0.62),
        record("sim_whole", "sim_whole", 0.01),
        record("sim_local", "sim_lip", 0.99),
        record("sim_whole", "sim_lip", 0.98, "trim"),
    ]
    rows.accept(measured, tmp_path)
    assert "13 to 62 %" in false_alarms(scorer(), tmp_path)
    assert "Out of domain 98 %" in false_alarms(scorer(probe="trim"), tmp_path)
    assert "not measured" in false_alarms(scorer(probe="drop"), tmp_path)
    assert "not measured" in false_alarms(replace(scorer(), source=Corpus("full")), tmp_path)


def test_errors_come_with_what_to_do(clip: Clip) -> None:
    assert "some.landmarks.npy" in remedy(clip.error("no landmarks beside it"))
    assert "tiny_v-linear" in remedy(clip.error("no audio track"))
    assert remedy(clip.error("no face in any frame")) == ""


def test_text_names_the_side_of_the_threshold_and_json_has_every_frame(clip: Clip) -> None:
    assert "0.5; the score is 0.5 above it: called fake" in text(answer(clip), FILE, [])
    assert "0.5; the score is 0 below it: called real" in text(answer(clip, run(score=0.5)), FILE, [])
    found = as_json(answer(clip), ["careful"])
    assert len(found["frames"]) == 60 and found["frames"][1]["start"] == 0.04
    assert found["called_fake"] is True and found["warnings"] == ["careful"]
    unknown = as_json(answer(replace(clip, dataset="")), [])
    untouched = replace(clip, label=1, method="null")
    assert "labelled fake, but nothing was changed" in text(answer(untouched), FILE, [])
    assert unknown["truth"] is None and "truth" not in text(answer(replace(clip, dataset="")), FILE, [])


def test_the_picture_shades_the_manifests_segments_and_bears_the_notice(clip: Clip) -> None:
    fake = replace(
        clip,
        dataset="sim_local",
        label=1,
        label_video=0,
        label_audio=1,
        method="voc",
        segments=((0.4, 0.8),),
        segments_audio=((0.4, 0.8),),
        segments_video=(),
    )
    figure = picture(answer(fake, run(seed=0), run(seed=1)))
    words = " ".join(piece.get_text() for piece in figure.texts)
    assert f"Simulated data: {NOTICE}" in words.replace("\n", " ") and "fake, voc (sound), 0.40 to 0.80 s" in words
    by_name = {axes.get_ylabel().split("\n")[0]: axes for axes in figure.axes}
    shaded = [(p.get_x(), p.get_x() + p.get_width()) for p in by_name["score"].patches]
    assert shaded == [pytest.approx((0.4, 0.8))]
    means = [line for line in by_name["score"].lines if line.get_label() == "frame scores"]
    np.testing.assert_allclose(means[0].get_ydata()[::2], np.linspace(-3, 0, 60), atol=1e-6)
    assert len(by_name["frames"].images) >= 3
    mine = " ".join(piece.get_text() for piece in picture(answer(replace(clip, dataset=""))).texts)
    assert f"Trained on simulated data: {NOTICE}" in mine.replace("\n", " ")
    real = picture(answer(replace(clip, label=0, label_video=0, label_audio=0, segments=())))
    assert not any(axes.patches for axes in real.axes if axes.get_ylabel().startswith("score"))


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_a_picture_is_the_same_bytes_again(clip: Clip, tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        draw(answer(clip, run(0), run(1)), tmp_path / f"{name}.{suffix}")
    assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_extremes_are_ranked_in_each_class_by_the_mean_of_the_seeds() -> None:
    import pandas as pd

    rng = np.random.default_rng(3)
    scores = rng.normal(size=(2, 30))
    scores[1, 4] = np.nan
    labels = np.arange(30) % 2
    clips = [f"c{i:02d}" for i in range(30)]
    table = pd.DataFrame(
        {"clip": clips, "identity": "i", "label": labels, "seed0": scores[0], "seed1": scores[1], "reason": ""}
    )
    found = {choice.name: (choice.clip, choice.score) for choice in extremes(table, 1, 2)}
    means = {i: scores[:, i].mean() for i in range(30) if i != 4}
    fakes = sorted((i for i in means if i % 2), key=means.__getitem__)
    reals = sorted((i for i in means if not i % 2), key=means.__getitem__)
    wanted = {
        "best-fake-1": fakes[-1],
        "worst-fake-1": fakes[0],
        "worst-fake-2": fakes[1],
        "best-real-1": reals[0],
        "worst-real-1": reals[-1],
        "worst-real-2": reals[-2],
    }
    assert found == {name: (clips[i], pytest.approx(means[i])) for name, i in wanted.items()}
    everything = extremes(table, 99, 99)
    assert sorted(choice.clip for choice in everything) == sorted(set(clips) - {"c04"})
