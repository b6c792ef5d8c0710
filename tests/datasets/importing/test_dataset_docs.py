"""docs/datasets.md names every data set, its page, and every finding, and nothing that does not exist."""

import ast
from collections.abc import Iterator
from pathlib import Path

import documented
from datasets import catalogue
from datasets.importing import NAMES
from datasets.importing.findings import SEVERITIES
from paths import ROOT

IMPORT = documented.codes("Findings of an import")
VERIFY = documented.codes("Findings of verify")
SOURCES = sorted((ROOT / "datasets" / "importing").rglob("*.py"))
DOCS = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")


def reported(path: Path) -> Iterator[tuple[str, str]]:
    """Severity and code of each finding whose code stands where it is reported."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SEVERITIES:
            for part in ast.walk(node.args[0]) if node.args else ():
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield node.func.attr, part.value


def texts(paths: list[Path]) -> set[str]:
    """Every text in the code of modules."""
    nodes = (node for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_finding_of_an_importer_is_documented_with_its_severity() -> None:
    found = {(severity, code) for path in SOURCES for severity, code in reported(path)}
    assert len(found) > 60
    assert {(severity, code) for severity, code in found if severity not in IMPORT.get(code, ())} == set()


def test_every_finding_of_verify_is_documented_with_its_severity() -> None:
    source = ROOT / "datasets" / "verify.py"
    found = set(reported(source))
    assert {code for _, code in found} <= set(VERIFY) <= texts([source])
    assert {(severity, code) for severity, code in found if severity not in VERIFY.get(code, ())} == set()


def test_every_documented_finding_exists() -> None:
    assert set(IMPORT) - texts(SOURCES) == set()
    assert list(IMPORT) == sorted(IMPORT)


def test_every_data_set_and_where_to_apply_is_documented() -> None:
    for name in NAMES:
        assert f"### {name}: " in DOCS or f"| `{name}` |" in DOCS, name
    for card in catalogue.CARDS.values():
        assert f"<{card.page}>" in DOCS, card.page
