r"""Bounds of a log likelihood from importance weights, and how far they are to be trusted.

A latent-variable model knows :math:`p(x)` only as the mean of the weights :math:`w = p(x|z)\,p(z)/q(z|x)` over samples from its
encoder. The functions take their logarithms, samples on the last axis, and return nats, one value for all the other axes.

References:
    Article: kexue.fm 8791
    Paper: Burda, Grosse, Salakhutdinov, Importance Weighted Autoencoders, arXiv:1509.00519
"""

import math

import numpy as np
from keras import ops

__all__ = ["bound", "effective_sample_size", "mixed_bound", "pareto_k", "standard_error", "weights"]


def bound(log_weights, groups=1):
    r"""The importance-weighted bound: the logarithm of the mean weight.

    With one sample it is the evidence lower bound, from all sampled; it grows with the samples towards the log likelihood.

    Args:
        log_weights: shape `(..., samples)`.
        groups: the mean over this many bounds of `samples / groups` weights each (MIWAE), which trains encoders better;
            `samples` of them give the evidence lower bound.

    Returns:
        Nats, shape `(...,)`; -inf where every weight is 0.

    Raises:
        ValueError: if the samples cannot be divided into the groups.

    Example:
    >>> print(f"{float(bound(ops.log([1.0, 3.0]))):.4f}")  # log 2
    0.6931

    References:
        Articles: kexue.fm 5383, 8791
        Paper: Rainforth et al., Tighter Variational Bounds Are Not Necessarily Better, arXiv:1802.04537
    """
    log_weights = ops.convert_to_tensor(log_weights)
    samples = log_weights.shape[-1]
    if samples % groups:
        raise ValueError(f"`groups` must divide the samples, {samples}; received {groups}")
    shape = (*ops.shape(log_weights)[:-1], groups, samples // groups)
    return ops.mean(_log_mean(ops.reshape(log_weights, shape)), axis=-1)


def mixed_bound(log_weights, beta=0.5):
    """`beta` of the evidence lower bound and the rest of the importance-weighted bound (CIWAE).

    References:
        Paper: Rainforth et al., arXiv:1802.04537, section 5
    """
    log_weights = ops.convert_to_tensor(log_weights)
    return beta * ops.mean(log_weights, axis=-1) + (1 - beta) * _log_mean(log_weights)


def weights(log_weights):
    """Weights of sum 1, `(..., samples)`, without gradient; uniform where all are 0."""
    log_weights = ops.stop_gradient(ops.convert_to_tensor(log_weights))
    top = ops.max(log_weights, axis=-1, keepdims=True)
    none = ops.logical_not(ops.isfinite(top))
    return ops.softmax(ops.where(none, ops.zeros_like(log_weights), log_weights), axis=-1)


def effective_sample_size(log_weights):
    """How many equal weights the samples are worth: from 1, where one outweighs all, to their number. NumPy, `(...,)`."""
    w = _scaled(log_weights)
    total = w.sum(-1)
    return np.where(total > 0, total**2 / np.maximum((w**2).sum(-1), 1e-300), 0.0)


def standard_error(log_weights):
    """Standard error of `bound(log_weights)` in nats, by the delta method. NumPy, shape `(...,)`; inf of a single sample.

    It is the error of the mean weight that was seen. An encoder narrower than the posterior misses weights that it never
    draws, and this number cannot tell: `pareto_k` may.
    """
    w = _scaled(log_weights)
    samples = w.shape[-1]
    if samples < 2:
        return np.full(w.shape[:-1], np.inf)
    mean = w.mean(-1)
    return np.where(mean > 0, w.std(-1, ddof=1) / np.maximum(mean, 1e-300) / math.sqrt(samples), np.inf)


def pareto_k(log_weights):
    r"""Shape of a generalised Pareto distribution fitted to the largest weights; above .7 the bound is not to be trusted.

    The tail is the :math:`\min(M/5, 3\sqrt M)` largest of `M` weights, the fit that of Zhang and Stephens (2009), drawn towards
    one half as in Pareto-smoothed importance sampling. Weights with k of 1 or more have no mean.

    Args:
        log_weights: shape `(..., samples)`.

    Returns:
        NumPy, shape `(...,)`: -inf where the tail is constant, nan where it has fewer than 5 samples.

    References:
        Article: kexue.fm 8791
        Paper: Vehtari et al., Pareto Smoothed Importance Sampling, arXiv:1507.02646
    """
    w = np.sort(_scaled(log_weights), axis=-1)
    samples = w.shape[-1]
    size = int(min(0.2 * samples, 3 * math.sqrt(samples)))
    if size < 5:
        return np.full(w.shape[:-1], np.nan)
    tail = w[..., -size:] - w[..., -size - 1, None]
    return np.apply_along_axis(_shape_of_pareto, -1, tail)


def _shape_of_pareto(x):
    """`x` ascending, at least 0. The posterior mean of `theta` on a grid, then the shape of highest likelihood for it."""
    n = len(x)
    quartile = x[int(n / 4 + 0.5) - 1]
    if not quartile > 1e-12 * x[-1]:
        return np.inf if x[-1] > 0 else -np.inf
    if x[-1] - x[0] <= 1e-12 * x[-1]:
        return -np.inf
    points = 30 + int(math.sqrt(n))
    theta = 1 / x[-1] + (1 - np.sqrt(points / (np.arange(1, points + 1) - 0.5))) / (3 * quartile)
    theta = theta[theta != 0]
    shapes = np.log1p(-theta[:, None] * x).mean(-1)
    likelihood = n * (np.log(-theta / shapes) - shapes - 1)
    posterior = np.exp(likelihood - likelihood.max())
    best = np.sum(theta * posterior) / posterior.sum()
    shape = np.log1p(-best * x).mean()
    return (n * shape + 5) / (n + 10)


def _log_mean(log_weights):
    top = ops.stop_gradient(ops.max(log_weights, axis=-1, keepdims=True))
    top = ops.where(ops.isfinite(top), top, ops.zeros_like(top))
    mean = ops.mean(ops.exp(log_weights - top), axis=-1)
    return ops.where(mean > 0, ops.log(ops.where(mean > 0, mean, 1.0)), -math.inf) + top[..., 0]


def _scaled(log_weights):
    """Weights in float64, the largest 1."""
    log_weights = np.asarray(ops.convert_to_numpy(log_weights), "float64")
    top = log_weights.max(-1, keepdims=True)
    return np.exp(log_weights - np.where(np.isfinite(top), top, 0.0))
