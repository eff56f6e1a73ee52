"""Softmax cross-entropy of many labels a sample."""

import keras
import numpy as np
from keras import ops

from keras_blog.losses.sample_loss import SampleLoss
from keras_blog.ops.multilabel import multi_hot
from keras_blog.ops.row_chunks import by_rows

_NEVER = -1e36  # a score that adds nothing to a sum of exponentials; infinities would make nan in the gradient
_LARGEST = 1e30
_CERTAIN = 1e-6  # labels nearer than this to 0 or 1 are 0 or 1
_SAFE = 70.0  # |score| up to which sums of exponentials stay within float32, for up to a million classes


def multilabel_softmax(y_true, y_pred, threshold=0.0):
    r"""Cross-entropy of a set of labels: the scores of its labels above a threshold, all others below.

    Unlike with a sigmoid and binary cross-entropy for each class, the classes of a sample share one sum: a thousand easy
    negatives weigh no more than the hardest few, so few labels among many classes need no class weights. Give it plain
    scores, no sigmoid or softmax. Also known as ZLPR.

    .. math:: \log\left(e^{s_0} + \sum_i (1 - t_i) e^{s_i}\right) + \log\left(e^{-s_0} + \sum_i t_i e^{-s_i}\right)

    A threshold only shifts the scores: it is exactly the loss of :math:`s - s_0` at threshold 0. So a threshold to be learned
    is a layer behind the scores, `layers.LabelThreshold`, and one that depends on the sample is `keras.layers.Subtract`.

    Args:
        y_true: 0 or 1, or soft labels between, shape `(batch, classes)`, or `(batch, ..., classes)`; -1 leaves an entry out.
            Within 1e-6 of 0 or 1 it is taken as that, so that round-off does not wake a score that was masked by a
            large negative number. No gradient flows into it.
        y_pred: scores in nats, the same shape.
        threshold: `s_0`, a number or a tensor that broadcasts to the scores; None: no threshold, labels only have to stand
            above the others, for reading out the k best where k is known.

    Returns:
        Loss in nats, shape `(batch,)`, or `(batch, ...)`; 0 where all entries are left out.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> loss = multilabel_softmax([[1, 0, 1, 0]], [[2.0, -1.0, 0.5, -3.0]])
    >>> print(f"{float(loss[0]):.4f}")  # log(1 + e**-1 + e**-3) + log(1 + e**-2 + e**-.5)
    0.9040

    References:
        Articles: kexue.fm 7359, 9064
        Paper: Su et al., ZLPR: A Novel Loss for Multi-label Classification, arXiv:2208.02955
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if len(y_pred.shape) < 2 or len(y_true.shape) != len(y_pred.shape) or _differ(y_true.shape, y_pred.shape):
        raise ValueError(
            f"`y_true` must have the shape of `y_pred`, (batch, ..., classes), here {tuple(y_pred.shape)}; "
            f"received {tuple(y_true.shape)}. For lists of class ids take `sparse_multilabel_softmax`"
        )
    dtype = "float64" if str(y_pred.dtype).endswith("float64") else "float32"
    y_true, y_pred = ops.stop_gradient(ops.cast(y_true, dtype)), ops.cast(y_pred, dtype)
    if threshold is None:
        labels, others = _weights(y_true)
        above, below = (ops.logsumexp(_log_terms(*pair), axis=-1) for pair in ((others, y_pred), (labels, -y_pred)))
        return ops.softplus(above + below)
    if not isinstance(threshold, (int, float)) or threshold != 0:
        y_pred = y_pred - ops.cast(ops.convert_to_tensor(threshold), dtype)
    return _with_threshold_zero(y_true, y_pred)


def sparse_multilabel_softmax(y_true, y_pred, pad_id=-1):
    """`multilabel_softmax` of lists of class ids, exactly, without a target of the size of the scores in the data.

    The classes outside the list are summed by themselves. The article subtracts the labels from the sum over all classes,
    which loses everything once a label's score exceeds 16.

    Args:
        y_true: int class ids, shape `(batch, length)`, or `(batch, ..., length)`, padded; an id may stand there twice.
        y_pred: scores in nats, shape `(batch, classes)`, or `(batch, ..., classes)`.
        pad_id: the id that pads, as is whatever is negative. If it is 0 or more, the class of that id is left out.

    Returns:
        Loss in nats, shape `(batch,)`, or `(batch, ...)`.

    Raises:
        ValueError: if the shapes do not fit, or ids that can be looked at are too large.

    Example:
    >>> loss = sparse_multilabel_softmax([[2, 0, -1]], [[2.0, -1.0, 0.5, -3.0]])
    >>> print(f"{float(loss[0]):.4f}")
    0.9040

    References:
        Article: kexue.fm 8888
    """
    y_pred = ops.convert_to_tensor(y_pred)
    ids = np.shape(y_true)
    if len(y_pred.shape) < 2 or len(ids) != len(y_pred.shape) or _differ(ids[:-1], y_pred.shape[:-1]):
        raise ValueError(f"`y_true` must be ids, shape {(*y_pred.shape[:-1], 'length')}; received shape {tuple(ids)}")
    classes = y_pred.shape[-1]
    labels = multi_hot(y_true, classes, pad_id)
    if 0 <= pad_id < classes:
        labels = ops.where(ops.equal(ops.arange(classes), pad_id), -1.0, labels)
    return multilabel_softmax(labels, y_pred)


@keras.saving.register_keras_serializable("keras_blog")
class MultilabelSoftmax(keras.losses.Loss):
    """Loss form of `multilabel_softmax`; see there."""

    def __init__(self, threshold=0.0, reduction="sum_over_batch_size", name="multilabel_softmax", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if threshold is not None and not np.all(np.isfinite(threshold)):
            raise ValueError(f"`threshold` must be None, or finite numbers; received {threshold}")
        self.threshold = threshold if threshold is None else np.asarray(threshold, "float64").tolist()

    def call(self, y_true, y_pred):
        return multilabel_softmax(y_true, y_pred, self.threshold)

    def get_config(self):
        return {"threshold": self.threshold, "reduction": self.reduction, "name": self.name, "dtype": self.dtype}


@keras.saving.register_keras_serializable("keras_blog")
class SparseMultilabelSoftmax(SampleLoss):
    """Loss form of `sparse_multilabel_softmax`; see there."""

    def __init__(self, pad_id=-1, reduction="sum_over_batch_size", name="sparse_multilabel_softmax", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not isinstance(pad_id, int):
            raise ValueError(f"`pad_id` must be an int; received {pad_id!r}")
        self.pad_id = pad_id

    def call(self, y_true, y_pred):
        return sparse_multilabel_softmax(y_true, y_pred, self.pad_id)

    def get_config(self):
        return {**super().get_config(), "pad_id": self.pad_id}


def _weights(y_true):
    """Shares of the entries as labels and as others; both 0 where left out."""
    parts = (ops.relu(y_true), ops.relu(1.0 - ops.abs(y_true)))
    return tuple(ops.hard_shrink(part, _CERTAIN) for part in parts)  # on torch `where` costs ten times as much


def _with_threshold_zero(y_true, scores):
    """The loss with its gradient, which is a by-product."""

    @ops.custom_gradient
    def call(scores):
        values, slopes = by_rows(_values_and_slopes, y_true, scores)

        def backward(*args, upstream=None):
            return ops.expand_dims(args[0] if upstream is None else upstream, -1) * slopes

        return values, backward

    return call(scores)


def _values_and_slopes(y_true, scores):
    labels, others = _weights(y_true)
    small = ops.logical_and(ops.max(scores, initial=0.0) < _SAFE, ops.min(scores, initial=0.0) > -_SAFE)
    return ops.cond(small, lambda: _of_small(labels, others, scores), lambda: _of_any(labels, others, scores))


def _of_small(labels, others, scores):
    """Loss and slopes from one exponential, which no sum of them overflows."""
    up = ops.exp(scores)
    above, below = others * up, labels / up  # (b, k)
    sum_above, sum_below = (ops.sum(part, axis=-1, keepdims=True) for part in (above, below))
    slopes = above * (1.0 / (1.0 + sum_above)) - below * (1.0 / (1.0 + sum_below))
    return ops.squeeze(ops.log1p(sum_above) + ops.log1p(sum_below), -1), slopes


def _of_any(labels, others, scores):
    """Loss and slopes in log space."""
    values, slopes = [], []
    for weights, sign in ((others, 1.0), (labels, -1.0)):
        terms = _log_terms(weights, sign * scores)
        value = ops.softplus(ops.logsumexp(terms, axis=-1))
        values.append(value)
        slopes.append(sign * ops.exp(terms - ops.expand_dims(value, -1)))
    inside = ops.cast(ops.abs(scores) <= _LARGEST, scores.dtype)
    return values[0] + values[1], inside * (slopes[0] + slopes[1])


def _log_terms(weights, scores):
    """Logs of the weighted exponentials; `_NEVER` where the weight is not positive."""
    there = weights > 0
    scores = ops.clip(scores, -_LARGEST, _LARGEST) + ops.log(ops.where(there, weights, 1.0))
    return ops.where(there, scores, _NEVER)


def _differ(shape, other):
    return any(a is not None and b is not None and a != b for a, b in zip(shape, other, strict=True))
