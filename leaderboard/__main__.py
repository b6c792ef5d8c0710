"""The leaderboard's commands: render the tables, check that they are current, accept measured records, draw them."""

import argparse
import sys
from pathlib import Path

from datasets.files import write_atomic

from . import published, records, rows
from .render import FILES, render

VERSION = Path(__file__).parent / "v1"
_AGAIN = "run `python -m leaderboard render`"


def _expected(folder: Path) -> dict[str, str]:
    """The text of every generated file."""
    return render(rows.read_all(folder)) | {"published.md": published.markdown()}


def _leftover(folder: Path, expected: dict[str, str]) -> list[Path]:
    """Generated files of an earlier state that no row stands behind."""
    return [folder / name for name in FILES if name not in expected and (folder / name).exists()]


def write_tables(folder: Path) -> None:
    """Write all generated files, and delete those that have no rows any more.

    Raises:
        RowError: naming each unusable row; nothing is written then.
    """
    expected = _expected(folder)
    for name, text in expected.items():
        write_atomic(folder / name, text)
    for path in _leftover(folder, expected):
        path.unlink()


def problems(folder: Path) -> list[str]:
    """What `check` complains about, a sentence a file; empty when rows and generated files agree."""
    try:
        expected = _expected(folder)
    except rows.RowError as error:
        return str(error).splitlines()
    found = []
    for name, text in expected.items():
        path = folder / name
        if not path.exists():
            found.append(f"{path}: missing; {_AGAIN}")
        elif path.read_bytes() != text.encode():
            found.append(f"{path}: not what the rows give, stale or edited by hand; {_AGAIN}")
    return found + [f"{path}: no row stands behind it; {_AGAIN}" for path in _leftover(folder, expected)]


def accept(folder: Path, results: Path) -> int:
    """Merge the records of a results folder into the rows, and render; 1 if a record could not be read."""
    measured, unreadable = [], []
    for path in sorted(results.glob("*.json")):
        try:
            measured.append(records.read(path))
        except records.RecordError as error:
            unreadable.append(str(error))
    if not measured and not unreadable:
        unreadable.append(f"{results}: no records; run the benchmark first, or name its results folder")
    changed = rows.accept(measured, folder)
    write_tables(folder)
    failed = sum(record.status != "ok" for record in measured)
    print(f"accepted {len(changed)} new or changed cells of {len(measured)} records; {failed} failed or skipped")
    print("\n".join([f"  {name}" for name in changed]))
    print("\n".join(unreadable), file=sys.stderr)
    return 1 if unreadable else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m leaderboard", description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=VERSION, help="a leaderboard version (default: the package's v1)"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("render", help="write the Markdown and CSV files from the rows")
    commands.add_parser(
        "check", help="exit with 1 if a generated file is stale, missing or edited, or a row unreadable"
    )
    merge = commands.add_parser("accept", help="merge measured records into the rows, then render")
    merge.add_argument("results", type=Path, metavar="RESULTS_FOLDER", help="where a run left its records")
    picture = commands.add_parser("plot", help="draw the out-of-domain cells, plain beside trimmed")
    picture.add_argument("out", type=Path, metavar="FILE", help="a PNG or SVG file")
    picture.add_argument("--data", choices=rows.DATA, default="sim", help="simulated or real rows (default: sim)")
    return parser


def draw(folder: Path, data: str, out: Path) -> int:
    """Write the picture of the rows; 1 if there are none."""
    from .plot import plot

    try:
        plot(rows.read_all(folder), data, out)
    except rows.RowError:
        raise
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "accept":
            return accept(options.folder, options.results)
        if options.command == "plot":
            return draw(options.folder, options.data, options.out)
        if options.command == "render":
            write_tables(options.folder)
            return 0
    except rows.RowError as error:
        print(error, file=sys.stderr)
        return 1
    found = problems(options.folder)
    print("\n".join(found) if found else f"{options.folder}: rows and generated files agree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
