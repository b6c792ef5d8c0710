from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.polynomial import Polynomial
from scipy.stats import binomtest, ttest_ind
from scipy.stats import t as t_distribution
from sklearn.metrics import accuracy_score, average_precision_score, confusion_matrix, roc_auc_score

from leaderboard.intervals import (
    MIN_REALS_FOR_TPR,
    Metric,
    evaluate,
    runs,
    spread,
)
from leaderboard.limits import newcombe, wilson
from leaderboard.metrics import RANKING, OneClassError
from leaderboard.populations import Population, pairs

ROUNDING = 1e-12


def drawn(identities=42, auc=0.8, seed=0):
    test = pairs(identities)
    return test.y, Population("").draw(test, auc, np.random.default_rng(seed)), test.groups


def test_values_are_those_of_scikit_learn_when_every_clip_has_a_score():
    y, s, g = drawn()
    result = evaluate(y, s, g, {"acc_at_0": 0.0, "acc_at_val": 0.7}, resamples=100)
    assert set(result) == {*RANKING, "acc_at_0", "acc_at_val"}
    assert result["auc"].value == pytest.approx(roc_auc_score(y, s))
    assert result["ap"].value == pytest.approx(average_precision_score(y, s))
    assert result["acc_at_val"].value == pytest.approx(accuracy_score(y, s > 0.7))
    for m in result.values():
        assert m.worst == m.value == m.best
        assert (m.n_pos, m.n_neg, m.n_groups) == (42, 42, 42)


def test_standard_error_is_that_of_an_explicit_resampling_of_identities():
    y, s, g = drawn(60)
    rng = np.random.default_rng(11)
    values = []
    for _ in range(1500):
        clips = np.concatenate([np.flatnonzero(g == i) for i in rng.integers(0, 60, 60)])
        fake, real = s[clips][y[clips] == 1], s[clips][y[clips] == 0]
        values.append(np.mean(fake[:, None] > real))
    assert evaluate(y, s, g)["auc"].se == pytest.approx(np.std(values), rel=0.08)


def test_repeated_clips_of_an_identity_add_no_certainty():
    y, s, g = drawn()
    once, thrice = (evaluate(np.tile(y, k), np.tile(s, k), np.tile(g, k), {"acc": 0.0}) for k in (1, 3))
    apart = evaluate(np.tile(y, 3), np.tile(s, 3), np.arange(3 * len(y)))
    for name, m in once.items():
        if m.lo is not None:
            assert (thrice[name].lo, thrice[name].hi) == pytest.approx((m.lo, m.hi))
    assert apart["auc"].hi - apart["auc"].lo < 0.75 * (once["auc"].hi - once["auc"].lo)


def test_same_seed_same_numbers_and_order_of_clips_does_not_matter_to_values():
    y, s, g = drawn()
    assert evaluate(y, s, g, seed=3) == evaluate(y, s, g, seed=3)
    assert evaluate(y, s, g, seed=3)["ap"].lo != evaluate(y, s, g, seed=4)["ap"].lo
    assert evaluate(y, s, g, seed=3)["auc"] == evaluate(y, s, g, seed=4)["auc"]
    order = np.random.default_rng(0).permutation(len(y))
    moved = evaluate(y[order], s[order], g[order], seed=3)
    assert moved["auc"].value == pytest.approx(evaluate(y, s, g)["auc"].value)
    assert moved["auc"].lo == pytest.approx(evaluate(y, s, g, seed=3)["auc"].lo)


def test_names_of_identities_may_be_text():
    y, s, g = drawn()
    assert evaluate(y, s, [f"id{i:03d}" for i in g]) == evaluate(y, s, g)


