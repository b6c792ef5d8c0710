import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score

from leaderboard.differences import difference
from leaderboard.intervals import evaluate
from leaderboard.metrics import OneClassError


def scored(y, scores, groups=None):
    """Per-clip scores as records keep them; `scores` is `(N,)` or `(S, N)`."""
    groups = range(len(y)) if groups is None else groups
    table = {"clip": [f"c{i:04d}" for i in range(len(y))], "identity": [f"i{g:04d}" for g in groups], "label": y}
    table |= {f"seed{i}": row for i, row in enumerate(np.atleast_2d(scores))}
    return pd.DataFrame(table | {"reason": None})


def drawn(rng, identities, aucs, shared=0.5):
    """Labels, identities, and the scores of two detectors that share a part of each clip's and identity's noise."""
    common = rng.normal(size=(identities, 1)) + rng.normal(size=(identities, 2))
    scores = []
    for auc in aucs:
        own = rng.normal(size=(identities, 1)) + rng.normal(size=(identities, 2))
        noise = (np.sqrt(shared) * common + np.sqrt(1 - shared) * own) / np.sqrt(2)
        scores.append((noise + np.array([0, np.sqrt(2) * ndtri(auc)])).ravel())
    return np.tile([0, 1], identities), np.repeat(np.arange(identities), 2), scores


def placements(y, s):
    """Share of reals that each fake outscores, and of fakes that outscore each real, from mid-ranks."""
    fake, real = s[y == 1], s[y == 0]
    ranks = rankdata(np.concatenate([fake, real]))
    above = (ranks[: len(fake)] - rankdata(fake)) / len(real)
    return above, 1 - (ranks[len(fake) :] - rankdata(real)) / len(fake)


def delong(y, a, b):
    """Difference of two AUCs and its standard error for independent clips (DeLong 1988)."""
    (fake_a, real_a), (fake_b, real_b) = placements(y, a), placements(y, b)
    variance = np.var(fake_a - fake_b, ddof=1) / len(fake_a) + np.var(real_a - real_b, ddof=1) / len(real_a)
    return fake_a.mean() - fake_b.mean(), np.sqrt(variance)


@pytest.mark.parametrize(("aucs", "shared"), [((0.8, 0.7), 0.8), ((0.9, 0.6), 0.0), ((0.75, 0.75), 0.95)])
def test_value_and_standard_error_are_delongs_where_clips_are_independent(aucs, shared):
    rng = np.random.default_rng(3)
    y = np.repeat([0, 1], 150)
    common = rng.normal(size=300)
    a, b = (
        np.sqrt(shared) * common + np.sqrt(1 - shared) * rng.normal(size=300) + y * np.sqrt(2) * ndtri(auc)
        for auc in aucs
    )
    value, se = delong(y, a, b)
    found = difference(scored(y, a), scored(y, b))
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.value == pytest.approx(roc_auc_score(y, a) - roc_auc_score(y, b))
    assert found.se == pytest.approx(se, rel=0.1)
    assert found.n == 300
    assert found.hi - found.lo == pytest.approx(2 * 1.976 * se, rel=0.12)


@pytest.mark.parametrize("aucs", [(0.7, 0.6), (0.97, 0.95)])
def test_intervals_cover_the_true_difference_about_as_often_as_they_say(aucs):
    rng = np.random.default_rng(8)
    hits = []
    for i in range(250):
        y, groups, (a, b) = drawn(rng, 42, aucs)
        found = difference(scored(y, a, groups), scored(y, b, groups), seed=i, resamples=200)
        hits.append(found.lo <= aucs[0] - aucs[1] <= found.hi)
    assert 0.91 <= np.mean(hits) <= 0.99


def test_pairing_narrows_the_interval_and_clips_of_one_identity_widen_it():
    y, groups, (a, b) = drawn(np.random.default_rng(0), 42, (0.8, 0.7), shared=0.95)
    paired = difference(scored(y, a, groups), scored(y, b, groups))
    first, second = (evaluate(y, s, groups, metrics=("auc",))["auc"] for s in (a, b))
    assert paired.se < 0.6 * np.hypot(first.se, second.se)
    assert paired.hi - paired.lo < 0.6 * np.hypot(first.hi - first.lo, second.hi - second.lo)
    thrice = [np.tile(x, 3) for x in (y, a, b, groups)]
    y3, a3, b3, groups3 = thrice
    clustered = difference(scored(y3, a3, groups3), scored(y3, b3, groups3))
    assert (clustered.lo, clustered.hi) == pytest.approx((paired.lo, paired.hi))
    assert clustered.n == 3 * paired.n


