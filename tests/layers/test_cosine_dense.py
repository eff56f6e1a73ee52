"""Cosines of features and centres."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import layers
from keras_blog.layers.cosine_dense import unit
from tests.gradients import value_and_gradients

X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


def test_cosines_from_the_first_call_on_whatever_the_lengths():
    """The article's constraint normalises only after the first update."""
    layer = layers.CosineDense(5)
    got = ops.convert_to_numpy(layer(X))
    centers = ops.convert_to_numpy(layer.centers)
    expected = X @ centers.T / np.linalg.norm(X, axis=1)[:, None] / np.linalg.norm(centers, axis=1)
    np.testing.assert_allclose(got, expected, atol=1e-6)
    layer.centers.assign(7.0 * centers)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(0.1 * X)), expected, atol=1e-6)


def test_the_nearest_sub_center_counts():
    layer = layers.CosineDense(2, sub_centers=3)
    got = ops.convert_to_numpy(layer(X))
    single = layers.CosineDense(6)
    single.build(X.shape)
    single.set_weights(layer.get_weights())
    np.testing.assert_allclose(got, ops.convert_to_numpy(single(X)).reshape(4, 2, 3).max(axis=-1))


def test_a_vector_of_zeros_has_cosine_zero_and_gradient_zero():
    """ops.normalize has gradient nan or 1e7 there: a dead feature made the weights nan."""
    value, (gradient,) = value_and_gradients(lambda x: ops.sum(unit(x)), np.array([[0, 0], [3, 4]], "float32"))
    np.testing.assert_allclose(value, 1.4, rtol=1e-6)
    assert (gradient[0] == 0).all()
    assert np.isfinite(gradient).all()


def test_wrong_inputs():
    with pytest.raises(ValueError, match="`inputs` must be features of shape"):
        layers.CosineDense(3)(keras.Input((None,)))
    with pytest.raises(ValueError, match="`inputs` must be cosines of shape"):
        layers.MarginSchedule()(np.zeros((2, 3, 4), "float32"))
