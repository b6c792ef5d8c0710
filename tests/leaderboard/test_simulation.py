import numpy as np
import pytest

from leaderboard.components import structural_components
from leaderboard.delong import change
from leaderboard.metrics import curve, roc_auc
from leaderboard.populations import POPULATIONS, Population, pairs, published
from leaderboard.rates import (
    DIGITS,
    changes_of_pairs,
    coverage,
    false_alarms,
    metrics_coverage,
    power,
    unchanged_family,
)
from leaderboard.simulation import main, report


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("population", POPULATIONS, ids=lambda p: p.name)
def test_populations_have_the_auc_that_they_are_asked_for(population):
    test = pairs(100_000)
    for auc in (0.9, 0.99):
        assert roc_auc(curve(test.y, population.draw(test, auc, rng())))[0] == pytest.approx(auc, abs=0.002)


def test_the_published_sets_have_the_published_sizes():
    sizes = {t.name: (np.sum(t.y == 0), np.sum(t.y == 1), len(np.unique(t.groups))) for t in published()}
    assert sizes["FakeAVCeleb"] == (151, 3357, 151)
    assert sizes["AV-Deepfake1M"][:2] == (2495, 2638) and 1230 < sizes["AV-Deepfake1M"][2] <= 1275
    assert sizes["AVLips"] == (3373, 4184, 4188)


def test_changes_of_many_pairs_are_those_of_each():
    test = pairs(12)
    old, new = np.round(rng(1).normal(size=(2, 5, 12, 2)), 1)
    new[4] = old[4]
    for a, b, found in zip(old, new, changes_of_pairs(old, new), strict=True):
        before, after = (structural_components(test.y, s.T.ravel()) for s in (a, b))
        one = change(test.y, test.groups, after - before)
        assert (found.n, found.n_groups) == (one.n, one.n_groups)
        assert (found.value, found.se, found.df) == pytest.approx((one.value, one.se, one.df), abs=1e-12)


def test_unchanged_cells_do_not_change_on_average():
    for relation in (0.5, 0.99, DIGITS):
        changes = [c for i in range(15) for c in unchanged_family(20, relation, rng(i))]
        t = np.array([c.value / c.se for c in changes if c.se > 0])
        assert abs(t.mean()) < 0.15
        assert 0.7 < t.std() < 1.25


def test_the_rule_raises_few_false_alarms_and_not_none():
    found = false_alarms(20, 0.5, 40, rng())
    assert 0.001 < found.rule[1] < 0.008
    assert found.rule[4] < 0.012 and found.rule[32] <= 0.02 and found.rule[320] <= 0.05
    assert found.normal[1] > found.rule[1] and found.normal[32] > found.rule[32]


def test_drops_of_the_promised_size_are_called_in_80_percent_of_cases():
    found = power(pairs(42), Population(""), 0.8, 0.95, 300, rng(1))
    assert 0.02 < found.promised[0] < found.promised[1] < 0.2
    assert 0.7 < found.kept[0] < 0.95
    assert found.alone[0.01] < found.alone[0.03] < found.alone[0.05]
    assert all(found.among[drop] <= found.alone[drop] for drop in found.alone)


@pytest.mark.parametrize(("identities", "auc"), [(5, 0.5), (12, 0.7), (20, 0.99), (42, 0.9), (42, 0.999)])
def test_intervals_hold_the_true_auc_as_often_as_they_say(identities, auc):
    for population in POPULATIONS[:5]:
        found = coverage(pairs(identities), population, auc, 200, rng(2))
        assert found.share >= 0.9
        assert identities < 42 or auc > 0.9 or found.share <= 0.99
        assert 0 < found.width < 0.9


def test_other_metrics_are_covered_where_they_have_an_interval():
    found = metrics_coverage(pairs(42), POPULATIONS[0], 0.8, 60, rng(3))
    for name in ("auc", "ap", "acc_at_0", "fpr_at_0"):
        assert found[name].share >= 0.85 and found[name].given > 0.9
    assert found["tpr_at_fpr1"].given == 0.0


def test_tables_repeat_themselves_and_state_their_error():
    first, again = (report("power", 2, seed, progress=False) for seed in (4, 4))
    assert first == again != report("power", 2, 5, progress=False)
    assert "2 repetitions; standard error 7.04 at 1 %" in first
    assert len(first.splitlines()) == 4 + 2 + 16 and "| FakeAVCeleb | 90 | 0.99 |" in first


def test_the_command_prints_what_is_asked_for_and_refuses_the_rest(capsys):
    main(["coverage", "--repetitions", "1"])
    printed = capsys.readouterr().out
    assert printed.startswith("## Coverage of the 95 % interval") and "AVLips | reals above fakes |" in printed
    with pytest.raises(SystemExit):
        main(["accuracy"])
    assert "there are false-alarms, power, coverage, metrics" in capsys.readouterr().err
