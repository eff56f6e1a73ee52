"""Ids of neighbouring pairs of ids."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class HashedBigrams(keras.layers.Layer):
    """An id for every pair of a token and the one after it, for an embedding of bigrams without a second vocabulary.

    Chinese words are mostly two characters long: a table of bigrams gives a small character tagger what it would otherwise
    have to learn from its convolutions. Pairs are hashed, so some share an id.

    Args:
        buckets: number of ids, from 2 to 2**24; 0 is kept for masked (0) tokens.

    Call arguments:
        inputs: int ids, shape `(batch, steps)`, 0 at padding.

    Returns:
        int32 in `[0, buckets)`, shape `(batch, steps)`.

    Example:
    >>> bigrams = HashedBigrams(1000)(ops.convert_to_tensor([[5, 7, 5, 7, 0]]))
    >>> bool(bigrams[0, 0] == bigrams[0, 2]), int(bigrams[0, 4])
    (True, 0)
    """

    def __init__(self, buckets, **kwargs):
        super().__init__(autocast=False, **kwargs)
        if not isinstance(buckets, int) or not 2 <= buckets <= 2**24:
            raise ValueError(f"`buckets` must be an int from 2 to 2**24; received {buckets!r}")
        self.buckets = buckets

    def call(self, inputs):
        inputs = ops.cast(inputs, "int32")
        following = ops.concatenate([inputs[:, 1:], ops.zeros_like(inputs[:, :1])], axis=1)
        # Two odd multipliers, small enough that no product of ids below 2**17 leaves int32.
        pairs = ops.mod(inputs * 7919 + following * 8191, self.buckets - 1) + 1
        return ops.where(inputs > 0, pairs, 0)

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, "int32")
