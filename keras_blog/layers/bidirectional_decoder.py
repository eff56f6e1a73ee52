"""A Transformer decoder that writes from both ends at once."""

import math

import keras
from keras import ops

_MASKED = -1e30


@keras.saving.register_keras_serializable("keras_blog")
class BidirectionalDecoder(keras.layers.Layer):
    r"""A decoder block for two sequences that are one: written from left to right, and from right to left.

    Each step of a direction attends to its own history and, with the same query, to what the other direction has written by
    then, its steps up to the same number. The two are joined as

    .. math:: H = H_{own} + \lambda \tanh(H_{other}) \quad\text{or}\quad (H_{own} + H_{other}) / 2

    then attention to a memory and two dense layers follow, each behind a layer normalization, with the input added. Both
    directions have the same weights, so swapping them swaps the outputs.

    In training the other direction may know a token already that this one is to predict: past the middle of the text each
    side has read what the other has still to write. The losses of such steps are too good to be true; the searches do not see
    them.

    Args:
        num_heads: of the attention.
        key_dim: size of each head.
        hidden: units of the first dense layer.
        fusion: `"tanh"`, that of the paper, or `"average"`, that of the article.
        future_weight: lambda above.
        dropout: share of each sublayer's output that is dropped in training.
        seed: of the dropout.

    Call arguments:
        inputs: the two directions in axis 1, shape `(batch, 2, steps, dim)`. Padding comes behind, where no real step sees it.
        memory: what both read, shape `(batch, source steps, source dim)`.
        memory_mask: true at real steps of it, shape `(batch, source steps)`; Keras fills it in from the memory's own mask.

    Returns:
        Shape of `inputs`.

    Raises:
        ValueError: if a number is out of its range, or a shape does not fit.

    Example:
    >>> layer = BidirectionalDecoder(2, 4, hidden=16)
    >>> tuple(layer(ops.ones((1, 2, 5, 8)), ops.ones((1, 7, 8))).shape)
    (1, 2, 5, 8)

    References:
        Article: kexue.fm 6877
        Paper: Zhou, Zhang, Zong, Synchronous Bidirectional Neural Machine Translation, arXiv:1905.04847
    """

    def __init__(self, num_heads, key_dim, hidden=256, fusion="tanh", future_weight=0.1, dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("num_heads", num_heads), ("key_dim", key_dim), ("hidden", hidden)):
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 65536:
                raise ValueError(f"`{name}` must be an int from 1 to 65536; received {value!r}")
        if fusion not in ("tanh", "average"):
            raise ValueError(f"`fusion` must be 'tanh' or 'average'; received {fusion!r}")
        if isinstance(future_weight, bool) or not isinstance(future_weight, (int, float)) or not math.isfinite(future_weight):
            raise ValueError(f"`future_weight` must be a finite number; received {future_weight!r}")
        if not 0 <= dropout < 1:
            raise ValueError(f"`dropout` must lie in [0, 1); received {dropout!r}")
        self.num_heads, self.key_dim, self.hidden = num_heads, key_dim, hidden
        self.fusion, self.future_weight, self.dropout, self.seed = fusion, future_weight, dropout, seed
        self.drop = keras.layers.Dropout(dropout, seed=seed)
        self.supports_masking = True  # the mask of `inputs` goes through, to the loss

    def build(self, inputs_shape, memory_shape):
        if len(inputs_shape) != 4 or inputs_shape[1] != 2:
            raise ValueError(f"`inputs` must have shape (batch, 2, steps, dim); received {tuple(inputs_shape)}")
        if len(memory_shape) != 3:
            raise ValueError(f"`memory` must have shape (batch, source steps, dim); received {tuple(memory_shape)}")
        dim, make = inputs_shape[-1], {"dtype": self.dtype_policy}
        heads = self.num_heads * self.key_dim
        sizes = {
            "query": (dim, heads), "key": (dim, heads), "value": (dim, heads), "output": (heads, dim),
            "memory_query": (dim, heads), "memory_key": (memory_shape[-1], heads), "memory_value": (memory_shape[-1], heads),
            "memory_output": (heads, dim), "inner": (dim, self.hidden), "outer": (self.hidden, dim),
        }  # fmt: skip
        for name, (into, out) in sizes.items():
            layer = keras.layers.Dense(out, "gelu" if name == "inner" else None, name=name, **make)
            layer.build((None, into))
            setattr(self, f"{name}_dense", layer)
        self.norms = [keras.layers.LayerNormalization(epsilon=1e-6, name=f"norm_{i}", **make) for i in range(3)]
        for norm in self.norms:
            norm.build((None, None, dim))

    def call(self, inputs, memory, memory_mask=None, training=None):
        batch, steps, dim = ops.shape(inputs)[0], ops.shape(inputs)[2], inputs.shape[-1]
        x = ops.reshape(inputs, (-1, steps, dim))  # the directions as rows
        causal = ops.arange(steps)[:, None] >= ops.arange(steps)[None, :]
        remembered = self.remember(memory, 2)
        mask = None if memory_mask is None else ops.repeat(ops.cast(memory_mask, "bool"), 2, axis=0)
        y = self.norms[0](x)
        key, value = (self._heads(layer(y)) for layer in (self.key_dense, self.value_dense))
        x, _ = self._block(x, y, key, value, causal[None, None], remembered, mask, 1, training)
        return ops.reshape(x, (batch, 2, steps, dim))

    def remember(self, memory, rows):
        """Keys and values of the memory for `rows` rows a sequence, for `decode`."""
        parts = (self._heads(layer(memory)) for layer in (self.memory_key_dense, self.memory_value_dense))
        return [ops.repeat(part, rows, axis=0) for part in parts]

    def initial_cache(self, rows, steps):
        """Keys and values of no steps yet, of at most `steps`."""
        shape = (rows, steps, self.num_heads, self.key_dim)
        return [ops.zeros(shape, self.compute_dtype), ops.zeros(shape, self.compute_dtype)]

    def decode(self, inputs, cache, step, remembered, memory_mask, beams=1):
        """The next step of all hypotheses, equal to `call` on all steps so far.

        Args:
            inputs: shape `(rows, 1, dim)`: of each sequence `beams` hypotheses from the left, then as many from the right. The
                hypotheses of one number read each other.
            cache: of `initial_cache`, or as the step before returned it.
            step: its number, from 0.
            remembered: of `remember`, with `2 * beams` rows a sequence.
            memory_mask: shape `(rows, source steps)`.
            beams: hypotheses of a direction.

        Returns:
            `(output, cache, attention)`, the last to the memory, mean over the heads, shape `(rows, source steps)`.
        """
        y = self.norms[0](inputs)
        new = (self._heads(layer(y)) for layer in (self.key_dense, self.value_dense))
        cache = [ops.slice_update(old, (0, step, 0, 0), ops.cast(x, old.dtype)) for old, x in zip(cache, new, strict=True)]
        seen = ops.reshape(ops.arange(cache[0].shape[1]) <= step, (1, 1, 1, -1))
        x, weights = self._block(inputs, y, *cache, seen, remembered, memory_mask, beams, False)
        return x, cache, ops.mean(weights, axis=1)[:, 0]

    def _block(self, x, y, key, value, seen, remembered, memory_mask, beams, training):
        query = self._heads(self.query_dense(y))
        own, _ = self._attend(query, key, value, seen)
        other, _ = self._attend(query, *(_other(part, beams) for part in (key, value)), seen)
        joined = own + self.future_weight * ops.tanh(other) if self.fusion == "tanh" else (own + other) / 2
        x = x + self.drop(self.output_dense(joined), training=training)
        query = self._heads(self.memory_query_dense(self.norms[1](x)))
        mask = None if memory_mask is None else memory_mask[:, None, None]
        read, weights = self._attend(query, *remembered, mask)
        x = x + self.drop(self.memory_output_dense(read), training=training)
        return x + self.drop(self.outer_dense(self.inner_dense(self.norms[2](x))), training=training), weights

    def _heads(self, x):
        return ops.reshape(x, (*ops.shape(x)[:2], self.num_heads, self.key_dim))

    def _attend(self, query, key, value, seen):
        scores = ops.einsum("bqhd,bkhd->bhqk", ops.cast(query, "float32"), ops.cast(key, "float32")) * self.key_dim**-0.5
        if seen is not None:
            scores = ops.where(seen, scores, _MASKED)
        weights = ops.exp(scores - ops.max(scores, axis=-1, keepdims=True))
        weights = weights if seen is None else ops.where(seen, weights, 0.0)  # a row without a key reads nothing
        weights = weights / ops.maximum(ops.sum(weights, axis=-1, keepdims=True), 1e-30)
        y = ops.einsum("bhqk,bkhd->bqhd", ops.cast(weights, value.dtype), value)
        return ops.reshape(y, (*ops.shape(y)[:2], self.num_heads * self.key_dim)), weights

    def compute_output_shape(self, inputs_shape, memory_shape):
        return inputs_shape

    def get_config(self):
        names = ("num_heads", "key_dim", "hidden", "fusion", "future_weight", "dropout", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _other(x, beams):
    """The rows of the other direction."""
    both = ops.reshape(x, (-1, 2, beams, *ops.shape(x)[1:]))
    return ops.reshape(ops.flip(both, axis=1), ops.shape(x))
