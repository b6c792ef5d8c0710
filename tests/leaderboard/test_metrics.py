import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    roc_auc_score,
    roc_curve,
)

from leaderboard.metrics import (
    OneClassError,
    accuracy,
    average_precision,
    balanced_threshold,
    curve,
    eer,
    real_quantile_threshold,
    roc_auc,
    tpr_at_fpr,
)


def drawn(seed, n=60, decimals=1, weights=0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 3 == 0).astype(int)
    s = np.round(rng.normal(size=n) + y, decimals)
    return y, s, rng.integers(0, 4, (weights, n)) if weights else None


def golden_cases(golden):
    return json.loads((golden("protocol/detection") / "cases.json").read_text())["cases"]


def test_golden_detection_cases(golden):
    seen = 0
    for case in golden_cases(golden):
        y, expected = np.array(case["y_true"]), case["expected"]
        s = np.array(case["score"], dtype=float)
        if len(set(y)) < 2:
            with pytest.raises(OneClassError):
                curve(y, s)
            continue
        if not isinstance(expected["roc_auc"], float):
            continue
        c, seen = curve(y, s), seen + 1
        assert roc_auc(c)[0] == pytest.approx(expected["roc_auc"], abs=1e-12), case["name"]
        assert average_precision(c)[0] == pytest.approx(expected["average_precision"], abs=1e-12), case["name"]
        assert eer(c)[0] == pytest.approx(expected["eer_interp_brentq"], abs=2e-12), case["name"]
        assert accuracy(y, s, 0.0)[0] == pytest.approx(expected["acc@0_gt"], abs=1e-12), case["name"]
        assert accuracy(y, s, 0.5)[0] == pytest.approx(expected["acc@0.5_strict_gt"], abs=1e-12), case["name"]
    assert seen >= 9


@pytest.mark.parametrize("seed", range(6))
def test_ranking_metrics_match_scikit_learn_with_weights(seed):
    y, s, w = drawn(seed, weights=5)
    c = curve(y, s, w)
    for b in range(5):
        assert roc_auc(c)[b] == pytest.approx(roc_auc_score(y, s, sample_weight=w[b]))
        assert average_precision(c)[b] == pytest.approx(average_precision_score(y, s, sample_weight=w[b]))
        assert accuracy(y, s, 0.3, w)[b] == pytest.approx(accuracy_score(y, s > 0.3, sample_weight=w[b]))


@pytest.mark.parametrize("seed", range(6))
def test_eer_is_the_root_on_the_interpolated_roc_curve(seed):
    y, s, w = drawn(seed, weights=4)
    for b in range(4):
        fpr, tpr, _ = roc_curve(y, s, sample_weight=w[b], drop_intermediate=False)
        line = interp1d(fpr, tpr)
        root = brentq(lambda x, line=line: 1 - x - line(x), 0.0, 1.0)
        assert eer(curve(y, s, w))[b] == pytest.approx(root, abs=1e-9)


@pytest.mark.parametrize("n", [40, 400, 1500])
def test_tpr_at_one_percent_is_the_best_operating_point_without_interpolation(n):
    y, s, w = drawn(n, n, weights=3)
    for b in range(3):
        fpr, tpr, _ = roc_curve(y, s, sample_weight=w[b], drop_intermediate=False)
        assert tpr_at_fpr(curve(y, s, w))[b] == pytest.approx(tpr[fpr <= 0.01].max())


def test_tpr_counts_a_rate_of_exactly_one_percent():
    y = np.r_[np.zeros(700), np.ones(2)].astype(int)
    s = np.r_[np.arange(700.0), 692.5, 0.5]
    assert tpr_at_fpr(curve(y, s))[0] == 0.5  # seven of 700 reals lie above the first fake
    s[700] = 691.5
    assert tpr_at_fpr(curve(y, s))[0] == 0.0


def test_integer_weights_equal_repeated_clips():
    y, s, w = drawn(3, weights=1)
    repeated = np.repeat(np.arange(len(y)), w[0])
    weighted, copied = curve(y, s, w), curve(y[repeated], s[repeated])
    for metric in (roc_auc, average_precision, eer, tpr_at_fpr):
        assert metric(weighted)[0] == pytest.approx(metric(copied)[0], abs=1e-12)


def test_weights_that_leave_one_class_give_nan_for_that_row_alone():
    y, s, _ = drawn(0)
    c = curve(y, s, np.stack([y, 1 - y, np.ones(len(y))]))
    for metric in (roc_auc, average_precision, eer, tpr_at_fpr):
        assert np.isnan(metric(c)).tolist() == [True, True, False]


SCORES = st.lists(st.tuples(st.booleans(), st.integers(-8, 8)), min_size=2, max_size=40)


@given(SCORES)
@settings(max_examples=150, deadline=None)
def test_auc_depends_on_order_alone_and_turns_with_the_labels(pairs):
    y, s = np.array([p[0] for p in pairs], dtype=int), np.array([p[1] for p in pairs], dtype=float)
    assume(0 < y.sum() < len(y))
    value = roc_auc(curve(y, s))[0]
    assert roc_auc(curve(y, np.exp(s / 3) * 7 - 100))[0] == pytest.approx(value, abs=1e-12)
    assert roc_auc(curve(1 - y, s))[0] == pytest.approx(1 - value, abs=1e-12)
    assert roc_auc(curve(y, -s))[0] == pytest.approx(1 - value, abs=1e-12)
    fakes, reals = s[y == 1], s[y == 0]
    wins = np.mean((fakes[:, None] > reals) + 0.5 * (fakes[:, None] == reals))
    assert value == pytest.approx(wins, abs=1e-12)


@pytest.mark.parametrize(
    ("y", "s", "message"),
    [
        ([1, 1], [0.0, 1.0], "2 fake and 0 real clips"),
        ([0], [0.0], "0 fake and 1 real clips"),
        ([0, 2], [0.0, 1.0], "labels are 1"),
        ([0, 1], [0.0, np.nan], "NaN"),
        ([0, 1], [0.0], "do not belong together"),
    ],
)
def test_unusable_sets_are_refused_with_a_reason(y, s, message):
    with pytest.raises(ValueError, match=message):
        curve(np.array(y), np.array(s))


@pytest.mark.parametrize("seed", range(8))
def test_balanced_threshold_beats_every_other_and_lies_midway(seed):
    y, s, _ = drawn(seed, 30)
    t = balanced_threshold(y, s)
    levels = np.unique(s)
    middles = (levels[1:] + levels[:-1]) / 2
    reached = np.array([balanced_accuracy_score(y, s > m) for m in middles])
    best = middles[np.isclose(reached, reached.max())]
    assert balanced_accuracy_score(y, s > t) == pytest.approx(reached.max())
    assert abs(t) == pytest.approx(np.abs(best).min())


def test_balanced_threshold_ties_go_to_the_smallest_magnitude_then_the_lower():
    assert balanced_threshold(np.array([0, 1, 0, 1]), np.array([-3.0, -1.0, 1.0, 3.0])) == -2.0
    assert balanced_threshold(np.array([0, 1]), np.array([1.5, 1.5])) == 1.5
    assert balanced_threshold(np.array([0, 1, 1]), np.array([0.0, 4.0, np.nan])) == 2.0


def test_real_quantile_threshold_lets_its_share_of_reals_through():
    s = np.random.default_rng(0).normal(size=400)
    assert np.mean(s > real_quantile_threshold(s, 0.05)) == pytest.approx(0.05, abs=1 / 400)
    with pytest.raises(ValueError, match="no real validation clip"):
        real_quantile_threshold(np.array([np.nan]))
