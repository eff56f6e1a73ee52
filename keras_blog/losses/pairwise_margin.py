"""Softmax cross-entropy with margins between pairs of classes, which holds the losses for long tails."""

import keras
import numpy as np
from keras import ops

from keras_blog.losses.sample_loss import SampleLoss
from keras_blog.ops.prior import log_prior

_LARGEST = 1e30  # an infinite score is taken as this one


def pairwise_margin(y_true, y_pred, others=0.0, own=0.0, scale=1.0, weight=1.0):
    r"""Softmax cross-entropy of scores :math:`z_j = c_j f_j + a_j`, where the sample's own class takes :math:`b` for :math:`a`.

    .. math:: w_y \log\left(1 + \sum_{j \ne y} e^{c_j f_j + a_j - c_y f_y - b_y}\right)

    The difference between :math:`a_j` and :math:`b_y` is the margin by which class y must beat class j.

    ===================  ==================  ==================  ===================  =====================
    loss                 others, a           own, b              scale, c             constructor
    ===================  ==================  ==================  ===================  =====================
    logit-adjusted       tau log p           tau log p           1                    `logit_adjusted`
    LDAM                 0                   -s m n^(-1/4)       s                    `ldam`
    equalised            log(1 - share)      0                   1                    `equalised`
    vector scaling (VS)  tau log p           tau log p           (n / max n)^gamma    `vector_scaling`
    ===================  ==================  ==================  ===================  =====================

    Args:
        y_true: int class ids, shape `(batch,)` or `(batch, ...)`, -1 left out; or one-hot or soft labels,
            the shape of `y_pred`.
        y_pred: scores in nats, shape `(batch, classes)` or `(batch, ..., classes)`.
        others: added to the scores of classes that are not the sample's, a number or shape `(classes,)`.
        own: added to the score of the sample's class, a number or shape `(classes,)`.
        scale: factor of the scores, a number or shape `(classes,)`.
        weight: of the samples of each class, a number or shape `(classes,)`.

    Returns:
        Loss in nats, shape `(batch,)` or `(batch, ...)`; 0 where the label is -1. A soft label takes its share of the
        margin.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> loss = pairwise_margin([0], [[1.0, 0.0]], own=-1.0)  # class 0 must win by 1
    >>> print(f"{float(loss[0]):.4f}")  # log 2
    0.6931

    References:
        Article: kexue.fm 7708
        Paper: Menon et al., Long-tail Learning via Logit Adjustment, arXiv:2007.07314, eq. 11
        Paper: Kini et al., Label-Imbalanced and Group-Sensitive Classification under Overparameterization, arXiv:2103.01550
    """
    y_pred = ops.convert_to_tensor(y_pred)
    labels, shape = np.shape(y_true), tuple(y_pred.shape)
    if len(shape) < 2 or len(labels) not in (len(shape) - 1, len(shape)) or _differ(labels, shape):
        raise ValueError(
            f"`y_true` must be ids of shape {shape[:-1]}, or labels of shape {shape}; received shape {tuple(labels)}"
        )
    classes = shape[-1]
    dtype = "float64" if str(y_pred.dtype).endswith("float64") else "float32"
    others, own, scale, weight = (
        ops.cast(ops.convert_to_tensor(_per_class(name, value, classes)), dtype)
        for name, value in (("others", others), ("own", own), ("scale", scale), ("weight", weight))
    )
    if len(labels) < len(shape):
        y_true = ops.one_hot(_ids(y_true, classes), classes, dtype=dtype)  # a row of zeros for -1
    y_true = ops.cast(ops.convert_to_tensor(y_true), dtype)
    scores = scale * ops.clip(ops.cast(y_pred, dtype), -_LARGEST, _LARGEST) + others + y_true * (own - others)
    return ops.sum(weight * y_true * (ops.logsumexp(scores, axis=-1, keepdims=True) - scores), axis=-1)


