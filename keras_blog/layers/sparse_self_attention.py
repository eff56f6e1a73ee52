"""Multi-head self-attention in which a step sees few others."""

from dataclasses import asdict

import keras
from keras import ops

from keras_blog.ops import sparse_attention
from keras_blog.ops.attention_pattern import Pattern
from keras_blog.ops.rotary import rotate
from keras_blog.ops.sparse_decoding import attend_next, empty_cache


@keras.saving.register_keras_serializable("keras_blog")
class SparseSelfAttention(keras.layers.Layer):
    """Multi-head self-attention under a pattern, exact, at a cost that does not grow with the square of the length.

    Stands where `keras.layers.MultiHeadAttention(num_heads, key_dim)(x, x)` stood: its weights have the same names, shapes
    and order, so `set_weights` takes them over. Time and memory are those of `ops.sparse_attention.attend`.

    Args:
        num_heads: number of heads of queries.
        key_dim: size of each head.
        pattern: who sees whom, causality included, as of `ops.sparse_attention.strided(64, causal=True)`.
        num_key_value_heads: heads of keys and values, a divisor of `num_heads`, which is the default.
        dropout: share of the attention weights that are dropped in training, in `[0, 1)`.
        use_bias: whether the four projections have biases.
        rotary_base: of rotary positions, 10000 as a rule; `None` is no positions.
        seed: of the dropout.

    Call arguments:
        inputs: shape `(batch, steps, dim)`.
        mask: true at real steps, shape `(batch, steps)`. Nobody sees the others, and their rows of the output are 0.

    Returns:
        Shape of `inputs`.

    Example:
    >>> layer = SparseSelfAttention(2, 8, sparse_attention.fixed(8, 1, causal=True))
    >>> tuple(layer(ops.ones((1, 30, 16))).shape)
    (1, 30, 16)

    References:
        Article: kexue.fm 6853
        Paper: Child et al., Generating Long Sequences with Sparse Transformers, arXiv:1904.10509
    """

    def __init__(
        self,
        num_heads,
        key_dim,
        pattern,
        num_key_value_heads=None,
        dropout=0.0,
        use_bias=True,
        rotary_base=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        num_key_value_heads = num_heads if num_key_value_heads is None else num_key_value_heads
        for name, value in (("num_heads", num_heads), ("key_dim", key_dim), ("num_key_value_heads", num_key_value_heads)):
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 65536:
                raise ValueError(f"`{name}` must be an int from 1 to 65536; received {value!r}")
        if num_heads % num_key_value_heads:
            raise ValueError(f"`num_key_value_heads` must divide `num_heads`, {num_heads}; received {num_key_value_heads}")
        if not isinstance(pattern, Pattern):
            raise ValueError(f"`pattern` must be of keras_blog.ops.sparse_attention, as `local(256)`; received {pattern!r}")
        if not 0 <= dropout < 1:
            raise ValueError(f"`dropout` must lie in [0, 1); received {dropout!r}")
        if rotary_base is not None and (rotary_base <= 1 or key_dim % 2):
            raise ValueError(f"`rotary_base` must be over 1, and `key_dim` even; received {rotary_base!r} and {key_dim}")
        self.num_heads, self.key_dim, self.pattern = num_heads, key_dim, pattern
        self.num_key_value_heads, self.dropout, self.use_bias = num_key_value_heads, dropout, use_bias
        self.rotary_base, self.seed = rotary_base, seed
        self.seed_generator = keras.random.SeedGenerator(seed) if dropout else None
        self.supports_masking = True

    def build(self, input_shape):
        if len(input_shape) != 3:
            raise ValueError(f"`inputs` must have shape (batch, steps, dim); received {tuple(input_shape)}")
        heads = {"query": self.num_heads, "key": self.num_key_value_heads, "value": self.num_key_value_heads}
        make = {"dtype": self.dtype_policy, "kernel_initializer": "glorot_uniform"}
        for name, count in heads.items():
            shape, bias = (None, count, self.key_dim), "de" if self.use_bias else None
            layer = keras.layers.EinsumDense("abc,cde->abde", shape, bias_axes=bias, name=name, **make)
            layer.supports_masking = True  # it goes through all the same; else Keras warns
            layer.build(input_shape)
            setattr(self, f"{name}_dense", layer)
        shape, bias = (None, input_shape[-1]), "e" if self.use_bias else None
        self.output_dense = keras.layers.EinsumDense("abcd,cde->abe", shape, bias_axes=bias, name="attention_output", **make)
        self.output_dense.build((*input_shape[:2], self.num_heads, self.key_dim))

    def call(self, inputs, mask=None, training=None):
        query, key, value = self._projected(inputs, ops.arange(ops.shape(inputs)[1]))
        dropout = self.dropout if training else 0.0
        y = sparse_attention.attend(query, key, value, self.pattern, mask, dropout, self.seed_generator)
        y = self.output_dense(y)
        return y if mask is None else ops.where(ops.expand_dims(mask, -1), y, ops.zeros_like(y))

    def initial_cache(self, batch, steps):
        """An empty cache for `decode`, of `batch` sequences of at most `steps` steps; the layer must be built.

        It keeps what the pattern can still see: of `local(w)` the last `w` steps, whatever `steps` is; of `fixed(b, s)` a
        block and all summaries; of atrous and strided attention all steps, of which each step reads one in `rate`.

        Raises:
            ValueError: if the pattern is not causal.
        """
        shape = (batch, steps, self.num_key_value_heads, self.key_dim)
        return {"step": ops.zeros((), "int32"), "kept": empty_cache(self.pattern, *shape, self.compute_dtype)}

    def decode(self, inputs, cache):
        """The next step of every sequence, equal to `call` on all steps so far.

        Args:
            inputs: shape `(batch, 1, dim)`.
            cache: of `initial_cache`, or as the step before returned it.

        Returns:
            `(output, cache)`, the output of the shape of `inputs`.
        """
        step = cache["step"]
        query, key, value = self._projected(inputs, ops.reshape(step, (1,)))
        y, kept = attend_next(query, key, value, self.pattern, cache["kept"], step)
        return self.output_dense(y), {"step": step + 1, "kept": kept}

    def _projected(self, inputs, positions):
        query, key, value = self.query_dense(inputs), self.key_dense(inputs), self.value_dense(inputs)
        if self.rotary_base is not None:
            query, key = (rotate(x, positions, self.rotary_base) for x in (query, key))
        return query, key, value

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        names = ("num_heads", "key_dim", "num_key_value_heads", "dropout", "use_bias", "rotary_base", "seed")
        own = {name: getattr(self, name) for name in names}
        return {**super().get_config(), **own, "pattern": asdict(self.pattern)}

    @classmethod
    def from_config(cls, config):
        pattern = config.get("pattern")  # the subclasses have its numbers instead
        return super().from_config({**config, "pattern": Pattern(**pattern)} if pattern else config)
