"""Two texts compared word by word."""

import keras
from keras import ops

_HIDDEN = -3e4  # finite in float16


@keras.saving.register_keras_serializable("keras_blog")
class CrossMatch(keras.layers.Layer):
    """What two texts have in common: each step of either looks for its like in the other, and is compared with what it finds.

    All weights are shared between the two sides: exchange the texts, and the halves of the result are exchanged.

    Args:
        units: size of the comparison.

    Call arguments:
        query: features of one text, shape `(..., steps, dim)`.
        value: features of the other, shape `(..., other steps, dim)`; the axes before broadcast.
        same: 0 or 1, shape `(..., steps, other steps)`: whether two steps are the same word, which features only suggest.
        query_mask: bool, shape `(..., steps)`, true at real steps; what stands at others changes nothing.
        value_mask: the same, of the other text.

    Returns:
        Shape `(..., 4 * units)`: of the query the largest and the mean comparison, then of the value; 0 without real steps.

    Example:
    >>> x = keras.ops.ones((2, 1, 3, 4))
    >>> CrossMatch(8)(x, keras.ops.ones((2, 5, 6, 4)), keras.ops.zeros((2, 5, 3, 6))).shape[1:] == (5, 32)
    True

    References:
        Article: kexue.fm 6919
        Paper: Chen et al., Enhanced LSTM for Natural Language Inference, arXiv:1609.06038, section 3.2
    """

    def __init__(self, units=64, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(units, int) or isinstance(units, bool) or not 1 <= units <= 65536:
            raise ValueError(f"`units` must be an int from 1 to 65536; received {units!r}")
        self.units = units
        self.features = keras.layers.Dense(units, use_bias=False, name="features")
        self.comparison = keras.layers.Dense(units, activation="relu", name="comparison")
        self.supports_masking = True

    def build(self, query_shape, value_shape=None, same_shape=None):
        self.features.build(query_shape)
        self.comparison.build((None, 2 * self.units + 1))
        self.attraction = self.add_weight(name="attraction", shape=(), initializer="ones")

    def call(self, query, value, same, query_mask=None, value_mask=None):
        query, value = self.features(query), self.features(value)
        same = ops.cast(same, query.dtype)
        scores = ops.matmul(query, ops.swapaxes(value, -1, -2)) / self.units**0.5 + self.attraction * same  # (..., t, s)
        sides = (query, value, scores, same, query_mask, value_mask), (
            value, query, ops.swapaxes(scores, -1, -2), ops.swapaxes(same, -1, -2), value_mask, query_mask,
        )  # fmt: skip
        return ops.concatenate([self._side(*side) for side in sides], axis=-1)

    def _side(self, own, other, scores, same, own_mask, other_mask):
        if other_mask is not None:
            there = ops.expand_dims(other_mask, -2)  # (..., 1, s)
            scores = ops.where(there, scores, ops.cast(_HIDDEN, scores.dtype))
            same = same * ops.cast(there, same.dtype)
        found = ops.matmul(ops.softmax(scores, axis=-1), other)  # (..., t, units)
        parts = [own * found, ops.abs(own - found), ops.max(same, axis=-1, keepdims=True)]
        compared = self.comparison(ops.concatenate(parts, axis=-1))
        if own_mask is None:
            return ops.concatenate([ops.max(compared, axis=-2), ops.mean(compared, axis=-2)], axis=-1)
        weight = ops.cast(ops.expand_dims(own_mask, -1), compared.dtype)
        compared = ops.where(weight > 0, compared, 0)  # which are at least 0, so the largest of none is 0 too
        mean = ops.sum(compared, axis=-2) / ops.maximum(ops.sum(weight, axis=-2), 1)
        return ops.concatenate([ops.max(compared, axis=-2), mean], axis=-1)

    def compute_mask(self, *arguments, **masks):
        return None

    def compute_output_shape(self, query_shape, value_shape, same_shape):
        return (*same_shape[:-2], 4 * self.units)
