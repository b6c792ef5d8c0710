"""Made-up records for tests: no measured number, but the shape of one."""

from dataclasses import replace

import numpy as np
import pandas as pd

from leaderboard import intervals, records
from leaderboard.intervals import Metric
from leaderboard.records import Cell, Record


def metric(value, half=0.06, **change):
    lo, hi = (None, None) if half is None else (value - half, value + half)
    fields = {"value": value, "lo": lo, "hi": hi, "se": 0.03, "n_pos": 42, "n_neg": 42, "n_groups": 42}
    return Metric(**{**fields, "method": "test", "worst": value, "best": value, **change})


def record(detector="tiny_a-linear", train="sim_whole", test="sim_lip", probe=None, auc=0.8, **change):
    encoder, _, head = detector.partition("-")
    cell = Cell(
        id="-".join(filter(None, [detector, f"{train}_to_{test}", probe])),
        detector=detector,
        encoder=encoder if head else None,
        head=head or None,
        modality="audio",
        train=train,
        test=test,
        probe=probe,
        domain="in" if train == test else "out",
        seeds=(43,),
        control=detector == "silence" or ".random" in detector or test == "sim_null",
    )
    fields = {
        "data": "sim",
        "status": "ok",
        "size": "default",
        "corpus": {"seed": 0, "version": 1},
        "signature": "0f" * 32,
        "detectors": {"43": "1e" * 32},
        "metrics": {"auc": metric(auc), "ap": metric(auc), "tpr_at_fpr1": metric(0.25, None)},
        "runs": [{"seed": 43, "auc": auc}],
        "manifests": {"train": "aa", "val": "bb", "test": "cc"},
        "coverage": {"test": {"found": 84, "expected": 84, "failed": []}},
        "leakage": {"identity": {"shared": 0, "of": 42}, "source": {"shared": 0, "of": 42}},
        "environment": {"python": "3.11"},
        "code": {"version": "0.1.0", "commit": None},
    }
    return Record(cell=cell, **{**fields, **change})


def clips(shift, seed=0, identities=42):
    """Per-clip scores of a real and a fake clip an identity; `shift` moves the fakes up."""
    rng = np.random.default_rng(seed)
    label = np.tile([0, 1], identities)
    person = np.repeat(np.arange(identities), 2)
    return pd.DataFrame(
        {
            "clip": [f"c{who:02d}{'rf'[fake]}" for who, fake in zip(person, label, strict=True)],
            "identity": [f"i{who:02d}" for who in person],
            "label": label,
            "seed43": rng.normal(size=2 * identities) + shift * label,
            "reason": "",
        }
    )


def write_measured(results, one, scores):
    """Write a made-up record whose metrics are those of its per-clip scores, with these; returns it."""
    path, sha256 = records.write_scores(results, scores)
    labels, values, people = scores["label"].to_numpy(), scores["seed43"].to_numpy(), scores["identity"]
    done = replace(
        one,
        metrics=intervals.evaluate(labels, values, people),
        runs=intervals.runs(labels, values, [43]),
        scores={"path": path, "sha256": sha256},
    )
    records.write(results, done)
    return done
