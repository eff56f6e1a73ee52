import itertools

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import metrics
from keras_blog.ops.assignment import assign
from keras_blog.ops.k_means import k_means

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("n", [1, 3, 6])
def test_assignment_is_the_best_of_all_permutations(n):
    for _ in range(8):
        profit = RNG.integers(0, 6, size=(n, n)).astype("float32")  # with ties
        found = ops.convert_to_numpy(assign(profit))
        assert sorted(found) == list(range(n))
        best = max(profit[np.arange(n), list(order)].sum() for order in itertools.permutations(range(n)))
        assert profit[np.arange(n), found].sum() == best
    with pytest.raises(ValueError, match=r"`profit` must be square.*received shape \(2, 3\)"):
        assign(np.zeros((2, 3)))


def test_assignment_equals_scipy():
    optimize = pytest.importorskip("scipy.optimize")
    for scale in (1, 1000):
        profit = (scale * RNG.normal(size=(12, 12))).astype("float32")
        found = ops.convert_to_numpy(assign(profit))
        rows, columns = optimize.linear_sum_assignment(profit, maximize=True)
        np.testing.assert_allclose(profit[rows, found].sum(), profit[rows, columns].sum(), rtol=1e-6)


def test_figures_equal_scikit_learn():
    scores = pytest.importorskip("sklearn.metrics")
    y, clusters = RNG.integers(0, 4, size=(2, 60))
    clusters = np.where(RNG.uniform(size=60) < 0.6, y, clusters) + 3
    figures = metrics.clustering(y, clusters)
    np.testing.assert_allclose(figures["nmi"], scores.normalized_mutual_info_score(y, clusters))
    np.testing.assert_allclose(figures["ari"], scores.adjusted_rand_score(y, clusters))
    assert figures["clusters"] == 4


def test_purity_is_not_accuracy():
    """The article compares its purity with the accuracy of others."""
    y, clusters = np.repeat([0, 1], 4), np.arange(8)
    figures = metrics.clustering(y, clusters)
    assert figures["purity"] == 1
    assert figures["accuracy"] == 0.25


def test_empty_clusters_are_no_trouble():
    """The published code takes the maximum of nothing."""
    figures = metrics.clustering([0, 0, 1], [9, 9, 9])
    assert figures == {"accuracy": 2 / 3, "purity": 2 / 3, "nmi": 0.0, "ari": 0.0, "clusters": 1}
    perfect = metrics.clustering([5, 5, 7], [1, 1, 0])
    assert (perfect["accuracy"], perfect["nmi"], perfect["ari"]) == (1, pytest.approx(1), 1)
    with pytest.raises(ValueError, match=r"`clusters` must be one a label; received shapes \(1,\) and \(2,\)"):
        metrics.clustering([0, 1], [0])


def test_metric_in_compiled_evaluation():
    y = RNG.integers(0, 3, size=40).astype("int32")
    x = np.eye(3, dtype="float32")[(y + 1) % 3]
    x[:10] = x[10:20]
    model = keras.Sequential([keras.Input((3,)), keras.layers.Activation("linear")])
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(), metrics=[metrics.ClusterAccuracy(3)])
    found = model.evaluate(x, y, batch_size=16, verbose=0, return_dict=True)["cluster_accuracy"]
    np.testing.assert_allclose(found, metrics.clustering(y, x.argmax(1))["accuracy"], rtol=1e-6)
    with pytest.raises(ValueError, match=r"`y_true` must have shape \(batch,\)"):
        metrics.ClusterAccuracy(3).update_state(y[:, None], x)


def test_active_units():
    means = RNG.normal(size=(100, 3)) * [1, 0.05, 0.2]
    assert metrics.active_units(means) == 2


def test_k_means_finds_what_is_apart():
    centers = np.array([[0, 0], [5, 0], [0, 5], [5, 5]])
    labels = RNG.integers(0, 4, size=80)
    found = k_means(centers[labels] + 0.3 * RNG.normal(size=(80, 2)), 4, seed=0)
    assert metrics.clustering(labels, found)["accuracy"] == 1
    assert len(np.unique(k_means(np.zeros((5, 2)), 3, seed=0))) == 1
