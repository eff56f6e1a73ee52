import numpy as np
import pytest
from keras import ops

from keras_blog import layers
from keras_blog.ops import bernoulli
from tests.gradients import value_and_gradients

RNG = np.random.default_rng(0)


def oracle(x, logits):
    x, logits = np.asarray(x, "float64"), np.asarray(logits, "float64")
    return np.sum(x * logits - np.logaddexp(0, logits), axis=-1)


def total(logits, x, weights):
    return ops.sum(weights * bernoulli.log_probability(x, logits))


@pytest.mark.parametrize("scale", [1.0, 30.0, 1e4])
@pytest.mark.parametrize("bits", [1, 97, 101, 784])
def test_values_and_gradients_are_those_of_every_bit(scale, bits):
    """1 and the primes 97 and 101: one group, one group of all, and no group."""
    logits = (scale * RNG.uniform(-1, 1, size=(3, bits))).astype("float32")
    logits[:, 0] = 0, scale, -scale
    x, weights = RNG.random((3, bits)).astype("float32"), np.array([1, -2, 0.5], "float32")
    expected = oracle(x, logits)
    size = np.sum(np.abs(logits), axis=-1) + 1
    value, (gradient,) = value_and_gradients(total, logits, constants=(x, weights))
    found = ops.convert_to_numpy(bernoulli.log_probability(x, ops.convert_to_tensor(logits)))
    assert np.all(np.abs(found - expected) < 1e-6 * size)
    assert abs(value - weights @ expected) < 1e-6 * (np.abs(weights) @ size)
    sigmoid = np.exp(-np.logaddexp(0, -logits.astype("float64")))
    np.testing.assert_allclose(gradient, weights[:, None] * (x - sigmoid), atol=3e-7)


def test_a_hundred_factors_of_two_do_not_overflow():
    found = bernoulli.log_probability(np.zeros((1, 1000), "float32"), ops.zeros((1, 1000)))
    np.testing.assert_allclose(ops.convert_to_numpy(found), -1000 * np.log(2), rtol=1e-6)


def test_several_images_of_each_sample_and_certain_bits():
    x = RNG.integers(0, 2, size=(3, 4, 5, 1)).astype("float32")
    logits = RNG.normal(size=(2, *x.shape)).astype("float32")
    found = ops.convert_to_numpy(layers.Likelihood()(logits, x))
    np.testing.assert_allclose(found, oracle(x.reshape(3, 20), logits.reshape(2, 3, 20)), rtol=1e-6)
    certain = layers.Likelihood()(1e4 * (2 * x - 1), x)  # what is certain and right has probability 1
    assert ops.convert_to_numpy(certain).tolist() == [0, 0, 0]
    each = [ops.convert_to_numpy(layers.Likelihood("gaussian", 0.4)(part, x)) for part in logits]
    np.testing.assert_allclose(ops.convert_to_numpy(layers.Likelihood("gaussian", 0.4)(logits, x)), each, rtol=1e-5)
