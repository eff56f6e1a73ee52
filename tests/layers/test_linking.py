"""The layers of `models.EntityLinker` that take several inputs; `HalfPointer` is in the contract too."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import layers

RNG = np.random.default_rng(0)
QUERY = RNG.normal(size=(2, 1, 3, 4)).astype("float32")
VALUE = RNG.normal(size=(2, 2, 5, 4)).astype("float32")
SAME = (RNG.random((2, 2, 3, 5)) < 0.3).astype("float32")
QUERY_MASK = np.array([[[1, 1, 1]], [[1, 1, 0]]], bool)
VALUE_MASK = np.array([[[1, 1, 0, 0, 0], [1, 1, 1, 1, 1]], [[1, 0, 1, 0, 0], [0, 0, 0, 0, 0]]], bool)


def numpy(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


def slow_match(layer, query, value, same, query_mask, value_mask):
    """One pair of texts, word by word, in float64."""
    kernel, (weight, bias) = numpy(layer.features.kernel).astype("float64"), map(numpy, layer.comparison.weights)
    sides = [(text[mask] @ kernel) for text, mask in ((query, query_mask), (value, value_mask))]
    same = same[query_mask][:, value_mask]
    out = []
    for own, other, alike in ((*sides, same), (*sides[::-1], same.T)):
        rows = []
        for i, word in enumerate(own):
            scores = np.array(
                [word @ x / layer.units**0.5 + numpy(layer.attraction) * alike[i, j] for j, x in enumerate(other)]
            )
            weights = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
            found = weights @ other
            rows.append(np.maximum(np.concatenate([word * found, abs(word - found), [alike[i].max()]]) @ weight + bias, 0))
        out += [np.max(rows, 0), np.mean(rows, 0)]
    return np.concatenate(out)


@pytest.fixture
def match():
    layer = layers.CrossMatch(6)
    layer(QUERY, VALUE, SAME)
    for weight in layer.weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape).astype("float32"))
    return layer


def test_cross_match_equals_the_slow_one_and_nothing_gives_zero(match):
    found = numpy(match(QUERY, VALUE, SAME, query_mask=QUERY_MASK, value_mask=VALUE_MASK))
    assert found.shape == (2, 2, 24)
    for i, j in ((0, 0), (0, 1), (1, 0)):
        slow = slow_match(match, QUERY[i, 0], VALUE[i, j], SAME[i, j], QUERY_MASK[i, 0], VALUE_MASK[i, j])
        np.testing.assert_allclose(found[i, j], slow, rtol=1e-4, atol=1e-5)
    assert not found[1, 1, 12:].any()


def test_cross_match_ignores_what_is_masked(match):
    expected = numpy(match(QUERY, VALUE, SAME, query_mask=QUERY_MASK, value_mask=VALUE_MASK))
    query, value = np.where(QUERY_MASK[..., None], QUERY, 7), np.where(VALUE_MASK[..., None], VALUE, -7)
    same = np.where(QUERY_MASK[..., None] & VALUE_MASK[..., None, :], SAME, 1).astype("float32")
    found = numpy(match(query.astype("float32"), value.astype("float32"), same, query_mask=QUERY_MASK, value_mask=VALUE_MASK))
    np.testing.assert_allclose(found[:, 0], expected[:, 0], rtol=1e-5, atol=1e-6)


def test_exchanged_texts_exchange_the_halves(match):
    there = match(VALUE, QUERY, np.swapaxes(SAME, -1, -2), query_mask=VALUE_MASK, value_mask=QUERY_MASK)
    back = numpy(match(QUERY, VALUE, SAME, query_mask=QUERY_MASK, value_mask=VALUE_MASK))
    np.testing.assert_allclose(numpy(there), np.concatenate([back[..., 12:], back[..., :12]], -1), rtol=1e-5, atol=1e-6)


def test_span_mean_is_the_mean_and_of_nothing_zero():
    spans = np.array([[1, 3], [2, 2]], "int32")
    found = numpy(layers.SpanMean()(VALUE[:, 0], spans))
    np.testing.assert_allclose(found, [VALUE[0, 0, 1:3].mean(0), np.zeros(4)], rtol=1e-6)


def test_candidate_prior_of_scores_that_say_nothing_is_the_prior():
    log_prior = np.log([[0.7, 0.2, 0.1], [0.5, 0.5, 1.0]]).astype("float32")
    mask = np.array([[1, 1, 1], [1, 1, 0]], bool)
    logits = layers.CandidatePrior()(np.zeros((2, 3), "float32"), log_prior, mask=mask)
    np.testing.assert_allclose(numpy(ops.softmax(logits[:, 1:])), [[0.7, 0.2, 0.1], [0.5, 0.5, 0]], rtol=1e-5)
    assert numpy(logits[:, 0]).tolist() == [0, 0]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_is_finite(policy):
    keras.config.set_dtype_policy(policy)
    match, prior = layers.CrossMatch(6), layers.CandidatePrior()
    found = match(QUERY, VALUE, SAME, query_mask=QUERY_MASK, value_mask=VALUE_MASK)
    assert np.isfinite(numpy(found)).all()
    logits = prior(found[..., 0], np.zeros((2, 2)), mask=VALUE_MASK.any(-1))
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    assert np.isfinite(numpy(logits)).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.CrossMatch(0), "`units` must be an int from 1 to 65536; received 0"),
        (lambda: layers.HalfPointer(True), "`units` must be an int"),
        (lambda: layers.HalfPointer(8, 2.0), "`kernel_size` must be an int"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()
