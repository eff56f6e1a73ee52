r"""Scored candidates: the target of each sample and what it is compared with, packed in one tensor.

The layer that owns the class matrix also draws the negatives; the losses own nothing. What passes between them is one
tensor `(..., 1 + negatives, 3)`, whose column 0 is the target. A candidate has

- its score `s`, an unnormalised log-probability in nats;
- the logarithm of how often the noise is expected to draw it in this step, `log(k q)` for k draws from the noise q;
- how often it was drawn: 1 for each negative that was. Where all classes are candidates, as in evaluation, the expected count
  `k q` stands here and the target's is 0: sums over draws become exact expectations. A negative that is the target itself, an
  accidental hit, has its count negated.

References:
    Article: kexue.fm 5617
"""

from typing import NamedTuple

import keras
from keras import ops

__all__ = ["Candidates", "pack", "unpack"]


class Candidates(NamedTuple):
    """Parts of a packed tensor, each `(..., 1 + negatives)`: `hit` is true at the target and what equals it."""

    score: object
    log_expected: object
    count: object
    hit: object


def pack(score, log_expected, count=None, hit=None):
    """Pack candidates, the target first.

    Args:
        score: shape `(..., 1 + negatives)`.
        log_expected: logarithm of the expected number of draws, broadcastable to `score`. Where noise is a density, such as a
            Gaussian over points, its logarithm plus that of the number of draws.
        count: how often each was drawn, broadcastable; 1 by default.
        hit: true at negatives that are the target, broadcastable; nowhere by default.

    Returns:
        float32, shape `(..., 1 + negatives, 3)`.
    """
    score = ops.cast(ops.convert_to_tensor(score), "float32")
    count = ops.ones_like(score) if count is None else ops.cast(ops.convert_to_tensor(count), "float32")
    if hit is not None:
        count = ops.where(ops.convert_to_tensor(hit), -count, count)
    parts = [score, ops.cast(ops.convert_to_tensor(log_expected), "float32"), count]
    return ops.stack([part + ops.zeros_like(score) for part in parts], axis=-1)


def unpack(y_true, y_pred):
    """`(real, candidates)`: where `y_true` is no -1, and `y_pred` as `Candidates` in float32 or better.

    Raises:
        ValueError: if the shapes do not fit.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if len(y_pred.shape) < 3 or y_pred.shape[-1] != 3:
        raise ValueError(
            "`y_pred` must be packed candidates of shape (batch, 1 + negatives, 3), as layers.SampledDense gives where it "
            f"gets targets; received shape {tuple(y_pred.shape)}"
        )
    shape = tuple(y_pred.shape[:-2])
    if len(y_true.shape) != len(shape) or any(
        None not in pair and pair[0] != pair[1] for pair in zip(y_true.shape, shape, strict=True)
    ):
        raise ValueError(f"`y_true` must be target ids of shape {shape}; received shape {tuple(y_true.shape)}")
    y_pred = ops.cast(y_pred, keras.backend.result_type(y_pred.dtype, "float32"))
    score, log_expected, count = (y_pred[..., i] for i in range(3))
    hit = ops.concatenate([ops.ones_like(count[..., :1], dtype="bool"), count[..., 1:] < 0], axis=-1)
    return ops.greater_equal(y_true, 0), Candidates(score, log_expected, ops.abs(count), hit)
