"""Both layers of phases are Keras's own, in numbers and gradients."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog.layers import PhasedConv2D, PhasedConv2DTranspose
from keras_blog.ops import input_gradient
from keras_blog.ops.phases import doubled, halved
from tests.gradients import value_and_gradients

PAIRS = {"down": (keras.layers.Conv2D, PhasedConv2D), "up": (keras.layers.Conv2DTranspose, PhasedConv2DTranspose)}


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize(
    "options",
    [{"strides": 2, "padding": "same", "activation": "tanh"}, {"strides": 2, "padding": "valid"}, {"use_bias": False}],
)
@pytest.mark.parametrize("size", [(6, 8), (5, 8)])
def test_they_are_keras_own(pair, options, size):
    x = np.random.default_rng(0).normal(size=(2, *size, 4)).astype("float32")
    plain, phased = (make(6, 4, bias_initializer="uniform", **options) for make in PAIRS[pair])
    expected = plain(x)
    assert tuple(phased.compute_output_shape(x.shape)) == tuple(expected.shape)
    phased.build(x.shape)
    phased.set_weights(plain.get_weights())
    np.testing.assert_allclose(ops.convert_to_numpy(phased(x)), ops.convert_to_numpy(expected), atol=1e-5)


@pytest.mark.parametrize("pair", PAIRS)
def test_gradients_are_keras_own_and_those_of_gradients_too(pair):
    rng = np.random.default_rng(0)
    kernel_shape = (4, 4, 2, 4) if pair == "up" else (4, 4, 4, 2)
    x, kernel = (rng.normal(size=size).astype("float32") for size in ((2, 4, 4, 4), kernel_shape))
    ours, theirs = (doubled, ops.conv_transpose) if pair == "up" else (halved, ops.conv)

    def lengths(x, kernel, function):
        """Of outputs, and of the slope of their square."""
        slope = input_gradient(lambda x: ops.square(function(x, kernel)), x)
        return ops.sum(ops.square(function(x, kernel))) + ops.sum(ops.square(slope))

    both = []
    for function in (ours, lambda x, kernel: theirs(x, kernel, 2, "same")):
        both.append(value_and_gradients(lambda x, k, f=function: lengths(x, k, f), x, kernel))
    for one, other in zip(*(gradients for _, gradients in both), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6 * np.abs(other).max())


@pytest.mark.parametrize("pair", PAIRS)
def test_the_size_may_be_open(pair):
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, PAIRS[pair][1](2, 4, strides=2, padding="same")(inputs))
    for size in (4, 6):
        assert model(np.zeros((1, size, size, 3), "float32")).shape[1] == (size // 2 if pair == "down" else 2 * size)
