import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from leaderboard.components import clustered_spread, structural_components
from leaderboard.metrics import OneClassError

CLIPS = st.lists(
    st.tuples(st.booleans(), st.one_of(st.none(), st.integers(-4, 4)), st.integers(0, 5)), min_size=4, max_size=30
)


def arrays(rows):
    """Labels, scores with NaN, and identities; examples with one class are thrown away."""
    y = np.array([r[0] for r in rows], dtype=int)
    assume(0 < y.sum() < len(y))
    s = np.array([np.nan if r[1] is None else r[1] for r in rows], dtype=float)
    return y, s, np.unique([r[2] for r in rows], return_inverse=True)[1]


def won(fake, real):
    """What a pair adds to the AUC, a half where a score is missing: midway between wrong and right."""
    if np.isnan(fake) or np.isnan(real):
        return 0.5
    return 1.0 if fake > real else 0.5 if fake == real else 0.0


@given(CLIPS)
@settings(max_examples=80, deadline=None)
def test_components_are_those_of_all_pairs_one_by_one(rows):
    y, s, _ = arrays(rows)
    found = structural_components(y, s)
    for i in range(len(y)):
        others = [won(s[i], r) if y[i] else won(r, s[i]) for r in s[y != y[i]]]
        assert found[i] == pytest.approx(np.mean(others), abs=1e-12)


@given(CLIPS)
@settings(max_examples=50, deadline=None)
def test_their_mean_over_either_class_is_the_auc(rows):
    y, s, _ = arrays(rows)
    s = np.nan_to_num(s, nan=0.5)
    found = structural_components(y, s)
    for label in (0, 1):
        assert found[y == label].mean() == pytest.approx(roc_auc_score(y, s), abs=1e-12)
    np.testing.assert_allclose(structural_components(1 - y, -s), found, atol=1e-12)
    np.testing.assert_allclose(structural_components(y, np.exp(s)), found, atol=1e-12)


def test_seeds_are_averaged_and_a_seed_without_gaps_keeps_its_weight():
    y, rng = np.tile([0, 1], 20), np.random.default_rng(0)
    rows = rng.normal(size=(3, 40))
    rows[1, 4] = np.nan
    each = [structural_components(y, row) for row in rows]
    np.testing.assert_allclose(structural_components(y, rows), np.mean(each, axis=0), atol=1e-12)


def test_one_class_is_refused():
    with pytest.raises(OneClassError):
        structural_components(np.ones(4, dtype=int), np.arange(4.0))


def obuchowski(y, groups, components):
    """Variance by the formulas of the paper, with an explicit loop over the clusters."""
    auc = components[y == 1].mean()
    fakes, reals = np.sum(y == 1), np.sum(y == 0)
    clusters = np.unique(groups)
    with_fakes, with_reals = (len(np.unique(groups[y == label])) for label in (1, 0))
    s10 = s01 = s11 = 0.0
    for g in clusters:
        x, z = components[(groups == g) & (y == 1)], components[(groups == g) & (y == 0)]
        s10 += (x.sum() - len(x) * auc) ** 2
        s01 += (z.sum() - len(z) * auc) ** 2
        s11 += (x.sum() - len(x) * auc) * (z.sum() - len(z) * auc)
    s10 *= with_fakes / ((with_fakes - 1) * fakes)
    s01 *= with_reals / ((with_reals - 1) * reals)
    s11 *= len(clusters) / (len(clusters) - 1)
    return s10 / fakes + s01 / reals + 2 * s11 / (fakes * reals)


@given(CLIPS)
@settings(max_examples=80, deadline=None)
def test_standard_error_is_obuchowskis(rows):
    y, s, groups = arrays(rows)
    counts = [len(np.unique(groups[y == label])) for label in (0, 1)]
    found = clustered_spread(y, groups, structural_components(y, s))
    assert found.identities == min(counts)
    if min(counts) < 2:
        assert found.se == np.inf
        return
    assert found.se**2 == pytest.approx(obuchowski(y, groups, structural_components(y, s)), abs=1e-12)
    assert min(counts) - 1 - 1e-9 <= found.df <= sum(counts) - 2 + 1e-9


@pytest.mark.parametrize("layout", ["a real and a fake each", "uneven", "no identity has both"])
def test_standard_error_is_that_of_resampled_identities(layout):
    rng = np.random.default_rng(2)
    people = np.repeat(np.arange(80), 2) if layout == "a real and a fake each" else rng.integers(0, 80, 240)
    people = np.unique(people, return_inverse=True)[1]
    y = np.tile([0, 1], len(people) // 2)
    if layout == "no identity has both":
        y = people % 2
    s = y + rng.normal(size=len(y)) + rng.normal(size=people.max() + 1)[people]
    members = [np.flatnonzero(people == g) for g in range(people.max() + 1)]
    values = []
    for _ in range(1500):
        clips = np.concatenate([members[g] for g in rng.integers(0, len(members), len(members))])
        fake, real = s[clips][y[clips] == 1], s[clips][y[clips] == 0]
        values.append(np.mean(fake[:, None] > real))
    assert clustered_spread(y, people, structural_components(y, s)).se == pytest.approx(np.std(values), rel=0.08)


@pytest.mark.parametrize("seed", range(20))
def test_fakes_that_score_as_their_reals_do_have_no_spread_whatever_rounding_leaves(seed):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 30, 84)
    y, groups, s = np.repeat([0, 1], 84), np.tile(groups, 2), np.tile(rng.normal(size=84), 2)
    order = rng.permutation(len(y))
    y, groups, s = y[order], np.unique(groups[order], return_inverse=True)[1], s[order]
    assert clustered_spread(y, groups, structural_components(y, s)).se == 0


def test_agreeing_identities_have_no_spread_and_a_lone_one_an_unknown_one():
    y, groups = np.tile([0, 1], 10), np.repeat(np.arange(10), 2)
    agreed = clustered_spread(y, groups, np.full(20, 0.1))
    assert (agreed.se, agreed.df, agreed.identities) == (0.0, 9.0, 10)
    assert clustered_spread(y, np.where(y == 1, groups, 0), np.linspace(0, 1, 20)).se == np.inf
