"""How far two sets of features are apart, by a kernel."""

import numpy as np

from keras_blog.metrics.frechet_distance import checked


def kernel_distance(real, fake, degree=3):
    r"""Squared maximum mean discrepancy with the kernel :math:`(x \cdot y / d + 1)^3`, unbiased.

    On Inception features it is the KID. Unlike the Fréchet distance its mean does not depend on the number of samples; for
    equal distributions it is 0, so a single value may be negative.

    Args:
        real: floats, shape `(samples, features)`, at least 2 samples.
        fake: the same, any number of samples.
        degree: of the polynomial.

    Returns:
        A float.

    Raises:
        ValueError: if the shapes do not fit, or `degree` is no positive int.

    Example:
    >>> print(f"{kernel_distance([[1.0], [1.0]], [[0.0], [0.0]]):.1f}")  # 2^3 + 1 - 2
    7.0

    References:
        Paper: Bińkowski et al., Demystifying MMD GANs, arXiv:1801.01401
    """
    real, fake = checked(real, fake)
    if not isinstance(degree, int) or degree < 1:
        raise ValueError(f"`degree` must be a positive int; received {degree!r}")
    kernel = lambda x, y: (x @ y.T / real.shape[1] + 1) ** degree  # noqa: E731
    within = 0.0
    for rows in (real, fake):
        matrix = kernel(rows, rows)
        within += (matrix.sum() - np.trace(matrix)) / (len(rows) * (len(rows) - 1))
    return float(within - 2 * kernel(real, fake).mean())
