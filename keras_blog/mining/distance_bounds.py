"""Distances that the exact ones are never below, at a fraction of their cost."""

import numpy as np

from keras_blog.mining.transport import directions, euclidean, masses, pair


def centroid_bound(x, y, x_weights=None, y_weights=None):
    """A distance that `word_mover_distance` is never below: that of the mean vectors.

    References:
        Article: kexue.fm 7388
    """
    x, y = pair(x, y)
    p, q = masses("x_weights", x_weights, len(x)), masses("y_weights", y_weights, len(y))
    return float(np.linalg.norm(p @ x - q @ y)) if p.any() and q.any() else 0.0


def relaxed_bound(x, y, x_weights=None, y_weights=None):
    """A closer one: every word goes to its nearest, whatever arrives there; the larger of both directions.

    References:
        Article: kexue.fm 7388
        Paper: Kusner et al., From Word Embeddings to Document Distances, ICML 2015
    """
    x, y = pair(x, y)
    p, q = masses("x_weights", x_weights, len(x)), masses("y_weights", y_weights, len(y))
    if not (p.any() and q.any()):
        return 0.0
    cost = euclidean(x[p > 0], y[q > 0])
    return float(max(p[p > 0] @ cost.min(1), q[q > 0] @ cost.min(0)))


def rotator_bound(x, y):
    """A distance that `word_rotator_distance` is never below: half the squared distance of the sums over the masses.

    References:
        Article: kexue.fm 7388
    """
    (x, p), (y, q) = map(directions, pair(x, y))
    return float(((p @ x - q @ y) ** 2).sum() / 2)


def relaxed_rotator_bound(x, y):
    """The same as `relaxed_bound` for `word_rotator_distance`, and the closer of its two.

    References:
        Article: kexue.fm 7388
        Paper: Yokoi et al., Word Rotator's Distance, arXiv:2004.15003
    """
    (x, p), (y, q) = map(directions, pair(x, y))
    if not (p.any() and q.any()):
        return 0.0
    cost = np.clip(1 - x[p > 0] @ y[q > 0].T, 0, 2)
    return float(max(p[p > 0] @ cost.min(1), q[q > 0] @ cost.min(0)))
