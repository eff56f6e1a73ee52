r"""Diagonal Gaussians: Kullback-Leibler terms, log densities, and points between samples.

A Gaussian is a mean and a log variance, of one shape, with the latent dimensions on the last axis; or both in one tensor, the
mean first, as an encoder puts them out: see `split`. All is computed in float32. Log variances beyond 30 would soon
overflow: there the exponential goes on as a straight line, so that values and gradients stay finite and point the right way.

References:
    Articles: kexue.fm 5253, 5887
    Paper: Kingma, Welling, Auto-Encoding Variational Bayes, arXiv:1312.6114, appendix B
"""

import math

from keras import ops

from keras_blog.ops.tangent_exp import tangent_exp

__all__ = ["interpolate", "kl_divergence", "log_density", "sample", "split"]

LINEAR_FROM = 30.0


def split(parameters):
    """Mean and log variance from one tensor `(..., 2 * latent)`, in float32.

    Raises:
        ValueError: if the last axis cannot be halved.
    """
    parameters = ops.cast(parameters, "float32")
    size = parameters.shape[-1] if len(parameters.shape) else None
    if size is None or size % 2:
        raise ValueError(
            f"`parameters` must hold means, then as many log variances, on the last axis; received shape "
            f"{tuple(parameters.shape)}"
        )
    return parameters[..., : size // 2], parameters[..., size // 2 :]


def sample(mean, log_variance, noise):
    """`mean + sigma * noise`: a sample where `noise` is standard normal, the mean where it is 0."""
    mean, log_variance = ops.cast(mean, "float32"), ops.cast(log_variance, "float32")
    return mean + _exp(0.5 * log_variance) * noise


def kl_divergence(mean, log_variance, prior_mean=0.0, prior_log_variance=0.0, keepdims=False):
    r"""Kullback-Leibler divergence of a diagonal Gaussian from another, the standard normal by default.

    .. math:: \frac12 \sum_i ( \frac{(\mu_i - m_i)^2 + \sigma_i^2}{s_i^2} - \log\frac{\sigma_i^2}{s_i^2} - 1 )

    Args:
        mean: shape `(..., latent)`.
        log_variance: the same shape.
        prior_mean: of the other Gaussian; broadcasts. To several class means: `mean[:, None]` against `(classes, latent)`.
        prior_log_variance: the same.
        keepdims: whether to leave the dimensions apart, for free bits: the terms of the sum, `(..., latent)`.

    Returns:
        Nats, shape `(...,)`: summed over latent dimensions, never reduced further.

    Raises:
        ValueError: if mean and log variance differ in shape.

    Example:
    >>> kl = kl_divergence([0.5, -1.0], [0.2, -0.7])
    >>> print(f"{float(kl):.6f}")
    0.733994

    References:
        Article: kexue.fm 5253
    """
    mean, log_variance = ops.cast(mean, "float32"), ops.cast(log_variance, "float32")
    if tuple(mean.shape) != tuple(log_variance.shape):
        raise ValueError(
            f"`log_variance` must have the shape of `mean`, {tuple(mean.shape)}; received {tuple(log_variance.shape)}"
        )
    prior_mean, prior_log_variance = ops.cast(prior_mean, "float32"), ops.cast(prior_log_variance, "float32")
    ratio = log_variance - prior_log_variance
    terms = 0.5 * (ops.square(mean - prior_mean) * _exp(-prior_log_variance) + _exp(ratio) - ratio - 1)
    return terms if keepdims else ops.sum(terms, axis=-1)


def log_density(x, mean=0.0, log_variance=0.0):
    r"""Log density of `x` under a diagonal Gaussian, the standard normal by default.

    Args:
        x: shape `(..., latent)`.
        mean: broadcasts against it.
        log_variance: the same.

    Returns:
        Nats, summed over the last axis.

    Example:
    >>> print(f"{float(log_density([0.0])):.4f}")  # -log(2 pi) / 2
    -0.9189

    References:
        Article: kexue.fm 5887
    """
    x, mean, log_variance = ops.cast(x, "float32"), ops.cast(mean, "float32"), ops.cast(log_variance, "float32")
    terms = ops.square(x - mean) * _exp(-log_variance) + log_variance + math.log(2 * math.pi)
    return -0.5 * ops.sum(terms, axis=-1)


def interpolate(start, end, weights):
    r"""Points from `start` to `end` on the arc :math:`\cos\theta\, z_1 + \sin\theta\, z_2`, which stays standard normal.

    A straight line does not: halfway the variance of its points is one half, and a decoder has rarely seen so small a norm.

    Args:
        start: shape `(..., latent)`.
        end: the same.
        weights: numbers from 0 (start) to 1 (end), shape `(points,)`; the angle is that part of a quarter turn.

    Returns:
        Shape `(points, ..., latent)`.

    Example:
    >>> points = interpolate([1.0, 0.0], [0.0, 1.0], [0.0, 0.5, 1.0])
    >>> print(f"{float(points[1, 0]):.4f}")  # cos 45 degrees
    0.7071

    References:
        Article: kexue.fm 6181
    """
    start, end, weights = ops.cast(start, "float32"), ops.cast(end, "float32"), ops.cast(weights, "float32")
    if tuple(start.shape) != tuple(end.shape) or len(weights.shape) != 1:
        raise ValueError(
            f"`start` and `end` must have one shape, and `weights` rank 1; received {tuple(start.shape)}, "
            f"{tuple(end.shape)} and {tuple(weights.shape)}"
        )
    angle = ops.reshape(weights, (-1, *[1] * len(start.shape))) * (math.pi / 2)
    return ops.cos(angle) * start + ops.sin(angle) * end


def _exp(x):
    return tangent_exp(x, LINEAR_FROM)
