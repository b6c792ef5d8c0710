"""Protocols: who goes where, and that it depends on nothing but the clips."""

import argparse
import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import invented
import layouts
from datasets import importing, library, protocols
from datasets.clip import Clip
from datasets.commands import protocols as command
from datasets.errors import DatasetError
from datasets.faces import kept
from datasets.protocols import UnknownProtocolError
from datasets.protocols.draws import in_three


@pytest.fixture(autouse=True)
def data(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No data set is imported yet."""
    monkeypatch.delenv("AVDF_DATA", raising=False)
    return cache / "data"


def splits(clips: list[Clip]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"train": set(), "val": set(), "test": set()}
    for clip in clips:
        found[clip.split].add(clip.id)
    return found


def sizes(name: str) -> dict[str, int]:
    return dict(Counter(clip.split for clip in protocols.clips(name)))


@pytest.mark.parametrize("name", [name for name in protocols.names("favc") if not protocols.get(name).lists])
def test_favc_is_the_same_in_any_order_and_says_who_split_it(name: str) -> None:
    clips = invented.favc()
    invented.imported("favc", clips)
    first = protocols.clips(name)
    random.Random(1).shuffle(clips)
    invented.imported("favc", clips)
    assert protocols.clips(name) == first
    assert {clip.dataset for clip in first} == {name} and {clip.split_from for clip in first} == {"avdf-bench"}


def test_a_manifest_is_read_once_for_all_protocols_of_its_data_set(monkeypatch: pytest.MonkeyPatch) -> None:
    invented.imported("favc", invented.favc(8))
    read, asked = library.clips, []
    monkeypatch.setattr(library, "clips", lambda name: [asked.append(name), read(name)][1])
    assert command.run(argparse.Namespace(names=["favc"])) == 0
    assert asked == ["favc"]


def test_labelled_test_parts_of_av1mpp_are_tested_on() -> None:
    clips = [invented.clip("av1mpp", f"{split}/1.mp4", split=split, split_from="release") for split in ("val", "testA")]
    invented.imported("av1mpp", clips)
    assert splits(protocols.clips("av1mpp"))["test"] == {"val/1.mp4", "testA/1.mp4"}


@pytest.mark.parametrize("name", ["av1m", "av1m.real_own", "voxceleb2", "kodf.fsgan"])
def test_other_data_sets_are_the_same_in_any_order_too(name: str) -> None:
    clips = [replace(clip, method="fsgan" if clip.label else "real") for clip in invented.av1m(8)]
    dataset = name.partition(".")[0]
    invented.imported(dataset, clips)
    first = protocols.clips(name)
    random.Random(1).shuffle(clips)
    invented.imported(dataset, clips)
    assert protocols.clips(name) == first != []


@settings(deadline=None)
@given(st.sets(st.text(min_size=1), max_size=60), st.floats(0.05, 0.5), st.floats(0.05, 0.5))
def test_a_drawn_split_is_a_partition_of_the_promised_shares(names: set[str], test: float, val: float) -> None:
    split = in_three(names, "salt", test, val)
    found = Counter(split(name) for name in names)
    assert sum(found.values()) == len(names) and set(found) <= {"train", "val", "test"}
    if len(names) > 3:
        tested = max(1, round(len(names) * test))
        assert (found["test"], found["val"]) == (tested, max(1, round((len(names) - tested) * val)))
    again = in_three(sorted(names, reverse=True), "salt", test, val)
    assert {name: split(name) for name in names} == {name: again(name) for name in names}


def test_favc_keeps_identities_apart_and_uses_every_clip() -> None:
    invented.imported("favc", invented.favc(500))
    found = protocols.clips("favc")
    who = {split: {clip.identity for clip in found if clip.split == split} for split in ("train", "val", "test")}
    assert {split: len(names) for split, names in who.items()} == {"train": 315, "val": 35, "test": 150}
    assert len(set.union(*who.values())) == 500 and len(found) == 4000


def test_without_some_identities_nearly_all_others_stay_where_they_were() -> None:
    clips = invented.favc(200)
    invented.imported("favc", clips)
    before = {clip.identity: clip.split for clip in protocols.clips("favc")}
    missing = {f"id{number:05}" for number in range(0, 200, 40)}
    invented.imported("favc", [clip for clip in clips if clip.identity not in missing])
    after = {clip.identity: clip.split for clip in protocols.clips("favc")}
    assert sum(before[who] != split for who, split in after.items()) <= 4


def test_havic_splits_videos_and_so_shares_identities() -> None:
    invented.imported("favc", invented.favc(100))
    assert sizes("favc.havic") == {"train": 504, "val": 56, "test": 240}
    found = protocols.clips("favc.havic")
    tested = {clip.identity for clip in found if clip.split == "test"}
    assert len(tested & {clip.identity for clip in found if clip.split == "train"}) > 80


@pytest.mark.parametrize("held", ["rvfa", "fvra_wl", "fvfa_fs", "fvfa_gan", "fvfa_wl"])
def test_a_class_that_is_held_out_is_tested_on_alone_and_on_other_identities(held: str) -> None:
    invented.imported("favc", invented.favc(50))
    train, test = protocols.clips(f"favc.without_{held}"), protocols.clips(f"favc.only_{held}")
    assert {clip.split for clip in test} == {"test"}
    kinds = {(clip.category, clip.method) for clip in test if clip.label}
    assert len(kinds) == 1 and not kinds & {(clip.category, clip.method) for clip in train}
    assert len({(clip.category, clip.method) for clip in train if clip.label}) == 4
    learned = [clip for clip in train if clip.split != "test"]
    assert not {clip.identity for clip in learned} & {clip.identity for clip in test}
    assert {clip.label for clip in test} == {0, 1}
    swapped = {("FVRA", "faceswap"), ("FVRA", "fsgan")}
    assert not swapped & {(clip.category, clip.method) for clip in (*train, *test)}
    assert protocols.draw(f"favc.without_{held}").left_out["a fake of none of the five classes"] == 100


def test_av1m_tests_on_the_official_validation_part_and_validates_on_other_source_videos() -> None:
    invented.imported("av1m", invented.av1m())
    found = protocols.clips("av1m")
    assert {clip.split for clip in found if clip.path.startswith("val/")} == {"test"}
    sources = {split: {clip.source for clip in found if clip.split == split} for split in ("train", "val", "test")}
    assert not sources["train"] & sources["val"] and len(sources["val"]) == 6
    assert {clip.split_from for clip in found if clip.split == "test"} == {"release"}
    reals = protocols.clips("av1m.real_own")
    assert {clip.label for clip in reals} == {0}
    assert splits(reals)["val"] == {clip.id for clip in found if clip.split == "val" and not clip.label}
    assert splits(reals)["test"] == set()


def test_a_data_set_with_a_labelled_validation_part_alone_is_a_test_set() -> None:
    invented.imported("av1mpp", invented.av1m(3, ["val"]))
    assert sizes("av1mpp") == {"test": 48}


def test_clips_without_a_label_are_counted_and_in_no_protocol() -> None:
    known = invented.clip("dfe", "a.mp4", split="test", split_from="release")
    unknown = invented.clip("dfe", "b.mp4", split="test", split_from="release", label=None)
    invented.imported("dfe", [known, unknown])
    drawn = protocols.draw("dfe")
    assert [clip.id for clip in drawn.clips] == ["a.mp4"] and drawn.left_out == {"no label": 1}


def test_dfe_validates_on_a_tenth_of_the_training_videos() -> None:
    clips = [
        invented.clip("dfe", f"{split}{n}.mp4", split=split, split_from="release", label=n % 2)
        for split in ("train", "test")
        for n in range(100)
    ]
    invented.imported("dfe", clips)
    found = splits(protocols.clips("dfe"))
    assert {split: len(ids) for split, ids in found.items()} == {"train": 90, "val": 10, "test": 100}
    assert found["test"] == {f"test{n}.mp4" for n in range(100)}


def test_a_validation_split_of_the_release_is_kept() -> None:
    clips = [
        invented.clip("lrs2", f"{split}{n}.mp4", split=split, split_from="release", identity=f"{n}")
        for split in ("train", "val", "test")
        for n in range(20)
    ]
    invented.imported("lrs2", clips)
    assert sizes("lrs2") == {"train": 20, "val": 20, "test": 20}
    invented.imported("lrs2", [clip for clip in clips if clip.split != "val"])
    assert sizes("lrs2") == {"train": 18, "val": 2, "test": 20}


def test_what_releases_of_speech_train_on_is_trained_on_under_any_name() -> None:
    clips = [
        invented.clip("lrs3", f"{split}{n}.mp4", split=split, split_from="release", identity=f"{split}{n // 2}")
        for split in ("pretrain", "trainval", "test")
        for n in range(40)
    ]
    invented.imported("lrs3", [*clips, invented.clip("lrs3", "other.mp4", split="elsewhere", split_from="release")])
    drawn = protocols.draw("lrs3")
    assert drawn.counts() == {"train": (72, 0), "val": (8, 0), "test": (40, 0)}
    assert drawn.left_out == {"split 'elsewhere' is none that is known": 1}
    who = {split: {clip.identity for clip in drawn.clips if clip.split == split} for split in ("train", "val")}
    assert not who["train"] & who["val"]


@pytest.mark.parametrize("name", [name for name in importing.NAMES if name != "folder"])
def test_a_layouts_clips_are_all_of_its_bare_protocol_or_counted(name: str) -> None:
    library.keep(importing.load(name, layouts.root_of(name)))
    clips, drawn = library.clips(name), protocols.draw(name)
    assert drawn.clips and {clip.label for clip in drawn.clips} <= {0, 1}
    assert len(drawn.clips) + sum(drawn.left_out.values()) == len(clips)
    if name not in ("exddv", "ffpp"):  # whose clips are not all of their protocol
        assert set(drawn.left_out) <= {"no label", "no split"}
    assert {clip.split for clip in drawn.clips} <= {"train", "val", "test"}


def test_each_method_of_kodf_stands_against_all_reals() -> None:
    clips = [invented.clip("kodf", f"real{n}.mp4", split="train", split_from="release") for n in range(3)]
    clips += [
        invented.clip("kodf", f"{method}.mp4", label=1, method=method, split="val", split_from="release")
        for method in ("dffs", "audio-driven")
    ]
    invented.imported("kodf", clips)
    assert sizes("kodf") == {"test": 5}
    assert [clip.id for clip in protocols.clips("kodf.audio_driven") if clip.label] == ["audio-driven.mp4"]
    assert sizes("kodf.audio_driven") == {"test": 4}
    assert protocols.draw("kodf.audio_driven").left_out == {"a fake of another method": 1}


def test_a_generator_of_hifi_avdf_stands_against_its_own_reals() -> None:
    clips = []
    for generator in ("kling2.5", "Sora 2"):
        for n in range(2):
            pair = f"{generator}/{n}"
            clips.append(invented.clip("hifi_avdf", f"{pair}.mp4", method="real", pair=pair))
            clips.append(invented.clip("hifi_avdf", f"{pair}_generated.mp4", label=1, method=generator, pair=pair))
    invented.imported("hifi_avdf", clips)
    assert protocols.names("hifi_avdf") == ["hifi_avdf", "hifi_avdf.kling2.5", "hifi_avdf.sora_2"]
    assert sorted(clip.id for clip in protocols.clips("hifi_avdf.sora_2")) == [
        "Sora 2/0.mp4",
        "Sora 2/0_generated.mp4",
        "Sora 2/1.mp4",
        "Sora 2/1_generated.mp4",
    ]


def test_exddv_has_the_clicked_fakes_of_the_test_split() -> None:
    click = ((3, 0.5, 0.5),)
    clips = [
        invented.clip("exddv", "a.mp4", label=1, clicks=click, split="test", split_from="release"),
        invented.clip("exddv", "b.mp4", label=1, clicks=(), split="test", split_from="release"),
        invented.clip("exddv", "c.mp4", label=1, clicks=click, split="train", split_from="release"),
        invented.clip("exddv", "d.mp4", split="test", split_from="SSR-DFD"),
    ]
    invented.imported("exddv", clips)
    assert [clip.id for clip in protocols.clips("exddv")] == ["a.mp4"]
    assert sizes("exddv.ssr") == {"train": 1, "test": 3}


def test_ffpp_at_one_compression_has_the_splits_of_the_release() -> None:
    clips = [
        invented.clip(
            "ffpp", f"{c}/{n}.mp4", extra={"compression": c}, split=split, split_from="release" if split else None
        )
        for c in ("c23", "c40")
        for n, split in enumerate(("train", "val", "test", ""))
    ]
    invented.imported("ffpp", clips)
    assert sizes("ffpp") == {"train": 2, "val": 2, "test": 2}
    assert {clip.path for clip in protocols.clips("ffpp.c23")} == {"c23/0.mp4", "c23/1.mp4", "c23/2.mp4"}
    assert protocols.draw("ffpp.c23").left_out == {"of another compression": 4, "no split": 1}


def test_ones_own_data_are_as_given_or_test_data() -> None:
    clips = [invented.clip("mine", f"{n}.mp4", label=n % 2) for n in range(4)]
    invented.imported("mine", clips)
    assert sizes("mine") == {"test": 4} and "mine" in protocols.names()
    invented.imported("mine", [invented.clip("mine", "0.mp4", split="train", split_from="release"), *clips[1:]])
    assert sizes("mine") == {"train": 1} and protocols.draw("mine").left_out == {"no split": 3}


def test_any_protocol_can_be_retimed() -> None:
    invented.imported("favc", invented.favc(10))
    plain, retimed = protocols.clips("favc"), protocols.clips("favc.retimed")
    assert all(clip.retimed and clip.dataset == "favc.retimed" for clip in retimed)
    assert splits(retimed) == splits(plain) and not any(clip.retimed for clip in plain)
    assert protocols.get("hifi_avdf.kling2.5.retimed").name == "hifi_avdf.kling2.5.retimed"


def test_an_unknown_name_gets_the_nearest_ones() -> None:
    with pytest.raises(UnknownProtocolError, match=r"no protocol is called 'favc.havc'; did you mean favc.havic"):
        protocols.get("favc.havc")
    with pytest.raises(UnknownProtocolError, match=r"data sets: av1m, av1mpp,"):
        protocols.get("nothing")


def test_what_is_not_imported_says_how_to_import_it() -> None:
    with pytest.raises(Exception, match="python -m datasets import favc FOLDER"):
        protocols.clips("favc.havic")


def test_names_are_legal_in_ids_of_cells() -> None:
    for name in protocols.names():
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_."), name
        assert not any(word in name for word in ("ood", "ind")), name


def test_dfe_tracks_are_the_faces_that_were_found_in_each_video() -> None:
    labels = {"a.mp4": 0, "b.mp4": 1, "c.mp4": 1}
    clips = [
        invented.clip("dfe", path, label=label, split="test", split_from="release") for path, label in labels.items()
    ]
    invented.imported("dfe", clips)
    home, root = library.home("dfe"), library.root_of("dfe")
    for path, faces in (("a.mp4", (50, 40)), ("b.mp4", (50,))):
        (root / path).write_bytes(b"video")
        status = (root / path).stat()
        row = kept.Faces(path, status.st_size, status.st_mtime_ns, "0" * 64, "invented", 50, faces)
        with (home / kept.JOURNAL).open("a") as journal:
            journal.write(json.dumps(row.row()) + "\n")
    drawn = protocols.draw("dfe.tracks")
    assert [(clip.id, clip.track, clip.cluster, clip.label) for clip in drawn.clips] == [
        ("a.mp4", 0, "a.mp4", 0),
        ("a.mp4#track1", 1, "a.mp4", 0),
        ("b.mp4", None, "b.mp4", 1),
        ("c.mp4", None, "c.mp4", 1),
    ]
    assert drawn.notes == ("1 of 3 videos were not prepared, and count as one track each",)
    assert sizes("dfe") == {"test": 3}


def counted(*names: str) -> int:
    return command.run(argparse.Namespace(names=list(names)))


def test_the_command_counts_what_a_protocol_has_and_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    invented.imported("favc", [*invented.favc(10), invented.clip("favc", "x.mp4", label=None)])
    assert counted("favc.without_rvfa") == 0
    told = capsys.readouterr().out
    assert "train: 6 real, 24 fake" in told and "left out: 20, a fake of none of the five classes" in told
    assert "left out: 1, no label" in told and "numbers do not compare with published ones: HAVIC" in told
    assert counted("favc.ssr") == 1 and counted("favc") == 0 and counted("favc", "dfe") == 1
    told = capsys.readouterr().out
    assert "favc.ssr needs SSR-DFD's split lists" in told and "favc.havic: all four types" in told
    assert counted() == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "without its lists" in lines["favc.ssr"] and " yes " in lines["favc"] and " yes " not in lines["dfe"]


def test_a_damaged_manifest_of_generators_leaves_the_other_names() -> None:
    invented.imported("hifi_avdf", [])
    library.manifest_path("hifi_avdf").write_text("{")
    assert "hifi_avdf.sora2" in protocols.names() and "favc" in protocols.names()
    with pytest.raises(DatasetError, match=r"is the file truncated"):
        protocols.clips("hifi_avdf")
