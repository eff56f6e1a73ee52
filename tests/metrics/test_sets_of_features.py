import numpy as np
import pytest

from keras_blog import metrics
from keras_blog.metrics.frechet_distance import covariance_distance

RNG = np.random.default_rng(0)
REAL, FAKE = RNG.normal(size=(12, 3)), RNG.normal(0.5, 1.5, size=(9, 3))


def test_frechet_distance_of_known_moments():
    assert covariance_distance(np.diag([1.0, 4.0]), np.diag([9.0, 1.0])) == pytest.approx(5, abs=1e-12)
    first, second = np.array([[2, 0.5], [0.5, 1]]), np.array([[1, -0.3], [-0.3, 3]])
    assert covariance_distance(first, second) == pytest.approx(0.9293118550, abs=1e-9)
    assert covariance_distance(second, first) == pytest.approx(0.9293118550, abs=1e-9)
    assert metrics.frechet_distance(REAL, REAL + np.array([3, 4, 0])) == pytest.approx(25)
    assert metrics.frechet_distance(REAL, REAL) == pytest.approx(0, abs=1e-6)


def test_frechet_distance_of_more_features_than_samples_is_finite():
    assert metrics.frechet_distance(RNG.normal(size=(4, 9)), RNG.normal(size=(3, 9))) > 0


def test_kernel_distance_is_the_sum_over_pairs():
    kernel = lambda x, y: (x @ y / 3 + 1) ** 3  # noqa: E731
    within = [
        np.mean([kernel(x, y) for i, x in enumerate(rows) for j, y in enumerate(rows) if i != j]) for rows in (REAL, FAKE)
    ]
    between = np.mean([kernel(x, y) for x in REAL for y in FAKE])
    assert metrics.kernel_distance(REAL, FAKE) == pytest.approx(sum(within) - 2 * between)


def test_kernel_distance_is_unbiased():
    """Equal distributions: the mean over draws is 0, where the biased form is not."""
    draws = [metrics.kernel_distance(*RNG.normal(size=(2, 20, 3))) for _ in range(400)]
    assert abs(np.mean(draws)) < 4 * np.std(draws) / 20


def test_precision_recall_by_loops():
    k = 2
    distance = lambda x, y: np.sqrt(((x - y) ** 2).sum())  # noqa: E731
    radius = [[sorted(distance(x, y) for y in rows)[k] for x in rows] for rows in (REAL, FAKE)]
    in_real = np.array([[distance(x, y) <= r for y in FAKE] for x, r in zip(REAL, radius[0], strict=True)])
    in_fake = np.array([[distance(x, y) <= r for y, r in zip(FAKE, radius[1], strict=True)] for x in REAL])
    got = metrics.precision_recall(REAL, FAKE, k)
    expected = {
        "precision": in_real.any(0).mean(),
        "recall": in_fake.any(1).mean(),
        "density": in_real.sum(0).mean() / k,
        "coverage": in_real.any(1).mean(),
    }
    assert got == pytest.approx(expected)


def test_precision_falls_with_far_fakes_and_recall_with_missing_ones():
    two = np.concatenate([RNG.normal(size=(50, 2)), RNG.normal(20, 1, size=(50, 2))])
    missing = metrics.precision_recall(two, two[:50] + 1e-3)
    far = metrics.precision_recall(two, np.concatenate([two + 1e-3, two + 100]))
    assert missing["precision"] == 1
    assert missing["recall"] == missing["coverage"] == 0.5
    assert far["precision"] == 0.5
    assert far["recall"] == 1


def test_modes_are_counted():
    centers = np.array([[0.0, 0], [4, 0], [0, 4], [4, 4]])
    samples = np.array([[0.1, 0], [0, -0.1], [4, 0.2], [2, 2], [-9, 0]])
    got = metrics.mode_coverage(samples, centers, 0.5)
    assert got["modes"] == 2
    assert got["quality"] == 0.6
    assert got["divergence"] == pytest.approx(np.log(4) + 2 / 3 * np.log(2 / 3) + 1 / 3 * np.log(1 / 3))
    assert metrics.mode_coverage(samples, centers, 0.5, least=2)["modes"] == 1
    assert metrics.mode_coverage(samples + 100, centers, 0.5) == {"modes": 0, "quality": 0.0, "divergence": np.log(4)}


def test_bad_features_are_refused():
    for function in (metrics.frechet_distance, metrics.kernel_distance, metrics.precision_recall):
        for real, fake in ((REAL, FAKE[:, :2]), (REAL[:1], FAKE), (REAL[0], FAKE), (REAL, np.full_like(FAKE, np.nan))):
            with pytest.raises(ValueError, match=r"`real` and `fake` must be .*received"):
                function(real, fake)
    for make in (
        lambda: metrics.kernel_distance(REAL, FAKE, 0.5),
        lambda: metrics.precision_recall(REAL, FAKE, 0),
        lambda: metrics.mode_coverage(REAL, FAKE, 0.0),
    ):
        with pytest.raises(ValueError, match=r"must be .*received"):
            make()