def test_seeds_are_averaged_and_shown_one_by_one():
    y, s, g = drawn()
    noisy = np.stack([s + np.random.default_rng(i).normal(size=len(s)) for i in range(3)])
    each = [roc_auc_score(y, row) for row in noisy]
    accuracies = [accuracy_score(y, row > t) for row, t in zip(noisy, (0.0, 0.5, 1.0), strict=True)]
    result = evaluate(y, noisy, g, {"acc_at_val": [0.0, 0.5, 1.0]})
    assert result["auc"].value == pytest.approx(np.mean(each))
    assert result["acc_at_val"].value == pytest.approx(np.mean(accuracies))
    rows = runs(y, noisy, [43, 44, 45], {"acc_at_val": [0.0, 0.5, 1.0]})
    assert [r["seed"] for r in rows] == [43, 44, 45]
    assert [r["auc"] for r in rows] == pytest.approx(each)
    assert [r["acc_at_val"] for r in rows] == pytest.approx(accuracies)
    assert spread(rows) == pytest.approx({"min": min(each), "max": max(each), "sd": np.std(each, ddof=1)})
    assert spread(rows[:1])["sd"] is None
    assert spread([]) == {"min": None, "max": None, "sd": None}


def test_identical_seeds_have_the_interval_of_one():
    y, s, g = drawn()
    one, three = evaluate(y, s, g)["auc"], evaluate(y, np.stack([s] * 3), g)["auc"]
    assert (three.lo, three.hi) == pytest.approx((one.lo, one.hi))


@given(
    st.lists(st.tuples(st.booleans(), st.integers(-4, 4), st.booleans()), min_size=3, max_size=30),
)
@settings(max_examples=60, deadline=None)
def test_missing_scores_are_bounded_and_never_dropped(rows):
    y = np.array([r[0] for r in rows], dtype=int)
    s = np.array([np.nan if r[2] else r[1] for r in rows], dtype=float)
    assume(0 < y.sum() < len(y))
    result = evaluate(y, s, np.arange(len(y)), {"acc_at_0": 0.0}, resamples=20)
    for name in ("auc", "ap", "tpr_at_fpr1", "acc_at_0"):
        m = result[name]
        assert m.worst - ROUNDING <= m.value <= m.best + ROUNDING
        assert m.value == pytest.approx((m.worst + m.best) / 2)
    assert result["eer"].best - ROUNDING <= result["eer"].value <= result["eer"].worst + ROUNDING
    assert result["auc"].n_pos + result["auc"].n_neg == len(y)
    fake, real = s[y == 1], s[y == 0]
    open_pairs = np.isnan(fake[:, None]) | np.isnan(real)
    wins = np.where(open_pairs, 0.0, (fake[:, None] > real) + 0.5 * (fake[:, None] == real))
    assert result["auc"].worst == pytest.approx(wins.mean(), abs=1e-12)
    assert result["auc"].best == pytest.approx((wins + open_pairs).mean(), abs=1e-12)


def test_midpoint_is_what_tossing_a_coin_would_score_on_average():
    y, s, g = drawn(30)
    missing = [3, 10, 20]
    tossed = []
    for coins in product([-99.0, 99.0], repeat=3):
        filled = s.copy()
        filled[missing] = coins
        tossed.append(roc_auc_score(y, filled))
    s[missing] = np.nan
    assert evaluate(y, s, g, resamples=20)["auc"].value == pytest.approx(np.mean(tossed), abs=1e-12)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_infinite_scores_count_as_missing(bad):
    y, s, g = drawn()
    s[5] = bad
    m = evaluate(y, s, g, resamples=50)["auc"]
    assert m.worst < m.value < m.best
    assert evaluate(y, [None if not np.isfinite(v) else v for v in s], g, resamples=50)["auc"] == m


def test_no_score_at_all_is_known_to_be_nothing():
    y, _, g = drawn()
    m = evaluate(y, np.full(len(y), np.nan), g, resamples=50)["auc"]
    assert (m.worst, m.value, m.best) == (0.0, 0.5, 1.0)


