"""Measures a cell: fit on the training set, score the test set, and record what came out."""

import logging
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pytest

from datasets.clip import Clip
from datasets.errors import DatasetError, DiskFullError, in_words
from datasets.files import cache_root
from datasets.registry import Corpus, Source, source_of
from detectors.compose import build
from detectors.lacking import lacking
from detectors.protocols import Context, Fitted
from detectors.registry import FIT_SEED, RegistryError
from detectors.store import FeatureStore
from detectors.training import content_of, prepare, trained
from leaderboard import records
from leaderboard.domains import data_set

from .cells import Cell
from .evaluation import Outcome, evaluate
from .recording import NO_DATA, NO_WEIGHTS, VERSION, Costs, Parts, Provenance, measured, without_number
from .scoring import Part, Scores, cut, require, score

log = logging.getLogger("avdf")


@dataclass(frozen=True)
class Options:
    """What a run was told; see the help texts in `conftest.py`. `results` has a folder for each corpus."""

    size: str
    corpus_seed: int
    rerun: str
    results: Path
    device: str = "cpu"
    batch: int = 1

    @property
    def corpus(self) -> Corpus:
        """The embedded corpus that was asked for."""
        return Corpus(self.size, self.corpus_seed)

    def source(self, cell: Cell) -> Source:
        """Where the clips of a cell come from, which are all simulated or all real."""
        return source_of(cell.train, self.corpus)

    def folder(self, cell: Cell) -> Path:
        """Where its record and scores go."""
        return self.results / self.source(cell).folder


