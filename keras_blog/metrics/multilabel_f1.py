"""F1 of sets of labels."""

import keras
import numpy as np
from keras import ops

from keras_blog.ops.multilabel import multi_hot


@keras.saving.register_keras_serializable("keras_blog")
class MultilabelF1(keras.metrics.Metric):
    """Micro- or macro-averaged F1 of labels, at a threshold of the scores.

    Never nan: a label that neither occurs nor is found has F1 0, as in scikit-learn. `per_label` gives each.

    Args:
        classes: number of labels.
        average: `"micro"`, over all decisions together, or `"macro"`, the mean over labels.
        threshold: scores above it are found, a number or one a class; 0 suits `losses.multilabel_softmax` and logits, .5
            probabilities.
        pad_id: None for labels 0 or 1; for lists of class ids the id that pads them.
        name: shown in the logs; by default the average and `_f1`.
        dtype: of the result.

    Call arguments:
        y_true: labels 0 or 1, -1 left out, shape `(batch, ..., classes)`; or padded class ids, shape `(batch, ..., length)`.
        y_pred: scores, shape `(batch, ..., classes)`.
        sample_weight: shape `(batch,)`, or of any shape that broadcasts to the labels.

    Example:
    >>> metric = MultilabelF1(3)
    >>> metric.update_state([[1, 0, 1]], [[2.0, 1.0, -1.0]])
    >>> print(f"{float(metric.result()):.2f}")
    0.50

    References:
        Article: kexue.fm 7359
    """

    def __init__(self, classes, average="micro", threshold=0.0, pad_id=None, name=None, dtype=None):
        super().__init__(name=name or f"{average}_f1", dtype=dtype)
        if average not in ("micro", "macro"):
            raise ValueError(f"`average` must be 'micro' or 'macro'; received {average!r}")
        if not isinstance(classes, int) or classes < 1:
            raise ValueError(f"`classes` must be a positive int; received {classes!r}")
        self.classes, self.average, self.pad_id = classes, average, pad_id
        self.threshold = np.asarray(threshold, "float64").tolist()
        zeros = {"shape": (classes,), "initializer": "zeros", "dtype": "float32"}
        self.hits, self.found, self.actual = (self.add_weight(name=n, **zeros) for n in ("hits", "found", "actual"))

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = ops.convert_to_tensor(y_pred)
        if self.pad_id is not None:
            y_true = multi_hot(y_true, self.classes, self.pad_id)
        y_true = ops.cast(ops.convert_to_tensor(y_true), "float32")
        for name, value in (("y_true", y_true), ("y_pred", y_pred)):
            if value.shape[-1] != self.classes or len(y_true.shape) != len(y_pred.shape):
                raise ValueError(f"`{name}` must have shape (batch, ..., {self.classes}); received {tuple(value.shape)}")
        weight = ops.cast(y_true > -0.5, "float32")
        if sample_weight is not None:
            given = ops.cast(ops.convert_to_tensor(sample_weight), "float32")
            weight = weight * ops.reshape(given, (*ops.shape(given), *[1] * (len(weight.shape) - len(given.shape))))
        found = ops.cast(y_pred > ops.cast(ops.convert_to_tensor(self.threshold), y_pred.dtype), "float32") * weight
        actual = ops.cast(y_true > 0.5, "float32")
        over = tuple(range(len(y_pred.shape) - 1))
        self.hits.assign_add(ops.sum(found * actual, axis=over))
        self.found.assign_add(ops.sum(found, axis=over))
        self.actual.assign_add(ops.sum(weight * actual, axis=over))

    def result(self):
        if self.average == "micro":
            return _f1(ops.sum(self.hits), ops.sum(self.found), ops.sum(self.actual))
        return ops.mean(_f1(self.hits, self.found, self.actual))

    def per_label(self):
        """F1 of each label, NumPy, shape `(classes,)`."""
        return ops.convert_to_numpy(_f1(self.hits, self.found, self.actual))

    def get_config(self):
        arguments = ("classes", "average", "threshold", "pad_id", "name", "dtype")
        return {name: getattr(self, name) for name in arguments}


def _f1(hits, found, actual):
    hits, whole = ops.convert_to_tensor(hits), found + actual
    return ops.where(whole > 0, 2 * hits / ops.where(whole > 0, whole, 1.0), 0.0)
