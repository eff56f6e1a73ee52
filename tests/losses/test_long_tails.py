"""Logit adjustment and the losses of one formula with it."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import layers, losses
from keras_blog.losses import logit_adjusted, pairwise_margin
from keras_blog.ops import adjust_logits
from keras_blog.ops.prior import log_prior
from tests.gradients import value_and_gradients

SCORES = np.repeat(np.array([[2.0, 1.0, 0.5]], "float32"), 3, axis=0)
PRIOR = [0.7, 0.2, 0.1]
IDS = np.array([0, 1, 2])
RNG = np.random.default_rng(0)


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def oracle(y, scores, difference, weight=1.0):
    """`w log(1 + sum over others j of exp(difference(y, j) + f_j - f_y))`, as the paper writes it."""
    others = [j for j in range(len(scores)) if j != y]
    return weight * math.log1p(math.fsum(math.exp(difference(y, j) + scores[j] - scores[y]) for j in others))


@pytest.mark.parametrize(
    ("tau", "expected"),
    [
        (0.0, (0.4643687841, 1.4643687841, 1.9643687841)),
        (0.5, (0.2476215895, 1.8740030737, 2.7205766640)),
        (1.0, (0.1283792735343081, 2.381142242029676, 3.5742894225896213)),
    ],
)
def test_exact_values(tau, expected):
    np.testing.assert_allclose(numpy(logit_adjusted(IDS, SCORES, PRIOR, tau)), expected, rtol=1e-5)
    as_the_article = [oracle(y, SCORES[0].tolist(), lambda y, j: tau * math.log(PRIOR[j] / PRIOR[y])) for y in IDS]
    np.testing.assert_allclose(as_the_article, expected, rtol=1e-9)
    np.testing.assert_allclose(numpy(logit_adjusted(np.eye(3), SCORES, PRIOR, tau)), expected, rtol=1e-5)


@pytest.mark.parametrize(("tau", "expected"), [(0.0, 0), (0.5, 0), (1.0, 2), (2.0, 2)])
def test_exact_readings(tau, expected):
    assert int(ops.argmax(adjust_logits(SCORES[0], PRIOR, tau))) == expected


def test_uniform_classes_give_the_cross_entropy():
    expected = keras.losses.sparse_categorical_crossentropy(IDS, SCORES, from_logits=True)
    np.testing.assert_allclose(numpy(logit_adjusted(IDS, SCORES, [4, 4, 4])), numpy(expected), rtol=1e-5)


def test_counts_are_as_good_as_shares():
    by_counts = logit_adjusted(IDS, SCORES, [700, 200, 100])
    np.testing.assert_allclose(numpy(by_counts), numpy(logit_adjusted(IDS, SCORES, PRIOR)), rtol=1e-6)


def test_bug_the_constant_of_an_absent_class_decided():
    """Published: 1e-8 or 1e-12, so -18 or -28 nats, whatever the data. Here half the rarest, of counts and of shares."""
    expected = np.log(np.array([8, 2, 1]) / 11)
    np.testing.assert_allclose(log_prior([8, 2, 0]), expected)
    np.testing.assert_allclose(log_prior([0.8, 0.2, 0.0]), expected)
    assert np.isfinite(numpy(logit_adjusted(IDS, SCORES, [1, 0, 0]))).all()


def test_bug_large_adjustments_overflowed_in_float16():
    def loss(scores):
        return ops.sum(logit_adjusted(IDS, scores, [10**9, 1, 1], tau=50.0))

    value, (gradient,) = value_and_gradients(loss, (SCORES * 3e4).astype("float16"))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_infinite_scores_have_finite_gradients():
    scores = np.array([[np.inf, 0.0, 0.0], [0.0, -np.inf, 0.0], [-np.inf] * 3], "float32")
    value, (gradient,) = value_and_gradients(lambda s: ops.sum(logit_adjusted(IDS, s, PRIOR)), scores)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_a_frozen_bias_is_the_same_as_the_loss():
    biased = layers.PriorBias(PRIOR, tau=0.5)(SCORES)
    expected = numpy(logit_adjusted(IDS, SCORES, PRIOR, tau=0.5))
    np.testing.assert_allclose(
        numpy(keras.losses.sparse_categorical_crossentropy(IDS, biased, from_logits=True)), expected, rtol=1e-5
    )
    assert not layers.PriorBias(PRIOR).trainable_variables


def test_a_bias_may_learn():
    layer = layers.PriorBias(PRIOR, trainable=True)
    layer.build((None, 3))
    assert len(layer.trainable_variables) == 1
    np.testing.assert_allclose(numpy(layer.bias), np.log(PRIOR), rtol=1e-6)


COUNTS = np.array([100.0, 20.0, 4.0])


@pytest.mark.parametrize(
    ("loss", "difference", "scale"),
    [
        (losses.PairwiseMargin.ldam(COUNTS, 0.5, 8.0), lambda y, j: 8 * 0.5 * (4 / COUNTS[y]) ** 0.25, [8.0] * 3),
        (losses.PairwiseMargin.equalised(COUNTS, 0.1, 0.75), lambda y, j: math.log(0.25) if j == 2 else 0.0, [1.0] * 3),
        (
            losses.PairwiseMargin.vector_scaling(COUNTS, 0.3, 1.2),
            lambda y, j: 1.2 * math.log(COUNTS[j] / COUNTS[y]),
            (COUNTS / 100) ** 0.3,
        ),
        (losses.LogitAdjusted(COUNTS, 0.8), lambda y, j: 0.8 * math.log(COUNTS[j] / COUNTS[y]), [1.0] * 3),
    ],
    ids=["ldam", "equalised", "vector_scaling", "logit_adjusted"],
)
def test_the_losses_of_the_formula(loss, difference, scale):
    loss.reduction = None
    expected = [oracle(y, SCORES[0] * scale, difference) for y in IDS]
    np.testing.assert_allclose(numpy(loss(IDS, SCORES)), expected, rtol=1e-4, atol=1e-5)


def test_weights_and_left_out_samples():
    values = pairwise_margin(np.array([0, -1, 2]), SCORES, weight=[2.0, 1.0, 1.0])
    expected = [2 * oracle(0, SCORES[0], lambda y, j: 0), 0, oracle(2, SCORES[0], lambda y, j: 0)]
    np.testing.assert_allclose(numpy(values), expected, rtol=1e-6)


def test_a_label_for_each_step():
    ids, scores = RNG.integers(-1, 3, size=(2, 4)), RNG.normal(size=(2, 4, 3)).astype("float32")
    got = numpy(logit_adjusted(ids, scores, PRIOR))
    flat = numpy(logit_adjusted(ids.ravel(), scores.reshape(-1, 3), PRIOR))
    np.testing.assert_allclose(got, flat.reshape(2, 4), rtol=1e-6)


def test_the_toy_of_the_paper():
    """Two Gaussians around (1, 1) and (-1, -1), 5 in 100 of the first: the balanced boundary runs through the origin.

    No model has a lower balanced error than Phi(-sqrt 2) = .0786.
    """
    rng = np.random.default_rng(0)
    y = (rng.random(10_000) < 0.05).astype(int)
    x = rng.normal(size=(10_000, 2)) + np.where(y, 1.0, -1.0)[:, None]
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dense(2, kernel_initializer="zeros")(inputs))
    model.compile(keras.optimizers.SGD(2.0, momentum=0.9), loss=losses.LogitAdjusted(np.bincount(y)))
    model.fit(x.astype("float32"), y, batch_size=10_000, epochs=60, verbose=0)
    kernel, bias = model.get_weights()
    direction, offset = kernel[:, 1] - kernel[:, 0], bias[1] - bias[0]
    assert abs(offset) / np.linalg.norm(direction) < 0.1  # distance of the boundary from the origin
    distance = np.array([[1.0, 1.0], [-1.0, -1.0]]) @ direction + offset
    errors = [
        0.5 * math.erfc(sign * d / np.linalg.norm(direction) / math.sqrt(2)) for sign, d in zip((1, -1), distance, strict=True)
    ]
    assert 0.0786 < np.mean(errors) < 0.081


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: logit_adjusted(IDS[:, None], SCORES, PRIOR),
            r"`y_true` must be ids of shape \(3,\), or .*received shape \(3, 1\)",
        ),
        (
            lambda: logit_adjusted(IDS, SCORES, [1, 2]),
            r"`others` must be a number, or have a value a class, 3; received shape \(2,\)",
        ),
        (lambda: logit_adjusted([0, 1, 3], SCORES, PRIOR), r"`y_true` must lie in \[-1, 2\]; received values from 0 to 3"),
        (lambda: losses.LogitAdjusted([1, -1]), "`prior` must be shares or counts, at least 0"),
        (lambda: losses.LogitAdjusted(PRIOR, tau=np.inf), "`tau` must be a finite number"),
        (lambda: losses.PairwiseMargin(scale=np.nan), "`scale` must be a finite number"),
        (lambda: losses.PairwiseMargin.equalised(COUNTS, 0.1, 1.0), "`share` must be from 0 to less than 1"),
        (lambda: layers.PriorBias([0, 0]), "`prior` must be shares or counts"),
        (
            lambda: layers.PriorBias(PRIOR).build((None, 4)),
            r"`inputs` must have a score a class, 3; received shape \(None, 4\)",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
