"""One vector a column out of the vectors of its tokens."""

import keras
from keras import ops

PADDING, QUESTION, FIRST_COLUMN = 0, 1, 2


@keras.saving.register_keras_serializable("keras_blog")
class SegmentMean(keras.layers.Layer):
    """Means of the vectors of each column's tokens: the columns of a table out of one sequence that holds them all.

    Call arguments:
        inputs: vectors of tokens, shape `(batch, steps, size)`.
        segments: int, shape `(batch, steps)`: 0 is padding, 1 the question, `2 + i` column `i`.
        columns: anything of shape `(batch, columns)`; it says how many there are.

    Returns:
        Shape `(batch, columns, size)`; 0 for a column without tokens.

    Example:
    >>> vectors = ops.convert_to_tensor([[[9.0], [2.0], [4.0]]])
    >>> print(ops.convert_to_numpy(SegmentMean()(vectors, ops.convert_to_tensor([[1, 2, 2]]), ops.ones((1, 2)))).tolist())
    [[[3.0], [0.0]]]

    References:
        Article: kexue.fm 6771
    """

    def call(self, inputs, segments, columns):
        ids = ops.arange(ops.shape(columns)[1], dtype="int32") + FIRST_COLUMN
        members = ops.cast(ops.equal(ids[:, None], ops.cast(segments, "int32")[:, None]), inputs.dtype)  # (b, c, t)
        return ops.matmul(members, inputs) / ops.maximum(ops.sum(members, axis=-1, keepdims=True), 1)

    def compute_output_shape(self, inputs_shape, segments_shape, columns_shape):
        return (columns_shape[0], columns_shape[1], inputs_shape[-1])
