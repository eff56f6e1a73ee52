import math

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import layers, losses
from keras_blog.losses import multilabel_softmax, sparse_multilabel_softmax
from keras_blog.ops.multilabel import probabilities
from tests.gradients import finite_differences, value_and_gradients

SCORES = np.array([[2.0, -1.0, 0.5, -3.0]], "float32")
RNG = np.random.default_rng(0)


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def oracle(labels, scores, threshold=0.0):
    """One sample, term by term; entries of -1 left out. Python's integers of the exponent do not overflow below 700."""
    kept = [(t, s) for t, s in zip(labels, scores, strict=True) if t != -1]
    above = math.fsum((1 - t) * math.exp(s) for t, s in kept)
    below = math.fsum(t * math.exp(-s) for t, s in kept)
    if threshold is None:
        return math.log1p(above * below)
    return math.log(math.exp(threshold) + above) + math.log(math.exp(-threshold) + below)


def total(scores, labels):
    return ops.sum(multilabel_softmax(labels, scores))


def sparse_total(scores, ids):
    return ops.sum(sparse_multilabel_softmax(ids, scores))


@pytest.mark.parametrize(
    ("labels", "scores", "expected"),
    [
        ([1, 0, 1, 0], SCORES[0], 0.9039691364101771),
        ([0.9, 0.1, 0.8, 0.2], SCORES[0], 2.6660898950498018),
        ([0.5] * 4, [0.0] * 4, 2 * math.log(3)),
        ([0, 0, 0, 0], [0.0] * 4, math.log(5)),
        ([1, 1, 1, 1], [0.0] * 4, math.log(5)),
    ],
)
def test_exact_values(labels, scores, expected):
    assert float(multilabel_softmax([labels], [scores])[0]) == pytest.approx(expected, rel=1e-6)
    assert oracle(labels, scores) == pytest.approx(expected, rel=1e-12)


def test_exact_gradient():
    _, (gradient,) = value_and_gradients(total, SCORES, constants=(np.array([[1, 0, 1, 0]], "float32"),))
    np.testing.assert_allclose(gradient[0], [-0.0776955791, 0.2594964603, -0.3482074279, 0.0351190270], atol=1e-7)


def test_the_minimum_of_a_soft_label_is_at_half_its_logit():
    labels = np.array([[0.9, 0.1, 0.8, 0.2]], "float32")
    scores = np.log(labels / (1 - labels)) / 2
    _, (gradient,) = value_and_gradients(total, scores, constants=(labels,))
    np.testing.assert_allclose(gradient, 0, atol=1e-7)
    np.testing.assert_allclose(numpy(probabilities(scores)), labels, atol=1e-6)


@pytest.mark.parametrize("threshold", [0.0, 0.7, None])
@pytest.mark.parametrize("spread", [2.0, 60.0])  # the second leaves the range of the quick form
def test_equals_the_oracle_and_its_gradient(spread, threshold):
    scores = RNG.normal(size=(3, 6)) * spread
    labels = RNG.choice([0, 1, 0.3, -1], size=(3, 6))
    expected = [oracle(*row, threshold) for row in zip(labels, scores, strict=True)]
    got = multilabel_softmax(labels, scores.astype("float32"), threshold)
    np.testing.assert_allclose(numpy(got), expected, rtol=1e-5)

    def loss(scores):
        return ops.sum(multilabel_softmax(labels, scores, threshold))

    _, (gradient,) = value_and_gradients(loss, scores.astype("float32"))
    by_differences = finite_differences(lambda s: sum(oracle(*row, threshold) for row in zip(labels, s, strict=True)), scores)
    np.testing.assert_allclose(gradient, by_differences, atol=2e-5)


def test_more_axes_give_a_value_each():
    labels, scores = RNG.integers(0, 2, size=(2, 3, 6)), RNG.normal(size=(2, 3, 6)).astype("float32")
    got = multilabel_softmax(labels, scores)
    assert tuple(got.shape) == (2, 3)
    np.testing.assert_allclose(numpy(got)[1, 2], oracle(labels[1, 2], scores[1, 2]), rtol=1e-6)
    ids = np.where(labels, np.arange(6), -1)
    np.testing.assert_allclose(numpy(sparse_multilabel_softmax(ids, scores)), numpy(got), rtol=1e-6)


