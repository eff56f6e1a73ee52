r"""Kullback-Leibler divergence of a categorical distribution, from its scores.

References:
    Article: kexue.fm 5887
"""

import math

from keras import ops

__all__ = ["kl_divergence"]


def kl_divergence(logits, prior_logits=None):
    r"""Divergence of `softmax(logits)` from `softmax(prior_logits)`, uniform by default.

    In log space, so that no constant is added inside a logarithm; with the constant `log(classes)`, so that it is a true
    divergence: at least 0, and 0 only where the two agree.

    Args:
        logits: scores, shape `(..., classes)`.
        prior_logits: scores that broadcast against them.

    Returns:
        Nats, shape `(...,)`.

    Example:
    >>> print(f"{float(kl_divergence(ops.log([0.2, 0.7, 0.1]))):.6f}")
    0.296794

    References:
        Article: kexue.fm 5887
    """
    logits = ops.cast(logits, "float32")
    logs = ops.log_softmax(logits, axis=-1)
    if prior_logits is None:
        prior_logs = -math.log(logits.shape[-1])
    else:
        prior_logs = ops.log_softmax(ops.cast(prior_logits, "float32"), axis=-1)
    return ops.sum(ops.exp(logs) * (logs - prior_logs), axis=-1)