def test_order_of_clips_does_not_matter_and_swapping_turns_the_sign():
    y, groups, (a, b) = drawn(np.random.default_rng(1), 30, (0.85, 0.6))
    x, z = scored(y, a, groups), scored(y, b, groups)
    found = difference(x, z)
    assert difference(x, z) == found
    assert difference(x, z.sample(frac=1, random_state=0)) == found
    turned = difference(z, x)
    assert (turned.value, turned.lo, turned.hi) == pytest.approx((-found.value, -found.hi, -found.lo))


def test_seeds_are_averaged_and_their_numbers_may_differ():
    y, groups, (a, b) = drawn(np.random.default_rng(2), 40, (0.85, 0.6))
    many = np.stack([b + np.random.default_rng(i).normal(size=len(b)) for i in range(3)])
    found = difference(scored(y, a, groups), scored(y, many, groups))
    assert found.value == pytest.approx(roc_auc_score(y, a) - np.mean([roc_auc_score(y, row) for row in many]))
    once = difference(scored(y, a, groups), scored(y, b, groups))
    same = difference(scored(y, a, groups), scored(y, np.stack([b] * 3), groups))
    assert (same.value, same.lo, same.hi) == pytest.approx((once.value, once.lo, once.hi))


def test_clips_without_a_score_count_midway_and_never_fall_out():
    y, groups, (a, b) = drawn(np.random.default_rng(4), 40, (0.85, 0.6))
    a, b = a.copy(), b.copy()
    a[[3, 10]], b[[3, 20, 31]] = np.nan, np.nan
    found = difference(scored(y, a, groups), scored(y, b, groups))
    ends = [[], []]
    for s, end in ((a, ends[0]), (b, ends[1])):
        for sign in (-1, 1):
            end.append(roc_auc_score(y, np.where(np.isnan(s), sign * 99.0 * (2 * y - 1), s)))
    assert found.value == pytest.approx(np.mean(ends[0]) - np.mean(ends[1]))
    assert found.n == 80
    nothing = difference(scored(y, np.full(80, np.nan), groups), scored(y, b, groups))
    assert nothing.value == pytest.approx(0.5 - np.mean(ends[1]))
    assert nothing.lo < nothing.value < nothing.hi


def test_perfect_and_equal_scores_have_an_honest_interval():
    y, groups, (a, _) = drawn(np.random.default_rng(5), 42, (0.8, 0.6))
    perfect, other = scored(y, 2.0 * y - 1, groups), scored(y, 3.0 * y + a / 100, groups)
    both = difference(perfect, other)
    assert both.value == 0.0 and both.se is None
    assert -0.12 < both.lo < -0.03 and 0.03 < both.hi < 0.12
    chance = scored(y, np.zeros(84), groups)
    clear = difference(perfect, chance)
    assert clear.value == 0.5 and 0.3 < clear.lo < 0.5 < clear.hi <= 0.7
    same, alone = difference(scored(y, a, groups), scored(y, a, groups)), evaluate(y, a, groups)["auc"]
    assert same.value == 0.0 and same.lo <= 0.0 <= same.hi
    assert same.hi - same.lo < 0.5 * (alone.hi - alone.lo)


def test_few_identities_are_compared_without_a_crash():
    y, groups, (a, b) = drawn(np.random.default_rng(6), 6, (0.9, 0.6))
    found = difference(scored(y, a, groups), scored(y, b, groups))
    assert -1 <= found.lo < found.value < found.hi <= 1
    alone = difference(scored(y, a, y), scored(y, b, y))
    assert alone.se is None and "newcombe" in alone.method
    assert -1 <= alone.lo < alone.value < alone.hi <= 1


def test_tables_of_other_clips_are_refused_by_name():
    y, groups, (a, b) = drawn(np.random.default_rng(7), 20, (0.9, 0.6))
    x, z = scored(y, a, groups), scored(y, b, groups)
    with pytest.raises(ValueError, match=r"1 clips are in one of the two score tables alone, c0000"):
        difference(x, z[1:])
    with pytest.raises(ValueError, match="the label of c0003"):
        difference(x, z.assign(label=np.where(z["clip"] == "c0003", 0, z["label"])))
    with pytest.raises(ValueError, match="the identity of c0000"):
        difference(x, z.assign(identity="someone"))
    with pytest.raises(OneClassError):
        difference(x[x["label"] == 1], z[z["label"] == 1])
