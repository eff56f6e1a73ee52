"""How far two sets of features are apart, as Gaussians."""

import numpy as np


def frechet_distance(real, fake):
    r"""Fréchet distance of the Gaussians that have the moments of two sets of features.

    .. math:: |\mu_1 - \mu_2|^2 + \mathrm{tr} ( C_1 + C_2 - 2 (C_1^{1/2} C_2 C_1^{1/2})^{1/2} )

    On features of the published Inception network this is the FID. Figures from other features compare with each other only,
    and those of different numbers of samples do not: fewer samples give a larger distance.

    Args:
        real: floats, shape `(samples, features)`, at least 2 samples.
        fake: the same, any number of samples.

    Returns:
        A float, not negative but for rounding.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> print(f"{frechet_distance([[0.0], [2.0]], [[3.0], [5.0]]):.1f}")  # the same shape, 3 apart
    9.0

    References:
        Paper: Heusel et al., GANs Trained by a Two Time-Scale Update Rule, arXiv:1706.08500
    """
    real, fake = checked(real, fake)
    gap = real.mean(0) - fake.mean(0)
    return float(gap @ gap + covariance_distance(*(np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (real, fake))))


def covariance_distance(first, second):
    """The trace in `frechet_distance`, of two covariance matrices."""
    values, vectors = np.linalg.eigh(first)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    cross = np.linalg.eigvalsh(root @ second @ root)
    return float(np.trace(first) + np.trace(second) - 2 * np.sqrt(np.maximum(cross, 0)).sum())


def checked(real, fake, least=2):
    """Both as float64 matrices of as many features; shared by the metrics of sets of features."""
    real, fake = np.asarray(real, "float64"), np.asarray(fake, "float64")
    fits = real.ndim == fake.ndim == 2 and real.shape[1] == fake.shape[1] and min(len(real), len(fake)) >= least
    if not fits or not (np.isfinite(real).all() and np.isfinite(fake).all()):
        raise ValueError(
            f"`real` and `fake` must be finite, shapes (samples, features) with at least {least} samples; received "
            f"{real.shape} and {fake.shape}"
        )
    return real, fake
