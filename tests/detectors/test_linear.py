"""The linear probe against the published code's outputs, against torch, and what it promises users."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from detectors.heads.linear import CARD, FittedLinear, LinearProbe, load_lightning_checkpoint
from detectors.probe import (
    Adam,
    Blocks,
    Packed,
    frame_logits,
    initial_parameters,
    inverse_norms,
    log_sum_exp,
    loss_and_gradient,
    train_probe,
)
from detectors.protocols import Context, Example
from detectors.registry import registry
from detectors.shards import row_norms
from detectors.store import FeatureStore
from detectors.tracks import Track, frame_spans

Golden = Callable[[str], Path]


def l2(values: np.ndarray) -> Blocks:
    return ((values, inverse_norms(row_norms(values))),)


def raw(values: np.ndarray) -> Blocks:
    return ((values, np.ones(len(values), np.float32)),)


def read(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    inputs, outputs, weights = (load_file(folder / f"{n}.safetensors") for n in ("inputs", "outputs", "weights"))
    return inputs, outputs, weights


def parameters_of(weights: dict[str, np.ndarray], prefix: str = "") -> np.ndarray:
    return np.concatenate([weights[f"{prefix}head.weight"].ravel(), weights[f"{prefix}head.bias"]])


@pytest.mark.parametrize("modality", ["audio", "video", "multimodal"])
@pytest.mark.parametrize("form", [l2, raw])
def test_golden_scores_losses_and_gradients(golden: Golden, modality: str, form: Callable) -> None:
    inputs, outputs, weights = read(golden("ssr_probe/forward_loss_grad"))
    parameters = parameters_of(weights, f"{modality}.")
    for index, label in enumerate(inputs["labels"]):
        clip, stem = form(inputs[f"{modality}/clip{index}"]), f"{modality}/{form.__name__}/clip{index}"
        logits, gradient = frame_logits(clip, parameters), np.empty_like(parameters)
        loss = loss_and_gradient(clip, int(label), parameters, gradient)
        score = outputs[f"{stem}/score"].item()
        close = 4 * np.finfo(np.float32).eps * (1 + 2 * abs(score))  # what float32 resolves of loss and slope
        steep = close * max(1, np.abs(clip[0][0] * clip[0][1][:, None]).max())
        np.testing.assert_allclose(logits, outputs[f"{stem}/frame_logits"], rtol=1e-5, atol=close)
        np.testing.assert_allclose(log_sum_exp(logits), score, rtol=0, atol=close)
        np.testing.assert_allclose(loss, outputs[f"{stem}/loss"].item(), rtol=0, atol=close)
        np.testing.assert_allclose(gradient[:-1], outputs[f"{stem}/grad_weight"][0], rtol=0, atol=steep)
        np.testing.assert_allclose(gradient[-1], outputs[f"{stem}/grad_bias"].item(), rtol=0, atol=close)


def test_golden_zero_frame(golden: Golden) -> None:
    inputs, outputs, weights = read(golden("ssr_probe/forward_loss_grad"))
    values = inputs["zero_frame/features"]
    fitted = FittedLinear(parameters_of(weights, "multimodal."), ("e",), {})
    assert math.isnan(outputs["zero_frame/score"].item())
    scored = fitted.score({"e": track(values)})
    assert math.isnan(scored.score)
    assert scored.local is not None
    np.testing.assert_array_equal(np.isnan(scored.local.values), np.isnan(outputs["zero_frame/normalised"]).any(axis=1))


def test_golden_trajectory_of_adam(golden: Golden) -> None:
    inputs, outputs, weights = read(golden("ssr_probe/adam_steps"))
    parameters = parameters_of(weights)
    gradient, adam = np.empty_like(parameters), Adam(parameters)
    labels = inputs["labels"]
    for step in range(len(outputs["loss_per_step"])):
        clip = step % len(labels)
        loss = loss_and_gradient(raw(inputs[f"clip{clip}/features_l2"]), int(labels[clip]), parameters, gradient)
        adam.step(gradient)
        np.testing.assert_allclose(loss, outputs["loss_per_step"][step], rtol=1e-5)
        np.testing.assert_allclose(parameters[:-1], outputs["weight_per_step"][step], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(parameters[-1], outputs["bias_per_step"][step], rtol=1e-5, atol=1e-6)


def test_golden_lightning_checkpoint(golden: Golden) -> None:
    folder = golden("ssr_probe/lightning_checkpoint")
    inputs, outputs, _ = read(folder)
    fitted = load_lightning_checkpoint(folder / "checkpoint.ckpt", "avhubert")
    for name, values in inputs.items():
        score = fitted.score({"avhubert": track(values)}).score
        np.testing.assert_allclose(score, outputs[f"{name}/score"].item(), rtol=2e-6)


def test_a_checkpoint_of_something_else_says_what_was_expected(tmp_path: Path) -> None:
    import torch

    path = tmp_path / "other.ckpt"
    torch.save({"state_dict": {"head.weight": torch.zeros(3, 4), "head.bias": torch.zeros(3)}}, path)
    with pytest.raises(ValueError, match=r"other\.ckpt: expected .*head\.weight \(1, D\).*\(3, 4\)"):
        load_lightning_checkpoint(path, "e")
    torch.save([1], path)
    with pytest.raises(ValueError, match="found list"):
        load_lightning_checkpoint(path, "e")
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ValueError, match=r"other\.ckpt: cannot be read"):
        load_lightning_checkpoint(path, "e")
    state = {"head.weight": torch.zeros(1, 4), "head.bias": torch.zeros(1)}
    torch.save({"state_dict": state, "hyper_parameters": {"config": {"data_info": {"apply_l2": False}}}}, path)
    with pytest.raises(ValueError, match="apply_l2"):
        load_lightning_checkpoint(path, "e")


def test_a_checkpoint_that_would_execute_code_is_refused(tmp_path: Path) -> None:
    import torch

    class Trap:
        def __reduce__(self) -> tuple:
            return Path.touch, (tmp_path / "executed",)

    torch.save({"state_dict": {}, "trap": Trap()}, tmp_path / "trap.ckpt")
    with pytest.raises(ValueError, match="cannot be read as tensors"):
        load_lightning_checkpoint(tmp_path / "trap.ckpt", "e")
    assert not (tmp_path / "executed").exists()


def torch_run(clips: list[np.ndarray], labels: list[int], initial: np.ndarray, order: list[int]) -> np.ndarray:
    """Parameters after every step of the published loop, in torch with autograd and torch.optim.Adam."""
    import torch

    head = torch.nn.Linear(len(initial) - 1, 1)
    with torch.no_grad():
        head.weight[:] = torch.from_numpy(initial[None, :-1])
        head.bias[:] = torch.from_numpy(initial[-1:])
    optimizer, path = torch.optim.Adam(head.parameters(), lr=1e-3), []
    for index in order:
        values = torch.from_numpy(clips[index] / np.linalg.norm(clips[index], axis=-1, keepdims=True))
        score = torch.logsumexp(head(values)[:, 0], dim=-1)
        logits = torch.stack([-score, score])[None]
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(logits, torch.tensor([labels[index]])).backward()
        optimizer.step()
        path.append(torch.cat([head.weight.detach()[0], head.bias.detach()]).numpy())
    return np.stack(path)


def clips_of(
    seed: int, count: int, dim: int, shift: float = 0.4, frames: tuple[int, int] = (1, 30)
) -> tuple[list[np.ndarray], list[int]]:
    """Clips of several lengths whose fakes are shifted along one direction in half of their frames."""
    rng = np.random.default_rng(seed)
    labels = [index % 2 for index in range(count)]
    clips = [rng.normal(size=(int(rng.integers(*frames)), dim)).astype(np.float32) * 3 for _ in range(count)]
    for clip, label in zip(clips, labels, strict=True):
        clip[: (len(clip) + 1) // 2, 0] += label * shift * 3
    return clips, labels


def test_600_steps_equal_torch() -> None:
    clips, labels = clips_of(seed=5, count=40, dim=48)
    rng = np.random.default_rng(6)
    initial = initial_parameters(48, rng)
    order = [int(i) for _ in range(15) for i in rng.permutation(40)]
    expected = torch_run(clips, labels, initial, order)
    parameters = initial.copy()
    gradient, adam = np.empty_like(parameters), Adam(parameters)
    for step, index in enumerate(order):
        loss_and_gradient(l2(clips[index]), labels[index], parameters, gradient)
        adam.step(gradient)
        np.testing.assert_allclose(parameters, expected[step], atol=2e-6, rtol=0)
    assert np.abs(parameters - initial).max() > 0.1, "the comparison needs weights that moved"


def test_several_encoders_equal_their_concatenated_rows() -> None:
    rng = np.random.default_rng(7)
    first, second = (rng.normal(size=(9, dim)).astype(np.float32) for dim in (5, 3))
    parameters = initial_parameters(8, rng)
    joined = np.hstack([v / np.linalg.norm(v, axis=1, keepdims=True) for v in (first, second)])
    gradients = np.empty((2, 9), np.float32)
    losses = [
        loss_and_gradient(clip, 1, parameters, gradient)
        for clip, gradient in zip((l2(first) + l2(second), raw(joined)), gradients, strict=True)
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-6)
    np.testing.assert_allclose(gradients[0], gradients[1], atol=1e-6)


def early_stop(losses: list[float], patience: int) -> tuple[int, int]:
    """Best epoch and number of epochs, found by looking at every prefix of the losses."""
    for end in range(1, len(losses) + 1):
        best = min(range(end), key=lambda i: (losses[i], i))
        if end - 1 - best >= patience:
            return best + 1, end
    return min(range(len(losses)), key=lambda i: (losses[i], i)) + 1, len(losses)


@settings(max_examples=80, deadline=None)
@given(
    losses=st.lists(st.integers(0, 6).map(float), min_size=1, max_size=25),
    patience=st.integers(1, 6),
)
def test_early_stopping_keeps_the_best_and_stops_when_lightning_does(losses: list[float], patience: int) -> None:
    """Validation losses are dictated; each epoch sets the parameters to its own number."""
    from unittest.mock import patch

    values = iter(losses)
    clip = l2(np.ones((1, 1), np.float32))
    seen: list[np.ndarray] = []

    def dictated(_: Packed, parameters: np.ndarray) -> float:
        seen.append(parameters.copy())
        return next(values)

    with patch("detectors.probe.mean_loss", dictated):
        data = Packed([clip], [1])
        run = train_probe(data, data, np.zeros(2, np.float32), lambda _: [0], epochs=len(losses), patience=patience)
    best, epochs = early_stop(losses, patience)
    assert (run.best_epoch, len(run.val_losses)) == (best, epochs)
    assert run.stopped == ("patience" if epochs - best >= patience else "epochs")
    np.testing.assert_array_equal(run.parameters, seen[best - 1])


def test_early_stopping_agrees_with_lightning(tmp_path: Path) -> None:
    lightning = pytest.importorskip("lightning.pytorch.callbacks")
    import torch

    rng = np.random.default_rng(8)
    for _ in range(20):
        losses = rng.integers(0, 8, size=30).astype(float).tolist()
        stopper = lightning.EarlyStopping(monitor="val_loss", mode="min", patience=4)
        epochs = next((n for n, loss in enumerate(losses, 1) if stopped(stopper, torch.tensor(loss))), len(losses))
        assert early_stop(losses, 4)[1] == epochs


def stopped(stopper, loss) -> bool:
    return stopper._evaluate_stopping_criteria(loss)[0]


def test_a_loss_that_is_not_finite_ends_the_training() -> None:
    good, bad = np.ones((2, 3), np.float32), np.full((2, 3), np.nan, np.float32)
    initial = np.zeros(4, np.float32)
    run = train_probe(Packed([l2(good)], [1]), Packed([raw(bad)], [0]), initial, lambda _: [0])
    assert (run.stopped, run.best_epoch, len(run.val_losses)) == ("loss not finite", 0, 1)
    np.testing.assert_array_equal(run.parameters, initial)


def track(values: np.ndarray) -> Track:
    return Track(values, frame_spans(len(values), 25.0, start=0.2))


def examples(seed: int, count: int = 60, dim: int = 16, shift: float = 3.0) -> list[Example]:
    clips, labels = clips_of(seed, count, dim, shift, frames=(10, 16))
    return [
        Example(f"c{i}", {"e": track(clip)}, label) for i, (clip, label) in enumerate(zip(clips, labels, strict=True))
    ]


@pytest.fixture(scope="module")
def fitted() -> FittedLinear:
    return LinearProbe().fit(examples(1), examples(2, 20), Context())


def test_learns_and_scores_fakes_higher(fitted: FittedLinear) -> None:
    from sklearn.metrics import roc_auc_score

    test = examples(3, 200)
    scores = [fitted.score(example.tracks).score for example in test]
    assert roc_auc_score([example.label for example in test], scores) > 0.9
    assert fitted.parameters[0] > 0.5, "fakes are shifted up in the first column"


def test_local_scores_are_the_frames_own(fitted: FittedLinear) -> None:
    values = clips_of(4, 1, 16)[0][0]
    whole = fitted.score({"e": track(values)})
    assert whole.local is not None
    for index in range(len(values)):
        one = fitted.score({"e": track(values[index : index + 1])})
        np.testing.assert_allclose(one.score, whole.local.values[index], rtol=1e-5)
    np.testing.assert_array_equal(whole.local.spans, track(values).spans)
    np.testing.assert_allclose(whole.score, np.log(np.exp(whole.local.values.astype(float)).sum()), rtol=1e-6)


def test_report_says_what_happened(fitted: FittedLinear) -> None:
    report = json.loads(json.dumps(fitted.report))
    assert report["stopped"] in ("patience", "epochs")
    assert 1 <= report["best_epoch"] <= report["epochs"] <= 100
    assert report["train"] == {"clips": 60, "left_out": {}} and report["val"] == {"clips": 20, "left_out": {}}
    losses = [np.logaddexp(0, 2 * (1 - 2 * e.label) * fitted.score(e.tracks).score) for e in examples(2, 20)]
    np.testing.assert_allclose(report["val_loss"], np.mean(losses), rtol=1e-5)


def test_same_seed_same_numbers_and_inputs_untouched(fitted: FittedLinear) -> None:
    train = examples(1)
    again = LinearProbe().fit(train, examples(2, 20), Context())
    np.testing.assert_array_equal(again.parameters, fitted.parameters)
    assert again.report == fitted.report
    for example, fresh in zip(train, examples(1), strict=True):
        np.testing.assert_array_equal(example.tracks["e"].values, fresh.tracks["e"].values)
    other = LinearProbe().fit(train, examples(2, 20), Context(seed=44))
    assert not np.array_equal(other.parameters, fitted.parameters)


def test_trains_the_same_from_the_store(fitted: FittedLinear, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    train, val = examples(1), examples(2, 20)
    with store.writer("s") as writer:
        for part, clips in (("train", train), ("val", val)):
            for example in clips:
                writer.add(f"{part}{example.clip}", example.tracks["e"])

    def stored(part: str, clips: list[Example]) -> list[Example]:
        found = [store.get("s", f"{part}{example.clip}") for example in clips]
        return [
            Example(example.clip, {"e": item.track}, example.label)
            for example, item in zip(clips, found, strict=True)
            if item
        ]

    again = LinearProbe().fit(stored("train", train), stored("val", val), Context())
    np.testing.assert_allclose(again.parameters, fitted.parameters, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), exponents=st.lists(st.floats(-12, 12), min_size=1, max_size=20))
def test_score_does_not_depend_on_the_scale_of_frames(seed: int, exponents: list[float]) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(len(exponents), 6)).astype(np.float32)
    scaled = values * (10.0 ** np.array(exponents))[:, None].astype(np.float32)
    fitted = FittedLinear(initial_parameters(6, rng), ("e",), {})
    plain, changed = (fitted.score({"e": track(v)}).score for v in (values, scaled))
    np.testing.assert_allclose(changed, plain, rtol=1e-5, atol=1e-5)


def test_initial_weights_are_drawn_as_torch_draws_them() -> None:
    from scipy.stats import kstest

    drawn = np.concatenate([initial_parameters(25, np.random.default_rng(seed)) for seed in range(200)])
    assert drawn.dtype == np.float32
    assert kstest(drawn, "uniform", args=(-0.2, 0.4)).pvalue > 0.01


@pytest.mark.parametrize(
    ("value", "reason"), [(0.0, "a frame whose norm is 0 or overflows"), (np.nan, "a frame that is not finite")]
)
def test_clips_without_a_score_are_left_out_and_counted(
    fitted: FittedLinear, value: float, reason: str, caplog
) -> None:
    broken = np.ones((4, 16), np.float32)
    broken[2] = value
    spoiled = Example("broken", {"e": track(broken)}, 1)
    again = LinearProbe().fit([*examples(1), spoiled], [*examples(2, 20), spoiled], Context())
    assert again.report["train"] == {"clips": 60, "left_out": {reason: 1}}
    assert again.report["val"] == {"clips": 20, "left_out": {reason: 1}}
    assert "broken is left out" in caplog.text
    np.testing.assert_array_equal(again.parameters, fitted.parameters)
    assert math.isnan(again.score(spoiled.tracks).score)


def test_a_clip_without_frames_has_no_score(fitted: FittedLinear) -> None:
    empty = track(np.empty((0, 16), np.float32))
    assert math.isnan(fitted.score({"e": empty}).score)
    again = LinearProbe().fit([*examples(1), Example("empty", {"e": empty}, 0)], examples(2, 20), Context())
    assert again.report["train"]["left_out"] == {"no frame": 1}


def test_saved_and_loaded_scores_the_same(fitted: FittedLinear, tmp_path: Path) -> None:
    fitted.save(tmp_path / "deep" / "er")
    again = LinearProbe().load(tmp_path / "deep" / "er")
    np.testing.assert_array_equal(again.parameters, fitted.parameters)
    assert (again.encoders, again.report) == (fitted.encoders, fitted.report)


def test_every_damage_of_a_saved_probe_is_an_error_with_its_path(fitted: FittedLinear, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    path = tmp_path / "linear.npz"
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"linear\.npz is not a linear probe"):
            LinearProbe().load(tmp_path)
    for position in range(0, len(content), 5):
        path.write_bytes(content[:position] + bytes([content[position] ^ 4]) + content[position + 1 :])
        try:
            again = LinearProbe().load(tmp_path)
        except ValueError as error:
            assert "linear.npz" in str(error)  # noqa: PT017
        else:  # bits of the container that nothing reads
            np.testing.assert_array_equal(again.parameters, fitted.parameters)
            assert again.report == fitted.report


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: {"e": t["e"], "f": track(np.ones((99, 3), np.float32))}, "same number of rows.*99"),
        (lambda t: {"f": t["e"]}, "no features of e"),
        (lambda t: {"e": track(np.ones(5, np.float32))}, r"must be \(T, D\)"),
        (lambda t: {"e": track(np.ones((5, 3), np.float32))}, "same number of feature columns"),
    ],
)
def test_tracks_that_do_not_fit_are_an_error(change: Callable, message: str) -> None:
    train = examples(1)
    bad = Example("odd", change(train[0].tracks), 1)
    if "f" in bad.tracks and "e" in bad.tracks:
        train = [Example(e.clip, {"f": e.tracks["e"], **e.tracks}, e.label) for e in train]
    with pytest.raises(ValueError, match=message):
        LinearProbe().fit([*train, bad], examples(2, 20), Context())


def test_scoring_features_of_another_width_is_an_error(fitted: FittedLinear) -> None:
    with pytest.raises(ValueError, match="16 columns of e, the clip has 3"):
        fitted.score({"e": track(np.ones((5, 3), np.float32))})


@pytest.mark.parametrize(("train", "val"), [(0, 20), (60, 0)])
def test_nothing_to_train_or_validate_on_is_an_error(train: int, val: int) -> None:
    with pytest.raises(ValueError, match="needs real and fake clips to train on and clips to validate on"):
        LinearProbe().fit(examples(1, train), examples(2, val), Context())


def test_one_class_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 fake and 30 real"):
        LinearProbe().fit([e for e in examples(1) if not e.label], examples(2, 20), Context())


def test_is_registered() -> None:
    assert registry().heads["linear"].card is CARD
