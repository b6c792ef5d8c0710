"""The plan of the embedded sets: exact, balanced, and without label cues."""

import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.manifest import dumps, manifest_hash
from datasets.sim import plan as sim
from datasets.sim.families import LIPS, METHODS, VOICES
from datasets.sim.phonemes import HOPS_PER_FRAME
from datasets.sim.plan import NAMES, SIZES, paths, splits
from datasets.sim.recipe import take_script
from datasets.sim.streams import Draws

MANIFESTS = "93e73ea4dc3a6de9c9ededf379ec21a30d8eecef37393a650dacaa8a0b37c7a4"
"""Hash of all manifests of corpus seed 0. Another value means another corpus: raise VERSION with it."""


plan = cache(sim.plan)


@cache
def recipes(name, size="default", seed=0):
    return list(sim.recipes(name, size, seed))


def all_clips(size="full", seed=0):
    return [clip for name in NAMES for clip in plan(name, size, seed)]


def pairs_of(clips):
    pairs = defaultdict(list)
    for clip in clips:
        pairs[clip.pair].append(clip)
    return pairs


def test_the_plan_of_the_shipped_seed_never_changes():
    clips = [clip for size in SIZES for clip in all_clips(size)]
    assert manifest_hash(clips) == MANIFESTS


def test_sizes():
    def counts(size):
        return {name: [sum(c.split == s for c in plan(name, size)) for s in splits(name)] for name in NAMES}

    assert counts("default") == {
        "sim_whole": [120, 24, 84],
        "sim_local": [120, 24, 84],
        "sim_lip": [84],
        "sim_wild": [80, 20, 84],
        "sim_null": [80],
        "sim_real": [400, 60],
    }
    assert counts("full") == {
        "sim_whole": [280, 64, 176],
        "sim_local": [280, 64, 176],
        "sim_lip": [176],
        "sim_wild": [200, 48, 176],
        "sim_null": [160],
        "sim_real": [400, 60],
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_smaller_size_is_the_start_of_each_split(name):
    sizes = [
        {s: dumps(c for c in plan(name, size) if c.split == s).splitlines() for s in splits(name)} for size in SIZES
    ]
    for small, large in pairwise(sizes):
        for split in splits(name):
            assert large[split][: len(small[split])] == small[split]


@pytest.mark.parametrize("name", NAMES)
def test_paths_are_those_of_the_plan(name):
    assert paths(name, "full") == [clip.path for clip in plan(name, "full", seed=5)]


def test_no_identity_is_in_two_splits_or_sets():
    homes = defaultdict(set)
    for clip in all_clips():
        homes[clip.identity].add((clip.dataset, clip.split))
    assert {len(home) for home in homes.values()} == {1}


def test_ids_and_paths_are_unique_and_plain():
    clips = all_clips()
    assert len({clip.id for clip in clips}) == len({clip.path for clip in clips}) == len(clips)
    assert set("".join(clip.id for clip in clips)) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.")


def test_the_default_test_sets_have_one_pair_an_identity():
    for name in ("sim_whole", "sim_local", "sim_lip", "sim_wild"):
        clips = [clip for clip in plan(name) if clip.split == "test"]
        assert set(Counter(clip.identity for clip in clips).values()) == {2}
        assert len({clip.identity for clip in clips}) == 42
        assert len({clip.identity for clip in plan(name, "full") if clip.split == "test"}) == 44


@pytest.mark.parametrize("name", [name for name in NAMES if name != "sim_real"])
def test_a_pair_differs_in_the_manipulation_alone(name):
    for two in pairs_of(plan(name, "full", seed=3)).values():
        real, fake = two
        assert (real.label, fake.label) == (0, 1)
        assert (real.identity, real.split, real.duration) == (fake.identity, fake.split, fake.duration)
        assert (real.source == fake.source) == (name != "sim_null")
    for real, fake in recipes(name, "full", seed=3):
        assert real.encoding == fake.encoding and real.frames == fake.frames


def test_labels_say_which_stream_is_manipulated():
    for clip in all_clips():
        voice = any(part in VOICES for part in clip.method.split("+"))
        lips = any(part in LIPS for part in clip.method.split("+"))
        if clip.method == "null":
            assert (clip.label, clip.label_audio, clip.label_video) == (1, 1, 1)
        else:
            assert (clip.label_audio, clip.label_video, clip.label) == (voice, lips, voice or lips)
        assert clip.label or clip.segments == clip.segments_audio == clip.segments_video == ()


def test_methods_take_turns():
    for name, methods in METHODS.items():
        for split in splits(name):
            fakes = Counter(c.method for c in plan(name, "full") if c.label and c.split == split)
            share = {m: methods.count(m) * sum(fakes.values()) / len(methods) for m in set(methods)}
            assert all(abs(fakes[m] - share[m]) <= 4 for m in share)


def test_sim_real_holds_reals_alone():
    assert {(clip.label, clip.method, clip.pair) for clip in plan("sim_real")} == {(0, "real", None)}


def test_segments_are_short_inside_and_on_the_grid():
    for seed in range(5):
        for clip in plan("sim_local", "full", seed):
            assert len(clip.segments) in ((1, 2) if clip.label else (0,))
            assert clip.segments_audio == (clip.segments if clip.label_audio else ())
            assert clip.segments_video == (clip.segments if clip.label_video else ())
            for start, end in clip.segments:
                assert 0.2 <= round(end - start, 6) <= 0.7
                assert start >= 0.12 and round(end, 6) <= round(clip.duration - 0.04, 6)
                assert [t * 1000 for t in (start, end)] == pytest.approx([5 * round(t * 200) for t in (start, end)])
            assert all(b[0] - a[1] > 0.05 for a, b in pairwise(clip.segments))


def test_a_quarter_of_the_local_fakes_have_two_segments():
    counts = Counter(len(c.segments) for seed in range(4) for c in plan("sim_local", "full", seed) if c.label)
    assert 0.2 < counts[2] / counts.total() < 0.3


def test_segments_lie_on_pauses_nearly_as_often_as_the_rest():
    inside, outside = [], []
    for seed in range(4):
        for real, fake in recipes("sim_local", "full", seed):
            quiet = np.concatenate([[phone.name == "_"] * phone.hops for phone in real.script])
            mask = np.zeros(len(quiet), bool)
            for begin, end in fake.segments:
                mask[begin:end] = True
            inside.append(quiet[mask])
            outside.append(quiet[~mask])
    assert 0.5 < np.concatenate(inside).mean() / np.concatenate(outside).mean() < 1


@pytest.mark.parametrize(("name", "longest"), [("sim_whole", 100), ("sim_local", 80)])
def test_planted_silence(name, longest):
    clips = [clip for seed in range(8) for pair in recipes(name, "full", seed) for clip in pair]
    planted = {fake: [clip.silence for clip in clips if clip.fake == fake] for fake in (True, False)}
    assert 0.955 < np.mean(np.array(planted[True]) > 0) < 0.985
    assert 0.005 < np.mean(np.array(planted[False]) > 0) < 0.025
    lengths = np.array([length for length in planted[True] if length]) / 16
    assert 25 <= lengths.min() < 27 and longest - 2 < lengths.max() <= longest


@pytest.mark.parametrize("name", ["sim_lip", "sim_wild", "sim_null", "sim_real"])
def test_no_silence_elsewhere(name):
    assert not any(clip.silence for pair in recipes(name, "full") for clip in pair)


def test_sound_is_missing_as_often_in_both_classes_and_never_where_it_is_manipulated():
    clips = [clip for seed in range(6) for pair in recipes("sim_wild", "full", seed) for clip in pair]
    mute = {fake: [not clip.sound for clip in clips if clip.fake == fake] for fake in (True, False)}
    assert 0.11 < np.mean(mute[True]) < 0.14 and abs(np.mean(mute[True]) - np.mean(mute[False])) < 0.01
    assert all(clip.sound for clip in clips if clip.voice)
    assert all(clip.sound for name in NAMES if name != "sim_wild" for pair in recipes(name) for clip in pair)
    agree = [not real.sound and not fake.sound for s in range(6) for real, fake in recipes("sim_wild", "full", s)]
    assert 0 < sum(agree) < sum(mute[True])


def test_seeds_differ():
    assert dumps(plan("sim_local", seed=0)) != dumps(plan("sim_local", seed=1))


def test_unknown_names_are_told():
    with pytest.raises(ValueError, match="sim_whole, sim_local"):
        plan("sim_hole")
    with pytest.raises(ValueError, match="default"):
        plan("sim_whole", "huge")


def test_the_plan_needs_no_heavy_import():
    code = "import sys, datasets.sim.plan as p; p.plan('sim_local'); print(*sys.modules)"
    root = Path(__file__).parents[2]
    loaded = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert not {"torch", "scipy", "av", "pandas", "sklearn", "matplotlib", "joblib"} & set(loaded.split())


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), frames=st.integers(50, 70))
def test_a_script_fills_the_clip_between_two_pauses(seed, frames):
    script = take_script(seed, "someone", "a take", frames)
    assert sum(phone.hops for phone in script) == frames * HOPS_PER_FRAME
    assert script[0].name == script[-1].name == "_"
    assert min(phone.hops for phone in script) >= 6
    assert sum(phone.name != "_" for phone in script) >= 4


@given(seed=st.integers(), low=st.integers(-50, 50), size=st.integers(0, 1000))
def test_draws_stay_in_range_and_repeat(seed, low, size):
    first, second = Draws("x", seed), Draws("x", seed)
    values = [first.between(low, low + size) for _ in range(100)]
    assert values == [second.between(low, low + size) for _ in range(100)]
    assert all(low <= value <= low + size for value in values)


def test_draws_are_uniform():
    draws = Draws("uniform")
    counts = np.bincount([draws.below(10) for _ in range(10_000)], minlength=10)
    assert ((counts - 1000) ** 2 / 1000).sum() < 27.9  # chi-squared, 9 degrees of freedom, p = 0.001
