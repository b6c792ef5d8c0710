"""An encoder that can use no clip of a set says so once, and not in the words of the head that got nothing."""

from dataclasses import dataclass

import pytest
from stub_clip import StubClip

from benchmark.cells import Cell
from benchmark.run import advice
from datasets.errors import DatasetError
from detectors.compose import Composed, in_short
from detectors.protocols import Context
from detectors.registry import row


@dataclass
class Faceless:
    """Features of which there are none for these clips."""

    lost: set[str]
    name: str = "tiny_v"

    def ensure(self, clips: list[StubClip]) -> dict[str, str]:
        return {
            c.id: f"no landmarks beside it ({c.id}.npy), so it cannot be cropped" for c in clips if c.id in self.lost
        }


@pytest.mark.parametrize(("lost", "part"), [({"a", "b", "c"}, "training"), ({"c"}, "validation")])
def test_a_set_without_usable_clips_is_named_with_the_reason(lost: set[str], part: str) -> None:
    train, val = [StubClip(id="a"), StubClip(id="b")], [StubClip(id="c")]
    with pytest.raises(
        DatasetError, match=rf"tiny_v can use none of the {part} clips: no landmarks beside it"
    ) as found:
        Composed(None, Faceless(lost), None).fit(train, val, Context())  # type: ignore[arg-type]
    assert ".npy" not in str(found.value)
    told = advice(found.value, Cell(row("tiny_v-linear"), "favc.ssr", "av1m.ssr"))
    assert "`python -m datasets prepare favc` and `python -m datasets prepare av1m`" in told
    assert advice(ValueError("else"), Cell(row("silence"), "favc", "favc")) == ""


def test_reasons_are_counted_without_names_of_files() -> None:
    lost = {str(i): f"no landmarks beside it ({i}.npy)" for i in range(1200)} | {"x": "no video track"}
    assert in_short(lost) == "no landmarks beside it (1,200 clips); no video track (1 clips)"
    many = {str(i): f"reason {i}" for i in range(7)}
    assert in_short(many).endswith("; and 4 other reasons")
