"""Which pairs of real data sets the suite has: those that are here, and those that a selection names."""

import re
from pathlib import Path

import pytest

from benchmark import cells, pairs
from benchmark.cells import Cell
from benchmark.literature import literature
from benchmark.pairs import LEFT_OUT, SIM, TABLE_2, Pair, ask_in, collected, published, suits
from datasets import library, protocols
from datasets.registry import Corpus, source_of
from detectors.cardcheck import RESERVED
from detectors.registry import row
from leaderboard import VERSION
from leaderboard.domains import domain
from leaderboard.rows import path_for, read


@pytest.fixture(autouse=True)
def nothing_here(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AVDF_DATA", raising=False)
    monkeypatch.setattr(pairs, "_asked", {})


def asked(text: str) -> set[Pair]:
    ask_in(text)
    found = set(collected()) - set(SIM)
    pairs._asked.clear()
    return found


def test_without_real_data_the_suite_is_the_embedded_corpus_alone() -> None:
    assert collected() == SIM
    assert {(cell.train, cell.test) for cell in cells.cells()} == set(SIM)


def test_every_pair_is_of_protocols_that_exist_and_their_names_are_safe() -> None:
    known = protocols.names()
    for name in {name for pair in published() for name in pair}:
        assert name in known and re.fullmatch(r"[a-z0-9_.]+", name)
        assert not any(part in name for part in RESERVED)
    assert len(set(published())) == len(published()) and set(TABLE_2) < set(published())
    assert all((f"favc.without_{kind}", f"favc.only_{kind}") in published() for kind in LEFT_OUT)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("ood and not trim or random", set()),
        ("sim_whole_to_sim_lip", set()),
        ("favc_to_av1m", {("favc", "av1m")}),
        ("logmel-linear-favc.ssr_to_avlips-trim", {("favc.ssr", "avlips")}),
        ("to_avlips and not drop", {pair for pair in published() if pair[1] == "avlips"}),
        ("favc_to_kodf", {pair for pair in published() if pair[1].startswith("kodf")}),
        ("lavdf_to_lavdf", {("lavdf", "lavdf")}),
        ("logmel-linear-favc.ssr.retimed_to_dfe.retimed-trim", {("favc.ssr.retimed", "dfe.retimed")}),
        ("favc_to_nothing or sim_whole_to_favc", set()),
        ("dfe", {pair for pair in published() if pair[1].startswith("dfe")}),
        ("ood(test='kodf.dfl')", {("favc", "kodf.dfl")}),
        ("needs(dataset='hifi_avdf')", {pair for pair in published() if pair[1].startswith("hifi_avdf")}),
    ],
)
def test_a_selection_names_pairs_that_are_not_here(expression: str, expected: set[Pair]) -> None:
    found = asked(expression)
    assert expected <= found
    if "to_" in expression and "kodf" not in expression:
        assert found == expected


def test_pairs_of_imported_sets_are_collected_and_own_folders_join_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "names", lambda: ["favc", "mine", "other"])
    monkeypatch.setattr(pairs, "_is_split", lambda name: name == "mine")
    real = set(collected()) - set(SIM)
    assert {("favc", "favc"), ("favc.ssr", "favc.ssr"), ("mine", "mine"), ("favc", "mine"), ("favc", "other")} <= real
    assert not [pair for pair in real if "av1m" in "".join(pair)] and ("other", "other") not in real


def test_reals_alone_train_only_what_needs_no_fake() -> None:
    assert suits("av1m.real", frozenset({"real"})) and suits("av1m.ssr", frozenset({"real", "fake"}))
    assert not suits("av1m.real", frozenset({"real", "fake"})) and not suits("av1m.real", frozenset())


def test_a_left_out_manipulation_is_out_of_domain_and_reals_of_the_same_set_are_not() -> None:
    assert domain("favc.ssr", "favc.ssr") == domain("av1m.real", "av1m.ssr") == "in"
    assert domain("favc.without_rvfa", "favc.only_rvfa") == domain("favc", "av1m") == "out"


@pytest.mark.parametrize(
    ("detector", "pair", "probe", "value"),
    [
        ("braven_v-linear", ("favc.ssr", "avlips"), None, 0.989),
        ("avhubert_a.random-linear", ("av1m.ssr", "favc.ssr"), None, 0.978),
        ("braven_v-linear", ("favc.ssr", "avlips"), "trim", None),  # the paper has no probes
        ("fsfm-linear", ("favc.ssr", "avlips"), None, None),  # perhaps another checkpoint than the paper's
        ("tiny_v-linear", ("favc.ssr", "avlips"), None, None),
        ("silence", ("favc.ssr", "avlips"), None, None),
        ("braven_v-linear", ("favc", "av1m"), None, None),
        ("braven_v-linear", ("dfe.tracks", "dfe.tracks"), None, None),
    ],
)
def test_published_numbers_are_of_exactly_the_papers_cells(
    monkeypatch: pytest.MonkeyPatch, detector: str, pair: Pair, probe: str | None, value: float | None
) -> None:
    monkeypatch.setattr("benchmark.literature.Real.drawn", lambda self, name: protocols.Drawn((), {}, ()))
    told = literature(Cell(row(detector), *pair, probe))
    assert (told or {}).get("value") == value
    if value:
        assert told is not None and "CVPR 2026" in told["source"] and "table 2" in told["source"]
    if pair[0] in ("favc", "dfe.tracks"):
        assert told is not None and set(told["notes"]) == set(pair)


def test_a_list_of_which_clips_are_missing_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    short = protocols.Drawn((), {}, (protocols.Coverage("test_labels.csv", 3508, 3500),))
    monkeypatch.setattr("benchmark.literature.Real.drawn", lambda self, name: short)
    told = literature(Cell(row("braven_v-linear"), "favc.ssr", "favc.ssr"))
    assert told is not None and told["value"] is None and "3,500 of 3,508 clips are here" in told["notes"]["favc.ssr"]


def test_rows_of_the_embedded_corpus_still_are_of_the_clips_that_it_has() -> None:
    kept = read(path_for(VERSION, "sim", "silence")).cells
    assert {one.cell.id for one in kept} == {cell.id for cell in cells.cells() if cell.row.name == "silence"}
    for one in kept:
        corpus = Corpus(str(one.size), (one.corpus or {})["seed"])
        cell = Cell(row("silence"), one.cell.train, one.cell.test, one.cell.probe)
        if (one.corpus or {})["version"] == corpus.version:
            assert one.manifests == {name: corpus.manifest(*place) for name, place in cell.places.items()}
        assert one.cell.domain == cell.domain and source_of(cell.test, corpus) is corpus
