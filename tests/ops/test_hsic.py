import numpy as np
import pytest
from keras import ops

from keras_blog.ops import kernels
from keras_blog.ops.hsic import cka, gamma_p_value, hsic, permutation_p_value
from tests.gradients import value_and_gradients

RNG = np.random.default_rng(0)
X, Y = np.array([0, 1, 2, 4], "float32"), np.array([0, 1, 4, 16], "float32")
SOME = RNG.normal(size=(30, 3)).astype("float32")
OTHER = (SOME[:, :2] ** 2 + 0.1 * RNG.normal(size=(30, 2))).astype("float32")
WIDE = RNG.normal(size=(30, 12)).astype("float32") + 5


def number(tensor):
    return float(ops.convert_to_numpy(tensor))


def matrix(x, kernel="rbf", width=1.0):
    x = np.asarray(x, "float64").reshape(len(x), -1)
    squares = ((x[:, None] - x) ** 2).sum(-1)
    return {
        "rbf": np.exp(-squares / width**2),
        "laplace": np.exp(-np.sqrt(squares) / width),
        "linear": x @ x.T,
        "delta": (squares == 0).astype(float),
    }[kernel]


def slow(k, m, estimator):
    """By the definitions: a trace, or sums over distinct indices."""
    n = len(k)
    if estimator != "unbiased":
        centering = np.eye(n) - 1 / n
        return np.trace(k @ centering @ m @ centering) / (n * n if estimator == "biased" else (n - 1) ** 2)
    k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
    ones = np.ones(n)
    value = np.trace(k @ m) + (ones @ k @ ones) * (ones @ m @ ones) / ((n - 1) * (n - 2))
    return (value - 2 / (n - 2) * (ones @ k @ m @ ones)) / (n * (n - 3))


@pytest.mark.parametrize(
    ("estimator", "value"),
    [("biased", 0.16031936545282116), ("gretton", 0.28501220524945986), ("unbiased", 0.011839047688788795)],
)
def test_the_values_of_the_systems_file(estimator, value):
    np.testing.assert_allclose(number(hsic(X, Y, estimator, bandwidth=1.0)), value, rtol=2e-6)


@pytest.mark.parametrize("estimator", ["biased", "gretton", "unbiased"])
@pytest.mark.parametrize("kernel", ["rbf", "laplace", "linear", "delta"])
def test_equals_the_definitions_in_one_piece_and_in_parts(kernel, estimator):
    for x, y in ((SOME, OTHER), (SOME, WIDE)):
        x = np.round(x) if kernel == "delta" else x
        y = np.round(y[:, :1]) if kernel == "delta" else y
        expected = slow(matrix(x, kernel, 1.5), matrix(y, kernel, 3.0), estimator)
        for chunk in (None, 7, 100):
            got = number(hsic(x, y, estimator, kernel, (1.5, 3.0), chunk))
            np.testing.assert_allclose(got, expected, rtol=2e-4, atol=1e-7)


def test_each_its_own_kernel_and_labels_as_they_are():
    labels = RNG.integers(0, 3, size=30)
    expected = slow(matrix(SOME, "rbf", 2.0), matrix(labels, "delta"), "biased")
    np.testing.assert_allclose(number(hsic(SOME, labels, kernel=("rbf", "delta"), bandwidth=2.0)), expected, rtol=1e-4)


def test_article_demo():
    """A thousand pairs: .0002 where independent, .096 where y is x and a little noise."""
    x, other = RNG.normal(size=(2, 1000)).astype("float32")
    assert 0.00005 < number(hsic(x, other, "gretton", bandwidth=1.0)) < 0.0005
    assert 0.09 < number(hsic(x, x + 0.1 * other, "gretton", bandwidth=1.0)) < 0.1


def test_the_form_that_the_article_calls_unbiased_is_not():
    pairs = RNG.normal(size=(300, 2, 20)).astype("float32")
    means = {
        name: [slow(matrix(x), matrix(y), name) for x, y in pairs] for name in ("gretton", "unbiased")
    }  # the oracle, for the tests above hold it and ours equal
    assert abs(np.mean(means["gretton"]) - 0.01601) < 0.001
    assert abs(np.mean(means["unbiased"])) < 4 * np.std(means["unbiased"]) / np.sqrt(300)
    assert min(means["unbiased"]) < 0


def test_only_characteristic_kernels_see_all_dependence():
    """The article says that any kernel does: a linear one does not see a square."""
    x = np.linspace(-1, 1, 101).astype("float32")
    assert number(hsic(x, x**2, kernel="linear")) < 1e-10
    assert permutation_p_value(x, x**2, 99, seed=0) == 0.01
    assert permutation_p_value(x, x**2, 99, kernel="linear", seed=0) > 0.5


