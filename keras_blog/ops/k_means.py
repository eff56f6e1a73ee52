"""Clusters of points around their means; NumPy."""

import numpy as np


def k_means(x, clusters, restarts=10, seed=None, steps=100):
    """Labels of the best of several runs of Lloyd's algorithm, each started by k-means++.

    Args:
        x: NumPy, shape `(n, dim)`.
        clusters: how many; one without points is left out.
        restarts: runs.
        seed: of NumPy's generator.
        steps: at most, in each run.

    Returns:
        NumPy ints, shape `(n,)`.

    Example:
    >>> labels = k_means(np.array([[0.0], [0.1], [5.0], [5.1]]), 2, seed=0)
    >>> bool(labels[0] == labels[1] != labels[2] == labels[3])
    True
    """
    x, rng, best = np.asarray(x, "float32"), np.random.default_rng(seed), (np.inf, None)
    squares = np.sum(x**2, axis=1)
    for _ in range(restarts):
        centers = x[rng.integers(len(x), size=1)]
        while len(centers) < clusters:
            near = _square_distances(x, squares, centers).min(axis=1).astype("float64")
            share = near / near.sum() if near.sum() > 0 else np.full(len(x), 1 / len(x))
            centers = np.concatenate([centers, x[rng.choice(len(x), size=1, p=share)]])
        labels = None
        for _ in range(steps):
            distances = _square_distances(x, squares, centers)
            before, labels = labels, distances.argmin(axis=1)
            if before is not None and np.array_equal(before, labels):
                break
            for k in np.unique(labels):
                centers[k] = x[labels == k].mean(axis=0)
        cost = distances[np.arange(len(x)), labels].sum()
        if cost < best[0]:
            best = cost, labels
    return best[1]


def _square_distances(x, squares, centers):
    return np.maximum(squares[:, None] - 2 * x @ centers.T + np.sum(centers**2, axis=1), 0)
