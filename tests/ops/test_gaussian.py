import numpy as np
import pytest
from keras import ops

from keras_blog.ops import categorical, gaussian
from tests.gradients import value_and_gradients

MEAN, LOG_VARIANCE = np.array([0.5, -1.0], "float32"), np.array([0.2, -0.7], "float32")
CENTERS = np.array([[0, 0], [1, -1], [-2, 0.5]], "float32")
SHARES = np.array([0.2, 0.7, 0.1], "float32")


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def test_divergences_of_the_systems_file():
    np.testing.assert_allclose(numpy(gaussian.kl_divergence(MEAN, LOG_VARIANCE)), 0.7339940310, rtol=1e-6)
    each = numpy(gaussian.kl_divergence(MEAN[None] + 0 * CENTERS, LOG_VARIANCE[None] + 0 * CENTERS, CENTERS))
    np.testing.assert_allclose(each, [0.733994031, 0.233994031, 4.358994031], rtol=1e-6)
    np.testing.assert_allclose(SHARES @ each, 0.74649403098, rtol=1e-6)
    np.testing.assert_allclose(numpy(categorical.kl_divergence(np.log(SHARES))), 0.29679373612, rtol=1e-6)


def test_one_sample_values_of_the_clustering_term():
    """Equations 8 and 7 of article 5887: the first drops half the squared noise, so it is no divergence."""
    noise = np.array([0.3, -0.4], "float32")
    z = gaussian.sample(MEAN, LOG_VARIANCE, noise)
    np.testing.assert_allclose(numpy(z), [0.8315512754, -1.2818752359], rtol=1e-6)
    log_prior = numpy(gaussian.log_density(z, CENTERS))
    exact = numpy(gaussian.log_density(z, MEAN, LOG_VARIANCE)) - SHARES @ log_prior
    np.testing.assert_allclose(exact, 0.95584628098, rtol=1e-6)
    np.testing.assert_allclose(exact + 0.5 * np.sum(noise**2), 1.08084628098, rtol=1e-6)


def test_the_samples_average_to_the_divergence():
    noise = np.random.default_rng(0).normal(size=(100_000, 2)).astype("float32")
    z = gaussian.sample(MEAN, LOG_VARIANCE, noise)
    values = numpy(gaussian.log_density(z, MEAN, LOG_VARIANCE) - gaussian.log_density(z, CENTERS[1]))
    assert abs(values.mean() - 0.233994031) < 4 * values.std() / 316


def test_divergence_from_another_gaussian():
    other_mean, other = np.array([0.1, 0.2], "float32"), np.array([-0.3, 0.4], "float32")
    expected = 0.5 * np.sum((np.square(MEAN - other_mean) + np.exp(LOG_VARIANCE)) / np.exp(other) - LOG_VARIANCE + other - 1)
    np.testing.assert_allclose(numpy(gaussian.kl_divergence(MEAN, LOG_VARIANCE, other_mean, other)), expected, rtol=1e-6)
    apart = numpy(gaussian.kl_divergence(MEAN, LOG_VARIANCE, other_mean, other, keepdims=True))
    assert apart.shape == (2,)
    assert (apart >= 0).all()
    assert abs(numpy(gaussian.kl_divergence(other_mean, other, other_mean, other))) < 1e-7


@pytest.mark.parametrize("extreme", [-100.0, 100.0])
def test_extreme_log_variances_stay_finite_and_point_back(extreme):
    mean, log_variance = np.ones((1, 2), "float32"), np.full((1, 2), extreme, "float32")
    value, (_, gradient) = value_and_gradients(lambda m, v: ops.sum(gaussian.kl_divergence(m, v)), mean, log_variance)
    assert np.isfinite(value)
    assert (np.sign(gradient) == np.sign(extreme)).all()
    value, gradients = value_and_gradients(
        lambda m, v: ops.sum(gaussian.log_density(gaussian.sample(m, v, 1.0), 0.5 * m, v)), mean, log_variance
    )
    assert np.isfinite(value)
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_half_precision_is_computed_in_float32():
    half = ops.cast(MEAN, "float16"), ops.cast(LOG_VARIANCE, "float16")
    value = gaussian.kl_divergence(*half)
    np.testing.assert_allclose(numpy(value), 0.733994, rtol=1e-3)
    assert "float32" in str(value.dtype)


def test_halves():
    mean, log_variance = gaussian.split(np.arange(8.0).reshape(2, 4))
    assert numpy(mean).tolist() == [[0, 1], [4, 5]]
    assert numpy(log_variance).tolist() == [[2, 3], [6, 7]]
    with pytest.raises(ValueError, match=r"`parameters` must hold means.*received shape \(2, 3\)"):
        gaussian.split(np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"`log_variance` must have the shape of `mean`, \(2,\); received \(3,\)"):
        gaussian.kl_divergence(np.zeros(2), np.zeros(3))


def test_the_arc_keeps_the_norm_that_a_line_loses():
    start, end = np.random.default_rng(0).normal(size=(2, 4, 20_000)).astype("float32")
    points = numpy(gaussian.interpolate(start, end, np.linspace(0, 1, 5)))
    assert points.shape == (5, 4, 20_000)
    np.testing.assert_allclose(points[0], start, atol=1e-6)
    np.testing.assert_allclose(points[-1], end, atol=1e-6)
    np.testing.assert_allclose(points.var(axis=(1, 2)), 1, atol=0.02)
    assert abs((0.5 * (start + end)).var() - 0.5) < 0.01
    with pytest.raises(ValueError, match="`weights` rank 1"):
        gaussian.interpolate(start, end, 0.5)


def test_divergence_from_a_given_prior():
    logits = np.array([[1.0, 2.0, 0.5], [0, 0, 0]], "float32")
    assert abs(numpy(categorical.kl_divergence(logits, logits + 3))).max() < 1e-6
    p, q = SHARES, np.array([0.5, 0.25, 0.25])
    np.testing.assert_allclose(numpy(categorical.kl_divergence(np.log(p), np.log(q))), np.sum(p * np.log(p / q)), rtol=1e-5)
    hard = np.array([[200.0, 0, 0]], "float32")
    value, (gradient,) = value_and_gradients(lambda x: ops.sum(categorical.kl_divergence(x)), hard)
    np.testing.assert_allclose(value, np.log(3), rtol=1e-6)
    assert np.isfinite(gradient).all()
