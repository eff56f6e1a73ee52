"""GELU: the article's constants, its table, its errors."""

import keras
import numpy as np
import pytest

from keras_blog.ops import gelu
from tests.gradients import value_and_gradients

numpy = keras.ops.convert_to_numpy
FORMS = [gelu.erf, gelu.tanh, gelu.sigmoid]
POINTS = np.array([-3, -1, 0.5, 1, 3], "float32")
TABLE = [
    [-0.00404969409489, -0.15865525393146, 0.34573123063701, 0.84134474606854, 2.99595030590511],
    [-0.00363739208177, -0.15880800939172, 0.34571400982514, 0.84119199060828, 2.99636260791823],
    [-0.01807130970779, -0.15420423406718, 0.35038843660638, 0.84579576593282, 2.98192869029221],
]


@pytest.mark.parametrize(("form", "values"), list(zip(FORMS, TABLE, strict=True)))
def test_values_of_the_table(form, values):
    np.testing.assert_allclose(numpy(form(POINTS)), values, atol=4e-7)


def test_constants_are_derived():
    found = gelu.constants()
    assert abs(found.cubic - 0.044714911273658) < 1e-7
    assert abs(found.rate - 1.7017449171) < 1e-6
    assert (round(found.cubic, 6), round(found.rate, 3)) == (gelu.CUBIC, gelu.RATE)


def test_the_largest_errors():
    x = np.linspace(-6, 6, 120_001).astype("float32")
    exact = numpy(gelu.erf(x))
    for form, error, where in ((gelu.tanh, 4.73236e-4, 2.699), (gelu.sigmoid, 2.03349e-2, 2.2704)):
        off = np.abs(numpy(form(x)) - exact)
        assert abs(off.max() - error) < 1e-6
        assert abs(abs(x[off.argmax()]) - where) < 3e-2  # flat there, to float32
    assert abs(exact.min() + 0.16997120747940217) < 1e-7


@pytest.mark.parametrize("form", FORMS)
def test_a_value_less_that_of_its_negative_is_the_argument(form):
    x = np.linspace(-5, 5, 101).astype("float32")
    np.testing.assert_allclose(numpy(form(x)) - numpy(form(-x)), x, atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_half_precision_and_far_points_are_finite(form):
    """The cube leaves float16 beyond 40; nothing here may."""
    x = np.array([-6e4, -300, -41, 0, 41, 300, 6e4], "float16")
    result = numpy(form(x))
    assert result.dtype == "float16"
    np.testing.assert_allclose(result, np.maximum(x, 0), atol=1e-3)
    _, (slope,) = value_and_gradients(lambda x: keras.ops.sum(form(x)), x.astype("float32"))
    np.testing.assert_allclose(slope, [0, 0, 0, 0.5, 1, 1, 1], atol=1e-6)


@pytest.mark.parametrize(("form", "approximate"), [(gelu.erf, False), (gelu.tanh, True)])
def test_equal_to_keras_whose_two_defaults_differ(form, approximate):
    np.testing.assert_allclose(numpy(form(POINTS)), numpy(keras.activations.gelu(POINTS, approximate)), atol=1e-6)
    assert numpy(keras.activations.gelu(POINTS))[0] != pytest.approx(numpy(keras.ops.gelu(POINTS))[0], abs=1e-4)


@pytest.mark.parametrize("form", FORMS)
def test_an_activation_comes_back_from_a_file(form, tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation=form)])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[0].activation is form


def test_ints_become_floats():
    assert float(gelu.erf(np.array(1))) == pytest.approx(0.8413447)
