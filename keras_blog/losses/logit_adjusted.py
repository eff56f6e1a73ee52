"""Softmax cross-entropy that knows how frequent the classes are."""

import keras
import numpy as np

from keras_blog.losses.pairwise_margin import pairwise_margin
from keras_blog.losses.sample_loss import SampleLoss
from keras_blog.ops.prior import log_prior


def logit_adjusted(y_true, y_pred, prior, tau=1.0):
    r"""Softmax cross-entropy of :math:`f + \tau \log p`, so that the scores need not learn the class frequencies.

    What the scores then learn is :math:`\log p(y|x) / p(y)`, in which rare and frequent classes are equal: their maximum
    has the least balanced error. For the least error overall, add `tau` log p again: `layers.PriorBias`.

    .. math:: \log\left(1 + \sum_{j \ne y} (p_j / p_y)^\tau e^{f_j - f_y}\right)

    Do not adjust the scores again afterwards; and give the prior of what training sees, so after any resampling.

    Args:
        y_true: int class ids, shape `(batch,)` or `(batch, ...)`, -1 left out; or one-hot or soft labels,
            the shape of `y_pred`.
        y_pred: scores in nats, shape `(batch, classes)` or `(batch, ..., classes)`.
        prior: shares or counts of the classes in training, shape `(classes,)`; one that never occurs has half the share of the
            rarest that does, see `ops.prior.log_prior`.
        tau: strength; 0 is the plain cross-entropy.

    Returns:
        Loss in nats, shape `(batch,)` or `(batch, ...)`; 0 where the label is -1.

    Raises:
        ValueError: if the shapes do not fit, or the prior is none.

    Example:
    >>> loss = logit_adjusted([2], [[2.0, 1.0, 0.5]], prior=[7, 2, 1])
    >>> print(f"{float(loss[0]):.4f}")
    3.5743

    References:
        Article: kexue.fm 7615
        Paper: Menon et al., Long-tail Learning via Logit Adjustment, arXiv:2007.07314, eq. 10
    """
    change = tau * log_prior(prior)
    return pairwise_margin(y_true, y_pred, others=change, own=change)


@keras.saving.register_keras_serializable("keras_blog")
class LogitAdjusted(SampleLoss):
    """Loss form of `logit_adjusted`; see there. The prior is saved with it."""

    def __init__(self, prior, tau=1.0, reduction="sum_over_batch_size", name="logit_adjusted", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        log_prior(prior)  # a bad one stops us here
        if not np.isfinite(tau):
            raise ValueError(f"`tau` must be a finite number; received {tau}")
        self.prior, self.tau = np.asarray(prior, "float64").tolist(), float(tau)

    def call(self, y_true, y_pred):
        return logit_adjusted(y_true, y_pred, self.prior, self.tau)

    def get_config(self):
        return {**super().get_config(), "prior": self.prior, "tau": self.tau}