@keras.saving.register_keras_serializable("keras_blog")
class PairwiseMargin(SampleLoss):
    """Loss form of `pairwise_margin`; see there. `ldam`, `equalised` and `vector_scaling` choose its numbers."""

    def __init__(
        self, others=0.0, own=0.0, scale=1.0, weight=1.0, reduction="sum_over_batch_size", name="pairwise_margin", dtype=None
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        values = {"others": others, "own": own, "scale": scale, "weight": weight}
        for key, value in values.items():
            if not np.isfinite(value).all() or np.ndim(value) > 1:
                raise ValueError(f"`{key}` must be a finite number, or one a class; received {value}")
        self.others, self.own, self.scale, self.weight = (np.asarray(value, "float64").tolist() for value in values.values())

    @classmethod
    def ldam(cls, counts, margin=0.5, scale=30.0, **options):
        """Label-distribution-aware margins, for cosines: largest for the rarest class, as the fourth root of 1 / count.

        Args:
            counts: of the training samples of each class, positive.
            margin: of the rarest class.
            scale: of the cosines.
            **options: `reduction`, `name`, `dtype`.

        References:
            Paper: Cao et al., Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss, arXiv:1906.07413, eq. 13
        """
        share = np.exp(log_prior(counts))
        return cls(own=-scale * margin * (share.min() / share) ** 0.25, scale=scale, **options)

    @classmethod
    def equalised(cls, counts, below, share=0.9, **options):
        """Rare classes are pushed down less by samples of other classes.

        The paper drops each rare class from the softmax of a sample at random with probability `share`; here it always has the
        weight that it has on average.

        Args:
            counts: of the training samples of each class, or their shares.
            below: the share of the training samples below which a class is rare.
            share: how much of the push is taken away, from 0 to less than 1.
            **options: `reduction`, `name`, `dtype`.

        References:
            Paper: Tan et al., Equalization Loss for Long-Tailed Object Recognition, arXiv:2003.05176, eq. 8
        """
        if not 0 <= share < 1:
            raise ValueError(f"`share` must be from 0 to less than 1; received {share}")
        return cls(others=np.where(np.exp(log_prior(counts)) < below, np.log1p(-share), 0.0), **options)

    @classmethod
    def vector_scaling(cls, counts, gamma=0.2, tau=1.0, **options):
        """Logit adjustment, and scores that shrink for rare classes by `(n / max n) ** gamma`.

        Args:
            counts: of the training samples of each class, or their shares.
            gamma: how much they shrink.
            tau: strength of the adjustment.
            **options: `reduction`, `name`, `dtype`.

        References:
            Paper: Kini et al., Label-Imbalanced and Group-Sensitive Classification under Overparameterization, arXiv:2103.01550
        """
        prior = log_prior(counts)
        return cls(others=tau * prior, own=tau * prior, scale=np.exp(gamma * (prior - prior.max())), **options)

    def call(self, y_true, y_pred):
        return pairwise_margin(y_true, y_pred, self.others, self.own, self.scale, self.weight)

    def get_config(self):
        values = {"others": self.others, "own": self.own, "scale": self.scale, "weight": self.weight}
        return {**super().get_config(), **values}


def _per_class(name, value, classes):
    value = value if keras.ops.is_tensor(value) else np.asarray(value, "float64")
    if tuple(value.shape) not in ((), (classes,)):
        raise ValueError(f"`{name}` must be a number, or have a value a class, {classes}; received shape {tuple(value.shape)}")
    return value


def _ids(y_true, classes):
    if isinstance(y_true, (list, tuple, np.ndarray)):
        y_true = np.asarray(y_true)
        if y_true.size and (y_true.min() < -1 or y_true.max() >= classes):
            received = f"values from {y_true.min()} to {y_true.max()}"
            raise ValueError(f"`y_true` must lie in [-1, {classes - 1}]; received {received}")
    return ops.cast(ops.convert_to_tensor(y_true), "int32")


def _differ(labels, shape):
    return any(a is not None and b is not None and a != b for a, b in zip(labels, shape, strict=False))
