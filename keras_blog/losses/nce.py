"""Noise-contrastive estimation."""

import keras
from keras import ops

from keras_blog.losses.sample_loss import SampleLoss
from keras_blog.ops import candidates


def nce(y_true, y_pred):
    r"""Noise-contrastive estimation: tell the target from k draws of known noise q.

    The normalising sum over all classes is not computed but learned: the optimum of the scores is the logarithm of the
    data's probabilities, already normalised, whatever the noise and k. For that the logit of "this is data" must be
    :math:`s - \log k q`. The article leaves :math:`\log q` out, which is right for uniform noise alone, and has k = 1.

    .. math:: -\log \sigma(s_y - \log k q_y) - \sum_{j \sim q} \log \sigma(\log k q_j - s_j)

    A draw that is the target counts like any other, for so does the noise that the optimum is derived from. Where all
    classes are candidates (in evaluation) this is the expectation over the draws.

    Args:
        y_true: int class ids; -1 leaves a sample out. Shape `(batch,)`, or any other.
        y_pred: packed candidates, the output of `layers.SampledDense` with targets; its shape is that of `y_true` and then
            `(1 + negatives, 3)`.

    Returns:
        Loss in nats, of the shape of `y_true`.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> packed = candidates.pack([[0.0, 0.0]], [[0.0, 0.0]])  # score 0, one draw expected: target or noise, who knows
    >>> print(f"{float(nce([1], packed)[0]):.4f}")  # 2 log 2
    1.3863

    References:
        Article: kexue.fm 5617
        Paper: Gutmann, Hyvärinen, Noise-Contrastive Estimation, AISTATS 2010
    """
    real, (score, log_expected, count, _) = candidates.unpack(y_true, y_pred)
    logit = score - log_expected
    drawn = ops.sum(count[..., 1:] * ops.softplus(logit[..., 1:]), axis=-1)
    return ops.where(real, ops.softplus(-logit[..., 0]) + drawn, 0.0)


@keras.saving.register_keras_serializable("keras_blog")
class NCE(SampleLoss):
    """Loss form of `nce`; see there.

    References:
        Article: kexue.fm 5617
    """

    def __init__(self, reduction="sum_over_batch_size", name="nce", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        return nce(y_true, y_pred)
