"""What test sets share with training sets, against sets of names; what encoders have seen."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.audit.passport import look_alike, passport
from benchmark.audit.pretraining import pretraining, seen_before
from datasets import library, lineage
from datasets.clip import Clip
from datasets.manifest import write_manifest
from datasets.probing import Facts
from detectors.registry import registry


def clip(name: str, dataset: str = "favc", **known: object) -> Clip:
    fields = {"label": 0, "label_video": 0, "label_audio": 0, "method": None, "identity": None, "source": None}
    return Clip(id=name, dataset=dataset, split="", root=Path(), path=name, **(fields | known))


def by_kind(train: list[Clip], test: list[Clip], facts: dict[str, Facts] | None = None) -> dict:
    return {one.kind: one for one in passport(train, test, facts or {}, facts or {})}


def test_overlaps_are_those_of_the_sets_of_names() -> None:
    rng = random.Random(0)
    for _ in range(20):
        clips = [
            clip(
                str(n),
                identity=f"id{rng.randrange(20)}",
                source=f"s{rng.randrange(40)}",
                pair=rng.choice([None, f"p{rng.randrange(30)}"]),
                sha256=f"h{rng.randrange(60)}",
            )
            for n in range(60)
        ]
        train, test = clips[:30], clips[30:]
        found = by_kind(train, test)
        for kind, of in (("identity", "identity"), ("source", "source"), ("source clip", "pair")):
            seen, wanted = ({getattr(c, of) for c in part} - {None} for part in (train, test))
            assert (found[kind].shared, found[kind].of) == (len(seen & wanted), len(wanted))
            assert found[kind].clips == sum(getattr(c, of) in seen for c in test if getattr(c, of))
        same = sum(c.sha256 in {t.sha256 for t in train} for c in test)
        assert (found["same file"].shared, found["same file"].of) == (same, 30)


def test_memory_of_names_is_worth_what_training_says_of_them() -> None:
    def half(part: str, fakes: int, label: int) -> list[Clip]:
        return [clip(f"{part}{n}", identity=f"id{n}", label=label if n < fakes else 1 - label) for n in range(40)]

    told = by_kind(half("a", 20, 1), half("b", 20, 1))["identity"].memory
    assert told is not None and told.auc == 1.0 and told.tells
    other_way = by_kind(half("a", 20, 1), half("b", 20, 0))["identity"].memory
    assert other_way is not None and other_way.auc == 0.0
    strangers = [clip(f"c{n}", identity=f"new{n}", label=n % 2) for n in range(40)]
    assert by_kind(half("a", 20, 1), strangers)["identity"].memory is None
    mixed = by_kind(half("a", 20, 1), [*half("b", 20, 1), *strangers])["identity"].memory
    assert mixed is not None and mixed.auc == pytest.approx(
        (1 + 1 + 1 + 0.5) / 4
    )  # all pairs but of strangers are told


def test_names_of_unrelated_sets_are_not_compared_and_those_of_related_ones_are() -> None:
    train = [clip("a", "favc", identity="id00017", source="id00017/00109")]
    assert by_kind(train, [clip("b", "kodf", identity="id00017")])["identity"].shared is None
    related = by_kind(train, [clip("b", "av1m.ssr", identity="id00017", source="id00017/00109")])
    assert related["identity"].shared == 1 and related["source"].shared is None  # one has no video in its names
    assert by_kind(train, [clip("b", "favc.ssr", identity=None)])["identity"].shared is None


def test_swapped_identities_are_found_in_both_directions() -> None:
    train = [clip("a", identity="id1"), clip("b", identity="id2", label=1, extra={"target1": "id8"})]
    test = [
        clip("shows a donor of training", identity="id8"),
        clip("lent by a training identity", identity="id5", label=1, extra={"target1": "id1"}),
        clip("lent by a training donor", identity="id6", label=1, extra={"source_identity": "id8"}),
        clip("free", identity="id7", label=1, extra={"target1": "id9"}),
        clip("seen in both, which is the row of identities", identity="id2"),
    ]
    found = by_kind(train, test)["swapped identity"]
    assert (found.shared, found.clips) == (2, 3) and found.of == 7
    assert by_kind(train[:1], test[4:])["swapped identity"].shared is None


def look(seconds: float, value: int, name: str) -> tuple[float, str, str]:
    return seconds, f"{value:080x}", name


def test_looks_are_compared_within_length_and_bits_and_never_with_the_same_file() -> None:
    train = [look(4.0, 0, "a"), look(9.0, 0, "b")]
    test = [
        look(4.05, 2**20 - 1, "copy"),
        look(4.0, 2**30 - 1, "other"),
        look(6.0, 0, "longer"),
        look(4.0, 0, "a"),
        look(8.95, 1 << 300, "copy"),
    ]
    assert look_alike(train, test) == [True, False, False, False, True]
    assert look_alike(train, []) == []


def test_pretraining_is_known_by_lineage_over_several_steps(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AVDF_DATA", raising=False)
    related = {
        name: {one.dataset for one in seen_before([clip("a", name)]) if one.related == "yes"}
        for name in ("favc.ssr", "av1m", "hifi_avdf", "exddv", "av1mpp", "kodf", "sim_whole")
    }
    assert related["favc.ssr"] == related["av1m"] == {"voxceleb2", "vggface2"}
    assert related["hifi_avdf"] == {"avspeech"} and related["exddv"] == {"ffpp"}
    assert related["av1mpp"] == {"voxceleb2", "vggface2", "lrs3"}
    assert related["kodf"] == related["sim_whole"] == set()
    unknown = {one.related for one in seen_before([clip("a", "dfe")])}
    assert unknown == {"not known"}


def test_every_pretraining_set_names_its_encoders() -> None:
    by = pretraining()
    assert {"avhubert_av", "braven_v", "autoavsr_a"} <= set(by["voxceleb2"]) and "fsfm.ffpp" in by["ffpp"]
    named = {name.partition(".")[0] for names in by.values() for name in names}
    assert named == {name for name, entry in registry().encoders.items() if entry.card.pretraining}


def test_an_imported_pretraining_set_is_compared_by_name(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AVDF_DATA", raising=False)
    home = library.home("voxceleb2")
    seen = [clip("v", "voxceleb2", identity="id1", source="id1/yt1"), clip("w", "voxceleb2", identity="id2")]
    write_manifest(home / "manifest.jsonl", seen)
    (home / "place.json").write_text('{"root": "."}')
    test = [clip("a", "av1m", identity="id1", source="id1/yt1"), clip("b", "av1m", identity="id3", source="id3/yt4")]
    found = {one.dataset: one for one in seen_before(test, {"voxceleb2": ["braven_v"], "lrs3": ["braven_v"]})}
    assert found["voxceleb2"].identities == (1, 2) and found["voxceleb2"].sources == (1, 2)
    assert found["lrs3"].identities is None and found["lrs3"].related == "none on record"


def test_lineage_ends() -> None:
    for name in lineage.ORIGINS:
        assert name in (lineage.roots(name) or ())
    assert lineage.roots("mine") is None and lineage.alike("mine.x", "mine", "pair")
    assert not lineage.alike("mine", "favc", "identity")


def test_facts_stand_in_for_hashes_that_are_not_known() -> None:
    facts = {"a": Facts("h", 1, "mov", video_seconds=4.0, pictures=f"{0:080x}")}
    facts["b"] = replace(facts["a"], sha256="g")
    found = by_kind([clip("a")], [clip("b")], facts)
    assert (found["same file"].shared, found["same pictures"].shared) == (0, 1)