@dataclass
class Bench:
    """One run of the suite in one process.

    Attributes:
        uncaptured: a context in which progress bars reach the terminal.
    """

    options: Options
    uncaptured: Callable[[], AbstractContextManager[None]]
    _loaded: dict[tuple[str, str], list[Clip]] = field(default_factory=dict)
    _parts: dict[tuple[str, str, str | None], Part] = field(default_factory=dict)
    _fitted: dict[tuple[str, int, str, str | None], Fitted] = field(default_factory=dict)
    _val: dict[tuple[str, int, str, str | None], Scores] = field(default_factory=dict)
    _reasons: dict[str, str | None] = field(default_factory=dict)

    @cached_property
    def store(self) -> FeatureStore:
        """Features of all encoders."""
        return FeatureStore(cache_root() / "features")

    def measure(self, cell: Cell, record_property: Callable[[str, object], None]) -> None:
        """Measure a cell, or find its result; pass, skip or fail the test accordingly."""
        with self.uncaptured():
            record = self.record(cell)
        record_property("record", records.dumps(record))
        if record.status == "skipped":
            pytest.skip(record.reason or "")
        if record.status == "failed":
            broken = cell.row.broken
            reason = f"does not import\n{broken.traceback}" if broken else record.reason
            pytest.fail(f"{cell.id}: {reason}", pytrace=False)

    def record(self, cell: Cell) -> records.Record:
        """The record of a cell: the stored one of the same signature, or a new one, which is stored at once."""
        if cell.row.broken:
            record = self._without(cell, "failed", cell.row.broken.reason)
            self._store_record(cell, record)
            return record
        try:
            if reason := self._lacking(cell):
                return self._without(cell, "skipped", reason)
            if self.options.rerun != "never":
                self._corpus(cell)
            signature = self._signature(cell)
            known = self._known(cell, signature)
            if known is not None:
                return known
            if self.options.rerun == "never":
                return self._without(cell, "skipped", "not measured yet, and --rerun is never")
            record = self._measured(cell, signature)
        except Exception as error:  # whatever a detector does wrong is this cell's failure and no other's
            # These say what to do, such as about weights that have changed, or a set without fakes to train on.
            if not isinstance(error, RegistryError | DatasetError | DiskFullError):
                log.error("%s\n%s", cell.id, traceback.format_exc())
            reason = f"{_in_words(error)}{advice(error, cell)}".replace(f"{cache_root()}/", "")
            record = self._without(cell, "failed", reason)
        self._store_record(cell, record)
        return record

    def _without(self, cell: Cell, status: str, reason: str) -> records.Record:
        return without_number(cell, self.options.source(cell), status, reason)

    def _lacking(self, cell: Cell) -> str | None:
        """Why the cell cannot be measured on this machine; nothing is written then."""
        reasons = [self._no_data(cell, name) for name in (cell.train, cell.test)]
        return next(filter(None, [*reasons, self._no_weights(cell)]), None)

    def _no_data(self, cell: Cell, name: str) -> str | None:
        if name not in self._reasons:
            reason = self.options.source(cell).lacking(name)
            self._reasons[name] = f"{NO_DATA}{reason}" if reason else None
        return self._reasons[name]

    def _no_weights(self, cell: Cell) -> str | None:
        scope = cell.row.scope
        if scope not in self._reasons:
            reason = lacking(cell.row)
            self._reasons[scope] = f"{NO_WEIGHTS}{reason}" if reason else None
        return self._reasons[scope]

    def _store_record(self, cell: Cell, record: records.Record) -> None:
        """Write a record, but never a failure over a number that was measured before."""
        folder = self.options.folder(cell)
        path = records.path_for(folder, cell.id)
        if record.status != "ok":
            with suppress(records.RecordError):
                if records.read(path).status == "ok":
                    return
        if self.options.rerun != "never":
            records.write(folder, record)

    def _known(self, cell: Cell, signature: str) -> records.Record | None:
        """The stored record, when it may be used again."""
        path = records.path_for(self.options.folder(cell), cell.id)
        if self.options.rerun == "always" or not path.exists():
            return None
        try:
            known = records.read(path)
        except records.RecordError as error:
            log.warning("%s; it is measured again", error)
            return None
        return known if known.status == "ok" and known.signature == signature else None

    def _corpus(self, cell: Cell) -> None:
        self.options.source(cell).generate(sorted({cell.train, cell.test}))

    def _signature(self, cell: Cell) -> str:
        """Everything that changes the number: detector, seeds, clips (their content included) and protocol."""
        clips = [self._clips(*place) for place in cell.places.values()]
        return records.signature(
            {
                "protocol": VERSION,
                "cell": cell.id,
                "detectors": [self._build(cell, seed)[1] for seed in cell.row.seeds],
                "content": [[content_of(clip) for clip in split] for split in clips],
                "manifests": self._manifests(cell),
            }
        )

    def _manifests(self, cell: Cell) -> dict[str, str]:
        source = self.options.source(cell)
        return {name: source.manifest(*place) for name, place in cell.places.items()}

    def _clips(self, dataset: str, split: str) -> list[Clip]:
        if (dataset, split) not in self._loaded:
            self._loaded[dataset, split] = source_of(dataset, self.options.corpus).load(dataset, split)
        return self._loaded[dataset, split]

    def _part(self, dataset: str, split: str, probe: str | None) -> Part:
        key = (dataset, split, probe)
        if key not in self._parts:
            self._parts[key] = cut(self._clips(dataset, split), probe)
        return self._parts[key]

    def _train_parts(self, cell: Cell) -> tuple[Part, Part]:
        return self._part(cell.train, "train", cell.train_cut), self._part(cell.train, "val", cell.train_cut)

    def _test_part(self, cell: Cell) -> Part:
        return self._part(cell.test, "test", cell.test_cut)

    def _context(self) -> Context:
        return Context(self.options.device, self.options.batch, FIT_SEED, log=log)

    def _build(self, cell: Cell, seed: int) -> tuple[Any, str]:
        return build(cell.row.name, seed, self.store, self._context())

    def _measured(self, cell: Cell, signature: str) -> records.Record:
        costs = Costs()
        outcomes: list[Outcome] = []
        test = self._test_part(cell)
        require(cell, *self._train_parts(cell), test)
        for seed in cell.row.seeds:
            fitted = self._fit(cell, seed, costs)
            prepare(fitted, test.blind, partial(timed, costs))
            with timed(costs, "score_s"):
                scores = score(fitted, test)
            outcomes.append(Outcome(seed, fitted.report, self._validation(cell, seed, fitted), scores))
        train, val = self._train_parts(cell)
        result = evaluate(cell, val, test, outcomes)
        detectors = {str(seed): self._build(cell, seed)[1] for seed in cell.row.seeds}
        provenance = Provenance(signature, detectors, self._manifests(cell), costs)
        source, parts = self.options.source(cell), Parts(train, val, test)
        return measured(cell, source, provenance, result, parts, self.options.folder(cell))

    def _fit(self, cell: Cell, seed: int, costs: Costs) -> Fitted:
        """The detector fitted on this cell's training set; from memory, from the store, or now."""
        train, val = self._train_parts(cell)
        key = (cell.row.name, seed, cell.train, cell.train_cut)
        if key not in self._fitted:
            detector, signature = self._build(cell, seed)
            self._fitted[key] = trained(
                detector,
                signature,
                cell.row.needs,
                train.clips,
                val.clips,
                self._context(),
                protocol=VERSION,
                stage=partial(timed, costs),
                refit=self.options.rerun == "always",
            )
        return self._fitted[key]

    def _validation(self, cell: Cell, seed: int, fitted: Fitted) -> Scores:
        _, val = self._train_parts(cell)
        key = (cell.row.name, seed, cell.train, cell.train_cut)
        if key not in self._val:
            self._val[key] = score(fitted, val)
        return self._val[key]


def _in_words(error: Exception) -> str:
    if isinstance(error, DiskFullError):
        return in_words(error)
    return str(error) if isinstance(error, DatasetError) else f"{type(error).__name__}: {error}"


def advice(error: Exception, cell: Cell) -> str:
    """What to do about sets in whose clips no face is known; empty for other errors."""
    if "no landmarks" not in str(error):
        return ""
    names = dict.fromkeys(data_set(name) for name in (cell.train, cell.test))
    commands = " and ".join(f"`python -m datasets prepare {name}`" for name in names)
    return f"; {commands} finds faces, or python -m datasets faces --help"


@contextmanager
def timed(costs: Costs, name: str) -> Iterator[None]:
    """Add the block's wall-clock seconds to one of the costs."""
    start = time.perf_counter()
    yield
    setattr(costs, name, (getattr(costs, name) or 0.0) + time.perf_counter() - start)
