"""Is a submitted cell what its name says, and are its numbers those of its scores?"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import intervals, scores
from .domains import domain
from .metrics import RANKING, OneClassError
from .records import Record
from .tables import NULL

if TYPE_CHECKING:
    import pandas as pd

MODALITIES = ("audio", "visual", "audio-visual")
_THRESHOLDS = ("acc_at_val", "fpr_at_val")


def cell_problems(record: Record) -> Iterator[str]:
    """What a cell says of itself that its name, its data or the rules contradict."""
    cell = record.cell
    if cell.id != (right := "-".join(filter(None, [cell.detector, f"{cell.train}_to_{cell.test}", cell.probe]))):
        yield f"it says to be measured as {right}"
    if cell.domain != domain(cell.train, cell.test):
        yield f"its domain is {cell.domain!r}, for a detector trained on {cell.train} and tested on {cell.test}"
    if cell.encoder is not None and f"{cell.encoder}-{cell.head}" != cell.detector:
        yield f"its encoder {cell.encoder} and head {cell.head} are not those of {cell.detector}"
    if not cell.control and (cell.test == NULL or (cell.encoder or "").endswith(".random")):
        yield "it says to be no control"
    if cell.modality not in MODALITIES:
        yield f"its modality is {cell.modality!r}, expected one of {', '.join(MODALITIES)}"
    if (record.data == "sim") != all(name.startswith("sim_") for name in (cell.train, cell.test)):
        yield f"its data are called {record.data}, but were {cell.train} and {cell.test}"
    if record.detectors and set(record.detectors) != {str(seed) for seed in cell.seeds}:
        yield f"it has code of the seeds {', '.join(sorted(record.detectors))}, and scores of {list(cell.seeds)}"


def number_problems(record: Record, frame: "pd.DataFrame") -> Iterator[str]:
    """Metrics, intervals and counts that are not those of the per-clip scores; the frame AUC cannot be checked."""
    labels, people, values = frame["label"].to_numpy(), frame["identity"].to_numpy(), frame.iloc[:, 3:-1].to_numpy().T
    try:
        again = intervals.evaluate(labels, values, people, _thresholds(record))
    except (OneClassError, ValueError) as error:
        yield f"its scores cannot be measured: {error}"
        return
    for name, told in record.metrics.items():
        if name == "frame_auc":
            continue
        if name not in again:
            yield f"it has {name}, which its scores and thresholds do not give"
            continue
        for part, value in told.to_json().items():
            if not _equal(getattr(again[name], part), value):
                what = f"{part} {getattr(again[name], part)} of {name}"
                yield f"its scores give {what}, the row says {value}"
    yield from (f"{name} is missing" for name in RANKING if name not in record.metrics)
    scored = int(frame.iloc[:, 3:-1].notna().all(axis=1).sum())
    found = record.coverage.get("test") or {}
    if (found.get("found"), found.get("expected")) != (scored, len(frame)):
        yield f"{scored} of {len(frame)} test clips have a score, the row says {found}"


def _thresholds(record: Record) -> Mapping[str, Any]:
    """Those that the row's metrics were measured at, each seed's as its run says."""
    chosen: dict[str, Any] = {"acc_at_0": 0.0} if "acc_at_0" in record.metrics else {}
    at_val = [run.get("threshold_at_val") for run in record.runs]
    if len(at_val) == len(record.cell.seeds) and None not in at_val:
        chosen |= {name: at_val for name in _THRESHOLDS if name in record.metrics}
    return chosen


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= scores.TOLERANCE
    return bool(a == b)
