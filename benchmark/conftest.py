"""The audits' tables at the end of a run."""

import json
from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What gives fakes away in each data set that was audited, and where the whole of it is."""
    found = [
        json.loads(value)
        for report in terminalreporter.stats.get("passed", [])
        for name, value in getattr(report, "user_properties", ())
        if name == "audit"
    ]
    if not found:
        return
    from benchmark.audit.text import notes

    terminalreporter.section("audit")
    for _, text, folder in found:
        terminalreporter.write_line(f"{text}\n\neverything, with a picture, is in {folder}\n")
    terminalreporter.write_line(notes(any(data == "sim" for data, _, _ in found)))
