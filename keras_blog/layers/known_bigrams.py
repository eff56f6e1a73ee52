"""Ids of neighbouring pairs of ids."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class KnownBigrams(keras.layers.Layer):
    """An id for every known pair of a token and the one before it; for an embedding of bigrams.

    Chinese words are mostly two characters long: a table of bigrams gives a small character tagger what it would otherwise
    have to learn from its convolutions. Pairs that are not known share the id 0, as those do that the Dropout of whole
    bigrams leaves out in training. (Hashing instead gives an unseen pair the vector of another one: on Chinese words it cost
    0.009 of F1.)

    Args:
        pairs: the known pairs of int ids, shape `(pairs, 2)`, at least one, without duplicates.

    Call arguments:
        inputs: int ids, shape `(batch, steps)`. Before the first token stands a 0.

    Returns:
        int32, shape `(batch, steps)`: 0 for unknown pairs, else 1 more than the place of the pair in the sorted `pairs`.

    Example:
    >>> bigrams = KnownBigrams([[0, 5], [5, 7]])
    >>> [int(i) for i in bigrams(ops.convert_to_tensor([[5, 7, 5, 7, 9]]))[0]]
    [1, 2, 0, 2, 0]
    """

    def __init__(self, pairs, **kwargs):
        super().__init__(autocast=False, **kwargs)
        pairs = np.asarray(pairs)
        if pairs.ndim != 2 or pairs.shape[1:] != (2,) or not len(pairs) or pairs.dtype.kind not in "iu":
            raise ValueError(f"`pairs` must be ints of shape (pairs, 2); received {pairs.dtype} of shape {pairs.shape}")
        self.pairs = np.unique(pairs.astype("int32"), axis=0)
        if len(self.pairs) != len(pairs):
            raise ValueError(f"`pairs` must be distinct; received {len(pairs) - len(self.pairs)} duplicates")

    def call(self, inputs):
        right = ops.cast(inputs, "int32")
        left = ops.pad(right, ((0, 0), (1, 0)))[:, :-1]
        firsts, seconds = (ops.convert_to_tensor(column) for column in self.pairs.T.copy())
        # Binary search: `at` is the number of pairs that stand before ours. A code for a pair might leave int32.
        at = ops.zeros_like(right)
        for bit in reversed(range(len(self.pairs).bit_length())):
            ahead = at + 2**bit
            last = ops.minimum(ahead, len(self.pairs)) - 1
            first, second = ops.take(firsts, last), ops.take(seconds, last)
            before = ops.logical_or(first < left, ops.logical_and(ops.equal(first, left), second < right))
            at = ops.where(ops.logical_and(before, ahead <= len(self.pairs)), ahead, at)
        at = ops.minimum(at, len(self.pairs) - 1)
        known = ops.logical_and(ops.equal(ops.take(firsts, at), left), ops.equal(ops.take(seconds, at), right))
        return ops.where(known, at + 1, 0)

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, "int32")

    def get_config(self):
        return {**super().get_config(), "pairs": self.pairs.tolist()}
