"""Negative sampling."""

import keras
from keras import ops

from keras_blog.losses.sample_loss import SampleLoss
from keras_blog.ops import candidates


def negative_sampling(y_true, y_pred):
    r"""Negative sampling, as in word2vec: noise-contrastive estimation without its correction.

    The optimum of the scores is :math:`\log p - \log k q`: with noise of the classes' own frequencies and k = 1 the pointwise
    mutual information, as the article says; with word2vec's k negatives and frequencies to the power .75 something else.
    For representations that is as good; for probabilities take `nce`.

    .. math:: -\log \sigma(s_y) - \sum_{j \sim q} \log \sigma(-s_j)

    Args:
        y_true: int class ids; -1 leaves a sample out. Shape `(batch,)`, or any other.
        y_pred: packed candidates, the output of `layers.SampledDense` with targets; its shape is that of `y_true` and then
            `(1 + negatives, 3)`.

    Returns:
        Loss in nats, of the shape of `y_true`; where all classes are candidates, its expectation over the draws.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> packed = candidates.pack([[2.0, -1.0]], [[0.0, 0.0]])
    >>> print(f"{float(negative_sampling([1], packed)[0]):.4f}")  # log(1 + e**-2) + log(1 + e**-1)
    0.4402

    References:
        Article: kexue.fm 5617
        Paper: Mikolov et al., Distributed Representations of Words and Phrases, arXiv:1310.4546, eq. 4
        Paper: Levy, Goldberg, Neural Word Embedding as Implicit Matrix Factorization, NIPS 2014
    """
    real, (score, _, count, _) = candidates.unpack(y_true, y_pred)
    drawn = ops.sum(count[..., 1:] * ops.softplus(score[..., 1:]), axis=-1)
    return ops.where(real, ops.softplus(-score[..., 0]) + drawn, 0.0)


@keras.saving.register_keras_serializable("keras_blog")
class NegativeSampling(SampleLoss):
    """Loss form of `negative_sampling`; see there.

    References:
        Article: kexue.fm 5617
    """

    def __init__(self, reduction="sum_over_batch_size", name="negative_sampling", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        return negative_sampling(y_true, y_pred)
