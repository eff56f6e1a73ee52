"""Sampled softmax."""

import keras
from keras import ops

from keras_blog.losses.sample_loss import SampleLoss
from keras_blog.ops import candidates


def sampled_softmax(y_true, y_pred):
    r"""Softmax cross-entropy over the target and k draws of known noise q instead of all classes.

    Each candidate's score is corrected by how often the noise draws it, :math:`s - \log k q`; uncorrected, the frequent
    classes, drawn most, would be pushed down most. The corrected softmax is the exact posterior of which candidate is the
    target, so the optimum of the scores is :math:`\log p` plus a constant, whatever the noise and k.

    .. math:: \log \sum_{j \in \{y\} \cup S} \frac{e^{s_j}}{k q_j} - \log \sum_{j \in \{y\} \cup S, j = y} \frac{e^{s_j}}{k q_j}

    An accidental hit, a draw that is the target, is masked out of the negatives: it stands with the target in the second
    sum. To drop it from the first would move the optimum by the order of :math:`k q_y`. Where all classes are candidates (in
    evaluation) this is the full softmax cross-entropy; its exponential is the perplexity.

    Args:
        y_true: int class ids; -1 leaves a sample out. Shape `(batch,)`, or any other.
        y_pred: packed candidates, the output of `layers.SampledDense` with targets; its shape is that of `y_true` and then
            `(1 + negatives, 3)`.

    Returns:
        Loss in nats, of the shape of `y_true`.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> packed = candidates.pack([[1.0, 0.0]], [[0.0, 0.0]])
    >>> print(f"{float(sampled_softmax([1], packed)[0]):.4f}")  # log(1 + 1/e)
    0.3133

    References:
        Article: kexue.fm 5617
        Paper: Jean et al., On Using Very Large Target Vocabulary, arXiv:1412.2007
        Paper: Ma, Collins, Noise Contrastive Estimation and Negative Sampling for Conditional Models, arXiv:1809.01812
    """
    real, (score, log_expected, count, hit) = candidates.unpack(y_true, y_pred)
    there = count > 0
    logit = score - log_expected + ops.log(ops.where(there, count, 1.0))
    logit = ops.where(there, logit, -1e30)
    of_target = ops.logsumexp(ops.where(hit, logit, -1e30), axis=-1)
    return ops.where(real, ops.logsumexp(logit, axis=-1) - of_target, 0.0)


@keras.saving.register_keras_serializable("keras_blog")
class SampledSoftmax(SampleLoss):
    """Loss form of `sampled_softmax`; see there.

    References:
        Article: kexue.fm 5617
    """

    def __init__(self, reduction="sum_over_batch_size", name="sampled_softmax", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        return sampled_softmax(y_true, y_pred)
