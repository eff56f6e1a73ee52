import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import layers
from tests.gradients import value_and_gradients

RNG = np.random.default_rng(0)


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def made(inner, shape, **options):
    layer = layers.SpectralNormalization(inner, seed=1, **options)
    layer.build(shape)
    return layer


def test_it_gives_norm_one_and_leaves_the_kernel_alone():
    """Keras's own wrapper turns diag(3, 1) into diag(1, 1/3) in the variable itself."""
    for method in ("power", "svd"):
        layer = made(keras.layers.Dense(2, use_bias=False), (None, 2), method=method, power_iterations=20)
        layer.layer.kernel.assign(np.diag([3.0, 1.0]))
        for _ in range(3):
            out = numpy(layer(np.eye(2, dtype="float32"), training=True))
        np.testing.assert_allclose(out, np.diag([1, 1 / 3]), atol=1e-5)
        np.testing.assert_array_equal(numpy(layer.layer.kernel), np.diag([3.0, 1.0]))


def test_a_start_of_ones_would_divide_by_zero():
    """The published `spectral_norm` starts from ones, which this kernel maps to 0; its norm is 2."""
    layer = made(keras.layers.Dense(2, use_bias=False), (None, 2), power_iterations=5)
    layer.layer.kernel.assign([[1.0, -1.0], [-1.0, 1.0]])
    out = numpy(layer(np.eye(2, dtype="float32"), training=True))
    np.testing.assert_allclose(out, [[0.5, -0.5], [-0.5, 0.5]], atol=1e-5)


def test_power_iteration_goes_on_from_call_to_call_and_stands_still_in_evaluation():
    kernel = RNG.normal(size=(6, 5)).astype("float32")
    layer = made(keras.layers.Dense(5, use_bias=False), (None, 6))
    layer.layer.kernel.assign(kernel)
    before = numpy(layer.u)
    layer(np.eye(6, dtype="float32"))
    np.testing.assert_array_equal(before, numpy(layer.u))
    for _ in range(40):
        layer(np.eye(6, dtype="float32"), training=True)
    sigma = np.linalg.svd(kernel, compute_uv=False)[0]
    np.testing.assert_allclose(numpy(layer(np.eye(6, dtype="float32"))), kernel / sigma, atol=1e-3)


@pytest.mark.parametrize(
    ("inner", "shape"),
    [
        (lambda: keras.layers.Conv2D(4, 3, use_bias=False), (None, 5, 5, 3)),
        (lambda: keras.layers.Conv2DTranspose(4, 3, use_bias=False), (None, 5, 5, 3)),
        (lambda: keras.layers.Embedding(7, 3), (None,)),
    ],
)
def test_kernels_as_matrices(inner, shape):
    layer = made(inner(), shape, method="svd")
    kernel = layer.layer.kernel if hasattr(layer.layer, "kernel") else layer.layer.embeddings
    value = RNG.normal(size=kernel.shape).astype("float32")
    kernel.assign(value)
    rows = value.swapaxes(-1, -2) if "Transpose" in type(layer.layer).__name__ else value
    sigma = np.linalg.svd(rows.reshape(-1, rows.shape[-1]), compute_uv=False)[0]
    x = np.arange(4) if len(shape) == 1 else RNG.normal(size=(2, *shape[1:])).astype("float32")
    np.testing.assert_allclose(numpy(layer(x)), numpy(layer.layer(x)) / sigma, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("method", ["power", "svd"])
def test_the_gradient_goes_through_the_norm(method):
    """Scaling the kernel changes nothing, so the gradient has no part along it; Keras's own has."""
    layer = made(keras.layers.Dense(3, use_bias=False), (None, 4), method=method, power_iterations=60)
    kernel = RNG.normal(size=(4, 3)).astype("float32")
    layer.layer.kernel.assign(kernel)
    x = RNG.normal(size=(2, 4)).astype("float32")
    layer(x, training=True)
    state = layer.non_trainable_variables
    loss = lambda w: ops.sum(ops.square(layer.stateless_call([w], state, x)[0]))  # noqa: E731
    _, (gradient,) = value_and_gradients(loss, kernel)
    assert abs((gradient * kernel).sum()) < 1e-4
    direction = RNG.normal(size=kernel.shape).astype("float32")

    def exact(kernel):
        return np.sum((x @ (kernel / np.linalg.svd(kernel.astype("float64"), compute_uv=False)[0])) ** 2)

    slope = (exact(kernel + 1e-3 * direction) - exact(kernel - 1e-3 * direction)) / 2e-3
    np.testing.assert_allclose((gradient * direction).sum(), slope, rtol=2e-3)


def test_a_kernel_of_zeros_gives_zeros_and_finite_gradients():
    layer = made(keras.layers.Dense(3, use_bias=False, kernel_initializer="zeros"), (None, 4))
    x = np.ones((2, 4), "float32")
    assert not numpy(layer(x, training=True)).any()
    assert np.isfinite(numpy(layer.u)).all()
    assert numpy(layer.u).any()
    state = layer.non_trainable_variables
    _, (gradient,) = value_and_gradients(lambda w: ops.sum(layer.stateless_call([w], state, x)[0]), np.zeros((4, 3), "float32"))
    assert np.isfinite(gradient).all()


def test_regularisers_of_the_layer_count():
    """That of the activity was lost, for the layer itself is not called."""
    inner = keras.layers.Dense(2, use_bias=False, kernel_regularizer="l2", activity_regularizer="l1")
    layer = made(inner, (None, 3))
    x = RNG.normal(size=(4, 3)).astype("float32")
    again = layers.SpectralNormalization.from_config(layer.get_config())
    again.build((None, 3))
    again.set_weights(layer.get_weights())
    for each in (layer, again):
        out = numpy(each(x))
        expected = [0.01 * np.abs(out).sum() / 4, 0.01 * np.square(numpy(inner.kernel)).sum()]
        np.testing.assert_allclose([float(numpy(loss)) for loss in each.losses], expected, rtol=1e-5)


def test_a_scale_is_no_kernel():
    """The published constraint divided the gamma of a batch normalisation by its length."""
    with pytest.raises(ValueError, match=r"`layer` must have a kernel.*received BatchNormalization"):
        made(keras.layers.BatchNormalization(), (None, 3))
    for options in ({"power_iterations": 0}, {"method": "exact"}):
        with pytest.raises(ValueError, match=r"`power_iterations` must.*received"):
            made(keras.layers.Dense(2), (None, 3), **options)
