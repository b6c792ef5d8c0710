import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_records import metric

from leaderboard.ranks import extent, rank_ranges

SHARE = st.floats(0, 1)
INTERVALS = st.lists(st.tuples(SHARE, SHARE).map(sorted).map(tuple), min_size=1, max_size=8).map(
    lambda ends: dict(enumerate(ends))
)


@given(INTERVALS, st.data())
def test_whatever_the_true_values_are_each_rank_lies_in_its_range(intervals, data):
    values = {name: data.draw(st.floats(lo, hi)) for name, (lo, hi) in intervals.items()}
    ranges = rank_ranges(intervals)
    for name, value in values.items():
        first = 1 + sum(other > value for other in values.values())
        last = sum(other >= value for other in values.values())  # of those that are equal
        assert 1 <= ranges[name][0] <= first <= last <= ranges[name][1] <= len(intervals)


@given(INTERVALS)
def test_both_ends_of_a_range_can_be_true(intervals):
    for name, (best, worst) in rank_ranges(intervals).items():
        at_best = {other: hi if other == name else lo for other, (lo, hi) in intervals.items()}
        at_worst = {other: lo if other == name else hi for other, (lo, hi) in intervals.items()}
        assert best == 1 + sorted(at_best.values(), reverse=True).index(at_best[name])
        assert worst == len(intervals) - sorted(at_worst.values()).index(at_worst[name])


@given(INTERVALS, st.randoms())
def test_order_of_the_detectors_does_not_matter(intervals, random):
    names = list(intervals)
    random.shuffle(names)
    assert rank_ranges({name: intervals[name] for name in names}) == rank_ranges(intervals)


@given(INTERVALS)
def test_ranges_shrink_to_ranks_when_intervals_shrink_to_points(intervals):
    points = {name: (lo, lo) for name, (lo, _) in intervals.items()}
    shrunk, wide = rank_ranges(points), rank_ranges(intervals)
    for a, b in itertools.combinations(points, 2):
        if points[a] > points[b]:
            assert shrunk[a][1] < shrunk[b][0]
    if len(set(points.values())) == len(points):
        assert sorted(shrunk.values()) == [(i, i) for i in range(1, len(points) + 1)]
    assert all(wide[name][0] <= rank[0] for name, rank in shrunk.items())


def test_intervals_that_touch_are_not_separated():
    assert rank_ranges({"a": (0.5, 0.6), "b": (0.6, 0.7), "c": (0.4, 0.49)}) == {"a": (1, 2), "b": (1, 2), "c": (3, 3)}


def test_a_reversed_interval_is_refused_by_name():
    with pytest.raises(ValueError, match="interval of a ends before it begins"):
        rank_ranges({"a": (0.7, 0.6)})


def test_extent_holds_the_interval_and_both_imputations_and_everything_where_nothing_is_known():
    assert extent(metric(0.7, 0.05)) == pytest.approx((0.65, 0.75))
    assert extent(metric(0.7, 0.05, worst=0.5, best=0.9)) == (0.5, 0.9)
    assert extent(metric(0.3, 0.05, worst=0.4, best=0.2)) == pytest.approx((0.2, 0.4))  # an error rate
    assert extent(metric(0.7, None)) == (0.0, 1.0)
