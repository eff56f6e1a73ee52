r"""The angle between two random vectors: directions uniform on the sphere of `dim` dimensions.

Its density is :math:`\frac{\Gamma(n/2)}{\sqrt\pi\, \Gamma((n-1)/2)} \sin^{n-2}\theta`: in high dimensions almost any two
vectors are almost orthogonal.

References:
    Article: kexue.fm 7076
"""

import math

import keras
import numpy as np
from keras import ops

__all__ = ["cumulative", "density", "mean_absolute_cosine", "variance"]


def density(theta, dim):
    """Probability density of the angle, per radian.

    Args:
        theta: angles in radians, from 0 to pi, any shape.
        dim: dimensions, an int of at least 2.

    Returns:
        Of the shape of `theta`; 0 outside of 0 to pi.

    Example:
    >>> print(f"{float(density(1.0, 3)):.4f}")  # sin(1) / 2
    0.4207

    References:
        Article: kexue.fm 7076
    """
    theta, inside = _angles(theta, dim)
    powers = ops.sin(ops.where(inside, theta, 1.0)) ** (dim - 2)
    return ops.where(inside, math.exp(_log_constant(dim)) * powers, 0.0)


def cumulative(theta, dim):
    r"""Probability of an angle of at most `theta`.

    The integral of :math:`\sin^{n-2}` by parts: a finite sum, down to :math:`\theta / \pi` in two dimensions and
    :math:`(1 - \cos\theta) / 2` in three.

    Args:
        theta: angles in radians, any shape.
        dim: dimensions, an int of at least 2.

    Returns:
        Of the shape of `theta`.

    Example:
    >>> print(f"{float(cumulative(1.0, 3)):.4f}")  # (1 - cos(1)) / 2
    0.2298

    References:
        Article: kexue.fm 7076
    """
    theta, _ = _angles(theta, dim)
    theta = ops.clip(theta, 0.0, math.pi)
    first = theta / math.pi if dim % 2 == 0 else 0.5 * (1.0 - ops.cos(theta))
    steps = np.arange(4 if dim % 2 == 0 else 5, dim + 1, 2)
    if not steps.size:
        return first
    weights = np.array([math.exp(_log_constant(n)) / (n - 2) for n in steps])
    sines = ops.expand_dims(ops.maximum(ops.sin(theta), 0.0), -1) ** ops.cast(steps - 3, theta.dtype)
    return first - ops.cos(theta) * ops.sum(sines * ops.cast(weights, theta.dtype), axis=-1)


def variance(dim):
    r"""Variance of the angle around its mean, pi / 2, in square radians: :math:`2 \sum_{j \ge 0} (n + 2j)^{-2}`.

    It is a little less than 1 / (n - 1), where the article has 1 / (n - 2); the variance of the cosine is exactly 1 / n.

    Example:
    >>> print(f"{variance(3):.6f}")  # pi**2 / 4 - 2
    0.467401

    References:
        Article: kexue.fm 7076
    """
    _check(dim)
    far = dim + 1000  # from there on, the sum is its integral and two corrections, to the last digit
    return sum(2 / n**2 for n in range(dim, far, 2)) + 1 / far + 1 / far**2 + 2 / (3 * far**3)


def mean_absolute_cosine(dim):
    r"""Mean of the absolute cosine, :math:`\Gamma(n/2) / (\sqrt\pi\, \Gamma((n+1)/2))`; nearly :math:`\sqrt{2 / \pi n}`.

    Example:
    >>> print(f"{mean_absolute_cosine(3):.4f}")
    0.5000

    References:
        Article: kexue.fm 7076
    """
    _check(dim)
    return math.exp(math.lgamma(dim / 2) - math.lgamma((dim + 1) / 2)) / math.sqrt(math.pi)


def _log_constant(dim):
    return math.lgamma(dim / 2) - math.lgamma((dim - 1) / 2) - 0.5 * math.log(math.pi)


def _angles(theta, dim):
    _check(dim)
    theta = ops.convert_to_tensor(theta)
    theta = ops.cast(theta, keras.backend.result_type(theta.dtype, "float32"))
    return theta, ops.logical_and(theta >= 0, theta <= math.pi)


def _check(dim):
    if not isinstance(dim, int) or isinstance(dim, bool) or not 2 <= dim <= 2**24:
        raise ValueError(f"`dim` must be an int from 2 to 2**24; received {dim!r}")
