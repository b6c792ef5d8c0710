import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score

from leaderboard.delong import Change, paired_change
from leaderboard.differences import difference
from leaderboard.metrics import OneClassError


def scored(y, scores, groups=None):
    """Per-clip scores as records keep them; `scores` is `(N,)` or `(S, N)`."""
    groups = range(len(y)) if groups is None else groups
    table = {"clip": [f"c{i:04d}" for i in range(len(y))], "identity": [f"i{g:04d}" for g in groups], "label": y}
    table |= {f"seed{i}": row for i, row in enumerate(np.atleast_2d(scores))}
    return pd.DataFrame(table | {"reason": None})


def drawn(seed, identities=42, shift=1.0, noise=0.5, clips=2):
    """Labels, identities, and the scores of two detectors that mostly agree."""
    rng = np.random.default_rng(seed)
    y, groups = np.tile([0, 1], identities * clips // 2), np.repeat(np.arange(identities), clips)
    old = shift * y + rng.normal(size=identities)[groups] + rng.normal(size=len(y))
    return y, groups, old, old + noise * rng.normal(size=len(y))


def test_clips_of_their_own_have_delongs_covariance():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [70, 50])
    old = y + rng.normal(size=120)
    new = np.round(old + rng.normal(size=120), 1)
    v10, v01 = [], []
    for s in (new, old):
        ranks, fake, real = rankdata(s), rankdata(s[y == 1]), rankdata(s[y == 0])
        v10.append((ranks[y == 1] - fake) / 70)
        v01.append(1 - (ranks[y == 0] - real) / 50)
    contrast = np.array([1, -1])
    variance = contrast @ (np.cov(v10) / 50 + np.cov(v01) / 70) @ contrast
    found = paired_change(scored(y, new), scored(y, old))
    assert found.value == pytest.approx(roc_auc_score(y, new) - roc_auc_score(y, old))
    assert found.se == pytest.approx(np.sqrt(variance))
    assert (found.n, found.n_groups) == (120, 120)
    assert 49 <= found.df <= 118


@pytest.mark.parametrize("clips", [2, 10])
def test_standard_error_is_the_identity_bootstraps(clips):
    y, groups, old, new = drawn(1, 60, clips=clips)
    a, b = scored(y, new, groups), scored(y, old, groups)
    assert paired_change(a, b).se == pytest.approx(difference(a, b).se, rel=0.06)
    assert paired_change(a, b).value == pytest.approx(difference(a, b).value)


@given(
    st.lists(st.tuples(*[st.one_of(st.none(), st.integers(-3, 3))] * 2, st.booleans(), st.integers(0, 6)), min_size=4),
    st.randoms(use_true_random=False),
)
@settings(max_examples=25, deadline=None)
def test_symmetries(rows, random):
    first, second, labels, groups = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    y = labels.astype(int)
    assume(0 < y.sum() < len(y))
    a, b = scored(y, first, groups.astype(int)), scored(y, second, groups.astype(int))
    found = paired_change(a, b)
    same = [
        paired_change(a.sample(frac=1, random_state=random.randrange(99)), b),
        paired_change(scored(1 - y, -first, groups.astype(int)), scored(1 - y, -second, groups.astype(int))),
        paired_change(scored(y, 2 * first + 7, groups.astype(int)), scored(y, second**3, groups.astype(int))),
        paired_change(scored(y, [first, first], groups.astype(int)), b),
    ]
    for other in same:
        assert (other.value, other.se, other.df) == pytest.approx((found.value, found.se, found.df), abs=1e-9)
    turned = paired_change(b, a)
    assert (turned.value, turned.se) == pytest.approx((-found.value, found.se), abs=1e-12)
    assert paired_change(a, a).value == 0 and paired_change(a, a).se in (0.0, np.inf)


def test_repeated_clips_of_an_identity_add_no_certainty():
    y, groups, old, new = drawn(3)
    once = paired_change(scored(y, new, groups), scored(y, old, groups))
    y3, groups3, old3, new3 = (np.tile(x, 3) for x in (y, groups, old, new))
    thrice = paired_change(scored(y3, new3, groups3), scored(y3, old3, groups3))
    assert (thrice.value, thrice.se, thrice.df) == pytest.approx((once.value, once.se, once.df))
    assert paired_change(scored(y3, new3), scored(y3, old3)).se < 0.7 * once.se


def test_seeds_and_missing_scores_count_as_in_the_auc():
    y, groups, old, new = drawn(4)
    many = np.stack([new, new + np.random.default_rng(1).normal(size=len(y))])
    many[0, 5] = np.nan
    found = paired_change(scored(y, many, groups), scored(y, old, groups))
    filled = [np.where(np.isnan(many[0]), side * 99 * (2 * y - 1), many[0]) for side in (-1, 1)]
    first = np.mean([roc_auc_score(y, s) for s in filled])
    expected = (first + roc_auc_score(y, many[1])) / 2 - roc_auc_score(y, old)
    assert found.value == pytest.approx(expected)


def test_nothing_and_everything_changed():
    y = np.tile([0, 1], 12)
    groups = np.repeat(np.arange(12), 2)
    flat, perfect = scored(y, np.zeros(24), groups), scored(y, y, groups)
    assert paired_change(perfect, perfect) == Change(0.0, 0.0, 11.0, 24, 12)
    assert paired_change(perfect, flat) == Change(0.5, 0.0, 11.0, 24, 12)
    alone = paired_change(scored(y, y, np.where(y == 1, groups, 99)), scored(y, -y, np.where(y == 1, groups, 99)))
    assert alone.value == 1.0 and alone.se == np.inf


def test_other_clips_and_one_class_are_refused():
    y, groups, old, new = drawn(5, 6)
    a, b = scored(y, new, groups), scored(y, old, groups)
    with pytest.raises(ValueError, match="1 clips are in one of the two score tables alone, c0000"):
        paired_change(a, b[1:])
    with pytest.raises(OneClassError):
        paired_change(a[a["label"] == 1], b[b["label"] == 1])
