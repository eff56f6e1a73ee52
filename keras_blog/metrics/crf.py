"""Accuracy of the decoded tags."""

import keras
import numpy as np
from keras import ops

from keras_blog.ops import crf


@keras.saving.register_keras_serializable("keras_blog")
class CRFAccuracy(keras.metrics.Mean):
    """Share of real steps whose tag on the best path is right.

    Args:
        name: shown in the logs.
        dtype: of the result.

    Call arguments:
        y_true: int tags, shape `(batch, steps)`, -1 left out; or one-hot tags `(batch, steps, tags)`.
        y_pred: packed potentials, the output of `layers.CRF`.
        sample_weight: shape `(batch,)` or `(batch, steps)`.

    Example:
    >>> metric = CRFAccuracy()
    >>> metric.update_state([[1, 0]], crf.pack([[[0.0, 1.0], [0.0, 1.0]]], [[0.0, 0.0], [0.0, 0.0]]))
    >>> float(metric.result())
    0.5
    """

    def __init__(self, name="crf_accuracy", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true = label_ids(y_true)
        tags, _ = crf.decode(y_pred)
        real = ops.cast(ops.logical_and(y_true >= 0, tags >= 0), "float32")
        if sample_weight is not None:
            weight = ops.cast(ops.convert_to_tensor(sample_weight), "float32")
            real = real * (weight[:, None] if len(weight.shape) == 1 else weight)
        super().update_state(ops.cast(ops.equal(y_true, tags), "float32"), sample_weight=real)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}


def label_ids(y_true):
    """Int tags `(batch, steps)` of int or one-hot tags; -1 where a one-hot row is empty."""
    if len(np.shape(y_true)) == 2:
        return ops.cast(ops.convert_to_tensor(y_true), "int32")
    y_true = ops.convert_to_tensor(y_true)
    return ops.where(ops.any(y_true > 0, axis=-1), ops.cast(ops.argmax(y_true, axis=-1), "int32"), -1)
