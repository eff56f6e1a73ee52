r"""Lower bounds of a mutual information from a matrix of scores.

A critic :math:`T(x, z)` scores every pair of a batch: entry `(i, j)` belongs to `x` of sample `i` and `z` of sample `j`. Those
on the diagonal come from the joint distribution, all others from the product of the marginals. So nothing is shuffled: a random
permutation of the batch leaves, on average, one true pair among the false ones, whatever the batch. The higher a bound, the
better the critic; each is highest at :math:`T = \log p(x, z) / p(x) p(z)`, up to a constant for `donsker_varadhan`,
`info_nce` and `smile`, and plus 1 for `nguyen_wainwright_jordan`.

References:
    Articles: kexue.fm 6024, 6088
    Paper: Poole et al., On Variational Bounds of Mutual Information, arXiv:1905.06922
"""

import math

from keras import ops

from keras_blog.ops.tangent_exp import tangent_exp

__all__ = ["donsker_varadhan", "info_nce", "jensen_shannon", "nguyen_wainwright_jordan", "smile"]


def jensen_shannon(scores, negatives=None):
    r"""Bound of the Jensen-Shannon divergence of joint and product: stable, and monotone in the mutual information.

    .. math:: \tfrac12 E_{\text{joint}} \log\sigma(T) + \tfrac12 E_{\text{product}} \log(1 - \sigma(T)) + \log 2

    It is at most log 2; the article's text has half of that, and its code adds 1e-6 inside the logarithms.

    Args:
        scores: shape `(batch, batch)`, at least two samples; or `(n, batch)` with `n` a multiple of the batch, of which row
            `i` belongs to sample `i % batch`, as the places of a feature map do.
        negatives: bool, shape of `scores`: which pairs are false. All off the diagonal by default; fewer where several
            samples are the same thing.

    Returns:
        Nats, a scalar.

    Raises:
        ValueError: if there is no false pair, or the shape is another.

    Example:
    >>> print(f"{float(jensen_shannon([[50.0, -50.0], [-50.0, 50.0]])):.4f}")  # log 2
    0.6931

    References:
        Articles: kexue.fm 6024, 6088
    """
    scores, joint, product = _pairs(scores, negatives)
    return 0.5 * (_mean(-ops.softplus(-scores), joint) + _mean(-ops.softplus(scores), product)) + math.log(2)


def donsker_varadhan(scores, negatives=None):
    r"""Bound of the mutual information: :math:`E_{\text{joint}} T - \log E_{\text{product}} e^T` (MINE). High variance.

    Arguments as in `jensen_shannon`.

    References:
        Paper: Belghazi et al., Mutual Information Neural Estimation, arXiv:1801.04062
    """
    scores, joint, product = _pairs(scores, negatives)
    return _mean(scores, joint) - _log_mean_exp(scores, product)


def nguyen_wainwright_jordan(scores, negatives=None):
    r"""Bound of the mutual information: :math:`E_{\text{joint}} T - e^{-1} E_{\text{product}} e^T`; unbiased.

    Arguments as in `jensen_shannon`.

    References:
        Paper: Nguyen, Wainwright, Jordan, arXiv:0809.0853
    """
    scores, joint, product = _pairs(scores, negatives)
    return _mean(scores, joint) - tangent_exp(_log_mean_exp(scores, product) - 1)


def smile(scores, negatives=None, clip=5.0):
    """`donsker_varadhan` with the scores of false pairs clipped to `[-clip, clip]`: less variance, some bias.

    Not a bound any more. Arguments as in `jensen_shannon`.

    References:
        Paper: Song, Ermon, Understanding the Limitations of Variational Mutual Information Estimators, arXiv:1910.06222
    """
    scores, joint, product = _pairs(scores, negatives)
    return _mean(scores, joint) - _log_mean_exp(ops.clip(scores, -clip, clip), product)


def info_nce(scores, negatives=None):
    """Bound of the mutual information that never passes the logarithm of the batch: which z belongs to this x?

    Arguments as in `jensen_shannon`.

    References:
        Paper: van den Oord, Li, Vinyals, arXiv:1807.03748
    """
    scores, joint, product = _pairs(scores, negatives)
    among = joint + product
    others = ops.logsumexp(ops.where(among > 0, scores, -1e30), axis=1)
    own = ops.sum(scores * joint, axis=1)
    return ops.mean(own - others + ops.log(ops.sum(among, axis=1)))


def _pairs(scores, negatives):
    """Scores in float32, and masks of true and false pairs."""
    scores = ops.cast(scores, "float32")
    if len(scores.shape) != 2:
        raise ValueError(f"`scores` must have shape (batch, batch); received {tuple(scores.shape)}")
    rows, batch = scores.shape
    if batch == 1 or (None not in (rows, batch) and rows % batch):
        raise ValueError(
            f"`scores` must be of at least 2 samples, and its rows a multiple of them; received shape {(rows, batch)}"
        )
    rows, batch = ops.shape(scores)
    joint = ops.cast(ops.arange(rows)[:, None] % batch == ops.arange(batch), "float32")
    if negatives is None:
        return scores, joint, 1 - joint
    negatives = ops.convert_to_tensor(negatives)
    if tuple(negatives.shape) != tuple(scores.shape):
        raise ValueError(
            f"`negatives` must have the shape of `scores`, {tuple(scores.shape)}; received {tuple(negatives.shape)}"
        )
    return scores, joint, ops.cast(negatives, "float32") * (1 - joint)


def _mean(values, mask):
    return ops.sum(values * mask) / ops.maximum(ops.sum(mask), 1.0)


def _log_mean_exp(scores, mask):
    flat = ops.reshape(ops.where(mask > 0, scores, -1e30), (-1,))
    return ops.logsumexp(flat) - ops.log(ops.maximum(ops.sum(mask), 1.0))
