"""Rows to Markdown and CSV, the same bytes for the same rows. Simulated and real data never share a table."""

from collections.abc import Iterator, Sequence
from itertools import chain

from .long_csv import long_csv
from .markdown import anchors
from .rows import Row
from .sections import Section, sections
from .tables import NOTICE, Grid, not_comparable

FILES = ("sim.md", "sim.csv", "real.md", "real.csv")
"""Every file that `render` may make; those of real data only when there are real rows."""

_TITLES = {"sim": "Simulated data", "real": "Real data"}
_INTRO = """Generated from `rows/` by `python -m leaderboard render`; not to be edited. The CSV file beside it has every
metric, its interval and how that was made. – stands where there is none.

- **AUC** in % with a 95 % interval that treats the clips of one identity as dependent. Where clips have no score, the
  value lies midway between ranking them all wrong and all right, and these two follow as imputed bounds.
- **Shortcut gap**: AUC minus AUC under the probe `trim`, in points: what the leading silence is worth to a detector.
- **FPR at source threshold**: share of test reals, in %, that score above the threshold chosen on the validation data
  of the training set.
- **Leakage**: the share of test identities (and of sources or segments, where any are shared) that the training set
  holds too; – without a training set. **Coverage**: test clips with a score. Beside several cells the worst stands.
- **Measured**: here, or self-reported by whoever sent the row; † marks a self-reported number in every table."""
_RANKS = """- **Rank range**: the ranks that a detector could hold on this pair, given all intervals, which are
  widened to the imputed bounds. The best is one more than the number of detectors whose interval lies wholly above its
  own; the worst is the number of those, itself included, whose interval does not lie wholly below it. No other order is
  claimed. Two whose intervals overlap may still differ: `python -m leaderboard compare` pairs their clips.
- **Published**: what a paper reports for the same detector, sets and splits, measured by its authors; `published.md`
  names the papers. It stands only where nothing differs by what is known.
- **Leakage** is – too where a data set does not say who is seen or what a clip was made from, or names them in another
  way than the training set."""


def render(rows: Sequence[Row]) -> dict[str, str]:
    """The texts of all generated files by name."""
    texts: dict[str, str] = {}
    for data in ("sim", "real"):
        grid = Grid(tuple(record for row in rows if row.data == data for record in row.cells))
        if grid.records or data == "sim":
            texts[f"{data}.md"] = markdown(grid, data)
            texts[f"{data}.csv"] = long_csv(grid)
    return texts


def markdown(grid: Grid, data: str) -> str:
    """The tables of simulated (`sim`) or real data."""
    head = [f"# {_TITLES[data]}", _INTRO if data == "sim" else f"{_INTRO}\n{_RANKS}"]
    if data == "sim":
        head.append(f"**Notice:** {NOTICE}. Lines are in alphabetical order; there is no ranking.")
    if notes := not_comparable(grid.records):
        lines = [f"- `{name}`: {why}" for name, why in notes.items()]
        head.append("\n".join(["Not to be held against published numbers:", "", *lines]))
    parts = [(_group(source), list(sections(grid.of_source(source), data))) for source in grid.sources]
    if not parts:
        return "\n\n".join([*head, "No rows yet."]) + "\n"
    text = chain.from_iterable([f"## {title}", *map(_text, inside)] for title, inside in parts)
    return "\n\n".join([*head, "\n".join(_contents(parts)), *text]) + "\n"


def _group(source: str) -> str:
    return f"Embedded corpus: {source}" if source else "Data sets of real videos"


def _text(section: Section) -> str:
    return f"{'####' if section.inner else '###'} {section.title}\n\n{section.body}"


def _contents(parts: Sequence[tuple[str, Sequence[Section]]]) -> Iterator[str]:
    """A line a section with links, its inner sections behind it."""
    titles = [title for group, inside in parts for title in (group, *(section.title for section in inside))]
    links = iter([f"[{title}](#{anchor})" for title, anchor in zip(titles, anchors(titles), strict=True)])
    for _, inside in parts:
        yield f"- {next(links)}"
        line = ""
        for section in inside:
            if section.inner:
                line += (", " if line.count("](") > 1 else ": ") + next(links)
                continue
            if line:
                yield line
            line = f"  - {next(links)}"
        yield line