def test_false_positive_rate_is_the_share_of_reals_above_the_threshold():
    y, s, g = drawn(60)
    many = np.stack([s, s + 0.3])
    cuts = [0.2, 0.9]
    shares = [confusion_matrix(y, row > t)[0, 1] / 60 for row, t in zip(many, cuts, strict=True)]
    found = evaluate(y, many, g, {"fpr_at_val": cuts})["fpr_at_val"]
    assert found.value == pytest.approx(np.mean(shares)) and 0.1 < found.value < 0.5
    assert [r["fpr_at_val"] for r in runs(y, many, [1, 2], {"fpr_at_val": cuts})] == pytest.approx(shares)
    alarms = (many[:, y == 0] > np.array(cuts)[:, None]).mean(axis=0)
    assert found.se == pytest.approx(np.std(alarms, ddof=1) / np.sqrt(60), rel=0.06)
    assert 0 < found.lo < found.value < found.hi < 1


def test_an_unscored_real_counts_as_alarm_and_as_none_and_fakes_do_not_count():
    y, s, g = drawn(60)
    s = s.copy()
    unscored = np.flatnonzero(y == 0)[[1, 5, 9]]
    s[unscored], s[np.flatnonzero(y == 1)[:20]] = np.nan, np.nan
    known = np.sum(s[y == 0] > 0.2)
    found = evaluate(y, s, g, {"fpr_at_val": 0.2}, resamples=50)["fpr_at_val"]
    assert (found.worst, found.best) == pytest.approx(((known + 3) / 60, known / 60))
    assert found.value == pytest.approx((known + 1.5) / 60)


def test_no_false_alarm_at_all_has_wilsons_interval_over_the_real_identities():
    y, s, g = drawn(60)
    found = evaluate(y, s, np.where(y == 0, g % 25, g), {"fpr_at_val": 99.0})["fpr_at_val"]
    assert (found.value, found.lo) == (0.0, 0.0)
    assert found.hi == pytest.approx(binomtest(0, 25).proportion_ci(method="wilson").high)


def test_a_threshold_for_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match=r"f1_at_val is no metric at a threshold.*'acc', 'fpr'"):
        evaluate(*drawn(), {"f1_at_val": 0.0})


def test_perfect_separation_has_the_intervals_of_42_of_42_and_not_a_point():
    y = np.tile([0, 1], 42)
    result = evaluate(y, y * 2.0 - 1, np.repeat(np.arange(42), 2), {"acc": 0.0})
    auc = result["auc"]
    assert (auc.value, auc.hi, auc.se) == (1.0, 1.0, None)
    assert auc.lo == pytest.approx(binomtest(42, 42).proportion_ci(method="exact").low)
    inverse = evaluate(y, 1.0 - y, np.repeat(np.arange(42), 2))["auc"]
    assert (inverse.value, inverse.lo, inverse.hi) == (0.0, 0.0, 1 - auc.lo)
    assert result["acc"].lo == pytest.approx(binomtest(42, 42).proportion_ci(method="wilson").low)
    assert (result["ap"].lo, result["eer"].hi) == (None, None)


def test_few_identities_have_an_auc_interval_that_counts_them_and_no_bootstrap():
    y, s, g = drawn(12)
    y, s, g = np.tile(y, 10), np.tile(s, 10), np.tile(g, 10)
    few, apart = evaluate(y, s, g), evaluate(y, s, np.arange(240))
    assert few["auc"].n_groups == 12
    assert few["auc"].hi - few["auc"].lo > 1.5 * (apart["auc"].hi - apart["auc"].lo)
    assert few["ap"].lo is None
    alone = evaluate(y, s, np.where(y == 1, g, -1))["auc"]
    assert "newcombe" in alone.method and alone.se is None
    assert alone.lo < 0.03 and alone.hi > 0.97
    flat = evaluate(y, np.zeros(len(y)), g)["auc"]
    assert (flat.lo, flat.hi) == newcombe(0.5, 12, 12)


