import json

import numpy as np
import pytest

from leaderboard.frames import frame_labels
from leaderboard.metrics import curve, roc_auc


def spans(n, fps=25.0, start=0.0):
    edges = start + np.arange(n + 1) / fps
    return np.stack([edges[:-1], edges[1:]], axis=1)


def test_golden_frame_labels_and_pooled_auc(golden):
    data = json.loads((golden("protocol/frame_auc") / "cases.json").read_text())
    expected = data["expected"]["int_trunc_halfopen"]
    labels = [frame_labels(spans(v["n_frames"]), v["fake_segments"]) for v in data["videos"]]
    assert [int(x.sum()) for x in labels] == expected["positives_per_video"]
    scores = [np.array(v["frame_scores"]) for v in data["videos"]]
    fake = [i for i, v in enumerate(data["videos"]) if v["fake_segments"]]
    for chosen, name in ((range(len(labels)), "all_videos"), (fake, "fake_videos_only")):
        pooled = curve(np.concatenate([labels[i] for i in chosen]), np.concatenate([scores[i] for i in chosen]))
        assert roc_auc(pooled)[0] == pytest.approx(expected[f"pooled_auc_{name}"], abs=1e-12)


@pytest.mark.parametrize("segment", [(0.0, 0.4), (0.56, 1.13), (0.58, 0.6), (1.9, 9.0), (0.51, 0.519), (4.6, 4.61)])
def test_labels_equal_slice_assignment_at_25_fps(segment):
    expected = np.zeros(50, dtype=int)
    expected[int(segment[0] * 25) : int(segment[1] * 25)] = 1
    assert frame_labels(spans(50), [segment]).tolist() == expected.tolist()


def test_other_rates_and_late_starts_take_the_frame_of_their_centre():
    segment = [(1.0, 1.4)]
    full = frame_labels(spans(60), segment)
    assert frame_labels(spans(50, start=0.4), segment).tolist() == full[10:].tolist()
    slow = frame_labels(spans(30, fps=12.5), segment)
    centres = (np.arange(30) + 0.5) / 12.5
    assert slow.tolist() == [int(full[int(c * 25)]) for c in centres]
    assert frame_labels(np.empty((0, 2)), segment).shape == (0,)