def test_without_a_threshold_one_label_is_the_softmax_cross_entropy():
    labels, scores = np.eye(4)[[1, 3]], RNG.normal(size=(2, 4)).astype("float32")
    expected = keras.losses.categorical_crossentropy(labels, scores, from_logits=True)
    np.testing.assert_allclose(numpy(multilabel_softmax(labels, scores, None)), numpy(expected), rtol=1e-5)


def test_is_at_most_the_sum_of_binary_cross_entropies():
    labels, scores = RNG.integers(0, 2, size=(50, 6)).astype("float32"), RNG.normal(size=(50, 6)).astype("float32") * 3
    sums = 6 * numpy(keras.losses.binary_crossentropy(labels, scores, from_logits=True))
    assert (numpy(multilabel_softmax(labels, scores)) <= sums + 1e-5).all()


def test_a_threshold_is_a_layer_that_shifts():
    layer = layers.LabelThreshold()
    layer.build((None, 4))
    layer.threshold.assign([0.7])
    labels = [[1, 0, 1, 0]]
    shifted = multilabel_softmax(labels, layer(SCORES))
    np.testing.assert_allclose(numpy(shifted), numpy(multilabel_softmax(labels, SCORES, 0.7)), rtol=1e-6)


def test_a_threshold_is_learned_in_compile():
    """Without a bias, with scores that are all too high: only the threshold can help."""
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.LabelThreshold(name="threshold")(inputs))
    model.compile(keras.optimizers.SGD(2.0), loss=losses.MultilabelSoftmax())
    scores = np.repeat(SCORES + 5, 8, axis=0)
    model.fit(scores, np.repeat([[1.0, 0, 1, 0]], 8, axis=0), epochs=20, verbose=0)
    assert 3.5 < numpy(model.layers[-1].threshold)[0] < 6.5


# Bugs of the published versions.


@pytest.mark.parametrize("score", [10.0, 15.0, 20.0, 30.0, 1e3, 1e4])
def test_bug_the_sparse_form_was_wrong_for_a_score_beyond_16(score):
    """Published: -1.1 at 15, 3.9 at 20, and no gradient for the other classes; an older one nan."""
    scores = np.array([[score, -5.0, -5.0, -5.0]], "float32")
    value, (gradient,) = value_and_gradients(sparse_total, scores, constants=(np.array([[0, -1]]),))
    exact = math.log1p(3 * math.exp(-5)) + math.log1p(math.exp(-score))
    assert value == pytest.approx(exact, rel=1e-5)
    np.testing.assert_allclose(gradient[0, 1:], math.exp(-5) / (1 + 3 * math.exp(-5)), rtol=1e-5)
    assert float(multilabel_softmax([[1, 0, 0, 0]], scores)[0]) == pytest.approx(exact, rel=1e-5)


def test_bug_labels_a_little_outside_of_0_and_1_gave_nan():
    beside = multilabel_softmax(np.array([[1 + 1e-6, -1e-6, 1, 0]], "float32"), SCORES)
    np.testing.assert_allclose(numpy(beside), 0.9039691, rtol=1e-5)


