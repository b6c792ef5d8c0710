"""Attention with relative positions against transformers' own, and against the sum over pairs that defines it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from detectors.nets import relative
from detectors.nets.relative import RelativeAttention, by_pair, relative_positions


@given(st.integers(1, 6), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_scores_by_distance_become_scores_by_pair(queries, further, seed):
    keys = queries + further
    scores = torch.from_numpy(np.random.default_rng(seed).standard_normal((2, queries, queries + keys - 1)))
    pairs = by_pair(scores, keys)
    assert pairs.shape == (2, queries, keys)
    for i in range(queries):
        for j in range(keys):
            assert torch.equal(pairs[:, i, j], scores[:, i, queries - 1 - (i - j)])


@pytest.mark.parametrize("block", [1, 2, 3, 10])
@torch.inference_mode()
def test_long_sequences_attend_in_blocks_to_the_same_end(block, monkeypatch):
    torch.manual_seed(0)
    attention, x, positions = RelativeAttention(8, 2).eval(), torch.randn(2, 11, 8), relative_positions(11, 8)
    mask = torch.arange(11) < torch.tensor([[7], [11]])
    whole = attention(x, positions), attention(x, positions, mask)
    monkeypatch.setattr(relative, "BLOCK", block)
    torch.testing.assert_close(attention(x, positions), whole[0], rtol=0, atol=1e-6)
    torch.testing.assert_close(attention(x, positions, mask), whole[1], rtol=0, atol=1e-6)


def test_positions_run_from_the_past_to_the_future():
    positions = relative_positions(4, 6).double().numpy()
    rates = 10_000.0 ** (-np.arange(0, 6, 2) / 6)
    expected = [[part for rate in rates for part in (np.sin(d * rate), np.cos(d * rate))] for d in range(3, -4, -1)]
    np.testing.assert_allclose(positions, expected, atol=1e-6)
    with pytest.raises(ValueError, match="even"):
        relative_positions(4, 5)


@pytest.mark.parametrize("rows", [1, 2, 11])
@torch.inference_mode()
def test_attention_equals_that_of_transformers(rows):
    from transformers import Wav2Vec2ConformerConfig
    from transformers.models.wav2vec2_conformer.modeling_wav2vec2_conformer import (
        Wav2Vec2ConformerRelPositionalEmbedding,
        Wav2Vec2ConformerSelfAttention,
    )

    config = Wav2Vec2ConformerConfig(hidden_size=24, num_attention_heads=3, attention_dropout=0.0)
    config._attn_implementation = "eager"
    torch.manual_seed(0)
    ours, theirs = RelativeAttention(24, 3).eval(), Wav2Vec2ConformerSelfAttention(config).eval()
    theirs.load_state_dict(ours.state_dict(), strict=True)
    x = torch.randn(2, rows, 24)
    positions = Wav2Vec2ConformerRelPositionalEmbedding(config)(x)
    torch.testing.assert_close(relative_positions(rows, 24)[None], positions, rtol=0, atol=1e-6)
    expected = theirs(x, relative_position_embeddings=positions)[0]
    torch.testing.assert_close(ours(x, relative_positions(rows, 24)), expected, rtol=0, atol=1e-6)


@torch.inference_mode()
def test_masked_rows_are_not_attended_to():
    torch.manual_seed(0)
    attention = RelativeAttention(8, 2).eval()
    x = torch.randn(2, 5, 8)
    mask = torch.tensor([[True, True, True, False, False], [True] * 5])
    attended = attention(x, relative_positions(5, 8), mask)
    torch.testing.assert_close(attended[:1, :3], attention(x[:1, :3], relative_positions(3, 8)), rtol=0, atol=1e-6)
    torch.testing.assert_close(attended[1:], attention(x[1:], relative_positions(5, 8)), rtol=0, atol=1e-6)
