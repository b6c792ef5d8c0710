import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sample_records import clips, record, write_measured

from leaderboard import published, records, rows, scores
from leaderboard.__main__ import VERSION, main
from leaderboard.commands.tables import problems

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments):
    command = [sys.executable, "-m", "leaderboard", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def version(tmp_path):
    """A leaderboard version with simulated and real rows, rendered."""
    folder, results = tmp_path / "v1", tmp_path / "results"
    real = record(train="favc", test="av1m", data="real", size=None, corpus=None)
    for seed, one in enumerate((record(), record("silence"), real)):
        write_measured(results, one, clips(1.2, seed))
    assert main(["--folder", str(folder), "accept", str(results)]) == 0
    return folder


def test_commands_from_the_shell(tmp_path):
    results, folder = tmp_path / "results", tmp_path / "v1"
    write_measured(results, record(), clips(1.0))
    records.write(results, record("other", status="failed", reason="x", metrics={}))
    accepted = run("--folder", folder, "accept", results)
    assert accepted.returncode == 0, accepted.stderr
    assert "accepted 1 new or changed cells of 2 records; 1 failed or skipped" in accepted.stdout
    assert run("--folder", folder, "check").returncode == 0
    (folder / "sim.csv").unlink()
    red = run("--folder", folder, "check")
    assert red.returncode == 1 and "sim.csv: missing" in red.stdout
    assert run("--folder", folder, "render").returncode == 0
    assert run("--folder", folder, "check").returncode == 0
    assert "accept" in run("--help").stdout


def test_check_is_green_after_accept_and_its_files_are_all_there(version):
    assert problems(version) == []
    assert {p.name for p in version.iterdir()} == {
        "rows", "scores", "sim.md", "sim.csv", "real.md", "real.csv", "published.md",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["sim.md", "sim.csv", "real.md", "real.csv", "published.md"])
def test_check_names_an_edited_a_truncated_and_a_missing_file(version, name):
    path = version / name
    whole = path.read_text()
    for text in (whole.replace("0", "1", 1), whole[:-5], whole + "\n"):
        path.write_text(text)
        assert len(problems(version)) == 1
        assert f"{name}: not what the rows give" in problems(version)[0]
    path.unlink()
    assert f"{name}: missing" in problems(version)[0]
    assert main(["--folder", str(version), "check"]) == 1


def test_check_names_an_edited_row_and_nothing_is_rendered_from_it(version, capsys):
    path = rows.path_for(version, "sim", "silence")
    path.write_text(path.read_text().replace('"n_pos": 42', '"n_pos": 43', 1))
    before = (version / "sim.md").read_bytes()
    assert main(["--folder", str(version), "check"]) == 1
    assert "silence.json" in capsys.readouterr().out
    assert main(["--folder", str(version), "render"]) == 1
    assert "silence.json" in capsys.readouterr().err
    assert (version / "sim.md").read_bytes() == before


def test_stale_tables_and_those_without_rows_are_noticed(version, tmp_path):
    first = write_measured(tmp_path, record(), clips(0.3))
    scores.keep([first], tmp_path, version, version)
    rows.accept([first], version)
    assert len([text for text in problems(version) if "not what the rows give" in text]) == 2
    assert len([text for text in problems(version) if "no row names it" in text]) == 1
    shutil.rmtree(version / "rows" / "real")
    assert sum("no row stands behind it" in text for text in problems(version)) == 2
    assert main(["--folder", str(version), "accept", str(tmp_path)]) == 0
    assert problems(version) == []
    assert not (version / "real.md").exists()


def test_unreadable_records_are_named_and_the_others_accepted(tmp_path, capsys):
    results, folder = tmp_path / "results", tmp_path / "v1"
    write_measured(results, record(), clips(1.0))
    (results / "torn.json").write_text("{")
    assert main(["--folder", str(folder), "accept", str(results)]) == 1
    assert "torn.json" in capsys.readouterr().err
    assert len(rows.read_all(folder)) == 1
    assert problems(folder) == []


def test_an_empty_results_folder_is_an_error_that_says_what_to_do(tmp_path, capsys):
    assert main(["--folder", str(tmp_path / "v1"), "accept", str(tmp_path / "none")]) == 1
    assert "no records; run the benchmark first" in capsys.readouterr().err


def test_the_committed_tables_are_current():
    assert problems(VERSION) == []


def test_every_published_file_is_shown_with_its_source_as_printed():
    files = {path.name for path in published.FOLDER.glob("*.csv")}
    assert files == {entry.file for entry in published.TABLES}
    text = published.markdown()
    for entry in published.TABLES:
        header, body = published.read(entry.file)
        assert all(len(row) == len(header) for row in body)
        section = text.split(f"`published/{entry.file}`.")[1].split("\n## ")[0]
        shown = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
        assert [[cell if cell != "–" else "" for cell in row] for row in shown[2:]] == body
    assert "BRAVEn (V) | visual | 100 | 98.8" in text
    assert "not measured here" in text


def test_a_ragged_published_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(published, "FOLDER", tmp_path)
    (tmp_path / "x.csv").write_text("a,b\n1,2\n3\n")
    with pytest.raises(ValueError, match=r"x\.csv, line 3"):
        published.read("x.csv")
