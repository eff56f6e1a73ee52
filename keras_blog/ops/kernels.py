"""Kernels of pairs of samples, for `ops.hsic`: matrices, bandwidths, random features.

References:
    Article: kexue.fm 6910
"""

import math

import keras
import numpy as np
from keras import ops

__all__ = ["kernel_matrix", "median_bandwidth", "random_features", "rows"]


def random_features(x, count=256, bandwidth=None, seed=None):
    r"""Features whose inner products are the RBF kernel, up to chance: linear HSIC of two such is RBF HSIC in time `n`.

    Args:
        x: shape `(n, dim)` or `(n,)`.
        count: random frequencies; each gives a sine and a cosine.
        bandwidth: as in `ops.hsic.hsic`.
        seed: of the frequencies, an int or a `keras.random.SeedGenerator`. Take another for `y`.

    Returns:
        Shape `(n, 2 * count)`; the error of an inner product is about :math:`1 / \sqrt{2\,\text{count}}`.

    References:
        Article: kexue.fm 6910
        Paper: Rahimi, Recht, Random Features for Large-Scale Kernel Machines, NeurIPS 2007
    """
    x = rows(x)
    width = median_bandwidth(x) if bandwidth is None else bandwidth
    waves = keras.random.normal((x.shape[1], count), seed=seed) * (math.sqrt(2) / width)
    phases = ops.matmul(x, waves)
    return ops.concatenate([ops.cos(phases), ops.sin(phases)], axis=-1) / math.sqrt(count)


def median_bandwidth(x, most=1000):
    r""":math:`\sqrt 2` times the median distance of two rows, so that the RBF kernel is :math:`e^{-d^2 / 2 m^2}`.

    Args:
        x: shape `(n, dim)`.
        most: of more rows than that, as many are taken, evenly spaced.

    Returns:
        A scalar without gradient; 1 where the median is 0.

    Example:
    >>> print(f"{float(median_bandwidth([[0.0], [1.0], [3.0]])):.4f}")  # sqrt 2 times 2
    2.8284

    References:
        Article: kexue.fm 6910
    """
    x = rows(x)
    if x.shape[0] is not None and x.shape[0] > most:
        x = ops.take(x, np.linspace(0, x.shape[0] - 1, most).astype("int32"), axis=0)
    n = ops.shape(x)[0]
    own = ops.arange(n)[:, None] == ops.arange(n)
    squares = ops.where(own, -1.0, _square_distances(x, x))
    ordered = ops.sort(ops.reshape(squares, (-1,)))  # n times -1, then each pair twice
    pairs = n * (n - 1) // 2
    middle = [ops.take(ordered, n + 2 * (place // 2)) for place in (pairs - 1, pairs)]
    median = 0.5 * sum(ops.sqrt(ops.maximum(value, 0.0)) for value in middle)
    return ops.stop_gradient(ops.where(median > 0, math.sqrt(2) * median, 1.0))


def kernel_matrix(x, others, kernel="rbf", bandwidth=1.0):
    """Kernel of every row of `x` with every row of `others`, `(n, m)` of `(n, dim)` and `(m, dim)`; see `ops.hsic.hsic`."""
    if kernel == "linear":
        return ops.matmul(x, ops.transpose(others))
    if kernel == "delta":
        return ops.cast(ops.all(x[:, None] == others[None], axis=-1), "float32")
    squares = _square_distances(x, others)
    if kernel == "rbf":
        return ops.exp(-squares / bandwidth**2)
    far = squares > 0  # the root has no gradient at 0
    return ops.exp(-ops.where(far, ops.sqrt(ops.where(far, squares, 1.0)), 0.0) / bandwidth)


def rows(x):
    """Samples as a float32 matrix `(n, dim)`."""
    x = ops.cast(x, "float32")
    if len(x.shape) not in (1, 2):
        raise ValueError(f"`x` and `y` must have shape (n, dim) or (n,); received {tuple(x.shape)}")
    return x if len(x.shape) == 2 else x[:, None]


def _square_distances(x, others):
    if x.shape[1] <= 8:  # few enough to sum one by one, exactly
        return sum(ops.square(x[:, k, None] - others[:, k]) for k in range(x.shape[1]))
    middle = ops.mean(others, axis=0)  # near the origin the expansion loses least
    x, others = x - middle, others - middle
    norms = ops.sum(ops.square(x), axis=1)[:, None] + ops.sum(ops.square(others), axis=1)
    squares = norms - 2 * ops.matmul(x, ops.transpose(others))
    return ops.where(squares > 1e-6 * norms, squares, 0.0)  # what is smaller is rounding