@pytest.mark.parametrize("masked", [0.0, 1e-7, -1e-7])
def test_bug_a_masked_score_exploded_by_round_off_of_its_label(masked):
    """Article 9064: labels clipped to 1e-7 and up bring a score of -1e7 back, with a loss of 1e7."""
    scores = np.array([[2.0, -1.0, 0.5, -3.0, -1e7, 1e7]], "float32")
    got = multilabel_softmax(np.array([[1, 0, 1, 0, masked, 1 - masked]], "float32"), scores)
    np.testing.assert_allclose(numpy(got), 0.9039691, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("threshold", [0.0, None])
@pytest.mark.parametrize("extreme", [6e4, -6e4, np.inf, -np.inf])
def test_bug_masks_overflowed_in_float16(extreme, threshold, dtype):
    """Finite values and gradients, for each kind of label, wherever the extreme score stands."""

    def loss(scores, labels):
        return ops.sum(multilabel_softmax(labels, scores, threshold))

    for column in range(4):
        scores = SCORES.astype(dtype)
        scores[0, column] = extreme
        labels = np.array([[1.0, 0.0, 0.5, -1.0]], "float32")
        value, (gradient,) = value_and_gradients(loss, scores, constants=(labels,))
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


def test_bug_a_label_at_minus_infinity_was_dropped_without_a_word():
    assert float(multilabel_softmax([[1, 0]], np.array([[-np.inf, 0.0]], "float32"))[0]) > 1e29
    assert float(multilabel_softmax([[0, 0]], np.array([[-np.inf, 0.0]], "float32"))[0]) == pytest.approx(math.log(2))


def test_bug_infinite_scores_were_not_left_out():
    scores = np.array([[2.0, -1.0, 0.5, np.inf]], "float32")
    assert float(multilabel_softmax([[1, 0, 1, -1]], scores)[0]) == pytest.approx(oracle([1, 0, 1], scores[0, :3]), rel=1e-6)


def test_bug_the_padding_id_was_a_class():
    """With padding 0, class 0 is none: its score changes nothing."""
    scores = np.array([[9.0, 2.0, -1.0, 0.5]], "float32")
    got = sparse_multilabel_softmax([[1, 3, 0]], scores, pad_id=0)
    assert float(got[0]) == pytest.approx(oracle([1, 0, 1], scores[0, 1:]), rel=1e-6)


def test_ids_may_come_twice_in_any_order():
    got = sparse_multilabel_softmax([[2, -1, 0, 2], [-1, -1, -1, -1]], np.repeat(SCORES, 2, axis=0))
    np.testing.assert_allclose(numpy(got), [oracle([1, 0, 1, 0], SCORES[0]), oracle([0] * 4, SCORES[0])], rtol=1e-6)


def test_nothing_to_decide_costs_nothing():
    assert numpy(multilabel_softmax([[-1, -1]], [[3.0, 4.0]])) == 0
    assert numpy(multilabel_softmax([[-1, -1]], [[300.0, 4.0]])) == 0
    assert numpy(multilabel_softmax([[0, 0]], [[300.0, 4.0]], None)) == 0
    assert tuple(multilabel_softmax(np.zeros((0, 4)), np.zeros((0, 4), "float32")).shape) == (0,)


def test_ids_are_not_cast_to_floats():
    """In float16, id 2049 would be 2048."""
    scores = np.zeros((1, 4096), "float32")
    scores[0, 2049] = 5.0
    loss = losses.SparseMultilabelSoftmax(dtype="float16" if keras.config.backend() != "jax" else "float32")
    assert float(loss(np.array([[2049, -1]]), scores)) == pytest.approx(oracle(np.eye(4096)[2049], scores[0]), rel=2e-3)


@pytest.mark.parametrize("jit", [False, True])
def test_values_and_gradients_jitted(jit):
    if jit and keras.config.backend() == "torch":
        return
    _, (gradient,) = value_and_gradients(total, SCORES, constants=(np.array([[1, 0, 1, 0]], "float32"),), jit=jit)
    np.testing.assert_allclose(gradient[0, 0], -0.0776955791, atol=1e-6)
    value, _ = value_and_gradients(sparse_total, SCORES, constants=(np.array([[2, 0, -1]], "int32"),), jit=jit)
    assert value == pytest.approx(0.9039691, rel=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: multilabel_softmax([1, 0], SCORES), r"`y_true` must have the shape of `y_pred`.*received \(2,\)"),
        (lambda: multilabel_softmax([[1, 0]], SCORES), r"received \(1, 2\)\. For lists of class ids"),
        (lambda: sparse_multilabel_softmax([1], SCORES), r"`y_true` must be ids, shape \(1, 'length'\); received shape \(1,\)"),
        (lambda: sparse_multilabel_softmax([[4]], SCORES), r"`ids` must be less than the number of classes, 4; received 4"),
        (lambda: losses.MultilabelSoftmax(threshold=np.nan), "`threshold` must be None, or finite"),
        (lambda: losses.SparseMultilabelSoftmax(pad_id=0.5), "`pad_id` must be an int; received 0.5"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
