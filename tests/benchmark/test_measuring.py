"""From clips to a record: what a detector may see, what failed clips do, and which metrics come out."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmark.cells import Cell
from benchmark.evaluation import Outcome, evaluate
from benchmark.recording import _finite, without_number
from benchmark.run import Bench, Options
from benchmark.scoring import Part, Scores, coverage, cut, leakage, score
from datasets.clip import Clip
from datasets.registry import Corpus
from detectors.registry import Row
from detectors.tracks import Scored, Track, frame_spans
from leaderboard import records
from leaderboard.intervals import Metric
from leaderboard.metrics import OneClassError


def clips(count: int, split: str = "test", **known: Any) -> list[Clip]:
    """Pairs of a real and a fake clip, an identity a pair."""
    fields = {"label_video": None, "label_audio": None, "method": "m", "source": "s"} | known
    return [
        Clip(f"{split}{i}", "set", split, Path("none"), f"{i}.mp4", i % 2, identity=f"{split}{i // 2}", **fields)
        for i in range(count)
    ]


def row(**known: Any) -> Row:
    fields = {"needs": frozenset({"real", "fake"}), "logit": True, "control": False, "modality": "audio", "summary": ""}
    return Row(name="some", **(fields | known))


def outcome(test: np.ndarray, val: np.ndarray, seed: int = 43, **known: Any) -> Outcome:
    return Outcome(seed, {}, Scores(val, {}, {}), Scores(test, known.get("local", {}), known.get("failed", {})))


@dataclass
class Answers:
    """A fitted detector that says what it was told, by clip id."""

    answers: dict[str, Any]
    report: dict[str, Any] = field(default_factory=dict)

    def score(self, clip: Clip) -> Scored:
        answer = self.answers[clip.id]
        if isinstance(answer, str):
            raise clip.error(answer)
        return Scored(answer)


def test_errors_and_scores_that_are_not_finite_are_failed_clips_in_their_place() -> None:
    part = Part(tuple(clips(5)), tuple(clips(5)))
    found = score(
        Answers({"test0": 1.0, "test1": "no audio track", "test2": np.nan, "test3": -np.inf, "test4": 2.5}), part
    )
    np.testing.assert_array_equal(found.values, [1.0, np.nan, np.nan, np.nan, 2.5])
    assert set(found.failed) == {"test1", "test2", "test3"}
    counted = coverage(part, found.failed)
    assert (counted["found"], counted["expected"]) == (2, 5)
    assert counted["failed"][0] == {"clip": "test1", "reason": "1.mp4: no audio track"}


class Cheat:
    """A fitted detector that looks at what it should not know."""

    report: Mapping[str, Any] = MappingProxyType({})

    def score(self, clip: Clip) -> Scored:
        return Scored(clip.label + len(clip.segments or ()) + (clip.method != "") + (clip.pair is not None))


def test_a_detector_that_scores_sees_no_label() -> None:
    known = clips(6, segments=((0.0, 1.0),), pair="p")
    assert (score(Cheat(), Part(tuple(known), tuple(known))).values == 0).all()


def test_real_and_fake_differ_in_nothing_that_a_detector_sees_but_the_file() -> None:
    shared = {"split": "test", "split_from": "release", "root": Path("none"), "duration": 2.0}
    real = Clip(
        "real/1", "favc", path="real/1.mp4", label=0, label_video=0, label_audio=0, method="real", identity="a",
        source="a", pair="a/1", category="RVRA", extra={"target1": "-"}, sound="wav/0_real/1.wav", bytes=1, **shared,
    )  # fmt: skip
    fake = Clip(
        "fake/1", "favc", path="fake/1.mp4", label=1, label_video=1, label_audio=1, method="wav2lip", identity="b",
        source="b", pair="b/1", category="FVFA", extra={"target1": "id1"}, sound="wav/1_fake/1.wav", bytes=2,
        segments=((0.0, 1.0),), segments_audio=(), segments_video=((0.0, 1.0),), clicks=((0, 0.5, 0.5),), **shared,
    )  # fmt: skip
    seen, other = real.blind(), fake.blind()
    differing = {f.name for f in fields(Clip) if getattr(seen, f.name) != getattr(other, f.name)}
    assert differing == {"id", "path", "sound", "bytes"}


def test_any_other_error_of_a_detector_is_not_hidden_and_names_the_clip() -> None:
    with pytest.raises(RuntimeError, match=r"scoring test0 \(0\.mp4\): KeyError"):
        score(Answers({}), Part(tuple(clips(1)), tuple(clips(1))))


def test_a_clip_that_cannot_be_cut_has_failed() -> None:
    part = cut(clips(2), "trim")
    assert part.clips == () and set(part.failed) == {"test0", "test1"}
    assert "cannot be read" in part.failed["test0"]
    assert [clip.skip for clip in cut(clips(2), "drop").clips] == [4, 4]


def test_leakage_counts_what_test_and_training_share() -> None:
    train = [replace(c, identity="a", source="x", pair="p") for c in clips(3)]
    test = [replace(train[0], identity=i, source=s, pair=p) for i, s, p in (("a", "y", None), ("b", "x", "p"))]
    assert leakage(train, test) == {
        "identity": {"shared": 1, "of": 2},
        "source": {"shared": 1, "of": 2},
        "segment": {"shared": 1, "of": 1},
    }


def test_leakage_between_two_data_sets_is_known_where_they_name_alike_and_not_denied_elsewhere() -> None:
    one, *_ = clips(1)
    train = [replace(one, dataset="favc", identity="id00012", source="id00012/00109", pair="id00012/00109")]
    known = {"identity": "vox2:id00012", "source": "id00012/x", "pair": "id00012/x/00047"}
    test = [replace(one, dataset="av1mpp.val", **known)]
    assert leakage(train, test) == {"identity": {"shared": 1, "of": 1}, "source": None, "segment": None}
    assert leakage(train, [replace(test[0], dataset="kodf")])["identity"] is None


def test_metrics_equal_scikit_learn_and_seeds_are_averaged() -> None:
    rng = np.random.default_rng(0)
    test, val = Part((), tuple(clips(60))), Part((), tuple(clips(20, "val")))
    labels = np.arange(60) % 2
    scores = [rng.normal(size=60) + labels, rng.normal(size=60) + labels]
    found = evaluate(
        Cell(row(), "a", "b"), val, test, [outcome(s, rng.normal(size=20), i) for i, s in enumerate(scores)]
    )
    assert found.metrics["auc"].value == pytest.approx(np.mean([roc_auc_score(labels, s) for s in scores]))
    assert found.metrics["ap"].value == pytest.approx(np.mean([average_precision_score(labels, s) for s in scores]))
    assert found.metrics["acc_at_0"].value == pytest.approx(np.mean([((s > 0) == labels).mean() for s in scores]))
    assert [run["seed"] for run in found.runs] == [0, 1]
    assert found.metrics["auc"].n_groups == 30 and found.metrics["auc"].n_pos == 30


def test_the_threshold_comes_from_validation_data() -> None:
    labels = np.arange(20) % 2
    test, val = Part((), tuple(clips(20))), Part((), tuple(clips(20, "val")))
    shifted = outcome(100.0 + 10 * labels, 102.0 + 10 * labels)
    found = evaluate(Cell(row(), "a", "b"), val, test, [shifted])
    metrics = found.metrics
    assert [run["threshold_at_val"] for run in found.runs] == [107.0]
    assert metrics["acc_at_val"].value == 1.0 and metrics["acc_at_0"].value == 0.5
    assert metrics["fpr_at_val"].value == 0.0
    shifted = outcome(103.0 + 10 * labels + (labels == 0) * 5 * (np.arange(20) > 9), 102.0 + 10 * labels)
    assert evaluate(Cell(row(), "a", "b"), val, test, [shifted]).metrics["fpr_at_val"].value == 0.5
    assert "acc_at_0" not in evaluate(Cell(row(logit=False), "a", "b"), val, test, [shifted]).metrics


def test_a_detector_of_reals_alone_gets_the_quantile_of_validation_reals() -> None:
    val = Part((), tuple(replace(c, label=0) for c in clips(201, "val")))
    test = Part((), tuple(clips(4)))
    metrics = evaluate(
        Cell(row(needs=frozenset({"real"})), "a", "b"),
        val,
        test,
        [outcome(np.array([189.0, 191, 100, 300]), np.arange(201.0))],
    ).metrics  # 95 % of 0..200 is 190
    assert metrics["acc_at_val"].value == 1.0


def test_one_class_and_no_score_at_all_are_errors() -> None:
    val = Part((), tuple(clips(4, "val")))
    fakes = Part((), tuple(replace(c, label=1) for c in clips(4)))
    with pytest.raises(OneClassError, match="4 fake and 0 real"):
        evaluate(Cell(row(), "a", "b"), val, fakes, [outcome(np.arange(4.0), np.arange(4.0))])
    nothing = outcome(np.full(4, np.nan), np.arange(4.0), failed={"test0": "no audio track"})
    with pytest.raises(ValueError, match="none of the 4 test clips could be scored: no audio track"):
        evaluate(Cell(row(), "a", "b"), val, Part((), tuple(clips(4))), [nothing])


def test_unscored_clips_are_imputed_both_ways() -> None:
    labels = np.arange(40) % 2
    scores = np.where(np.arange(40) < 4, np.nan, labels + np.arange(40) / 30)
    val = Part((), tuple(clips(4, "val")))
    auc = evaluate(Cell(row(), "a", "b"), val, Part((), tuple(clips(40))), [outcome(scores, np.arange(4.0))]).metrics[
        "auc"
    ]
    wrong = np.where(labels == 1, -9.0, 9.0)
    assert auc.worst == pytest.approx(roc_auc_score(labels, np.where(np.isnan(scores), wrong, scores)))
    assert auc.best == pytest.approx(roc_auc_score(labels, np.where(np.isnan(scores), -wrong, scores)))
    assert auc.value == pytest.approx((auc.worst + auc.best) / 2)


def test_localisation_pools_the_frames_of_fakes_with_segments() -> None:
    rng = np.random.default_rng(1)
    known = [replace(c, segments=((0.4, 0.8),) if c.label else ()) for c in clips(8)]
    local = {c.id: Track(rng.normal(size=50).astype(np.float32), frame_spans(50, 25, 0.12)) for c in known}
    test, val = Part(tuple(known), tuple(known)), Part((), tuple(clips(4, "val")))
    found = evaluate(Cell(row(), "a", "b"), val, test, [outcome(np.arange(8.0), np.arange(4.0), local=local)])
    centres = 0.12 + (np.arange(50) + 0.5) / 25
    labels = np.tile((centres >= 0.4) & (centres < 0.8), 4)
    values = np.concatenate([local[c.id].values for c in known if c.label])
    assert found.metrics["frame_auc"].value == pytest.approx(roc_auc_score(labels, values))
    known = [replace(clip, retimed=True) for clip in known]  # their pictures tell other times than the file
    test = Part(tuple(known), tuple(known))
    found = evaluate(Cell(row(), "a", "b"), val, test, [outcome(np.arange(8.0), np.arange(4.0), local=local)])
    assert "frame_auc" not in found.metrics and "auc" in found.metrics


def test_frames_of_a_fake_without_frame_scores_are_imputed_and_not_left_out() -> None:
    known = [replace(c, segments=((0.4, 0.8),) if c.label else (), duration=2.0) for c in clips(4)]
    values = np.arange(50, dtype=np.float32)
    local = {"test1": Track(values, frame_spans(50, 25))}
    test, val = Part(tuple(known), tuple(known)), Part((), tuple(clips(4, "val")))
    auc = evaluate(Cell(row(), "a", "b"), val, test, [outcome(np.arange(4.0), np.arange(4.0), local=local)]).metrics[
        "frame_auc"
    ]
    labels = np.tile((np.arange(50) >= 10) & (np.arange(50) < 20), 2)
    lost = np.where(labels[50:], -99.0, 99.0)
    assert auc.worst == pytest.approx(roc_auc_score(labels, np.concatenate([values, lost])))
    assert auc.best == pytest.approx(roc_auc_score(labels, np.concatenate([values, -lost])))


def test_a_failure_never_replaces_a_number_and_never_writes_nothing(tmp_path: Path) -> None:
    corpus = Corpus("smoke")
    cell = Cell(row(), "sim_whole", "sim_local")
    metric = Metric(0.7, 0.6, 0.8, 0.05, 8, 8, 8, "some", 0.7, 0.7)
    good = replace(
        without_number(cell, corpus, "failed", "x"), status="ok", reason=None, signature="s", metrics={"auc": metric}
    )
    records.write(tmp_path / corpus.folder, good)
    bad = without_number(cell, corpus, "failed", "broken")
    for rerun in ("always", "never", "only-missing"):
        Bench(Options("smoke", 0, rerun, tmp_path), nullcontext)._store_record(cell, bad)
        assert records.read(records.path_for(tmp_path / corpus.folder, cell.id)).status == "ok"
    empty = tmp_path / "empty"
    Bench(Options("smoke", 0, "never", empty), nullcontext)._store_record(cell, bad)
    assert not empty.exists()
    Bench(Options("smoke", 0, "always", empty), nullcontext)._store_record(cell, bad)
    assert records.read(records.path_for(empty / corpus.folder, cell.id)).reason == "broken"


def test_reports_lose_only_what_is_not_finite() -> None:
    report = {"loss": np.float32("nan"), "best": 3, "all": [float("inf"), 1.5]}
    assert _finite(report) == {"loss": None, "best": 3, "all": [None, 1.5]}


class Spy:
    """A detector that remembers what it was given."""

    def __init__(self) -> None:
        self.seen: list[Clip] = []

    def fit(self, train: list[Clip], val: list[Clip], ctx: Any) -> Answers:
        self.seen += [*train, *val]
        return Answers({})

    def prepare(self, clips: list[Clip]) -> None:
        self.seen += clips


def test_a_detector_sees_no_test_clip_and_one_of_reals_no_fake(cache: Path, tmp_path: Path) -> None:
    spies: dict[frozenset[str], Spy] = {}
    for needs in (frozenset({"real", "fake"}), frozenset({"real"}), frozenset()):
        bench = Bench(Options("smoke", 0, "always", tmp_path), nullcontext)
        spies[needs] = spy = Spy()
        bench._build = lambda cell, seed, spy=spy: (spy, "signature")  # type: ignore[method-assign]
        with pytest.raises(AttributeError, match="save"):  # what fit returned cannot be kept, which ends it here
            bench._measured(Cell(row(needs=needs), "sim_whole", "sim_local"), "signature")
    both, reals, none = (spies[needs].seen for needs in spies)
    assert {(c.dataset, c.split) for c in both} == {("sim_whole", "train"), ("sim_whole", "val")}
    assert {c.label for c in both} == {0, 1} and {c.label for c in reals} == {0} and none == []
