"""People of one corpus are the same people in every data set that was made from it, whatever stands before the name."""

from pathlib import Path

import pytest

from benchmark.audit.passport import passport
from datasets.clip import Clip
from datasets.lineage import bare


def a_clip(dataset: str, identity: str, source: str) -> Clip:
    return Clip(f"{dataset}/{identity}", dataset, "test", Path(), "a.mp4", 0, 0, 0, None, identity, source)


@pytest.mark.parametrize(
    ("name", "plain"),
    [("vox2:id00012", "id00012"), ("lrs3:abc", "abc"), ("silent:subject_1", "silent:subject_1"), (None, None)],
)
def test_a_name_without_its_corpus(name: str | None, plain: str | None) -> None:
    assert bare(name) == plain


def test_the_same_person_in_two_data_sets_is_found() -> None:
    train = [a_clip("av1m", "id00012", "id00012/v"), a_clip("av1m", "id00013", "id00013/w")]
    test = [a_clip("av1mpp", "vox2:id00012", "id00012/v"), a_clip("av1mpp", "lrs3:aBcDeFgHiJk", "aBcDeFgHiJk")]
    found = {overlap.kind: overlap for overlap in passport(train, test, {}, {})}
    assert (found["identity"].shared, found["identity"].of) == (1, 2)
    assert (found["source"].shared, found["source"].of) == (1, 2)
