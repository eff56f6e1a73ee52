import keras
import numpy as np
import pytest
from keras import ops

from keras_blog.layers import PhasedConv2DTranspose
from tests.gradients import value_and_gradients


@pytest.mark.parametrize(
    "options",
    [{"strides": 2, "padding": "same", "activation": "tanh"}, {"strides": 2, "padding": "valid"}, {"use_bias": False}],
)
def test_it_is_keras_own(options):
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 4)).astype("float32")
    plain, phased = (
        make(6, 4, bias_initializer="uniform", **options) for make in (keras.layers.Conv2DTranspose, PhasedConv2DTranspose)
    )
    expected = plain(x)
    assert tuple(phased.compute_output_shape(x.shape)) == tuple(expected.shape)
    phased.build(x.shape)
    phased.set_weights(plain.get_weights())
    np.testing.assert_allclose(ops.convert_to_numpy(phased(x)), ops.convert_to_numpy(expected), atol=1e-5)


def test_gradients_are_keras_own():
    from keras_blog.layers.phased_conv2d_transpose import doubled

    rng = np.random.default_rng(0)
    x, kernel = (rng.normal(size=size).astype("float32") for size in ((2, 3, 3, 4), (4, 4, 2, 4)))
    both = []
    for function in (doubled, lambda x, kernel: ops.conv_transpose(x, kernel, 2, "same")):
        both.append(value_and_gradients(lambda x, k, f=function: ops.sum(ops.square(f(x, k))), x, kernel))
    for one, other in zip(*(gradients for _, gradients in both), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-3)
