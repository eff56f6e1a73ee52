"""Every token beside what it is most like on the other side."""

import math

import keras
from keras import ops

from keras_blog.layers.segment_mean import QUESTION


@keras.saving.register_keras_serializable("keras_blog")
class CrossAlignment(keras.layers.Layer):
    """Gives every word of a question the words of the column names that it is like, and these the words of the question.

    Whether a word occurs on the other side is what decides most of a question about a table; attention between the two
    sides says so softly, over the vectors of words, and finds nothing by a key of its own where there is nothing.

    Args:
        dim: size of the keys.

    Call arguments:
        inputs: vectors of tokens, shape `(batch, steps, size)`.
        segments: int, shape `(batch, steps)`: 0 is padding, 1 the question, 2 and on the columns.

    Returns:
        The aligned vectors and the sum of their weights, shape `(batch, steps, size + 1)`; 0 at padding.

    Example:
    >>> tuple(CrossAlignment(4)(ops.ones((1, 3, 8)), ops.convert_to_tensor([[1, 2, 0]])).shape)
    (1, 3, 9)

    References:
        Article: kexue.fm 6771
        Paper: Chen et al., Reading Wikipedia to Answer Open-Domain Questions, arXiv:1704.00051, aligned question embedding
    """

    def __init__(self, dim, **kwargs):
        super().__init__(**kwargs)
        self.dim = dim
        self.keys = keras.layers.Dense(dim, use_bias=False, name="keys")
        self.supports_masking = True

    def build(self, inputs_shape, segments_shape=None):
        self.keys.build(inputs_shape)
        self.scale = self.add_weight(name="scale", shape=(1,), initializer="ones")

    def call(self, inputs, segments):
        keys = self.keys(inputs)
        scores = ops.matmul(keys, ops.swapaxes(keys, 1, 2)) * (self.scale / math.sqrt(self.dim))  # (b, t, t)
        question, real = ops.equal(segments, QUESTION), ops.greater(segments, 0)
        other = ops.logical_and(ops.not_equal(question[:, :, None], question[:, None]), real[:, :, None] & real[:, None])
        other = ops.cast(other, scores.dtype)
        # A softmax with one more key, of score 0.
        scores = scores * other - (1 - other) * 1e4
        most = ops.maximum(ops.stop_gradient(ops.max(scores, axis=-1, keepdims=True)), 0)
        weights = ops.exp(scores - most) * other
        weights = weights / (ops.sum(weights, axis=-1, keepdims=True) + ops.exp(-most))
        return ops.concatenate([ops.matmul(weights, inputs), ops.sum(weights, axis=-1, keepdims=True)], axis=-1)

    def compute_output_shape(self, inputs_shape, segments_shape=None):
        return (*inputs_shape[:-1], inputs_shape[-1] + 1)
