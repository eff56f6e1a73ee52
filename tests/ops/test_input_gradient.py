import keras
import numpy as np
from keras import ops

from keras_blog.ops.input_gradient import input_gradient
from tests.gradients import value_and_gradients

RNG = np.random.default_rng(0)
X, V, W = (RNG.normal(size=size).astype("float32") for size in ((5, 4), (4, 8), (8, 1)))


def network(x, v, w):
    return ops.matmul(ops.tanh(ops.matmul(x, v)), w)


def penalty(v, w, x):
    """The mean sixth power of the slope: its gradient in the weights goes twice through the network."""
    return ops.mean(ops.sum(ops.square(input_gradient(lambda x: network(x, v, w), x)), axis=1) ** 3)


def slopes(v, w):
    """By hand: sum over hidden units of w (1 - tanh^2) v."""
    return ((1 - np.tanh(X @ v) ** 2) * w[:, 0]) @ v.T


def test_it_is_the_gradient_and_differentiable_again():
    v, w = V.astype("float64"), W.astype("float64")
    of = lambda v, w: np.mean(np.sum(slopes(v, w) ** 2, axis=1) ** 3)  # noqa: E731
    got = ops.convert_to_numpy(input_gradient(lambda x: network(x, V, W), X))
    np.testing.assert_allclose(got, slopes(v, w), rtol=1e-5, atol=1e-6)
    for jit in (False, True):
        value, gradients = value_and_gradients(penalty, V, W, constants=(X,), jit=jit)
        np.testing.assert_allclose(value, of(v, w), rtol=1e-5)
        for i, gradient in enumerate(gradients):
            direction = RNG.normal(size=gradient.shape)
            steps = [[v + step * direction, w] if i == 0 else [v, w + step * direction] for step in (1e-5, -1e-5)]
            slope = (of(*steps[0]) - of(*steps[1])) / 2e-5
            np.testing.assert_allclose((gradient * direction).sum(), slope, rtol=1e-4)


def test_what_was_found_on_the_way_comes_along():
    def function(x):
        scores = network(x, V, W)
        return scores, {"scores": scores}

    gradient, more = input_gradient(function, X, has_aux=True)
    np.testing.assert_allclose(ops.convert_to_numpy(gradient), slopes(V, W), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(more["scores"]), np.tanh(X @ V) @ W, rtol=1e-5, atol=1e-6)


def test_of_a_constant_it_is_zero():
    np.testing.assert_array_equal(ops.convert_to_numpy(input_gradient(lambda x: ops.ones((2,)), X)), np.zeros_like(X))


def test_a_network_with_state_is_called_without_writing_it():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dropout(0.5, seed=1)])
    state = [ops.convert_to_numpy(v) for v in model.non_trainable_variables]

    def scores(x):
        return model.stateless_call(model.trainable_variables, model.non_trainable_variables, x, training=True)[0]

    assert ops.convert_to_numpy(input_gradient(scores, X)).any()
    for before, v in zip(state, model.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(before, ops.convert_to_numpy(v))
