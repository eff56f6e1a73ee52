"""Cross-entropy of the labelled steps of a sample, summed."""

import keras
from keras import ops

from keras_blog.losses.sample_loss import SampleLoss


def step_cross_entropy(y_true, y_pred):
    r"""Cross-entropy of class ids, summed over the steps of a sample that have one.

    A sum, not a mean: then the losses of several heads, each a :math:`-\log p` of decisions, add up to that of the whole.

    Args:
        y_true: int class ids, shape `(batch, steps)` or `(batch,)`; -1 leaves a step out.
        y_pred: logits in nats, shape `(batch, steps, classes)` or `(batch, classes)`.

    Returns:
        Loss in nats, shape `(batch,)`; 0 where nothing is labelled.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> loss = step_cross_entropy([[0, -1]], [[[0.0, 0.0], [3.0, 1.0]]])
    >>> print(f"{float(loss[0]):.4f}")  # log 2
    0.6931

    References:
        Article: kexue.fm 6771
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.cast(ops.convert_to_tensor(y_pred), "float32")
    shape = tuple(y_pred.shape)
    fits = len(shape) in (2, 3) and len(y_true.shape) == len(shape) - 1
    if not fits or any(None not in (a, b) and a != b for a, b in zip(y_true.shape, shape, strict=False)):
        raise ValueError(f"`y_true` must be ids of shape {shape[:-1]}, for `y_pred` {shape}; received {tuple(y_true.shape)}")
    y_true = ops.cast(y_true, "int32")
    known = ops.cast(y_true >= 0, "float32")
    picked = ops.one_hot(ops.maximum(y_true, 0), shape[-1] or ops.shape(y_pred)[-1], dtype="float32")
    values = known * (ops.logsumexp(y_pred, axis=-1) - ops.sum(picked * y_pred, axis=-1))
    return values if len(shape) == 2 else ops.sum(values, axis=-1)


@keras.saving.register_keras_serializable("keras_blog")
class StepCrossEntropy(SampleLoss):
    """Loss form of `step_cross_entropy`; see there."""

    def __init__(self, reduction="sum_over_batch_size", name="step_cross_entropy", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        return step_cross_entropy(y_true, y_pred)
