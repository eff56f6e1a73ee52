"""A vector for a word out of several ids: its own, and those of its parts."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class GramEmbedding(keras.layers.Layer):
    """Adds the vector of a token's first id to the mean of those of its other ids; id 0 is none, and a token of 0 padding.

    So a word that was never seen still has the vector of its letters. Tokens with id 0 in front are masked.

    Args:
        vocabulary_size: number of ids.
        dim: size of the vectors.

    Call arguments:
        inputs: int ids, shape `(batch, steps, n)`.

    Returns:
        Vectors, shape `(batch, steps, dim)`.

    Example:
    >>> tuple(GramEmbedding(10, 4)(ops.convert_to_tensor([[[2, 7, 8], [1, 7, 0], [0, 0, 0]]])).shape)
    (1, 3, 4)

    References:
        Paper: Bojanowski et al., Enriching Word Vectors with Subword Information, arXiv:1607.04606
    """

    def __init__(self, vocabulary_size, dim, **kwargs):
        super().__init__(**kwargs)
        self.vocabulary_size, self.dim = vocabulary_size, dim
        self.vectors = keras.layers.Embedding(vocabulary_size, dim, name="vectors")

    def build(self, input_shape):
        self.vectors.build(input_shape)

    def call(self, inputs):
        vectors = self.vectors(inputs)  # (b, t, n, d)
        real = ops.cast(ops.not_equal(inputs, 0), vectors.dtype)[..., None]
        parts = ops.sum(vectors[:, :, 1:] * real[:, :, 1:], axis=2)
        return vectors[:, :, 0] * real[:, :, 0] + parts / ops.maximum(ops.sum(real[:, :, 1:], axis=2), 1)

    def compute_mask(self, inputs, mask=None):
        return ops.not_equal(inputs[..., 0], 0)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.dim)
