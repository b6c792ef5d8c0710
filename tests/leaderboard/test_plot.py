import hashlib
import re
from dataclasses import replace

import numpy as np
import pytest
from sample_records import clips, metric, record, write_measured

from leaderboard import records
from leaderboard.__main__ import main
from leaderboard.distributions import distributions
from leaderboard.heatmap import heatmap
from leaderboard.plot import plot
from leaderboard.sources import Measured, cells_of
from leaderboard.tables import NOTICE

CELL = "tiny_a-linear-sim_whole_to_sim_lip"


def texts(path):
    """Texts of an SVG, which keeps each line as a comment before its outlines."""
    return re.findall(r"<!-- (.*?) -->", path.read_text(), re.DOTALL)


def flat(path):
    return " ".join(" ".join(texts(path)).split())


@pytest.fixture
def results(tmp_path):
    """A run with a detector plain and trimmed, in and out of domain, and a control."""
    folder = tmp_path / "run"
    for one in (record(), record(probe="trim"), record(test="sim_whole"), record("silence", test="sim_wild")):
        write_measured(folder, one, clips(1.0))
    return folder


def all_of(folder):
    return [one.record for one in cells_of(folder).values()]


def draw(*words):
    return main(["plot", *map(str, words)])


def test_every_kind_gives_the_same_bytes_again_with_the_notice_inside(results, tmp_path):
    for kind in ("cells", "heatmap", "scores"):
        more = ["--results", results, *(["--cell", CELL] if kind == "scores" else [])]
        for suffix in ("png", "svg"):
            digests = set()
            for name in ("a", "b"):
                out = tmp_path / f"{kind}-{name}.{suffix}"
                assert draw(kind, out, *more) == 0
                digests.add(hashlib.sha256(out.read_bytes()).hexdigest())
            assert len(digests) == 1
        assert (tmp_path / f"{kind}-a.png").read_bytes().startswith(b"\x89PNG")
        assert NOTICE in flat(tmp_path / f"{kind}-a.svg")


def test_the_picture_of_cells_names_pairs_and_detectors(results, tmp_path):
    plot(all_of(results), "sim", tmp_path / "a.svg")
    assert {"sim_whole → sim_lip", "sim_whole → sim_wild", "tiny_a-linear", "silence"} <= set(texts(tmp_path / "a.svg"))


def test_a_heatmap_holds_the_number_of_every_cell_and_brackets_those_at_chance(tmp_path):
    measured = [
        record(auc=0.912),
        record(auc=0.634, probe="trim"),
        record(test="sim_whole", auc=0.523),
        record(train="sim_local", auc=0.317),
        record("silence", metrics={"auc": metric(0.745, None)}),
        record("silence", train="sim_local", metrics={"auc": metric(0.65, 0.05, worst=0.45, best=0.85)}),
        record("hidden-linear", probe="drop", auc=0.888),
        record("real-linear", "favc", "av1m", data="real", size=None, corpus=None, auc=0.777),
    ]
    heatmap([replace(one, verified=True) for one in measured], "sim", tmp_path / "a.svg")
    found = texts(tmp_path / "a.svg")
    numbers = [text for text in found if re.fullmatch(r"\(?\d\d\.\d\)?", text)]
    assert sorted(numbers) == sorted(["91.2", "63.4", "(52.3)", "31.7", "(74.5)", "(65.0)"])
    assert {"tiny_a-linear, plain", "tiny_a-linear, trim", "silence, plain", "sim_local", "sim_lip"} <= set(found)
    assert not {"favc", "real-linear, plain", "hidden-linear, plain"} & set(found)
    heatmap(measured, "real", tmp_path / "real.svg")
    found = flat(tmp_path / "real.svg")
    assert "77.7†" in found and "†: self-reported" in found
    assert "sim_" not in found and "procedural" not in found


def test_heatmaps_grow_with_detectors_and_sets(tmp_path):
    sets = [f"s{i}" for i in range(8)]
    many = [record(f"d{i}-linear", "s0", test, size=size) for i in range(3) for test in sets for size in ("a", "b")]
    heatmap(many, "sim", tmp_path / "a.svg")
    found = texts(tmp_path / "a.svg")
    assert sum(text == "80.0†" for text in found) == len(many)
    assert sum(text.startswith("d1-linear, plain, b") for text in found) == 1


