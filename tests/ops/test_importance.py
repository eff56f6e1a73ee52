import numpy as np
import pytest
from keras import ops

from keras_blog.ops import importance

RNG = np.random.default_rng(0)
LOG_WEIGHTS = RNG.normal(size=(3, 12)).astype("float32")


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def log_normal(x, mean, sd):
    return -0.5 * ((x - mean) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)


def linear_gaussian(mean, sd, samples, repeats=1):
    """Log weights of x = 1 under z ~ N(0, 1), x | z ~ N(z, 1), z drawn from N(mean, sd²)."""
    z = mean + sd * np.random.default_rng(1).normal(size=(repeats, samples))
    return log_normal(z, 0, 1) + log_normal(1, z, 1) - log_normal(z, mean, sd)


def test_the_exact_posterior_has_no_variance():
    for samples in (1, 5, 50):
        log_weights = linear_gaussian(0.5, np.sqrt(0.5), samples).astype("float32")
        np.testing.assert_allclose(numpy(importance.bound(log_weights)), -1.51551212348, rtol=1e-6)
        if samples > 1:
            assert importance.standard_error(log_weights)[0] < 1e-6
            np.testing.assert_allclose(importance.effective_sample_size(log_weights), samples, rtol=1e-6)


@pytest.mark.parametrize(("mean", "sd", "single"), [(0, 1, -1.9189385332), (0.3, 0.6, -1.57976415697)])
def test_the_linear_gaussian_case_rises_to_the_log_likelihood(mean, sd, single):
    log_weights = linear_gaussian(mean, sd, 500, repeats=2000)
    values = [numpy(importance.bound(log_weights.astype("float32"), groups=500 // size)).mean() for size in (1, 5, 50, 500)]
    error = log_weights.std() / 1000
    assert abs(values[0] - single) < 4 * error
    assert values == sorted(values)
    assert abs(values[-1] + 1.5155) < 2e-3
    if mean == 0:
        np.testing.assert_allclose([-value for value in values[1:]], [1.5573, 1.5198, 1.51607], atol=3e-3)


def test_bounds_of_a_few_weights():
    w = np.exp(LOG_WEIGHTS.astype("float64"))
    np.testing.assert_allclose(numpy(importance.bound(LOG_WEIGHTS)), np.log(w.mean(-1)), rtol=1e-5, atol=1e-6)
    groups = np.log(w.reshape(3, 4, 3).mean(-1)).mean(-1)
    np.testing.assert_allclose(numpy(importance.bound(LOG_WEIGHTS, groups=4)), groups, rtol=1e-5, atol=1e-6)
    mixed = 0.3 * np.log(w).mean(-1) + 0.7 * np.log(w.mean(-1))
    np.testing.assert_allclose(numpy(importance.mixed_bound(LOG_WEIGHTS, 0.3)), mixed, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(numpy(importance.weights(LOG_WEIGHTS)), w / w.sum(-1, keepdims=True), rtol=1e-5)
    np.testing.assert_allclose(importance.effective_sample_size(LOG_WEIGHTS), w.sum(-1) ** 2 / (w**2).sum(-1), rtol=1e-5)
    np.testing.assert_allclose(importance.standard_error(LOG_WEIGHTS), w.std(-1, ddof=1) / w.mean(-1) / np.sqrt(12), rtol=1e-5)
    with pytest.raises(ValueError, match="`groups` must divide the samples, 12; received 5"):
        importance.bound(LOG_WEIGHTS, groups=5)


def test_the_standard_error_is_the_spread_of_the_bound():
    log_weights = linear_gaussian(0, 1, 200, repeats=1000)
    values = numpy(importance.bound(log_weights.astype("float32")))
    np.testing.assert_allclose(np.median(importance.standard_error(log_weights)), values.std(), rtol=0.1)
    assert importance.standard_error(LOG_WEIGHTS[:, :1]).tolist() == [np.inf] * 3


def test_weights_that_underflow():
    none = np.full((1, 8), -np.inf, "float32")
    far = np.full((1, 8), -1e4, "float32")
    assert numpy(importance.bound(none)).tolist() == [-np.inf]
    np.testing.assert_allclose(numpy(importance.bound(far)), [-1e4])
    np.testing.assert_allclose(numpy(importance.weights(none)), np.full((1, 8), 1 / 8))
    assert importance.effective_sample_size(none).tolist() == [0]
    assert importance.standard_error(none).tolist() == [np.inf]


@pytest.mark.parametrize("k", [0.3, 0.7, 1.1])
def test_the_shape_of_a_pareto_tail_is_found(k):
    log_weights = k * RNG.exponential(size=(20, 20_000))  # weights of Pareto tail exponent 1 / k
    found = importance.pareto_k(log_weights)
    assert abs(found.mean() - k) < 0.1
    assert np.isnan(importance.pareto_k(LOG_WEIGHTS)).all()
    assert (importance.pareto_k(np.zeros((2, 100))) == -np.inf).all()


def test_a_proposal_that_is_too_narrow_has_a_heavy_tail():
    wide, narrow = (importance.pareto_k(linear_gaussian(0.5, sd, 5000))[0] for sd in (0.9, 0.3))
    assert wide < 0.3
    assert narrow > 0.7
