"""The audit as users run it, and the embedded corpus held against the signals that are explained in writing."""

import csv
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import av
import pytest

from benchmark.audit import output, picture
from benchmark.audit.explained import explained
from benchmark.audit.run import run
from benchmark.audit.splits import Split, audit_split
from datasets.__main__ import main
from datasets.clip import Clip
from datasets.probing import Probed, probe
from datasets.registry import Corpus
from datasets.sim.plan import splits
from leaderboard.tables import NOTICE
from suite import Suite

SETS = ("sim_whole", "sim_local", "sim_lip", "sim_wild", "sim_null")
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def shared(smoke_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder with a copy of the smallest corpus, and in time with its facts."""
    folder = tmp_path_factory.mktemp("audited") / "cache"
    shutil.copytree(smoke_cache / "sim", folder / "sim")
    return folder


@pytest.fixture
def corpus(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of the copy, in use."""
    monkeypatch.setenv("AVDF_CACHE", str(shared))
    monkeypatch.delenv("AVDF_DATA", raising=False)
    return shared


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`python -m datasets` with these arguments: exit code, output, errors."""

    def typed(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["datasets", *map(str, arguments)])
        code = main()
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return typed


def all_of(name: str) -> list[Clip]:
    """All clips of a set: its splits together have the power that one of the smallest size lacks."""
    return [clip for split in splits(name) for clip in Corpus("smoke").load(name, split)]


def audited(name: str, clips: Sequence[Clip], probed: Probed) -> Split:
    return audit_split("all", name, clips, probed.facts, probed.failed)


def unexplained(split: Split) -> list[str]:
    return [one.signal for one in split.findings if one.holds and not one.why]


def test_every_signal_of_the_embedded_corpus_is_planted_or_explained(corpus: Path) -> None:
    found = {}
    for name in SETS:
        clips = all_of(name)
        probed = probe(clips, progress=False)
        assert not probed.failed
        split = audited(name, clips, probed)
        assert unexplained(split) == [], f"{name} has a shortcut that nobody planted; see docs/audit.md"
        found[name] = {one.signal for one in split.findings if one.holds}
    assert "leading_silence" in found["sim_whole"] & found["sim_local"]
    assert not found["sim_null"] and not explained("sim_null")


def untagged(clip: Clip, folder: Path) -> Clip:
    """The same streams in a file that does not say which program wrote it."""
    path = folder / Path(clip.path).name
    with av.open(str(clip.file)) as source, av.open(str(path), "w", options={"fflags": "+bitexact"}) as target:
        made = {stream: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = made[packet.stream]
                target.mux(packet)
    return replace(clip, root=folder, path=path.name, sha256=None)


def test_a_new_shortcut_is_noticed(corpus: Path, tmp_path: Path) -> None:
    clips = all_of("sim_wild")
    probed = probe(clips, progress=False)
    times = {clip.id: 1.25 if clip.label else 1.0 for clip in clips}
    dearer = {name: replace(facts, video_kbps=facts.video_kbps * times[name]) for name, facts in probed.facts.items()}
    assert unexplained(audited("sim_wild", clips, Probed(dearer, {}))) == ["video_kbps"]  # known the other way round
    mixed = [untagged(clip, tmp_path) if clip.label else clip for clip in clips]
    split = audited("sim_wild", mixed, probe(mixed, progress=False))
    assert unexplained(split) == ["no_encoder"]
    assert picture.kind_of(next(one for one in split.findings if one.signal == "no_encoder")) == "not explained"


def test_missing_sound_is_a_signal_of_its_own_and_spoils_no_other(corpus: Path) -> None:
    clips = all_of("sim_local")
    facts = dict(probe(clips, progress=False).facts)
    gone = dict.fromkeys(("audio_codec", "audio_seconds", "audio_kbps", "rms_db", "peak_db", "sample_rate"))
    gone |= dict.fromkeys(("channels", "lag", "leading_silence", "trailing_silence"))
    for clip in clips[:16]:
        if clip.label:
            facts[clip.id] = replace(facts[clip.id], **gone)
    found = {one.signal: one for one in audited("sim_local", clips, Probed(facts, {})).findings}
    assert found["rms_db"].unknown == 8 and found["rms_db"].standing.fakes == 12
    assert found["no_sound"].standing.auc == pytest.approx(0.5 + 8 / 40) and found["no_sound"].tells
    assert "no_rms_db" not in found
    facts = {name: replace(one, fps=None) if n % 4 == 1 else one for n, (name, one) in enumerate(facts.items())}
    assert "no_fps" in {one.signal for one in audited("sim_local", clips, Probed(facts, {})).findings}


def test_the_command_prints_and_writes_the_audit(corpus: Path, tmp_path: Path, command: Command) -> None:
    code, printed, _ = command("audit", "sim_local", "--size", "smoke", "--out", tmp_path / "out")
    assert code == 0 and "leading_silence" in printed and "planted" in printed and "by chance" in printed
    assert NOTICE in " ".join(printed.split()) and "sim_whole → sim_local" in printed
    rows = list(csv.DictReader((tmp_path / "out" / "audit.csv").open()))
    told = {(row["split"], row["signal"]): row for row in rows}
    assert {row["data"] for row in rows} == {"sim"} and told["test", "leading_silence"]["excludes_50"] == "yes"
    shared = list(csv.DictReader((tmp_path / "out" / "passport.csv").open()))
    own = {row["kind"]: row for row in shared if row["train"] == row["test"] == "sim_local"}
    assert (own["identity"]["shared"], own["identity"]["of"]) == ("0", "8")
    assert (own["same pictures"]["shared"], own["same pictures"]["of"]) == ("0", "16")
    page = (tmp_path / "out" / "audit.md").read_text()
    assert page.count(NOTICE) == page.count("| --- |") - page.count("| pre-training data |")
    assert (tmp_path / "out" / "audit.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_has_the_same_bytes_again_and_its_notice_inside(corpus: Path, tmp_path: Path) -> None:
    audit = run("sim_lip", Corpus("smoke"), progress=False)
    for name in ("a", "b"):
        picture.draw(audit, tmp_path / f"{name}.svg")
    text = (tmp_path / "a.svg").read_text()
    assert text == (tmp_path / "b.svg").read_text()
    assert "says nothing about real deepfakes" in " ".join(text.split())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sim_wohle", "there are sim_whole"),
        ("favc", "python -m datasets import favc FOLDER"),
        ("fvac", "did you mean favc"),
        ("sim_real", "reals alone"),
    ],
)
def test_what_cannot_be_audited_says_why(cache: Path, command: Command, name: str, words: str) -> None:
    code, printed, errors = command("audit", name)
    assert (code, printed) == (1, "") and errors.startswith("error: ") and words in errors
    assert not cache.exists()


COLUMNS = ("source", "target1", "target2", "method", "category", "type", "race", "gender", "path", "")


def favc(root: Path) -> Path:
    """FakeAVCeleb with 20 identities, a real and a fake each, made from simulated pairs."""
    clips, rows = all_of("sim_local"), []
    for number, clip in enumerate(clips):
        who, category, kind = f"id{number // 2:05}", "D", "FakeVideo-FakeAudio"
        name, target = "00109_fake_wavtolip.mp4", f"id{(number // 2 + 1) % 20:05}"
        if not clip.label:
            category, kind, name, target = "A", "RealVideo-RealAudio", "00109.mp4", "-"
        folder = root / kind / "African" / "men" / who
        folder.mkdir(parents=True)
        shutil.copy(clip.file, folder / name)
        method = "wav2lip" if clip.label else "real"
        rows.append(
            [who, target, "-", method, category, kind, "African", "men", name, f"FakeAVCeleb/{kind}/African/men/{who}"]
        )
    with (root / "meta_data.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])
    return root


def test_an_imported_release_is_audited_with_a_broken_and_a_missing_file(
    corpus: Path, tmp_path: Path, command: Command
) -> None:
    root = favc(tmp_path / "release")
    assert command("import", "favc", root)[0] == 0
    broken, missing = sorted((root / "RealVideo-RealAudio").rglob("*.mp4"))[:2]
    broken.write_bytes(broken.read_bytes()[:3000])
    missing.unlink()
    code, printed, errors = command("audit", "favc")
    assert code == 0 and "clips that could not be probed: 2" in errors
    assert "known: AVH-Align" in printed and NOTICE[:30] not in printed
    assert "voxceleb2 (" in printed and "avhubert_v" in printed
    folder = corpus / "data" / "favc" / "audit"
    lost = list(csv.DictReader((folder / "unprobed.csv").open()))
    assert {row["clip"] for row in lost} == {str(p.relative_to(root)) for p in (broken, missing)}
    swapped = {row["kind"]: row for row in csv.DictReader((folder / "passport.csv").open())}["swapped identity"]
    assert int(swapped["shared"]) > 0
    again = output.folder_of("favc.havic", Corpus())
    assert again == folder / "favc.havic"


def test_pytest_selects_audits_alone_and_shows_their_tables(suite: Suite) -> None:
    made = suite.run("-k", "audit and (sim_lip or sim_null)", "-n", "2")
    assert made.returncode == 0 and "2 passed" in made.stdout, made.stdout
    assert all(f"audit of {name}, sim data, smoke" in made.stdout for name in ("sim_lip", "sim_null"))
    assert "sim_whole → sim_lip" in made.stdout
    assert NOTICE in " ".join(made.stdout.split()) and not list(suite.results.glob("*.json"))


def test_audits_are_selected_by_their_own_word_alone(suite: Suite) -> None:
    listed = suite.run("--collect-only", "-q", "-k", "audit").stdout
    assert [line for line in listed.splitlines() if "::" in line] == [
        f"benchmark/test_audit.py::test_audit[{name}]" for name in SETS
    ]
    others = suite.run("--collect-only", "-q", "-k", "ood or ind or contract or trim or random or silence")
    assert "test_audit" not in others.stdout and others.returncode == 0
    named = suite.run("--collect-only", "-q", "--detector", "silence")
    assert "test_audit" not in named.stdout and "silence-sim_whole_to_sim_lip" in named.stdout
