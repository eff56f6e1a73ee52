"""Geometric initialisation keeps lengths and angles, as article 7180 says."""

import keras
import numpy as np
import pytest

from keras_blog import initializers
from keras_blog.ops import gelu

numpy = keras.ops.convert_to_numpy
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("rows", "columns"), [(100, 100), (400, 400), (50, 400), (400, 50)])
def test_the_variance_is_one_over_fan_out(rows, columns):
    """Keras kernels are (in, out): the article's 1 / m is fan_out, and LeCun's is the other."""
    kernel = numpy(initializers.Geometric(seed=1)((rows, columns)))
    assert kernel.var() == pytest.approx(1 / columns, rel=6 / np.sqrt(rows * columns))
    assert abs(kernel.mean()) < 5 / np.sqrt(rows * columns * columns)


def test_the_gram_matrix_is_as_near_the_identity_as_computed():
    """The mean squared entry of `WᵀW - I` is (n + 1) / n²."""
    for n, value in ((100, 0.0101), (400, 0.00250625)):
        kernel = numpy(initializers.Geometric(seed=2)((n, n))).astype("float64")
        assert ((kernel.T @ kernel - np.eye(n)) ** 2).mean() == pytest.approx(value, rel=0.05)


def test_lengths_and_angles_are_kept():
    x = RNG.normal(size=(2, 300)).astype("float32")
    x[1] += x[0]
    y = x @ numpy(initializers.Geometric(seed=3)((300, 3000)))
    np.testing.assert_allclose(np.linalg.norm(y, axis=1) / np.linalg.norm(x, axis=1), 1, atol=5 / np.sqrt(6000))
    cosines = [np.prod([row / np.linalg.norm(row) for row in rows], axis=0).sum() for rows in (x, y)]
    assert cosines[1] == pytest.approx(cosines[0], abs=0.05)


@pytest.mark.parametrize(("activation", "mean_square"), [("relu", 0.5), (None, 1.0), ("linear", 1.0), ("leaky_relu", 0.52)])
def test_the_activation_is_made_up_for(activation, mean_square):
    assert initializers.Geometric(activation).scale == pytest.approx(1 / mean_square, rel=1e-5)


def test_a_deep_network_neither_fades_nor_grows():
    keras.utils.set_random_seed(1)
    layer = {"activation": "relu", "kernel_initializer": initializers.Geometric("relu", keras.random.SeedGenerator(1))}
    model = keras.Sequential([keras.Input((256,)), *(keras.layers.Dense(256, **layer) for _ in range(20))])
    x = RNG.normal(size=(50, 256)).astype("float32")
    ratio = np.linalg.norm(numpy(model(x)), axis=1) / np.linalg.norm(x, axis=1)
    assert 0.5 < np.median(ratio) < 2  # Glorot's: below 0.01, since it halves the square at every layer
    layer["kernel_initializer"] = "glorot_normal"
    fading = keras.Sequential([keras.Input((256,)), *(keras.layers.Dense(256, **layer) for _ in range(20))])
    assert np.median(np.linalg.norm(numpy(fading(x)), axis=1) / np.linalg.norm(x, axis=1)) < 0.01


def test_convolutions_count_their_window():
    kernel = numpy(initializers.Geometric(seed=4)((3, 3, 40, 80)))
    assert kernel.var() == pytest.approx(1 / (9 * 80), rel=0.05)


@pytest.mark.parametrize("activation", [None, "relu", gelu.tanh])
def test_comes_back_from_its_config(activation, tmp_path):
    initializer = initializers.Geometric(activation, seed=5)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(initializer))
    assert again.get_config() == initializer.get_config()
    np.testing.assert_array_equal(numpy(again((4, 5))), numpy(initializer((4, 5))))
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, kernel_initializer=initializer)])
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").layers[0].kernel_initializer.scale == initializer.scale


def test_half_precision():
    assert keras.backend.standardize_dtype(initializers.Geometric(seed=1)((4, 5), "float16").dtype) == "float16"


def test_an_activation_that_is_nothing_is_an_error():
    with pytest.raises(ValueError, match=r"`activation` must have a positive, finite mean square"):
        initializers.Geometric(lambda x: 0 * x)