def test_scores_show_auc_counts_thresholds_and_what_is_not_drawn(tmp_path):
    frame = clips(1.0)
    frame.insert(4, "seed44", 2 * frame["seed43"])
    frame.loc[3, ["seed43", "seed44"]] = np.nan
    runs = [{"seed": seed, "auc": auc, "threshold_at_val": 0.7} for seed, auc in ((43, 0.71), (44, 0.72))]
    path, sha256 = records.write_scores(tmp_path, frame)
    one = record(
        runs=runs, scores={"path": path, "sha256": sha256}, metrics={"auc": metric(0.7), "acc_at_0": metric(0.6)}
    )
    distributions(Measured(one, tmp_path), tmp_path / "a.svg")
    found = flat(tmp_path / "a.svg")
    assert f"{CELL} (default, seed 0, version 1)" in found
    assert "AUC 70.0 [64.0, 76.0] %, self-reported; 42 real and 42 fake clips, of which 1 without a score" in found
    assert "seed 43: AUC 71.0" in found and "seed 44: AUC 72.0" in found
    assert "threshold chosen on validation data" in found and "logit 0" in found
    bare = replace(one, runs=[], metrics={"auc": metric(0.7)}, verified=True)
    distributions(Measured(bare, tmp_path), tmp_path / "b.svg")
    assert not {"threshold", "logit", "self-reported"} & set(re.findall(r"[\w-]+", flat(tmp_path / "b.svg")))


def test_bars_are_shares_of_their_class(tmp_path, monkeypatch):
    from matplotlib.axes import Axes

    frame = clips(0.0, identities=30)
    frame = frame[(frame["label"] == 1) | (frame.index < 20)]  # 30 fakes, 10 reals
    path, sha256 = records.write_scores(tmp_path, frame)
    drawn, kept = [], Axes.hist
    monkeypatch.setattr(Axes, "hist", lambda *args, **more: drawn.append(kept(*args, **more)) or drawn[-1])
    distributions(Measured(record(scores={"path": path, "sha256": sha256}), tmp_path), tmp_path / "a.png")
    counts, edges = [found[0] for found in drawn], drawn[0][1]
    assert [np.sum(count) for count in counts] == pytest.approx([100, 100])
    for label, count in enumerate(counts):
        mine = frame.loc[frame["label"] == label, "seed43"]
        assert count == pytest.approx(100 * np.histogram(mine, edges)[0] / len(mine))


def test_scores_that_are_all_equal_or_all_missing_are_drawn(tmp_path):
    for value in (0.0, np.nan):
        path, sha256 = records.write_scores(tmp_path, clips(1.0).assign(seed43=value))
        distributions(Measured(record(scores={"path": path, "sha256": sha256}), tmp_path), tmp_path / "a.png")
        assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_errors_in_words(results, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for words, told in (
        (["cells", "a.png", "--data", "real"], "no out-of-domain cells of real data"),
        (["heatmap", "a.png", "--data", "real"], "no cells of real data"),
        (["heatmap", "a.jpg"], "a.jpg: pictures are PNG or SVG"),
        (["scores", "a.png", "--cell", CELL.replace("lip", "lap")], f"did you mean {CELL}"),
        (["scores", "a.png", "--cell", "?"], "4 are there, such as silence-sim_whole_to_sim_wild"),
        (["heatmap", "file/a.png"], "file"),
    ):
        kind, out, *more = words
        assert draw(kind, tmp_path / out, "--results", results, *more) == 1
        assert told in capsys.readouterr().err
    for path in (results / "scores").glob("*"):
        path.unlink()
    assert draw("scores", tmp_path / "a.png", "--results", results, "--cell", CELL) == 1
    assert "no per-clip scores" in capsys.readouterr().err
    assert draw("cells", tmp_path / "a.png", "--results", tmp_path / "none") == 1
    assert "neither rows" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.png")) + list(tmp_path.glob(".*"))


def test_the_rows_are_drawn_by_default(results, tmp_path):
    folder = tmp_path / "v1"
    assert main(["--folder", str(folder), "accept", str(results)]) == 0
    for kind in (["heatmap"], ["scores", "--cell", CELL]):
        out = tmp_path / f"{kind[0]}.svg"
        assert main(["--folder", str(folder), "plot", kind[0], str(out), *kind[1:]]) == 0
        assert "tiny_a-linear" in flat(out)
