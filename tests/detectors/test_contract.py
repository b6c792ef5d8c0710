"""The contract catches what is wrong, in words that say what to mend, and lets pass what is right."""

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from datasets.clip import Clip
from datasets.errors import ClipError
from detectors.cards import DetectorCard, EncoderCard, HeadCard, Weights
from detectors.compose import build
from detectors.contract import (
    Subject,
    complaints,
    detector_complaints,
    head_complaints,
    registration_complaints,
    subjects,
)
from detectors.contract.common import global_state, numbered
from detectors.contract.encoder import encoder_complaints
from detectors.contract.kit import Kit, blinded, make_kit
from detectors.lacking import lacking
from detectors.protocols import Context
from detectors.registry import Entry, row, rows
from detectors.store import FeatureStore
from detectors.tracks import Scored, Track, frame_spans

pytestmark = pytest.mark.usefixtures("cache")
BOTH = frozenset({"real", "fake"})
RNG = np.random.default_rng(5)
"""Shared by detectors that should draw from a seed of their own."""


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AVDF_CACHE", str(tmp_path_factory.mktemp("kit_cache")))
        return make_kit(tmp_path_factory.mktemp("kit"))


@pytest.fixture(scope="module", autouse=True)
def decoded_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("decoded")


@pytest.fixture
def cache(decoded_once: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One cache of decoded clips for the whole module."""
    monkeypatch.setenv("AVDF_CACHE", str(decoded_once))
    return decoded_once


def loudness(clip: Clip) -> float:
    samples = clip.audio()
    if samples is None:
        raise clip.error("no audio track")
    return float(np.abs(samples).mean())


@dataclass
class GoodFitted:
    """Loudness against the mean of the training clips; what it does wrong comes from subclasses."""

    mean: float
    report: Any = field(default_factory=lambda: {"clips": 6})

    def score(self, clip: Clip) -> Any:
        frames = round(((clip.duration or 2.0) - clip.start) * 25)
        local = Track(np.zeros(frames, np.float32), frame_spans(frames, 25, clip.start))
        return Scored(loudness(clip) - self.mean, local)

    def save(self, folder: Path) -> None:
        (folder / "mean.json").write_text(json.dumps([self.mean, self.report]))


class Good:
    """Leaves out clips without sound."""

    fitted: type[GoodFitted] = GoodFitted

    def fit(self, train: Any, val: Any, ctx: Context) -> Any:
        return self.fitted(float(np.mean(self.values(train))))

    def values(self, train: Any) -> list[float]:
        found = []
        for clip in train:
            try:
                found.append(loudness(clip))
            except ClipError:
                continue
        return found

    def load(self, folder: Path, ctx: Context) -> Any:
        return self.fitted(*json.loads((folder / "mean.json").read_text()))


def scoring(score: Callable[[Any, Clip], Any]) -> type:
    """A detector that is good but for its `score`."""
    return type("Bad", (Good,), {"fitted": type("BadFitted", (GoodFitted,), {"score": score})})


def fitting(fit: Callable[..., Any]) -> type:
    return type("Bad", (Good,), {"fit": fit})


def keeping(**methods: Any) -> type:
    return type("Bad", (Good,), {"fitted": type("BadFitted", (GoodFitted,), methods)})


def localising(make: Callable[[Clip, int], Any]) -> type:
    return scoring(lambda self, clip: Scored(0.0, make(clip, 20)))


def remembers(self: Any, clip: Clip) -> Scored:
    last, self.last = getattr(self, "last", 0.0), loudness(clip)
    return Scored(self.last + last)


def counts(self: Any, clip: Clip) -> Scored:
    self.count = getattr(self, "count", 0) + 1
    return Scored(float(self.count))


def spoilt(self: Any, clip: Clip) -> Scored:
    """A clip without sound spoils what comes after it."""
    self.broken = getattr(self, "broken", False) or clip.audio() is None
    return Scored(float("nan") if clip.audio() is None else 2.0 if self.broken else 1.0)


def by_id(self: Any, clip: Clip) -> Scored:
    """A cache that takes a clip of the same id for the same clip."""
    self.seen = getattr(self, "seen", {})
    return Scored(self.seen.setdefault(clip.id, loudness(clip)))


def saves_nothing(self: Any, folder: Path) -> None:
    (folder / "mean.json").write_text("[0.0, {}]")


def one(self: Any, clip: Clip) -> Scored:
    return Scored(1.0)


def failing(self: Any, *_: Any) -> Any:
    return {}["weights"]


def silent(clip: Clip) -> bool:
    samples = clip.audio()
    return samples is not None and not samples.any()


def loud_scale(self: Any, clip: Clip) -> Scored:
    with np.errstate(divide="ignore"):
        return Scored(float(-np.log(np.float64(loudness(clip)))))


BAD_DETECTORS = {
    "fit fails": (fitting(failing), r"^fit raised KeyError: 'weights'\nTraceback.*test_contract\.py.*in failing"),
    "fit returns nothing": (
        fitting(lambda self, train, val, ctx: None),
        r"^fit returned NoneType, which has no score and no save; return an object with the methods score and save",
    ),
    "score fails": (scoring(failing), r"score, of clip8, raised KeyError"),
    "score exits": (scoring(lambda self, clip: exit(1)), r"score, of clip8, raised SystemExit"),
    "bare number": (scoring(lambda self, clip: 1.0), r"returned float; write `return Scored\(float\(value\)\)`"),
    "tensor": (scoring(lambda self, clip: Scored(torch.tensor(1.0))), r"is of type Tensor; write `Scored\(float"),
    "not a number": (scoring(lambda self, clip: Scored(float("nan"))), r"the score of clip8 is nan, though nothing"),
    "random score": (scoring(lambda self, clip: Scored(random.random())), r"draws from the global random state"),
    "own random score": (
        scoring(lambda self, clip: Scored(RNG.random())),
        r"clip8 got .*, and .* at every call.* generator of its own",
    ),
    "dropout": (
        scoring(lambda self, clip: Scored(float(torch.rand(())))),
        r"call net\.eval\(\), so that nothing is dropped",
    ),
    "memory": (scoring(remembers), r"keeps something from clip to clip"),
    "counter": (scoring(counts), r"at every call.* or counts"),
    "label": (scoring(lambda self, clip: Scored(float(clip.label))), r"score depends on clip\.label;"),
    "method": (scoring(lambda self, clip: Scored(float(len(clip.method)))), r"depends on clip\.method"),
    "segments": (scoring(lambda self, clip: Scored(float(len(clip.segments or ())))), r"depends on clip\.segments;"),
    "identity": (scoring(lambda self, clip: Scored(float(len(clip.identity)))), r"depends on clip\.identity"),
    "pair": (scoring(lambda self, clip: Scored(float(clip.pair is None))), r"depends on clip\.pair"),
    "cache by id": (scoring(by_id), r"depends on clip\.id"),
    "file name": (scoring(lambda self, clip: Scored(float(len(clip.path)))), r"depends on clip\.path"),
    "name of a fake": (scoring(lambda self, clip: Scored(float(clip.path.endswith("-f.mp4")))), r"on clip\.path;"),
    "folder of reals": (scoring(lambda self, clip: Scored(float("real" in clip.path))), r"depends on clip\.path;"),
    "id of a fake": (scoring(lambda self, clip: Scored(float(clip.id.endswith("f")))), r"depends on clip\.id;"),
    "unknown method": (
        scoring(lambda self, clip: Scored({"": 1.0}.get(clip.method) or {}[clip.method])),
        r"another label, name or relations, raised KeyError",
    ),
    "global NumPy": (
        fitting(lambda self, train, val, ctx: GoodFitted(np.random.rand())),  # noqa: NPY002 - that is the fault
        r"fit draws from the global random state; draw from np\.random\.default_rng\(ctx\.seed\)",
    ),
    "global Python": (
        fitting(lambda self, train, val, ctx: GoodFitted(random.random())),
        r"fit draws from the global random state",
    ),
    "global torch": (
        fitting(lambda self, train, val, ctx: GoodFitted(torch.nn.Linear(1, 1).bias.item())),
        r"fit draws from the global random state.*torch\.manual_seed",
    ),
    "no seed": (
        fitting(lambda self, train, val, ctx: GoodFitted(float(np.random.default_rng().random()))),
        r"ctx\.seed must be the only source of randomness",
    ),
    "no report": (
        keeping(report=None, __init__=lambda self, *_: None, save=saves_nothing, score=one),
        r"report None; give it",
    ),
    "report of objects": (
        keeping(report={"weights": np.zeros(3)}, __init__=lambda self, *_: None, save=saves_nothing, score=one),
        r"report cannot be written as JSON \(Object of type ndarray",
    ),
    "report is lost": (
        type("Bad", (Good,), {"load": lambda self, folder, ctx: GoodFitted(Good().load(folder, ctx).mean, {})}),
        r"its report is \{'clips': 6\} before save, and \{\} after load",
    ),
    "save fails": (keeping(save=failing), r"save raised KeyError"),
    "load fails": (type("Bad", (Good,), {"load": failing}), r"after save, load raised KeyError"),
    "load returns nothing": (
        type("Bad", (Good,), {"load": lambda self, folder, ctx: None}),
        r"^after save, load returned NoneType, which has no score",
    ),
    "mean is lost": (
        keeping(save=lambda self, folder: (folder / "mean.json").write_text(json.dumps([0.5, self.report]))),
        r"clip8 got .* after save and load; save everything that score needs",
    ),
    "local of two columns": (
        localising(lambda clip, n: Track(np.zeros((n, 2)), frame_spans(n, 25, clip.start))),
        r"the local scores of clip8 are \(20, 2\); write Track\(values, spans\) with values \(N,\)",
    ),
    "local is an array": (localising(lambda clip, n: np.zeros(n)), r"local scores of clip8 are \(20,\); write Track"),
    "local of integers": (
        localising(lambda clip, n: Track(np.zeros(n, int), frame_spans(n, 25, clip.start))),
        r"local scores of clip8 are of type int64; write values\.astype",
    ),
    "spans fall": (
        localising(lambda clip, n: Track(np.zeros(n), frame_spans(n, 25, clip.start)[::-1])),
        r"the spans of the local scores of clip8 must increase",
    ),
    "spans in frames": (
        localising(lambda clip, n: Track(np.zeros(n), 25 * frame_spans(n, 25, clip.start))),
        r"end at 20\.00 s, after the clip's end at .*are they seconds",
    ),
    "times of the cut clip": (
        localising(lambda clip, n: Track(np.zeros(n), frame_spans(n, 25))),
        r"start at 0\.00 s, but the clip is seen from 0\.16 s on; .* add clip\.start",
    ),
    "no sound": (
        scoring(lambda self, clip: Scored(float(np.abs(clip.audio()).mean()))),
        r"score, of no sound track, raised TypeError.*raise clip\.error\('what is missing'\)",
    ),
    "no pictures": (
        scoring(lambda self, clip: Scored(loudness(clip) + frames_or_fail(clip))),
        r"score, of no video track, raised RuntimeError: no pictures",
    ),
    "infinite": (scoring(loud_scale), r"the score of digital silence is inf; a clip that cannot be scored gets NaN"),
    "spoilt": (scoring(spoilt), r"clip8 got 1\.0 and then 2\.0 after clips that cannot be used"),
    "unusable clips stop it": (
        fitting(lambda self, train, val, ctx: GoodFitted(float(np.mean([loudness(clip) for clip in train])))),
        r"fit, with unusable clips among the training clips, raised ClipError.*leave such clips out",
    ),
}


def frames_or_fail(clip: Clip) -> float:
    try:
        return float(len(clip.frames(25, "full", 1)))
    except ClipError:
        raise RuntimeError("no pictures") from None


def check(cls: type, kit: Kit, folder: Path, needs: Any = BOTH) -> list[str]:
    return detector_complaints(needs, cls, kit, folder / "fitted")


@pytest.mark.parametrize("fault", BAD_DETECTORS)
def test_a_bad_detector_is_caught_in_the_right_words(fault: str, kit: Kit, tmp_path: Path) -> None:
    cls, words = BAD_DETECTORS[fault]
    found = check(cls, kit, tmp_path)
    assert len(found) == 1, numbered(found)
    assert re.search(words, found[0], flags=re.DOTALL), found[0]
    assert "contract/" not in found[0] and "in attempt" not in found[0]


@pytest.mark.parametrize("needs", [BOTH, frozenset({"real"})])
def test_a_good_detector_passes(needs: Any, kit: Kit, tmp_path: Path) -> None:
    assert check(Good, kit, tmp_path, needs) == []


def test_a_detector_is_given_the_classes_that_it_needs(kit: Kit, tmp_path: Path) -> None:
    seen: list[set[int]] = []

    class Watching(Good):
        def fit(self, train: Any, val: Any, ctx: Context) -> Any:
            seen.append({clip.label for clip in [*train, *val]})
            return super().fit(train, val, ctx)

    assert check(Watching, kit, tmp_path, frozenset({"real"})) == [] and set(map(frozenset, seen)) == {frozenset({0})}
    seen.clear()
    assert check(Watching, kit, tmp_path, BOTH) == [] and set(map(frozenset, seen)) == {frozenset({0, 1})}


@pytest.mark.parametrize("subject", subjects(), ids=str)
def test_everything_registered_keeps_the_contract(subject: Subject, kit: Kit, tmp_path: Path) -> None:
    assert complaints(subject, kit, tmp_path / "fitted") == []


def test_a_composed_detector_keeps_the_contract(kit: Kit, tmp_path: Path) -> None:
    store, ctx = FeatureStore(tmp_path / "features"), Context()
    detector = build("tiny_av-linear", 43, store, ctx)[0]
    assert check(lambda: detector, kit, tmp_path, detector.card.needs) == []  # type: ignore[arg-type]


@dataclass
class GoodEncoder:
    """Mean level and peak of each 40 ms."""

    card: EncoderCard
    seed: int | None = None

    def load(self, ctx: Context) -> None:
        self.weights = np.random.default_rng(9 if self.seed is None else self.seed).normal(size=2)

    def encode(self, clip: Clip, taps: Any = ("last",)) -> Any:
        samples = clip.audio()
        if samples is None:
            raise clip.error("no audio track")
        blocks = samples[: len(samples) // 640 * 640].reshape(-1, 640)
        if not len(blocks):
            raise clip.error("less than 40 ms of sound")
        values = np.stack([blocks.mean(axis=1), blocks.max(axis=1)], axis=1) * self.weights
        return {tap: Track(values.astype(np.float32), frame_spans(len(values), 25, clip.start)) for tap in taps}


ENCODER = EncoderCard("levels", "audio", 2, 25, "levels", "Apache-2.0", "a test", randomisable=True)


def encoding(change: Callable[[Any, Track, Clip], Any]) -> type:
    """An encoder that is good but for what it makes of its features."""

    def encode(self: Any, clip: Clip, taps: Any = ("last",)) -> Any:
        return {tap: change(self, track, clip) for tap, track in GoodEncoder.encode(self, clip, taps).items()}

    return type("Bad", (GoodEncoder,), {"encode": encode})


def loading(load: Callable[[Any, Context], None]) -> type:
    return type("Bad", (GoodEncoder,), {"load": load})


def scaled(track: Track, factor: Any) -> Track:
    return Track((track.values * factor).astype(np.float32), track.spans)


def drawn(self: Any, ctx: Context) -> None:
    """Trained weights that lack a layer."""
    self.weights = np.random.normal(size=2) if self.seed is None else np.full(2, self.seed + 1)  # noqa: NPY002


def unseeded(self: Any, ctx: Context) -> None:
    self.weights = np.full(2, 7.0) if self.seed is None else np.random.normal(size=2)  # noqa: NPY002


def one_draw(self: Any, ctx: Context) -> None:
    self.weights = np.full(2, 7.0 if self.seed is None else 2.0)


def untagged(self: Any, ctx: Context) -> None:
    self.weights = np.full(2, 1.0 if self.seed is None else self.seed + 1)


def infinite_in_silence(self: Any, track: Track, clip: Clip) -> Track:
    return Track(track.values + np.float32(np.inf), track.spans) if silent(clip) else track


def needs_sound(self: Any, clip: Clip, taps: Any = ("last",)) -> Any:
    return GoodEncoder.encode(self, clip, taps) if len(clip.audio()) else None  # type: ignore[arg-type]


BAD_ENCODERS = {
    "load fails": (loading(failing), r"load raised KeyError: 'weights'"),
    "no card": (type("Bad", (GoodEncoder,), {"__init__": lambda self, card, seed=None: None}), r"self\.card = card"),
    "encode fails": (type("Bad", (GoodEncoder,), {"encode": failing}), r"encode, of clip8, raised KeyError"),
    "no dict": (
        type("Bad", (GoodEncoder,), {"encode": lambda self, clip, taps: np.zeros(3)}),
        r"^encode, of clip8, gives ndarray; write `return \{'last': Track",
    ),
    "float64": (
        encoding(lambda self, track, clip: Track(track.values.astype(float), track.spans)),
        r"features of clip8 are of type float64; write values\.astype\(np\.float32\)",
    ),
    "columns": (
        encoding(lambda self, track, clip: Track(track.values[:, :1], track.spans)),
        r"have shape \(\d+, 1\); its card says \(T, 2\)",
    ),
    "not finite": (encoding(lambda self, track, clip: scaled(track, np.nan)), r"features of clip8 are not finite"),
    "rate": (
        encoding(lambda self, track, clip: Track(track.values[::2], track.spans[::2])),
        r"are 12\.\d a second; its card says fps=25",
    ),
    "spans": (
        encoding(lambda self, track, clip: Track(track.values, frame_spans(len(track), 25))),
        r"start at 0\.00 s, but the clip is seen from 0\.16 s on",
    ),
    "random": (
        encoding(lambda self, track, clip: scaled(track, random.random())),
        r"clip\d has other features when it",
    ),
    "label": (encoding(lambda self, track, clip: scaled(track, 1 + clip.label)), r"encode depends on clip\.label"),
    "layer missing": (loading(drawn), r"when the encoder is loaded again: .*does the checkpoint hold every layer"),
    "random without seed": (loading(unseeded), r"levels\.random draws other weights each time for seed 0"),
    "seed not used": (loading(one_draw), r"same features for the seeds 0 and 1"),
    "random is trained": (loading(untagged), r"levels\.random has the features of the trained encoder"),
    "no sound": (
        type("Bad", (GoodEncoder,), {"encode": needs_sound}),
        r"encode, of no sound track, raised TypeError.*clip\.error\('what is missing'\)",
    ),
    "infinite": (encoding(infinite_in_silence), r"the features of digital silence are infinite"),
}


@pytest.mark.parametrize("fault", BAD_ENCODERS)
def test_a_bad_encoder_is_caught_in_the_right_words(fault: str, kit: Kit) -> None:
    cls, words = BAD_ENCODERS[fault]
    found = encoder_complaints(ENCODER, cls, kit)
    assert len(found) == 1, numbered(found)
    assert re.search(words, found[0], flags=re.DOTALL), found[0]
    assert "contract/" not in found[0]


def test_a_tap_on_the_card_must_be_given(kit: Kit) -> None:
    found = encoder_complaints(
        replace(ENCODER, taps=("last", "first")),
        encoding_first_only(),
        kit,
    )
    assert len(found) == 1 and "return {'first': Track(values, spans)}" in found[0]


def encoding_first_only() -> type:
    def encode(self: Any, clip: Clip, taps: Any = ("last",)) -> Any:
        return GoodEncoder.encode(self, clip, taps[:1])

    return type("Bad", (GoodEncoder,), {"encode": encode})


def test_a_good_encoder_passes(kit: Kit) -> None:
    assert encoder_complaints(ENCODER, GoodEncoder, kit) == []


class MeanHead:
    """Distance of the mean frame from that of the training clips."""

    def __init__(self, card: Any = None) -> None:
        self.card = card

    def fit(self, train: Any, val: Any, ctx: Context) -> Any:
        return self.fitted(float(np.mean([example.tracks["features"].values.mean() for example in train])))

    def load(self, folder: Path) -> Any:
        return self.fitted(float((folder / "mean").read_text()))

    @dataclass
    class fitted:
        mean: float
        report: Any = field(default_factory=dict)

        def score(self, tracks: Mapping[str, Track]) -> Scored:
            (track,) = tracks.values()
            score = track.values[:, 0].mean() - self.mean if len(track) else np.nan
            return Scored(float(score), Track(track.values[:, 0], track.spans))

        def save(self, folder: Path) -> None:
            (folder / "mean").write_text(repr(self.mean))


HEAD = HeadCard("mean", BOTH, "mean", "a test")


def test_a_good_head_passes(tmp_path: Path) -> None:
    assert head_complaints(Entry(HEAD, MeanHead, __name__), tmp_path / "fitted") == []


def test_a_head_meets_the_classes_that_it_needs(tmp_path: Path) -> None:
    labels: set[int] = set()

    class Watching(MeanHead):
        def fit(self, train: Any, val: Any, ctx: Context) -> Any:
            labels.update(example.label for example in [*train, *val])
            return super().fit(train, val, ctx)

    assert head_complaints(Entry(replace(HEAD, needs=frozenset({"real"})), Watching, ""), tmp_path / "fitted") == []
    assert labels == {0}


def test_a_head_that_cannot_take_odd_features_or_draws_is_caught(tmp_path: Path) -> None:
    class Fragile(MeanHead.fitted):
        def score(self, tracks: Mapping[str, Track]) -> Scored:
            values = tracks["features"].values
            assert len(values) > 1 and np.isfinite(values).all(), "cannot use these frames"
            return super().score(tracks)

    bad = type("Bad", (MeanHead,), {"fitted": Fragile})
    found = head_complaints(Entry(HEAD, bad, ""), tmp_path / "one")
    assert ["score, of features with one frame," in found[0], "with a frame of NaN" in found[1]] == [True, True]
    assert len(found) == 3 and all("cannot use these frames" in text for text in found)
    drawing = type("Bad", (MeanHead,), {"fit": lambda self, train, val, ctx: MeanHead.fitted(random.random())})
    (only,) = head_complaints(Entry(HEAD, drawing, ""), tmp_path / "two")
    assert "fit draws from the global random state" in only
    empty = type("Bad", (MeanHead,), {"fit": lambda self, train, val, ctx: None})
    (only,) = head_complaints(Entry(HEAD, empty, ""), tmp_path / "three")
    assert "fit returned NoneType, which has no score" in only


CARD = DetectorCard("some", "audio", BOTH, "a summary", "a licence", "a paper")


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (replace(CARD, citation=""), "citation is '' on its card; write citation='the paper"),
        (replace(CARD, licence=" "), "licence is ' ' on its card; write licence='Apache-2.0'"),
        (replace(CARD, summary=None), "summary is None"),
        (replace(CARD, name="blood"), "contains 'ood'"),
        (
            replace(ENCODER, weights=Weights("net.pt", "abc", "where", "MIT")),
            "64 hexadecimal digits that `sha256sum net.pt`",
        ),
        (replace(ENCODER, weights=Weights("net.pt", 64 * "0", "", "MIT")), "no source; write Weights(source=...)"),
        (replace(ENCODER, pretraining="lrs3"), "pretraining is 'lrs3'"),
        (replace(ENCODER, dim="256"), "dim is '256' on its card; write dim=256"),
    ],
)
def test_an_incomplete_card_is_a_complaint(card: Any, words: str) -> None:
    cls = GoodEncoder if isinstance(card, EncoderCard) else type("Some", (Good,), {"__init__": lambda self, card: None})
    (found,) = registration_complaints(Entry(card, cls, ""))
    assert words in found


def test_the_clips_are_of_both_classes_and_named_without_a_hint(kit: Kit) -> None:
    for part in (kit.train, kit.val, kit.test):
        assert {clip.label for clip in part} == {0, 1}
    clips = [*kit.train, *kit.val, *kit.test]
    assert [clip.path for clip in clips] == [f"clip{index}.mp4" for index in range(10)]
    assert all(clip.audio() is not None and len(clip.frames(25, "mouth", 48)) > 40 for clip in clips)
    for name, stream in (("no sound track", Clip.frames), ("no video track", Clip.audio), ("no landmarks", Clip.audio)):
        assert len(stream(kit.odd[name])) > 0  # type: ignore[arg-type]
    assert kit.odd["no sound track"].audio() is None and silent(kit.odd["digital silence"])
    assert len(kit.odd["a clip of one frame"].frames(25, "full")) == 1
    for name, view in (("no video track", "full"), ("no landmarks", "mouth"), ("a truncated file", "full")):
        with pytest.raises(ClipError):
            kit.odd[name].frames(25, view)  # type: ignore[arg-type]


def test_blinded_is_what_the_suite_shows(kit: Kit) -> None:
    from benchmark.scoring import Part

    assert Part(kit.test, kit.test).blind == tuple(blinded(clip) for clip in kit.test)


def test_global_generators_are_as_before() -> None:
    def draw() -> tuple[float, ...]:
        return random.random(), np.random.rand(), float(torch.rand(()))  # noqa: NPY002

    with global_state(3):
        first = draw()
        with global_state(3):
            assert draw() == first
        second = draw()
    assert second != first
    with global_state(3):
        assert (draw(), draw()) == (first, second)


def test_subjects_are_chosen_by_parts_of_names() -> None:
    encoder = Subject("encoder", "tiny_v")
    assert encoder.concerns({"tiny_v"}) and encoder.concerns({"tiny_v.random"}) and encoder.concerns({"tiny_v-linear"})
    assert not encoder.concerns({"tiny_a", "linear"}) and Subject("head", "linear").concerns({"tiny_v.random-linear"})


def test_signatures_tell_detectors_weights_and_seeds_apart(tmp_path: Path) -> None:
    store, ctx = FeatureStore(tmp_path), Context()
    names = [known.name for known in rows() if known.random or not lacking(known)]
    names += [f"braven_v{tags}.random-linear" for tags in (".nocrop", ".bf16", ".layer3", ".nocrop.layer3")]
    found = [build(name, seed, store, ctx)[1] for name in names for seed in row(name).seeds]
    assert len(set(found)) == len(found) > 60
    assert build("tiny_v-linear", 1, store, ctx)[1] == build("tiny_v-linear", 2, store, ctx)[1]
    on_a_gpu = {build("tiny_v-linear", 1, store, Context(device=device))[1] for device in ("cuda", "cuda:1")}
    assert len(on_a_gpu) == 1 and on_a_gpu.isdisjoint(found)


@pytest.mark.parametrize(
    ("name", "together"), [("braven_v.random", True), ("braven_a.random", False), ("tiny_v", False), ("logmel", False)]
)
def test_features_of_clips_taken_together_are_kept_apart(name: str, together: bool, tmp_path: Path) -> None:
    found = {build(f"{name}-linear", 0, FeatureStore(tmp_path), Context(batch=batch))[1] for batch in (1, 2, 8)}
    assert len(found) == (3 if together else 1)
