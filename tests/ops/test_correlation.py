import numpy as np
import pytest
from keras import ops

from keras_blog.ops.correlation import pearson_correlation, standardize
from tests.gradients import value_and_gradients

Z, E = np.array([1, 2, -1, 0.5], "float32"), np.array([0.2, 1, -2, 0], "float32")


def test_it_is_pearson_and_the_distance_of_standardised_vectors():
    rho = float(pearson_correlation(Z, E))
    assert rho == pytest.approx(0.98269174216, abs=1e-6)
    distance = float(ops.sum(ops.square(standardize(Z) - standardize(E))))
    assert distance == pytest.approx(0.13846606268, abs=1e-5)
    assert distance == pytest.approx(8 * (1 - rho), abs=1e-5)


def test_it_does_not_see_mean_and_scale():
    rho, (gradient,) = value_and_gradients(pearson_correlation, E, constants=(Z,))
    assert float(pearson_correlation(Z, 3 * E + 7)) == pytest.approx(rho, abs=1e-6)
    assert float(pearson_correlation(Z, -3 * E + 7)) == pytest.approx(-rho, abs=1e-6)
    assert abs(gradient.sum()) < 1e-6
    assert abs((gradient * E).sum()) < 1e-6


def test_a_constant_vector_has_none_and_a_finite_gradient():
    rows = np.stack([np.full(4, 2.0, "float32"), E])
    both = lambda e, z: ops.sum(pearson_correlation(z, e))  # noqa: E731
    value, (gradient,) = value_and_gradients(both, rows, constants=(np.stack([Z, Z]),))
    assert value == pytest.approx(0.98269174216, abs=1e-6)
    assert np.isfinite(gradient).all()


def test_float16_is_taken_in_float32():
    half = (1000 * E).astype("float16")
    assert float(pearson_correlation(Z, half)) == pytest.approx(0.98269174216, abs=1e-3)


def test_wrong_shapes():
    with pytest.raises(ValueError, match=r"`x` and `y` must have one shape.*received"):
        pearson_correlation(Z[None], E[None, :3])