def test_the_limits_of_an_auc_are_those_of_its_logit_with_welchs_t():
    y, s, _ = drawn(80, 0.7)
    keep = (y == 1) | (np.arange(160) < 60)
    y, s = y[keep], s[keep]
    fake, real = s[y == 1], s[y == 0]
    wins = fake[:, None] > real
    above, below = wins.mean(axis=1), wins.mean(axis=0)
    welch = ttest_ind(above, below, equal_var=False)
    auc, se = wins.mean(), np.sqrt(np.var(above, ddof=1) / len(fake) + np.var(below, ddof=1) / len(real))
    half = t_distribution(welch.df).ppf(0.975) * se / (auc * (1 - auc))
    odds = auc / (1 - auc)
    found = evaluate(y, s, np.arange(len(y)))["auc"]
    assert found.se == pytest.approx(se)
    assert found.lo / (1 - found.lo) == pytest.approx(odds * np.exp(-half))
    assert found.hi / (1 - found.hi) == pytest.approx(odds * np.exp(half))


def test_no_lower_limit_is_above_that_of_a_perfect_score():
    y, g = np.tile([0, 1], 30), np.repeat(np.arange(30), 2)
    lows = []
    for worse in (0, 1, 2, 5, 10):
        s = 100.0 * y + np.arange(60)
        s[y == 0] += np.where(np.arange(30) < worse, 120.0, 0.0)
        found = evaluate(y, s, g)["auc"]
        lows.append(found.lo)
        assert found.lo < found.value <= found.hi
    assert lows == sorted(lows, reverse=True)
    mirrored = evaluate(1 - y, s, g)["auc"]
    assert (mirrored.lo, mirrored.hi) == pytest.approx((1 - found.hi, 1 - found.lo))


def test_tpr_has_an_interval_only_with_enough_reals():
    few, many = evaluate(*drawn(42)), evaluate(*drawn(MIN_REALS_FOR_TPR))
    assert few["tpr_at_fpr1"].lo is None and "300" in few["tpr_at_fpr1"].method
    assert many["tpr_at_fpr1"].lo < many["tpr_at_fpr1"].value < many["tpr_at_fpr1"].hi


def test_one_class_is_refused_with_its_counts():
    with pytest.raises(OneClassError, match="0 fake and 3 real"):
        evaluate([0, 0, 0], [0.1, 0.2, 0.3], [0, 1, 2])
    with pytest.raises(ValueError, match="identities do not belong"):
        evaluate([0, 1], [0.1, 0.2], [0])


@pytest.mark.parametrize("auc", [0.0, 0.07, 0.5, 0.82, 0.97, 1.0])
@pytest.mark.parametrize(("m", "n"), [(42, 42), (5, 60), (300, 20)])
def test_newcombe_limits_are_roots_of_the_quartic(auc, m, n):
    t, z, size = Polynomial([0, 1]), 1.959963984540054, (m + n) / 2 - 1
    ends = (2 - t) * (1 + t)
    variance = t * (1 - t) * (ends + size * (1 - t) * (1 + t) + size * t * (2 - t)) / (m * n)
    quartic = (t - auc) ** 2 * ends - z**2 * variance
    roots = quartic.roots()
    real = np.sort(roots[np.abs(roots.imag) < 1e-9].real)
    inside = real[(real > -1e-9) & (real < 1 + 1e-9)]
    assert newcombe(auc, m, n) == pytest.approx((inside[0], inside[-1]), abs=1e-7)


@pytest.mark.parametrize(("k", "n"), [(0, 9), (9, 9), (3, 11), (70, 84)])
def test_wilson_matches_scipy(k, n):
    expected = binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k / n, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_metric_json_round_trip_and_refusals():
    m = evaluate(*drawn())["auc"]
    assert Metric.from_json(m.to_json()) == m
    assert Metric.from_json(replace(m, lo=None, hi=None, se=None).to_json()).lo is None
    with pytest.raises(ValueError, match="fields"):
        Metric.from_json({"value": 0.5})
    with pytest.raises(ValueError, match="value of a metric is None"):
        Metric.from_json({**m.to_json(), "value": None})
    with pytest.raises(ValueError, match="n_pos of a metric is True"):
        Metric.from_json({**m.to_json(), "n_pos": True})
