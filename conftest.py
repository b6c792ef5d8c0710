"""Joins the benchmark to pytest: options, marks, which worker runs what, and the table at the end."""

from pathlib import Path
from typing import Any

import pytest

from benchmark import cells, pairs
from datasets.sim.plan import SIZES
from detectors import plugins
from detectors.registry import RegistryError, registry
from leaderboard import VERSION

_CHOSEN = pytest.StashKey[frozenset[str]]()

_GATE = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What a run can be told beside pytest's own options."""
    group = parser.getgroup("avdf-bench", "avdf-bench: what to measure, and where results go")
    group.addoption(
        "--size",
        choices=SIZES,
        default="default",
        help="embedded corpus: about 800 clips (default), 1,800 with narrower intervals (full), or too few to mean "
        "anything but enough to see that all works (smoke)",
    )
    group.addoption(
        "--corpus-seed", type=int, default=0, metavar="N", help="seed that draws the embedded corpus (default: 0)"
    )
    group.addoption(
        "--detector",
        action="append",
        default=[],
        metavar="NAME_OR_FILE",
        help="measure only this detector, encoder (with every head) or head (with every encoder), or what a Python "
        "file anywhere registers; can be given several times",
    )
    group.addoption("--device", default="cpu", help="where clips are encoded, such as cuda (default: cpu)")
    group.addoption(
        "--batch",
        type=int,
        default=1,
        metavar="N",
        help="clips that an encoder takes together where it can, for a GPU; their features then differ in the last "
        "digits with their neighbours (default: 1)",
    )
    group.addoption(
        "--rerun",
        choices=("only-missing", "always", "never"),
        default="only-missing",
        help="measure cells that have no result of the same signature (default), all, or none (show what is there)",
    )
    group.addoption(
        "--results",
        type=Path,
        default=Path("results"),
        metavar="FOLDER",
        help="records and per-clip scores go to a folder in here for each size and seed of the embedded corpus, and to "
        "real for real data (default: results)",
    )

    group.addoption(
        "--check",
        action="store_true",
        help="hold what was measured against the leaderboard's rows by its regression rule, and fail if it got worse",
    )
    group.addoption(
        "--against",
        type=Path,
        default=VERSION,
        metavar="FOLDER",
        help="the leaderboard version that --check uses (default: leaderboard/v1)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks, which are strict, and load the files that --detector names."""
    for description in cells.MARKS.values():
        config.addinivalue_line("markers", description)
    if config.option.device != "cpu" and not hasattr(config, "workerinput"):
        _check_device(config.option.device)
    if config.option.batch < 1:
        raise pytest.UsageError(f"--batch {config.option.batch}: give a number of clips, at least 1")
    plugins.ask_in(config.option.keyword)
    pairs.ask_in(f"{config.option.keyword} {config.option.markexpr}")
    if config.option.detector:
        try:
            config.stash[_CHOSEN] = plugins.chosen(config.option.detector)
        except RegistryError as error:
            raise pytest.UsageError(f"--detector: {error}") from None


def _check_device(device: str) -> None:
    from detectors.devices import DeviceError, check_device

    try:
        check_device(device)
    except DeviceError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what --detector names."""
    names = config.stash.get(_CHOSEN, None)
    if names is None:
        return
    sorted_out: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        sorted_out[_concerns(item, names)].append(item)
    config.hook.pytest_deselected(items=sorted_out[False])
    items[:] = sorted_out[True]


def _concerns(item: pytest.Item, names: frozenset[str]) -> bool:
    """Whether the cell or the contract that a test is about is one of these; other tests are kept."""
    params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    about: Any = params.get("cell") or params.get("subject")
    return about is None or about.concerns(names)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Modules of detectors that cannot be imported, whose cells therefore fail."""
    if not _is_benchmark(config):
        return []
    return [f"not imported: {name}: {broken.reason}" for name, broken in registry().broken.items()]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Cells of one encoder go to one worker, which loads it once; elsewhere a test module does.

    A scheduler of our own, since `--dist loadgroup` is silently ignored by pytest 9.2 with xdist 3.8.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByEncoder(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid)

    return ByEncoder(config, log)


def scope_of(nodeid: str) -> str:
    """What of a node id keeps tests on one worker: the encoder of a cell, else the module."""
    module, _, name = nodeid.partition("::")
    if "benchmark/" in module and "[" in name:
        return name.partition("[")[2].partition("-")[0].rstrip("]")
    return module


@pytest.fixture(scope="session")
def bench(pytestconfig: pytest.Config) -> Any:
    """What measures a cell, or finds that it has been measured; see `benchmark.run.Bench`."""
    from benchmark.run import Bench, Options

    option = pytestconfig.option
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    return Bench(
        Options(
            option.size,
            option.corpus_seed,
            option.rerun,
            pytestconfig.option.results.absolute(),
            option.device,
            option.batch,
        ),
        uncaptured=capture.global_and_fixture_disabled,
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Run the gate when it was asked for: a run that got worse fails as a whole, though each cell was measured."""
    config = session.config
    if hasattr(config, "workerinput") or not config.option.check or config.option.collectonly:
        return
    from benchmark.checking import check

    texts = _records(config.pluginmanager.getplugin("terminalreporter"))
    config.stash[_GATE], red = check(texts, config.option.results, config.option.against)
    if red and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _records(terminalreporter: Any) -> list[str]:
    """The records of all cells that ran, as JSON."""
    reports = [report for kind in ("passed", "failed", "skipped") for report in terminalreporter.stats.get(kind, [])]
    return [value for report in reports for name, value in getattr(report, "user_properties", ()) if name == "record"]


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    """The table of the cells that this run selected, or what to select when there were none."""
    for name in registry().broken if config.get_verbosity() < 0 and _is_benchmark(config) else ():
        terminalreporter.write_line(f"not imported: {name}")
    texts = _records(terminalreporter)
    if texts:
        from benchmark.summary import summary

        terminalreporter.section("results")
        terminalreporter.write_line(summary(texts, config.option.results))
    elif exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and _is_benchmark(config):
        terminalreporter.section("no cell selected")
        guess = cells.hint(config.option.keyword) if config.option.keyword else ""
        terminalreporter.write_line((guess + "\n" if guess else "") + cells.known_words())
    if _GATE in config.stash:
        terminalreporter.section("regression gate")
        terminalreporter.write_line(config.stash[_GATE])


def _is_benchmark(config: pytest.Config) -> bool:
    return any("benchmark" in Path(str(argument)).parts for argument in config.args)
