"""AUCs of single signals: the right number, honest intervals, no finding where there is nothing."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmark.audit.standing import holm, of_categories, of_names, of_numbers
from leaderboard.intervals import evaluate


def drawn(seed: int, groups: int = 40, each: int = 4) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), each)
    return rng.integers(0, 2, len(group)), group, rng


def test_numbers_have_sklearns_auc_and_the_leaderboards_interval() -> None:
    for seed in range(5):
        y, group, rng = drawn(seed)
        values = np.round(rng.normal(size=len(y)) + 0.7 * y, 1)
        found, known = of_numbers(y, values, group), evaluate(y, values, group, metrics=("auc",))["auc"]
        assert found.auc == pytest.approx(roc_auc_score(y, values))
        assert (found.lo, found.hi) == pytest.approx((known.lo, known.hi))


def test_direction_is_kept() -> None:
    y, group, _ = drawn(1)
    assert of_numbers(y, -y, group).auc == 0.0 and of_numbers(y, -y, group).tells
    assert of_numbers(y, -y, group).strength == 1.0


def test_categories_are_scored_by_other_clusters_alone() -> None:
    y, group, rng = drawn(2, groups=60)
    told = np.where(rng.random(len(y)) < 0.6, y, rng.integers(0, 2, len(y)))
    assert of_categories(y, [f"codec {value}" for value in told], group).lo > 0.6
    own = [f"cluster {g} {label}" for g, label in zip(group, y, strict=True)]  # tells only of clips of its own cluster
    assert of_categories(y, own, group).auc == pytest.approx(0.5, abs=0.02)


def test_a_category_of_unlike_reals_and_fakes_counts_in_either_direction() -> None:
    y, group, _ = drawn(3)
    for names in (("h264", "hevc"), ("hevc", "h264")):
        assert of_categories(y, [names[label] for label in y], group).auc == 1.0


@pytest.mark.parametrize("kinds", [2, 5, 40])
def test_categories_that_say_nothing_seldom_exclude_50(kinds: int) -> None:
    found = []
    for seed in range(150):
        y, group, rng = drawn(seed, groups=30, each=3)
        found.append(of_categories(y, rng.integers(0, kinds, len(y)).tolist(), group))
    assert np.mean([one.auc for one in found]) == pytest.approx(0.5, abs=0.02)
    assert np.mean([one.tells for one in found]) <= 0.07


def test_names_tell_when_their_other_clips_do() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(40), 6)
    y = (rng.random(240) < rng.random(40)[group]).astype(int)
    assert of_names(y, [f"id{g}" for g in group], group).lo > 0.55


def test_names_that_have_both_classes_alike_or_stand_alone_tell_nothing() -> None:
    y, group = np.tile([0, 1], 30), np.repeat(np.arange(30), 2)
    assert not of_names(y, group.tolist(), group).tells
    alone = of_names(y, list(range(60)), np.arange(60))
    assert alone.auc == 0.5 and not alone.tells


def test_names_that_say_nothing_seldom_exclude_50() -> None:
    found = [of_names(y, group.tolist(), group) for y, group, _ in (drawn(seed, 30, 5) for seed in range(150))]
    assert np.mean([one.tells for one in found]) <= 0.07


def test_a_name_is_never_compared_with_itself() -> None:
    y, names = np.array([0, 1, 0, 1, 1]), np.array([0, 0, 1, 1, 2])
    share = [1.0, 0.0, 1.0, 0.0, 0.6]
    pairs = [(i, j) for i in range(5) for j in range(5) if y[i] == 1 and y[j] == 0]
    wins = [0.5 if names[i] == names[j] else (share[i] > share[j]) + 0.5 * (share[i] == share[j]) for i, j in pairs]
    assert of_names(y, names.tolist(), names).auc == pytest.approx(np.mean(wins))


def test_the_p_value_agrees_with_the_interval() -> None:
    for seed in range(40):
        y, group, rng = drawn(seed, groups=12)
        found = of_numbers(y, rng.normal(size=len(y)) + 0.4 * y, group)
        assert (found.p < 0.05) == found.tells
    perfect = of_numbers(np.tile([0, 1], 5), np.tile([0, 1], 5), np.arange(10))
    assert not perfect.tells and perfect.p == pytest.approx(0.0625)


def test_holms_rule() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == [True, False, False, True]
    assert holm([]) == [] and holm([0.05]) == [True]
