"""What a run prints about clips that it could not use."""

from collections.abc import Sequence
from pathlib import Path

from benchmark.summary import summary
from leaderboard import records
from leaderboard.intervals import evaluate


def told(lost: Sequence[tuple[str, str]], cells: int = 1) -> list[str]:
    """The lines about clips that failed, each with its path's reason, in so many cells."""
    coverage = {"test": {"found": 4, "expected": 4 + len(lost), "failed": [{"clip": c, "reason": r} for c, r in lost]}}
    found = [
        records.Record(
            cell=records.Cell(
                f"d{n}-favc_to_favc", f"d{n}", None, None, "audio", "favc", "favc", None, "in", (43,), False
            ),
            data="real",
            status="ok",
            signature="0f" * 32,
            metrics=evaluate([0, 1, 0, 1], [[0.1, 0.2, 0.3, 0.4]], ["a", "a", "b", "b"]),
            coverage=coverage,
        )
        for n in range(cells)
    ]
    text = summary([records.dumps(record) for record in found], Path("results"))
    return text.partition("never left out):\n")[2].partition("\n\n")[0].splitlines()


def test_clips_that_failed_for_one_reason_share_a_line_however_many_they_are() -> None:
    many = [(f"men/{n}.mp4", f"men/{n}.mp4: no landmarks beside it ({n}.landmarks.npy)") for n in range(40, 60)]
    lines = told([*many, ("a.mp4", "a.mp4: no audio track")], cells=3)
    assert lines == [
        "  men/40.mp4, men/41.mp4 and 18 more: no landmarks beside it (*.landmarks.npy); "
        "`python -m datasets prepare NAME` finds faces (3 cells)",
        "  a.mp4: no audio track (3 cells)",
    ]


def test_a_clip_is_named_by_its_id_and_its_file_where_they_differ() -> None:
    assert told([("sim.test.1f", "sim/test/0001.mp4: no audio track")]) == [
        "  sim.test.1f: sim/test/0001.mp4: no audio track (1 cells)"
    ]
