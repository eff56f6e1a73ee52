"""How well clusters agree with classes: accuracy under the best one-to-one names, purity, information, pairs."""

import keras
import numpy as np
from keras import ops

from keras_blog.ops.assignment import assign


def clustering(y_true, clusters):
    """All the usual figures of a clustering.

    Purity names each cluster after its largest class, so it rises with the number of clusters; accuracy gives every class one
    cluster at most (Hungarian), and can be compared with that of a classifier. The article gives purity, and compares it with
    accuracies. Empty clusters are no trouble.

    Args:
        y_true: ints, shape `(n,)`.
        clusters: ints, shape `(n,)`; their numbers need not be those of the classes, nor as many.

    Returns:
        A dict: `"accuracy"`, `"purity"`, `"nmi"` (mutual information over the mean of the entropies), `"ari"` (adjusted Rand
        index), and `"clusters"`, how many are used.

    Raises:
        ValueError: if the sizes differ, or there is nothing.

    Example:
    >>> figures = clustering([0, 0, 1, 1], [1, 1, 2, 3])
    >>> print(figures["accuracy"], figures["purity"], figures["clusters"])
    0.75 1.0 3

    References:
        Article: kexue.fm 5887
    """
    y_true, clusters = np.asarray(y_true), np.asarray(clusters)
    if y_true.ndim != 1 or y_true.shape != clusters.shape or not len(y_true):
        raise ValueError(f"`clusters` must be one a label; received shapes {clusters.shape} and {y_true.shape}")
    classes, y_true = np.unique(y_true, return_inverse=True)
    used, clusters = np.unique(clusters, return_inverse=True)
    size = max(len(classes), len(used))
    table = np.bincount(clusters * size + y_true, minlength=size * size).reshape(size, size)
    names = ops.convert_to_numpy(assign(table.astype("float32")))
    n = len(y_true)
    rows, columns = table.sum(1), table.sum(0)
    pairs, by_row, by_column, every = (np.sum(x * (x - 1) / 2) for x in (table.astype("float64"), rows, columns, np.array([n])))
    expected, most = by_row * by_column / max(every, 1), (by_row + by_column) / 2
    entropies = _entropy(rows / n), _entropy(columns / n)
    information = sum(entropies) - _entropy(table.ravel() / n)
    return {
        "accuracy": float(table[np.arange(size), names].sum() / n),
        "purity": float(table.max(1).sum() / n),
        "nmi": float(2 * information / sum(entropies)) if sum(entropies) > 0 else 1.0,
        "ari": float((pairs - expected) / (most - expected)) if most != expected else 1.0,
        "clusters": len(used),
    }


@keras.saving.register_keras_serializable("keras_blog")
class ClusterAccuracy(keras.metrics.Metric):
    """Accuracy under the best one-to-one names of the clusters, counted over batches.

    The assignment is made anew from the table of counts whenever the result is read; it runs in compiled code.

    Args:
        clusters: how many there are, classes or clusters, whichever are more.

    Call arguments:
        y_true: class ids, shape `(batch,)`.
        y_pred: scores of the clusters, shape `(batch, clusters)`; or their ids, ints `(batch,)`.
        sample_weight: shape `(batch,)`.

    Example:
    >>> metric = ClusterAccuracy(3)
    >>> metric.update_state([0, 0, 1, 1], [2, 2, 0, 1])
    >>> float(metric.result())
    0.75

    References:
        Article: kexue.fm 5887
    """

    def __init__(self, clusters, name="cluster_accuracy", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if not isinstance(clusters, int) or clusters < 1:
            raise ValueError(f"`clusters` must be a positive int; received {clusters!r}")
        self.clusters = clusters
        self.table = self.add_weight(name="table", shape=(clusters, clusters), initializer="zeros", dtype="float32")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        if len(y_true.shape) != 1 or len(y_pred.shape) not in (1, 2) or y_pred.shape[1:] not in ((), (self.clusters,)):
            raise ValueError(
                f"`y_true` must have shape (batch,), and `y_pred` (batch,) or (batch, {self.clusters}); received "
                f"{tuple(y_true.shape)} and {tuple(y_pred.shape)}"
            )
        found = ops.argmax(y_pred, axis=-1) if len(y_pred.shape) == 2 else y_pred
        found, actual = (ops.one_hot(ops.cast(ids, "int32"), self.clusters, dtype="float32") for ids in (found, y_true))
        if sample_weight is not None:
            actual = actual * ops.cast(sample_weight, "float32")[:, None]
        self.table.assign_add(ops.matmul(ops.transpose(found), actual))

    def result(self):
        table = ops.convert_to_tensor(self.table)
        named = ops.one_hot(assign(table), self.clusters, dtype="float32")
        return ops.sum(table * named) / ops.maximum(ops.sum(table), 1e-7)

    def get_config(self):
        return {"clusters": self.clusters, "name": self.name, "dtype": self.dtype}


def _entropy(shares):
    shares = shares[shares > 0]
    return float(-np.sum(shares * np.log(shares)))
