"""The committed checkpoint has learned something, and training repeats and learns from reals alone."""

from pathlib import Path

import numpy as np
import pytest
from stub_clip import StubClip, mouths, noise

from datasets.clip import Clip
from datasets.sim import build, plan
from detectors.encoders import tiny
from detectors.pretrain_tiny import read_streams, to_bytes
from detectors.protocols import Context

KNOWN, ASKED = 7, 5
"""Validation clips that a map from sound to picture is fitted on, and clips that it is asked about."""


@pytest.fixture(scope="module")
def validation(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    """A few generated clips that the checkpoint was not trained on."""
    root = tmp_path_factory.mktemp("sim_real")
    recipes = [pair for pair in plan.recipes("sim_real") if pair[0].stem.startswith("sim_real/val/")]
    for pair in recipes[: KNOWN + ASKED]:
        build.make(pair, root)
    clips = [clip for clip in plan.plan("sim_real", root=root) if clip.split == "val"]
    return clips[: KNOWN + ASKED]


def retrieval(clips: list[Clip], seed: int | None) -> float:
    """How often a row's sound, mapped by ridge regression on other clips, is nearest to its own picture of the clip."""
    audio, visual = tiny.TinyAudio(tiny.AUDIO, seed), tiny.TinyVisual(tiny.VISUAL, seed)
    audio.load(Context())
    visual.load(Context())
    pairs = []
    for clip in clips:
        heard, seen = audio.encode(clip)["last"].values, visual.encode(clip)["last"].values
        rows = min(len(heard), len(seen))
        pairs.append((heard[:rows], seen[:rows]))
    heard, seen = (np.concatenate(part) for part in zip(*pairs[:KNOWN], strict=True))
    about, level = heard.mean(axis=0), seen.mean(axis=0)
    centred = heard - about
    strength = 0.1 * np.trace(centred.T @ centred) / centred.shape[1]
    across = np.linalg.solve(centred.T @ centred + strength * np.eye(centred.shape[1]), centred.T @ (seen - level))
    hits = []
    for asked, answer in pairs[KNOWN:]:
        guess = (asked - about) @ across + level
        distance = ((guess[:, None] - answer[None]) ** 2).sum(axis=2)
        hits += list(distance.argmin(axis=1) == np.arange(len(answer)))
    return float(np.mean(hits))


def test_trained_weights_match_sound_and_picture_far_better_than_untrained(
    validation: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVDF_CACHE", str(tmp_path))
    trained, untrained = retrieval(validation, None), [retrieval(validation, seed) for seed in (0, 1, 2)]
    assert trained > 2 * max(untrained), (trained, untrained)


@pytest.fixture(scope="module")
def toy() -> list:
    """Clips whose brightness follows their loudness, so that there is something to learn."""
    clips = []
    for seed in range(20):
        level = np.random.default_rng(seed).uniform(0, 1, 45)
        samples = noise(1.8, seed) * np.repeat(0.01 + level, 640).astype(np.float32)
        pictures = (mouths(45, seed) // 4 + (190 * level[:, None, None])).astype(np.uint8)
        clips.append(read_streams(StubClip(samples, pictures)))
    return clips


def test_training_repeats_and_depends_on_its_seed(toy: list) -> None:
    import torch

    from detectors.nets.pretraining import train

    torch.set_num_threads(1)
    first, again, other = (to_bytes(train(toy, 1, seed, lambda *_: None).net) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_training_brings_the_losses_down(toy: list) -> None:
    from detectors.nets.pretraining import train

    seen: list[dict[str, float]] = []
    train(toy, 12, 0, lambda _, losses: seen.append(losses))
    for name in ("moment", "clip", "rows", "covariance"):
        assert seen[-1][name] < 0.8 * seen[0][name], name


def test_a_checkpoint_holds_the_encoder_alone_and_reads_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib
    from dataclasses import replace

    import torch

    from detectors.nets.tiny import build as build_net

    net = build_net(5)
    data = to_bytes(net)
    assert len(data) == pytest.approx(2 * 573_000, rel=0.03)
    (tmp_path / "tiny.safetensors").write_bytes(data)
    monkeypatch.setattr(tiny, "FOLDER", tmp_path)
    weights = replace(tiny.WEIGHTS, sha256=hashlib.sha256(data).hexdigest())
    stored = tiny.read_net(replace(tiny.AUDIO, weights=weights))
    for name, values in net.state_dict().items():
        torch.testing.assert_close(stored.state_dict()[name], values, rtol=1e-3, atol=1e-6)
