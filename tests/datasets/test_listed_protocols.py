"""Protocols that follow published lists: each rule against a plain computation, and what is lost is counted."""

import csv
import random
from collections.abc import Iterable
from pathlib import Path

import pytest

import invented
import layouts
from datasets import importing, library, lists, protocols
from datasets.clip import Clip
from datasets.errors import DatasetError
from datasets.fetching import pins
from datasets.files import sha256_file
from datasets.protocols import av1m


@pytest.fixture(autouse=True)
def data(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No data set is imported and no list is here."""
    monkeypatch.delenv("AVDF_DATA", raising=False)
    return cache / "data"


def bring(name: str, rows: Iterable[Iterable[object]], header: str = "path,label") -> Path:
    """Write a list as if a user had brought a version of it."""
    path = lists.place(lists.BY_NAME[name])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([header.split(","), *rows])
    pins.write(lists.root(), lists.BY_NAME[name].place, {"sha256": sha256_file(path)}, replace=True)
    return path


def bring_favc(clips: list[Clip]) -> None:
    """AVH-Align's lists: the last two identities test, the one before validates."""
    who = sorted({str(clip.identity) for clip in clips})
    splits = dict.fromkeys(who, "train") | {who[-3]: "val"} | dict.fromkeys(who[-2:], "test")
    letters = {"RVRA": "A", "RVFA": "B", "FVRA": "C", "FVFA": "D"}
    for split in ("train", "val", "test"):
        rows = [
            (clip.identity, letters[str(clip.category)], f"FakeAVCeleb/{clip.path.replace(' (', '_').replace(')', '')}")
            for clip in clips
            if splits[str(clip.identity)] == split
        ]
        bring(f"avh_align/favc/{split}", rows, "source,category,full_path")


def bring_av1m(clips: list[Clip], family: str, name: str) -> None:
    """Lists of all clips: every fifth validates, and the official val part tests."""
    for split in ("train", "val", "test"):
        part = [clip for clip in clips if clip.split == ("val" if split == "test" else "train")]
        part = part if split == "test" else [c for n, c in enumerate(part) if (n % 5 == 0) == (split == "val")]
        bring(f"{family}/{name}{split}", [(c.path.partition("/")[2], c.label) for c in part])


def ids(name: str) -> set[str]:
    return {clip.id for clip in protocols.clips(name)}


@pytest.mark.parametrize("here", ["avh_align", "ssr_dfd"])
def test_the_reference_layout_gives_ssr_dfds_split_from_either_list(here: str) -> None:
    splits, folder = layouts.layout("favc") / "splits", layouts.root_of("favc")
    library.keep(importing.load("favc", folder))
    ending = {"avh_align": "_split.csv", "ssr_dfd": "_labels.csv"}[here]
    for split in ("train", "val", "test"):
        target = lists.place(lists.BY_NAME[f"{here}/favc/{split}"])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((splits / here / f"{split}{ending}").read_bytes())
        pins.write(lists.root(), lists.BY_NAME[f"{here}/favc/{split}"].place, {"sha256": sha256_file(target)})
    found = protocols.draw("favc.ssr")
    for split in ("train", "val", "test"):
        with (splits / "ssr_dfd" / f"{split}_labels.csv").open() as stream:
            wanted = {row["path"]: int(float(row["label"])) for row in csv.DictReader(stream)}
        part = [clip for clip in found.clips if clip.split == split]
        assert {clip.path.replace(" (", "_").replace(")", ""): clip.label for clip in part} == wanted
    assert found.counts() == {"train": (3, 9), "val": (1, 3), "test": (1, 3)}
    assert {clip.split_from for clip in found.clips} == {"SSR-DFD"}
    assert all(one.found == one.listed and one.note == lists.COPY for one in found.lists)


def test_favc_lists_give_their_splits_and_the_unreadable_files_are_left_out() -> None:
    clips = invented.favc(10)
    unreadable = invented.clip(
        "favc", "RealVideo-RealAudio/African/men/id04789/002121.mp4", identity="id04789", **invented.streams("RVRA")
    )
    invented.imported("favc", [*clips, unreadable])
    bring_favc([*clips, unreadable])
    assert len(protocols.clips("favc.avh")) == 81
    wanted = {clip.id for clip in clips if clip.category in ("RVRA", "FVFA")}
    assert ids("favc.ssr") == wanted
    assert protocols.draw("favc.ssr").left_out == {"listed, but left out by the protocol's rule": 41}


def test_rows_without_a_file_are_lost_coverage_and_clips_in_no_list_are_counted() -> None:
    clips = invented.favc(10)
    bring_favc(clips)
    gone = {clip.id for clip in clips if clip.identity == "id00009" and clip.category == "FVFA"}
    more = invented.clip(
        "favc", "RealVideo-RealAudio/African/men/id9/1.mp4", identity="id9", **invented.streams("RVRA")
    )
    invented.imported("favc", [more, *(clip for clip in clips if clip.id not in gone)])
    drawn = protocols.draw("favc.avh")
    tests = next(one for one in drawn.lists if one.name.endswith("test"))
    assert (tests.listed, tests.found) == (16, 13)
    assert drawn.left_out == {"in no list": 1}


def test_lists_that_contradict_the_manifest_or_repeat_a_file_are_counted() -> None:
    clips = invented.favc(10)
    invented.imported("favc", clips)
    first = invented_paths(clips)
    bring("ssr_dfd/favc/train", [(first[0], 1.0), (first[1], "1.0"), (first[1], 1), ("x", 0), (first[2], "often")])
    bring("ssr_dfd/favc/val", [(first[1], 1)])
    bring("ssr_dfd/favc/test", [("../../etc/passwd", 0), ("/etc/passwd", 0), ("", 0)])
    drawn = protocols.draw("favc.ssr")
    assert [(clip.path, clip.split) for clip in drawn.clips] == [(clips[1].path, "train")]
    assert drawn.left_out == {"labelled otherwise by ssr_dfd/favc/train": 1, "listed again": 2, "in no list": 78}
    assert [(one.listed, one.found) for one in drawn.lists] == [(5, 1), (1, 0), (3, 0)]


def invented_paths(clips: list[Clip]) -> list[str]:
    return [clip.path.replace(" (", "_").replace(")", "") for clip in clips]


def test_test_rows_of_av1m_are_of_the_official_validation_part() -> None:
    clips = invented.av1m(6)
    invented.imported("av1m", clips)
    bring_av1m(clips, "avh_align", "av1m/")
    found = protocols.draw("av1m.avh")
    assert {clip.path.partition("/")[0] for clip in found.clips if clip.split == "test"} == {"val"}
    assert len(found.clips) == len(clips) and found.left_out == {}


@pytest.mark.parametrize("seed", range(5))
def test_the_literal_rule_is_the_published_one_on_the_released_segments(seed: int) -> None:
    draw = random.Random(seed)
    clips, kept, repaired = [], set(), set()
    for clip in invented.av1m(8):
        audio, visual = ([list(span) for span in spans or ()] for spans in (clip.segments_audio, clip.segments_video))
        if bool(audio) != bool(visual) and draw.random() < 0.2:  # as the release copies a segment to the other stream
            audio, visual = audio or visual, visual or audio
        known = {"audio_fake_segments": audio, "visual_fake_segments": visual}
        clips.append(invented.clip("av1m", clip.path, **{**vars_of(clip), "extra": known}))
        if (audio and visual) or not clip.segments:
            kept.add(clip.id)
        if clip.category in ("RVRA", "FVFA"):
            repaired.add(clip.id)
    invented.imported("av1m", clips)
    bring_av1m(clips, "avh_align", "av1m/")
    assert ids("av1m.ssr") == kept and kept > repaired
    assert ids("av1m.repaired") == repaired
    bring_av1m([clip for clip in clips if clip.id in kept], "ssr_dfd", "av1m/")
    assert ids("av1m.ssr") == kept


def vars_of(clip: Clip) -> dict[str, object]:
    return {name: value for name, value in vars(clip).items() if name not in ("id", "path", "dataset", "root")}


def test_avlips_follows_its_list() -> None:
    names = [(f"{label}_{word}/{n}.mp4", label) for label, word in enumerate(("real", "fake")) for n in range(3)]
    clips = [invented.clip("avlips", path, label=label) for path, label in names]
    invented.imported("avlips", clips)
    bring("ssr_dfd/avlips/test", [("0_real/1.mp4", 0), ("1_fake/2.mp4", 1), ("1_fake/9.mp4", 1)])
    assert ids("avlips.ssr") == {"0_real/1.mp4", "1_fake/2.mp4"} and len(ids("avlips")) == 6
    (coverage,) = protocols.draw("avlips").lists
    assert (coverage.listed, coverage.found, coverage.note) == (7557, 6, None)


def test_avlips_with_other_files_than_the_papers_is_not_the_papers() -> None:
    def drawn(real: int, fake: int) -> tuple[protocols.Coverage, ...]:
        labels = [0] * real + [1] * fake
        invented.imported(
            "avlips", [invented.clip("avlips", f"{n}.mp4", label=label) for n, label in enumerate(labels)]
        )
        return protocols.draw("avlips").lists

    assert drawn(3373, 4184) == ()
    (more,) = drawn(3375, 4184)
    assert more.found == 7557 and more.note == "2 further files are here"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("favc.avh", "needs AVH-Align's split lists, which are not here; run `python -m datasets fetch favc`"),
        ("favc.ssr", "favc, all four types in a split of our own, needs none"),
        ("av1m.ssr", "fetch av1m --from FOLDER"),
        ("av1m.real", "av1m.real_own needs none"),
    ],
)
def test_a_missing_list_says_how_to_get_it_and_what_needs_none(name: str, words: str) -> None:
    invented.imported("favc", invented.favc(3))
    invented.imported("av1m", invented.av1m(1))
    with pytest.raises(lists.MissingListError) as caught:
        protocols.clips(name)
    assert str(caught.value).startswith(f"{name} needs ") and words in str(caught.value)
    assert protocols.clips(name.partition(".")[0])


def test_a_list_that_changed_or_is_none_is_refused() -> None:
    clips = invented.favc(10)
    invented.imported("favc", clips)
    bring_favc(clips)
    path = lists.place(lists.BY_NAME["avh_align/favc/test"])
    path.write_text(path.read_text() + "\n")
    with pytest.raises(DatasetError, match="neither what was published nor what was brought here; remove it and run"):
        protocols.clips("favc.avh")
    bring("avh_align/favc/test", [], "one,two")
    with pytest.raises(DatasetError, match="it has no column path or full_path"):
        protocols.clips("favc.avh")


def test_the_literal_rule_keeps_what_the_reference_layout_says() -> None:
    wanted = {sample["path"]: sample.get("in_ssr_subset") for sample in layouts.expected("av1m")["samples"]}
    clips = importing.load("av1m", layouts.root_of("av1m")).clips
    labelled = [clip for clip in clips if clip.label is not None]
    assert {clip.path: av1m.by_literal_rule(clip) for clip in labelled} == {c.path: wanted[c.path] for c in labelled}
    leaked = [clip for clip in labelled if av1m.by_literal_rule(clip) and not av1m.by_repaired_rule(clip)]
    assert leaked and all(clip.category in ("RVFA", "FVRA") for clip in leaked)
