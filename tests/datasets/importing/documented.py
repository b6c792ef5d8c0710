"""Codes of findings as docs/datasets.md has them."""

import re

from paths import ROOT

_ROW = re.compile(r"\| `([a-z_]+)` \| ([a-z, ]+) \| [^|]+ \| [^|]+ \|")


def codes(heading: str) -> dict[str, set[str]]:
    """Severities by code, in the table below a heading."""
    text = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [_ROW.fullmatch(line) for line in section.splitlines() if line.startswith("| `")]
    assert rows and all(rows), f"a row below {heading!r} is no code, severity, meaning and advice"
    return {row[1]: set(row[2].split(", ")) for row in rows if row}
