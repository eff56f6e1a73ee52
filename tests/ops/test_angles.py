"""The angle between random vectors: closed forms against integrals and samples."""

import math

import keras
import numpy as np
import pytest

from keras_blog.ops import angles

numpy = keras.ops.convert_to_numpy
THETA = np.linspace(0, math.pi, 2001).astype("float32")


@pytest.mark.parametrize("dim", [2, 3, 4, 5, 10, 51, 200])
def test_the_density_integrates_to_the_cumulative(dim):
    density, cumulative = numpy(angles.density(THETA, dim)).astype("float64"), numpy(angles.cumulative(THETA, dim))
    step = math.pi / 2000
    integral = np.append(0, np.cumsum((density[1:] + density[:-1]) / 2 * step))
    np.testing.assert_allclose(cumulative, integral, atol=2e-4)
    assert cumulative[1000] == pytest.approx(0.5, abs=1e-6)
    np.testing.assert_allclose([cumulative[0], cumulative[-1]], [0, 1], atol=1e-6)
    spread = ((THETA.astype("float64") - math.pi / 2) ** 2 * density).sum() * step
    if dim > 2:  # whose density does not vanish at the ends
        assert spread == pytest.approx(angles.variance(dim), rel=1e-3)


def test_variances_are_those_of_the_article():
    table = {3: 0.467401, 10: 0.110661, 20: 0.0525832, 50: 0.0204053, 100: 0.0101007, 200: 0.00502508, 1000: 0.001001}
    for dim, value in table.items():
        assert angles.variance(dim) == pytest.approx(value, rel=5e-6)  # six digits, the last ones cut off
    assert angles.variance(2) == pytest.approx(math.pi**2 / 12, rel=1e-13)
    assert angles.variance(3) == pytest.approx(math.pi**2 / 4 - 2, rel=1e-13)
    for dim in (2, 3, 50, 10**6):
        assert 1 / dim < angles.variance(dim) < 1 / (dim - 1)
        assert angles.variance(dim) - angles.variance(dim + 2) == pytest.approx(2 / dim**2, rel=1e-6)


def test_mean_absolute_cosines():
    for dim, value in ((3, 0.5), (10, 0.2586899), (100, 0.0799882)):
        assert angles.mean_absolute_cosine(dim) == pytest.approx(value, rel=1e-6)
    assert angles.mean_absolute_cosine(10**7) == pytest.approx(math.sqrt(2 / math.pi / 10**7), rel=1e-6)


def test_samples_agree():
    vectors = np.random.default_rng(0).normal(size=(2, 20_000, 7))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    cosine = (vectors[0] * vectors[1]).sum(-1)
    theta = np.sort(np.arccos(cosine))
    gap = numpy(angles.cumulative(theta.astype("float32"), 7)) - (np.arange(20_000) + 0.5) / 20_000
    assert np.abs(gap).max() < 1.63 / math.sqrt(20_000)  # Kolmogorov's bound at 1 %
    assert np.abs(cosine).mean() == pytest.approx(angles.mean_absolute_cosine(7), rel=0.02)
    assert cosine.var() == pytest.approx(1 / 7, rel=0.03)


def test_outside_of_the_half_circle():
    np.testing.assert_array_equal(numpy(angles.density(np.array([-1.0, 4.0], "float32"), 5)), [0, 0])
    np.testing.assert_allclose(numpy(angles.cumulative(np.array([-1.0, 4.0], "float32"), 5)), [0, 1], atol=1e-6)


@pytest.mark.parametrize("dim", [1, 2.0, True, 2**25])
def test_dim_is_checked(dim):
    for function in (angles.variance, angles.mean_absolute_cosine, lambda dim: angles.density(1.0, dim)):
        with pytest.raises(ValueError, match=r"`dim` must be an int from 2 to 2\*\*24; received"):
            function(dim)
