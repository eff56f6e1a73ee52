"""Sparse self-attention as a layer: beside `keras.layers.MultiHeadAttention`, and step by step."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog.layers import AtrousSelfAttention, LocalSelfAttention, SparseSelfAttention
from keras_blog.ops.rotary import rotate
from keras_blog.ops.sparse_attention import Pattern, atrous, fixed, local, sparse_mask, strided

X = np.random.default_rng(0).normal(size=(2, 21, 6)).astype("float32")
MASK = np.arange(21) < np.array([[21], [13]])


def numpy(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("causal", [False, True])
def test_stands_where_multi_head_attention_stood(causal):
    """Weights by weights; `LocalSelfAttention(window=w)` is `MultiHeadAttention(sliding_window=w)`."""
    for ours, mask in (
        (LocalSelfAttention(3, 4, window=5, causal=causal), sparse_mask(21, local(5, causal))),
        (AtrousSelfAttention(3, 4, rate=4, causal=causal), sparse_mask(21, atrous(4, causal))),
        (SparseSelfAttention(3, 4, fixed(6, 1, causal)), sparse_mask(21, fixed(6, 1, causal))),
    ):
        theirs = keras.layers.MultiHeadAttention(3, 4)
        theirs.build(X.shape, X.shape)
        rng = np.random.default_rng(1)
        theirs.set_weights([rng.normal(size=weight.shape) for weight in theirs.get_weights()])
        ours.build(X.shape)
        ours.set_weights(theirs.get_weights())
        assert [w.path.split("/")[-2:] for w in ours.weights] == [w.path.split("/")[-2:] for w in theirs.weights]
        expected = numpy(theirs(X, X, attention_mask=mask[None]))
        np.testing.assert_allclose(numpy(ours(X)), expected, atol=1e-4)
        padded = mask & MASK[:, None, :]
        expected = np.where(MASK[..., None], numpy(theirs(X, X, attention_mask=padded)), 0)
        np.testing.assert_allclose(numpy(ours(X, mask=MASK)), expected, atol=1e-4)


def test_a_fully_masked_row_gives_zero():
    layer = LocalSelfAttention(3, 4, window=5)
    layer.build(X.shape)
    layer.set_weights([np.ones(weight.shape) for weight in layer.get_weights()])  # biases too
    assert not numpy(layer(X, mask=np.zeros((2, 21), bool))).any()


def test_dropout_is_for_training():
    layer = LocalSelfAttention(3, 4, window=5, dropout=0.5, seed=0)
    calm = numpy(layer(X))
    np.testing.assert_array_equal(numpy(layer(X, training=False)), calm)
    first, second = numpy(layer(X, training=True)), numpy(layer(X, training=True))
    assert np.abs(first - calm).max() > 1e-3
    assert np.abs(first - second).max() > 1e-3


def test_rotary_products_depend_on_the_distance():
    query, key = (ops.convert_to_tensor(X[:, :1, None, :]) for _ in range(2))
    products = [
        float(ops.sum(rotate(query, ops.convert_to_tensor([i]), 100.0) * rotate(key, ops.convert_to_tensor([j]), 100.0)))
        for i, j in ((0, 3), (7, 10), (20, 23), (3, 0), (0, 4))
    ]
    np.testing.assert_allclose(products[:3], products[0], rtol=1e-5)
    np.testing.assert_allclose(products[3], products[0], rtol=1e-5)  # here query = key
    assert abs(products[4] - products[0]) > 1e-2
    layer = LocalSelfAttention(2, 4, window=30, rotary_base=100.0)
    assert np.abs(numpy(layer(X))[:, ::-1] - numpy(layer(X[:, ::-1]))).max() > 1e-3  # order matters


@pytest.mark.parametrize(
    ("pattern", "slots"),
    [
        (local(5, causal=True), 5),
        (local(4, causal=True, global_tokens=2), 4 + 3),
        (atrous(4, causal=True), 24),
        (strided(4, window=6, causal=True), 6 + 24),
        (fixed(6, 2, causal=True), 6 + 9),
        (Pattern(window=3, block=5, summary=1, causal=True, global_tokens=1), 2 + 3 + 5 + 6),
    ],
)
def test_step_by_step_equals_all_at_once(pattern, slots):
    """With a cache of the size that the pattern bounds, two heads a key, and rotary positions."""
    layer = SparseSelfAttention(4, 4, pattern, num_key_value_heads=2, rotary_base=100.0)
    expected = numpy(layer(X))
    cache = layer.initial_cache(2, steps=21)
    assert sum(keys.shape[1] * keys.shape[2] for keys, _ in cache["kept"]) == slots
    for step in range(21):
        y, cache = layer.decode(ops.convert_to_tensor(X[:, step : step + 1]), cache)
        np.testing.assert_allclose(numpy(y)[:, 0], expected[:, step], atol=1e-5, err_msg=f"step {step}")


def test_a_pattern_that_looks_ahead_has_no_cache():
    layer = LocalSelfAttention(2, 4, window=5)
    layer.build(X.shape)
    with pytest.raises(ValueError, match="`pattern` must be causal"):
        layer.initial_cache(1, 8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_heads": 0}, "`num_heads` must be an int from 1 to 65536; received 0"),
        ({"key_dim": 2.5}, "`key_dim` must be an int from 1 to 65536; received 2.5"),
        ({"num_key_value_heads": 3}, "`num_key_value_heads` must divide `num_heads`, 4; received 3"),
        ({"pattern": 256}, "`pattern` must be of keras_blog.ops.sparse_attention"),
        ({"dropout": 1.0}, r"`dropout` must lie in \[0, 1\); received 1.0"),
        ({"rotary_base": 10000.0, "key_dim": 3}, "`rotary_base` must be over 1, and `key_dim` even"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        SparseSelfAttention(**{"num_heads": 4, "key_dim": 4, "pattern": local(3), **arguments})


def test_bad_input():
    with pytest.raises(ValueError, match=r"`inputs` must have shape \(batch, steps, dim\); received \(2, 21\)"):
        LocalSelfAttention(2, 4, window=3).build((2, 21))
