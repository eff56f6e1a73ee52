"""Are fakes like the real, and is all of the real there: two questions that one distance mixes."""

import numpy as np

from keras_blog.metrics.frechet_distance import checked

_ROWS = 1024  # of a matrix of distances at a time


def precision_recall(real, fake, neighbours=5):
    """Precision, recall, density and coverage of features, by balls that reach to the k-th neighbour within each set.

    Args:
        real: floats, shape `(samples, features)`, more samples than `neighbours`.
        fake: the same.
        neighbours: k.

    Returns:
        A dict: `precision`, the share of fakes in the ball of a real sample; `recall`, that of real samples in the ball of a
        fake; `density`, the number of real balls that a fake is in, over k, which an outlier among the real raises less;
        `coverage`, the share of real samples whose ball holds a fake.

    Raises:
        ValueError: if the shapes do not fit, or there are too few samples.

    Example:
    >>> line = [[float(i)] for i in range(8)]
    >>> precision_recall(line, line[:4], neighbours=1)
    {'precision': 1.0, 'recall': 0.625, 'density': 2.75, 'coverage': 0.625}

    References:
        Paper: Kynkäänniemi et al., Improved Precision and Recall Metric, arXiv:1904.06991
        Paper: Naeem et al., Reliable Fidelity and Diversity Metrics, arXiv:2002.09797
    """
    if not isinstance(neighbours, int) or neighbours < 1:
        raise ValueError(f"`neighbours` must be a positive int; received {neighbours!r}")
    real, fake = checked(real, fake, neighbours + 1)
    real_radius, fake_radius = _radius(real, neighbours), _radius(fake, neighbours)
    inside, covered = np.zeros(len(fake)), []
    recalled = []
    for i, distances in _distances(real, fake):
        balls = distances <= real_radius[i : i + _ROWS, None]  # (real, fake)
        inside += balls.sum(0)
        covered.append(balls.any(1))
        recalled.append((distances <= fake_radius).any(1))
    return {
        "precision": float(np.mean(inside > 0)),
        "recall": float(np.mean(np.concatenate(recalled))),
        "density": float(np.mean(inside) / neighbours),
        "coverage": float(np.mean(np.concatenate(covered))),
    }


def _distances(x, y):
    """Squared distances, some rows of `x` at a time, each with the index of its first."""
    for i in range(0, len(x), _ROWS):
        some = x[i : i + _ROWS]
        yield i, np.maximum((some**2).sum(1)[:, None] + (y**2).sum(1) - 2 * some @ y.T, 0)


def _radius(x, neighbours):
    """Squared distance to the k-th neighbour; a sample is none of itself, but a duplicate is."""
    rows = []
    for i, distances in _distances(x, x):
        distances[np.arange(len(distances)), np.arange(i, i + len(distances))] = -1.0
        rows.append(np.partition(distances, neighbours, axis=1)[:, neighbours])
    return np.concatenate(rows)
