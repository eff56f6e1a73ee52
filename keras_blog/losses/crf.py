"""Negative log-likelihood of the conditional random field."""

import keras
import numpy as np
from keras import ops

from keras_blog.losses.sample_loss import SampleLoss
from keras_blog.ops import crf


def crf_negative_log_likelihood(y_true, y_pred, step_weight=None):
    r"""Negative log-likelihood of tag sequences under a CRF, `log Z - f(y)`.

    Args:
        y_true: int tags, shape `(batch, steps)`, where -1 leaves a step out as if masked; or one-hot tags, or sets of allowed
            tags (a partially observed sequence), 0 or 1, shape `(batch, steps, tags)`.
        y_pred: packed potentials, the output of `layers.CRF`.
        step_weight: weights of the steps' terms in the chain rule, shape `(batch, steps)`; see `ops.crf.log_likelihood`.

    Returns:
        Loss in nats, shape `(batch,)`; 0 where nothing is real.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> potentials = crf.pack([[[1.0, 0.0], [0.0, 0.0]]], [[0.0, 0.0], [0.0, 0.0]])
    >>> loss = crf_negative_log_likelihood([[0, 1]], potentials)
    >>> print(f"{float(loss[0]):.4f}")  # log(1 + 1/e) + log 2
    1.0064

    References:
        Article: kexue.fm 5542
    """
    if len(np.shape(y_true)) == 2:
        y_true = ops.cast(ops.convert_to_tensor(y_true), "int32")
    return -crf.log_likelihood(y_pred, y_true, step_weight)


@keras.saving.register_keras_serializable("keras_blog")
class CRFNegativeLogLikelihood(SampleLoss):
    """Loss form of `crf_negative_log_likelihood`; see there.

    `sample_weight` of shape `(batch,)` weights sequences; of shape `(batch, steps)`, with int tags, the steps' terms. The
    reduction is Keras's own, over sequences.
    """

    def __init__(self, reduction="sum_over_batch_size", name="crf_negative_log_likelihood", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        return crf_negative_log_likelihood(y_true, y_pred)

    def __call__(self, y_true, y_pred, sample_weight=None):
        # Keras would cast the tags to floats, and has no weights along the steps of a loss of shape (batch,).
        step_weight = None
        if sample_weight is not None and len(np.shape(sample_weight)) == 2 and np.shape(sample_weight)[1] != 1:
            step_weight, sample_weight = sample_weight, None
        values = crf_negative_log_likelihood(y_true, y_pred, step_weight)
        return self.reduced(values, values, sample_weight)  # the potentials carry the mask of the steps
