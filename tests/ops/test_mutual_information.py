import numpy as np
import pytest
from keras import ops

from keras_blog.ops import mutual_information as bounds
from tests.gradients import value_and_gradients

ALL = [getattr(bounds, name) for name in bounds.__all__]
SCORES = np.random.default_rng(0).normal(size=(5, 5)).astype("float32") * 3


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def best_scores(rho, n=2000):
    """Log density ratios of all pairs of a bivariate normal sample."""
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(2, n))
    z = rho * x + np.sqrt(1 - rho**2) * noise
    quadratic = rho**2 * (x[:, None] ** 2 + z**2) - 2 * rho * x[:, None] * z
    return (-0.5 * np.log(1 - rho**2) - quadratic / (2 * (1 - rho**2))).astype("float32")


@pytest.mark.parametrize(
    ("rho", "information", "objective", "js"),
    [(0.5, 0.143841036226, -1.31245272042, 0.0369208203), (0.9, 0.830365603411, -0.957188226317, 0.2145530674)],
)
def test_gaussians_under_the_best_critic(rho, information, objective, js):
    np.testing.assert_allclose(objective / 2 + np.log(2), js, atol=1e-9)
    scores = best_scores(rho)
    error = np.std(np.diag(scores)) / np.sqrt(len(scores))
    assert abs(numpy(bounds.jensen_shannon(scores)) - js) < error
    assert abs(numpy(bounds.donsker_varadhan(scores)) - information) < 4 * error
    assert abs(numpy(bounds.nguyen_wainwright_jordan(scores + 1)) - information) < 4 * error
    assert abs(numpy(bounds.smile(scores)) - information) < 4 * error
    assert abs(numpy(bounds.info_nce(scores)) - information) < 4 * error


def test_formulas():
    joint, product = np.diag(SCORES), SCORES[~np.eye(5, dtype=bool)]
    sigma = lambda t: 1 / (1 + np.exp(-t))  # noqa: E731
    expected = {
        "jensen_shannon": 0.5 * (np.log(sigma(joint)).mean() + np.log(1 - sigma(product)).mean()) + np.log(2),
        "donsker_varadhan": joint.mean() - np.log(np.exp(product).mean()),
        "nguyen_wainwright_jordan": joint.mean() - np.exp(product - 1).mean(),
        "smile": joint.mean() - np.log(np.exp(product.clip(-5, 5)).mean()),
        "info_nce": np.mean(joint - np.log(np.exp(SCORES).mean(1))),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(numpy(getattr(bounds, name)(SCORES)), value, rtol=1e-5)


@pytest.mark.parametrize("bound", ALL, ids=bounds.__all__)
def test_extreme_scores_stay_finite(bound):
    """The published code adds 1e-6 inside the logarithms of sigmoids, which stops its gradients there."""
    for scale in (1e3, -1e3):
        scores = (np.eye(4) * 2 - 1).astype("float32") * np.float32(scale)
        value, (gradient,) = value_and_gradients(bound, scores)
        assert np.isfinite(value)  # that of Nguyen, Wainwright, Jordan too, though it is one of exp(1000)
        assert np.isfinite(gradient).all()
    assert np.abs(value_and_gradients(bounds.jensen_shannon, scores)[1][0]).min() > 0.01


def test_limits_of_the_bounds_log_two_and_log_batch():
    """The article's text gives half of log 2 as the limit of the Jensen-Shannon form."""
    disjoint = np.where(np.eye(6), 100, -100).astype("float32")
    np.testing.assert_allclose(numpy(bounds.jensen_shannon(disjoint)), np.log(2), rtol=1e-6)
    np.testing.assert_allclose(numpy(bounds.info_nce(disjoint)), np.log(6), rtol=1e-6)


@pytest.mark.parametrize("bound", ALL, ids=bounds.__all__)
def test_no_true_pair_is_among_the_false_ones_whatever_the_order(bound):
    """The published code shuffles, which leaves one true pair a batch among the false ones on average."""
    order = np.random.default_rng(1).permutation(5)
    np.testing.assert_allclose(numpy(bound(SCORES[np.ix_(order, order)])), numpy(bound(SCORES)), rtol=1e-5)
    same = np.ones((5, 5), bool)
    same[0, 1] = same[1, 0] = False  # samples 0 and 1 are one thing
    changed = SCORES.copy()
    changed[0, 1] = changed[1, 0] = 9
    np.testing.assert_allclose(numpy(bound(SCORES, same)), numpy(bound(changed, same)), rtol=1e-6)


@pytest.mark.parametrize("bound", ALL, ids=bounds.__all__)
def test_places_of_a_map_belong_to_their_samples(bound):
    one, two = SCORES, SCORES[:, ::-1].copy()
    both = numpy(bound(np.concatenate([one, two])))
    if bound in (bounds.jensen_shannon, bounds.nguyen_wainwright_jordan, bounds.info_nce):  # means over pairs or rows
        np.testing.assert_allclose(both, (numpy(bound(one)) + numpy(bound(two))) / 2, rtol=1e-5)


def test_bad_scores():
    with pytest.raises(ValueError, match="at least 2 samples"):
        bounds.jensen_shannon([[1.0]])
    with pytest.raises(ValueError, match=r"a multiple of them; received shape \(3, 2\)"):
        bounds.jensen_shannon(np.zeros((3, 2)))
    with pytest.raises(ValueError, match=r"`scores` must have shape \(batch, batch\); received \(2,\)"):
        bounds.smile(np.zeros(2))
    with pytest.raises(ValueError, match="`negatives` must have the shape of `scores`"):
        bounds.info_nce(np.zeros((2, 2)), np.zeros((3, 3), bool))
