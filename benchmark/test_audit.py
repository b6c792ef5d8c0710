"""The audit of each data set that is here: which trivial signals give its fakes away, and what it shares with training.

Findings fail nothing: an audit fails where it cannot be made. Without `-k audit` a real data set is only audited once
most of its files have been probed, which takes long the first time.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pytest

from benchmark.audit.run import subjects
from datasets.errors import DatasetError
from datasets.registry import EMBEDDED

MOST_UNPROBED = 0.05
"""Share of a real data set's files up to which they are probed in passing."""


@dataclass(frozen=True)
class Audited:
    """A data set or protocol under audit."""

    name: str

    def concerns(self, names: Collection[str]) -> bool:
        """False: it is about no detector, and is left out where some are named."""
        return False


def params() -> list[Any]:
    """One parameter a data set or protocol that is here."""
    return [pytest.param(Audited(name), id=name, marks=pytest.mark.needs(dataset=name)) for name in subjects()]


@pytest.mark.parametrize("subject", params())
def test_audit(subject: Audited, bench: Any, pytestconfig: pytest.Config, record_property: Any) -> None:
    from benchmark.audit import output, text
    from benchmark.audit.run import run

    name, corpus = subject.name, bench.options.corpus
    try:
        if not _asked_for(pytestconfig) and (reason := _slow(name, corpus)):
            pytest.skip(reason)
        with bench.uncaptured():
            audit = run(name, corpus)
    except DatasetError as error:
        _stop(name, str(error))
    folder = output.folder_of(name, corpus)
    output.write(audit, folder)
    record_property("audit", json.dumps([audit.data, text.terminal(audit, short=True), str(folder)]))


def _asked_for(config: pytest.Config) -> bool:
    return "audit" in config.option.keyword or any("test_audit" in str(argument) for argument in config.args)


def _slow(name: str, corpus: Any) -> str:
    """Why an audit is not made in passing; empty where it is."""
    from benchmark.audit.run import unprobed

    if name in EMBEDDED or unprobed(name, corpus) <= MOST_UNPROBED:
        return ""
    return f"its files were not probed yet; that takes long: pytest benchmark -k audit, python -m datasets audit {name}"


def _stop(name: str, reason: str) -> None:
    """Skip a protocol whose published lists may not be here; fail everything else."""
    from datasets import protocols

    if name not in EMBEDDED and protocols.get(name).lists:
        pytest.skip(reason)
    pytest.fail(f"{name}: {reason}", pytrace=False)
