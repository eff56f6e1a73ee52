r"""Log probabilities of many independent bits, with few logarithms.

References:
    Article: kexue.fm 5253
"""

import keras
from keras import ops

__all__ = ["log_probability"]

FACTORS = 100  # a product of this many numbers up to 2 is far from the largest of float32


def log_probability(x, logits):
    r"""Of data on the last axis, given the logits of each: :math:`\sum_i x_i l_i - \log(1 + e^{l_i})`.

    The logarithm of :math:`1 + e^l = e^{\max(l, 0)} (1 + e^{-|l|})` is most of the work. The last factor is at most 2, so that
    a hundred of them can be multiplied before the one logarithm of their product; the result is rounded as much as
    before. On torch, which does nothing of this at once, softplus is the faster one.

    Args:
        x: data in [0, 1], shape `(..., bits)`.
        logits: broadcasts against `x`; the bits are not broadcast.

    Returns:
        Nats, shape `(...,)`.

    Example:
    >>> print(f"{float(log_probability([1.0, 0.0], [0.0, 0.0])):.4f}")  # 2 log(1/2)
    -1.3863

    References:
        Article: kexue.fm 5253
    """
    x, logits = ops.cast(x, "float32"), ops.cast(logits, "float32")
    many = keras.config.backend() != "torch" and logits.shape[-1] is not None
    return ops.sum(x * logits, axis=-1) - (_sum_softplus(logits) if many else ops.sum(ops.softplus(logits), axis=-1))


@ops.custom_gradient
def _sum_softplus(logits):
    bits = logits.shape[-1]
    factors = next(count for count in range(FACTORS, 0, -1) if bits % count == 0)
    groups = ops.reshape(1 + ops.exp(-ops.abs(logits)), (*ops.shape(logits)[:-1], bits // factors, factors))
    logs = ops.sum(ops.log(ops.prod(groups, axis=-1)), axis=-1)

    def backward(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        return ops.sigmoid(logits) * upstream[..., None]

    return ops.sum(ops.relu(logits), axis=-1) + logs, backward
