"""Accuracy in which every class counts the same."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class BalancedAccuracy(keras.metrics.Metric):
    """Mean over classes of the share of their samples that are recognised; one minus it is the balanced error.

    Classes without a sample are left out of the mean; 0 if there is none at all.

    Args:
        classes: number of classes.
        only: class ids to average over, as of `ops.prior.head_medium_tail`; all by default.
        name: shown in the logs.
        dtype: of the result.

    Call arguments:
        y_true: int class ids, shape `(batch, ...)`, -1 left out; or one-hot, shape `(batch, ..., classes)`.
        y_pred: scores or probabilities, shape `(batch, ..., classes)`.
        sample_weight: shape of the ids, or `(batch,)`.

    Example:
    >>> metric = BalancedAccuracy(2)
    >>> metric.update_state([0, 0, 0, 1], [[1.0, 0.0]] * 4)
    >>> float(metric.result())  # of class 0 all, of class 1 none
    0.5

    References:
        Article: kexue.fm 7615
    """

    def __init__(self, classes, only=None, name="balanced_accuracy", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if not isinstance(classes, int) or classes < 1:
            raise ValueError(f"`classes` must be a positive int; received {classes!r}")
        only = None if only is None else [int(i) for i in only]
        if only is not None and not all(0 <= i < classes for i in only):
            raise ValueError(f"`only` must hold class ids below {classes}; received {only}")
        self.classes, self.only = classes, only
        zeros = {"shape": (classes,), "initializer": "zeros", "dtype": "float32"}
        self.hits, self.actual = (self.add_weight(name=n, **zeros) for n in ("hits", "actual"))

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        ranks = len(y_pred.shape) - 1
        if y_pred.shape[-1] != self.classes or len(y_true.shape) not in (ranks, ranks + 1):
            raise ValueError(
                f"`y_pred` must have shape (batch, ..., {self.classes}), and `y_true` ids or one-hot rows for it; "
                f"received {tuple(y_pred.shape)} and {tuple(y_true.shape)}"
            )
        if len(y_true.shape) == ranks:
            actual = ops.one_hot(ops.cast(y_true, "int32"), self.classes, dtype="float32")
        else:
            actual = ops.cast(y_true, "float32")
        if sample_weight is not None:
            given = ops.cast(ops.convert_to_tensor(sample_weight), "float32")
            actual = actual * ops.reshape(given, (*ops.shape(given), *[1] * (ranks + 1 - len(given.shape))))
        found = ops.one_hot(ops.argmax(y_pred, axis=-1), self.classes, dtype="float32")
        over = tuple(range(ranks))
        self.hits.assign_add(ops.sum(found * actual, axis=over))
        self.actual.assign_add(ops.sum(actual, axis=over))

    def result(self):
        chosen = ops.convert_to_tensor(self.actual) > 0
        if self.only is not None:
            rows = ops.one_hot(ops.convert_to_tensor(self.only, "int32"), self.classes, dtype="float32")
            chosen = ops.logical_and(chosen, ops.sum(rows, axis=0) > 0)
        chosen = ops.cast(chosen, "float32")
        return ops.sum(chosen * self._recalls()) / ops.maximum(ops.sum(chosen), 1.0)

    def per_class(self):
        """Share of each class's samples that are recognised, NumPy, shape `(classes,)`; 0 for a class without any."""
        return ops.convert_to_numpy(self._recalls())

    def get_config(self):
        return {"classes": self.classes, "only": self.only, "name": self.name, "dtype": self.dtype}

    def _recalls(self):
        hits, actual = ops.convert_to_tensor(self.hits), ops.convert_to_tensor(self.actual)
        return hits / ops.where(actual > 0, actual, 1.0)
