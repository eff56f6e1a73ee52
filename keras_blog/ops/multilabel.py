"""Sets of labels: from scores to labels, and thresholds that suit the F1.

A score is read against a threshold, 0 unless said otherwise: `losses.multilabel_softmax` pushes the scores of a sample's labels
above it and all others below.
"""

import numpy as np
from keras import ops


def multi_hot(ids, classes, pad_id=-1):
    """Lists of class ids as rows of 0 and 1.

    Args:
        ids: int class ids in any order, shape `(..., length)`; `pad_id`, and whatever is negative, is padding; an id may
            stand there twice.
        classes: number of classes.
        pad_id: the id that pads.

    Returns:
        float32, shape `(..., classes)`.

    Raises:
        ValueError: if ids that can be looked at (a list, a NumPy array) are too large.

    Example:
    >>> print(ops.convert_to_numpy(multi_hot([[2, 0, -1]], 3)).tolist())
    [[1.0, 0.0, 1.0]]
    """
    if isinstance(ids, (list, tuple, np.ndarray)):
        ids = np.asarray(ids)
        if ids.size and ids.max() >= classes:
            raise ValueError(f"`ids` must be less than the number of classes, {classes}; received {ids.max()}")
    ids = ops.cast(ops.convert_to_tensor(ids), "int32")
    columns = ops.reshape(ids, (-1, ids.shape[-1]))  # (b, m)
    real = ops.logical_and(columns >= 0, ops.not_equal(columns, pad_id))
    columns = ops.where(real, columns, classes)  # padding has a column of its own, which is cut off again
    rows = ops.cumsum(ops.ones_like(columns), axis=0) - 1
    places = ops.stack([ops.reshape(rows, (-1,)), ops.reshape(columns, (-1,))], axis=1)
    nothing = ops.zeros((ops.shape(columns)[0], classes + 1), "float32")
    hot = ops.scatter_update(nothing, places, ops.ones_like(places[:, 0], dtype="float32"))[:, :classes]
    return ops.reshape(hot, (*ops.shape(ids)[:-1], classes))


def decide(y_pred, threshold=0.0):
    """Labels of scores: where they exceed the threshold.

    Args:
        y_pred: scores, shape `(..., classes)`.
        threshold: a number, or one a class, as of `tune_thresholds`.

    Returns:
        bool, shape `(..., classes)`.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    return y_pred > ops.cast(ops.convert_to_tensor(threshold), y_pred.dtype)


def top_k(y_pred, k):
    """The k classes with the highest scores, best first: int32, shape `(..., k)`. Where the number of labels is known."""
    y_pred = ops.convert_to_tensor(y_pred)
    if not isinstance(k, int) or not 1 <= k <= y_pred.shape[-1]:
        raise ValueError(f"`k` must be an int from 1 to the number of classes, {y_pred.shape[-1]}; received {k!r}")
    return ops.cast(ops.top_k(y_pred, k)[1], "int32")


def probabilities(y_pred, threshold=0.0):
    r"""Probability of each label under a model trained with `losses.multilabel_softmax`: :math:`\sigma(2 (s - s_0))`.

    The loss of a soft label t has its minimum where :math:`t e^{s_0 - s} = (1 - t) e^{s - s_0}`, hence the 2. Trained on hard
    labels the scores rank within a sample, and this is a guess; `tests/losses` holds the exact case.

    Args:
        y_pred: scores, shape `(..., classes)`.
        threshold: that of the loss.

    Example:
    >>> print([f"{p:.2f}" for p in ops.convert_to_numpy(probabilities([0.0, 1.0]))])
    ['0.50', '0.88']

    References:
        Article: kexue.fm 9064
    """
    y_pred = ops.convert_to_tensor(y_pred)
    return ops.sigmoid(2 * (y_pred - ops.cast(ops.convert_to_tensor(threshold), y_pred.dtype)))


def tune_thresholds(y_true, y_pred, shared=False):
    """Thresholds that give each class the best F1 on the samples given, best held out from training.

    The threshold is the mean of the two scores that it parts. For a class that never occurs it is 1 above all scores.

    Args:
        y_true: labels 0 or 1, shape `(samples, classes)`.
        y_pred: scores, the same shape.
        shared: whether all classes share a threshold, chosen by the micro F1.

    Returns:
        NumPy float32, shape `(classes,)`, or a float if shared.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> print(tune_thresholds([[0], [1], [1], [0]], [[-3.0], [-1.0], [2.0], [-2.0]]).tolist())
    [-1.5]
    """
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred, "float64")
    if y_true.ndim != 2 or y_true.shape != y_pred.shape or not len(y_true):
        raise ValueError(f"`y_true` must have shape (samples, classes), {y_pred.shape}; received {y_true.shape}")
    if shared:
        return float(_best_threshold(y_true.ravel() > 0, y_pred.ravel()))
    return np.array([_best_threshold(y_true[:, c] > 0, y_pred[:, c]) for c in range(y_true.shape[1])], "float32")


def _best_threshold(actual, scores):
    if not actual.any():
        return scores.max() + 1.0
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], np.cumsum(actual[order])
    f1 = 2 * hits / (np.arange(1, len(scores) + 1) + actual.sum())
    lower = np.append(scores[1:], scores[-1] - 1.0)
    best = np.argmax(np.where(scores > lower, f1, -1.0))  # a threshold cannot cut between equal scores
    return (scores[best] + lower[best]) / 2