def test_invariances():
    value = number(hsic(SOME, OTHER))
    order = RNG.permutation(30)
    for x, y in ((OTHER, SOME), (SOME + 100, OTHER), (SOME[order], OTHER[order])):
        np.testing.assert_allclose(number(hsic(x, y)), value, rtol=1e-4)
    assert number(hsic(SOME, np.ones(30, "float32"))) == 0


def test_median_bandwidth():
    distances = np.sqrt(((SOME[:, None] - SOME) ** 2).sum(-1))[np.triu_indices(30, 1)]
    np.testing.assert_allclose(number(kernels.median_bandwidth(SOME)), np.sqrt(2) * np.median(distances), rtol=1e-6)
    assert number(kernels.median_bandwidth(np.ones((5, 2), "float32"))) == 1
    assert np.isfinite(number(kernels.median_bandwidth(SOME, most=10)))


@pytest.mark.parametrize("kernel", ["rbf", "laplace"])
def test_gradients_are_finite_where_samples_coincide(kernel):
    x = np.repeat(WIDE[:3], 2, axis=0)
    y = np.repeat(SOME[:3], 2, axis=0)
    for estimator in ("biased", "unbiased"):
        _, gradients = value_and_gradients(lambda x, y: hsic(x, y, estimator, kernel), x, y)  # noqa: B023
        assert all(np.isfinite(gradient).all() for gradient in gradients)
    value, (gradient,) = value_and_gradients(lambda x: hsic(x, x * 0, "biased", kernel), x)
    assert value == 0
    assert not gradient.any()


def test_gradient_is_the_finite_difference():
    function = lambda x: hsic(x, OTHER, bandwidth=(1.5, 1.0))  # noqa: E731
    _, (gradient,) = value_and_gradients(function, SOME)
    direction = RNG.normal(size=SOME.shape).astype("float32")
    ahead, behind = (number(function(SOME + step * direction)) for step in (1e-2, -1e-2))
    np.testing.assert_allclose((gradient * direction).sum(), (ahead - behind) / 2e-2, rtol=1e-2)


def test_alignment():
    turn, _ = np.linalg.qr(RNG.normal(size=(3, 3)))
    np.testing.assert_allclose(number(cka(SOME, 7 * SOME @ turn.astype("float32"))), 1, rtol=1e-5)
    k, m = matrix(SOME, "linear"), matrix(OTHER, "linear")
    expected = slow(k, m, "biased") / np.sqrt(slow(k, k, "biased") * slow(m, m, "biased"))
    np.testing.assert_allclose(number(cka(SOME, OTHER)), expected, rtol=1e-4)
    assert number(cka(SOME, np.ones((30, 1), "float32"))) == 0
    many = RNG.normal(size=(2, 20, 500)).astype("float32")
    assert number(cka(*many)) > 0.9
    assert abs(number(cka(*many, estimator="unbiased"))) < 0.2


def test_random_features_approximate_the_kernel():
    a, b = (kernels.random_features(sample, 4000, 2.0, seed) for sample, seed in ((SOME, 1), (OTHER, 2)))
    exact = number(hsic(SOME, OTHER, bandwidth=2.0))
    np.testing.assert_allclose(number(hsic(a, b, kernel="linear")), exact, rtol=0.05)
    np.testing.assert_allclose(ops.convert_to_numpy(ops.matmul(a, ops.transpose(a))), matrix(SOME, "rbf", 2.0), atol=0.08)


def test_p_values_are_uniform_under_independence_and_small_under_dependence():
    values = []
    for _ in range(60):
        x, y = RNG.normal(size=(2, 50)).astype("float32")
        values.append((permutation_p_value(x, y, 99, seed=0), gamma_p_value(x, y)))
    values = np.array(values)
    assert abs(values.mean(0) - 0.5).max() < 0.15
    assert np.corrcoef(values.T)[0, 1] > 0.95
    assert gamma_p_value(SOME, OTHER) < 0.01
    assert permutation_p_value(SOME, OTHER, 199, seed=0) == 1 / 200
    assert gamma_p_value(SOME, np.ones(30)) == 1


def test_bad_arguments():
    for arguments, message in (
        ({"estimator": "best"}, "`estimator` must be one of .*received 'best'"),
        ({"kernel": "rbg"}, "`kernel` must be of .*received 'rbg'"),
        ({"bandwidth": -1.0}, "`bandwidth` must be positive; received -1.0"),
        ({"chunk": 0}, "`chunk` must be a positive int or None; received 0"),
    ):
        with pytest.raises(ValueError, match=message):
            hsic(SOME, OTHER, **arguments)
    with pytest.raises(ValueError, match="as many samples, at least 4; received 3 and 3"):
        hsic(SOME[:3], OTHER[:3], "unbiased")
    with pytest.raises(ValueError, match="as many samples, at least 2; received 30 and 29"):
        hsic(SOME, OTHER[:29])
    with pytest.raises(ValueError, match=r"must have shape \(n, dim\) or \(n,\); received \(30, 3, 1\)"):
        hsic(SOME[..., None], OTHER)
