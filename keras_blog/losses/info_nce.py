"""InfoNCE: the other samples of the batch as negatives."""

import keras
import numpy as np
from keras import ops

from keras_blog.losses.sample_loss import SampleLoss


def info_nce(y_true, y_pred, temperature=1.0, prior=None):
    r"""Softmax cross-entropy of each query over the keys of the whole batch, of which its own is the target.

    The negatives cost nothing, for they are the batch. They come as often as they occur in the data, so the optimum of the
    scores is :math:`\log p(k|q) / p(k)` plus a constant, the pointwise mutual information; with `prior` the scores are
    corrected for that, and their optimum is :math:`\log p(k|q)`. Other keys with the same id are no negatives: they are
    masked. In training over several replicas, the batch is that of a replica.

    .. math:: \log \sum_j e^{q_i \cdot k_j / T - \log p_j} - (q_i \cdot k_i / T - \log p_i)

    Args:
        y_true: int ids of the keys, shape `(batch,)`; equal ids are the same thing, and -1 leaves a sample out, both its
            query and its key. `ops.arange(batch)` where all differ.
        y_pred: queries and keys, shape `(batch, 2, dim)`: `ops.stack([queries, keys], axis=1)`. Put
            `keras.layers.UnitNormalization()` before, for cosines.
        temperature: positive; divides the scores. .05 to .1 is usual for cosines.
        prior: probability of each id among the keys, or numbers proportional to it, shape `(ids,)`, positive.

    Returns:
        Loss in nats, shape `(batch,)`.

    Raises:
        ValueError: if the shapes do not fit, or a number is not positive.

    Example:
    >>> pairs = ops.convert_to_tensor([[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]])
    >>> loss = info_nce([0, 1], pairs)
    >>> print(f"{float(loss[0]):.4f}")  # log(1 + 1/e)
    0.3133

    References:
        Article: kexue.fm 5617
        Paper: van den Oord, Li, Vinyals, Representation Learning with Contrastive Predictive Coding, arXiv:1807.03748, eq. 4
        Paper: Yi et al., Sampling-Bias-Corrected Neural Modeling, RecSys 2019
    """
    temperature, prior = _checked(temperature, prior)
    y_true, y_pred = ops.cast(ops.convert_to_tensor(y_true), "int32"), ops.convert_to_tensor(y_pred)
    if len(y_pred.shape) != 3 or y_pred.shape[1] != 2:
        raise ValueError(f"`y_pred` must be queries and keys, shape (batch, 2, dim); received shape {tuple(y_pred.shape)}")
    if len(y_true.shape) != 1 or (None not in (y_true.shape[0], y_pred.shape[0]) and y_true.shape[0] != y_pred.shape[0]):
        raise ValueError(f"`y_true` must be ids of shape ({y_pred.shape[0]},); received shape {tuple(y_true.shape)}")
    y_pred = ops.cast(y_pred, keras.backend.result_type(y_pred.dtype, "float32"))
    queries, keys = y_pred[:, 0], y_pred[:, 1]
    scores = ops.matmul(queries, ops.transpose(keys)) / temperature  # (query, key)
    if prior is not None:
        scores = scores - ops.cast(ops.take(ops.convert_to_tensor(np.log(prior)), ops.maximum(y_true, 0), axis=0), scores.dtype)
    own = ops.equal(*(ops.expand_dims(ops.cumsum(ops.ones_like(y_true)), axis) for axis in (0, 1)))
    masked = ops.logical_or(ops.equal(y_true, ops.expand_dims(y_true, 1)), ops.less(y_true, 0))
    everything = ops.logsumexp(ops.where(ops.logical_and(masked, ops.logical_not(own)), -1e30, scores), axis=1)
    target = ops.sum(ops.where(own, scores, 0.0), axis=1)
    return ops.where(y_true >= 0, everything - target, 0.0)


@keras.saving.register_keras_serializable("keras_blog")
class InfoNCE(SampleLoss):
    """Loss form of `info_nce`; see there."""

    def __init__(self, temperature=1.0, prior=None, reduction="sum_over_batch_size", name="info_nce", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.temperature, self.prior = _checked(temperature, prior)

    def call(self, y_true, y_pred):
        return info_nce(y_true, y_pred, self.temperature, self.prior)

    def get_config(self):
        prior = None if self.prior is None else self.prior.tolist()
        return {**super().get_config(), "temperature": self.temperature, "prior": prior}


def _checked(temperature, prior):
    if not 0 < temperature < float("inf"):
        raise ValueError(f"`temperature` must be a positive number; received {temperature!r}")
    if prior is not None:
        prior = np.asarray(prior, "float32")
        if prior.ndim != 1 or not np.all(np.isfinite(prior) & (prior > 0)):
            raise ValueError(
                f"`prior` must be positive numbers of shape (ids,); received shape {prior.shape}, min {prior.min()}"
            )
    return float(temperature), prior
