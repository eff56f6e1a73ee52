"""Tokens of the source are likelier in the output."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class SourcePrior(keras.layers.Layer):
    r"""Mixes the scores of a decoder with what is known beforehand: which tokens occur in the source.

    .. math:: (1 - m) y + m (s \chi + b)

    for scores y, where :math:`\chi` is 1 for tokens of the source and 0 for all others. Scale s and bias b, one number a token,
    and the share m are learned; they start at 1, 0 and 1/2, the article's constant. That is half a nat, and learned slowly, for
    a rare token moves its scale seldom: for titles in words 6 is a better start. No one-hot tensor of the source is made: the
    cost is that of its steps, and of the scores.

    Args:
        specials: ids that do not count as tokens of the source, such as padding and unknown.
        scale: what s starts with.

    Call arguments:
        inputs: scores in nats, shape `(batch, tokens)` or `(batch, steps, tokens)`.
        source: int ids, shape `(batch, source steps)`; those outside `[0, tokens)` do not count.

    Returns:
        Scores of the shape of `inputs`.

    Raises:
        ValueError: if the shapes do not fit, or a special id is no token.

    Example:
    >>> scores = SourcePrior()(ops.convert_to_tensor([[1.0, 0.0, -1.0]]), ops.convert_to_tensor([[1, 2, 2]]))
    >>> print([f"{p:.6f}" for p in ops.convert_to_numpy(ops.softmax(scores))[0]])
    ['0.383652', '0.383652', '0.232697']

    References:
        Article: kexue.fm 5861
    """

    def __init__(self, specials=(), scale=1.0, **kwargs):
        super().__init__(**kwargs)
        if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not math.isfinite(scale):
            raise ValueError(f"`scale` must be a finite number; received {scale!r}")
        self.specials, self.first_scale = [int(special) for special in specials], float(scale)
        self.supports_masking = True

    def build(self, inputs_shape, source_shape=None):
        if len(inputs_shape) not in (2, 3):
            raise ValueError(
                f"`inputs` must have shape (batch, tokens) or (batch, steps, tokens); received {tuple(inputs_shape)}"
            )
        self.size = inputs_shape[-1]
        if any(not 0 <= special < self.size for special in self.specials):
            raise ValueError(f"`specials` must be ids from 0 to {self.size - 1}; received {self.specials}")
        first = keras.initializers.Constant(self.first_scale)
        self.scale = self.add_weight(name="scale", shape=(self.size,), initializer=first)
        self.bias = self.add_weight(name="bias", shape=(self.size,), initializer="zeros")
        self.mix = self.add_weight(name="mix", shape=(), initializer="zeros")  # the logit of m

    def call(self, inputs, source):
        if len(source.shape) != 2:
            raise ValueError(f"`source` must be ids of shape (batch, source steps); received shape {tuple(source.shape)}")
        prior = self.scale * ops.cast(self.occurs(source), inputs.dtype) + self.bias
        prior = prior[:, None] if len(inputs.shape) == 3 else prior
        share = ops.sigmoid(self.mix)
        return (1.0 - share) * inputs + share * prior

    def occurs(self, source):
        """Which tokens a source has, 0 or 1, float32 `(batch, tokens)`."""
        batch, steps = ops.shape(source)[0], ops.shape(source)[1]
        source = ops.cast(source, "int32")
        known = ops.logical_and(source >= 0, source < self.size)
        for special in self.specials:
            known = ops.logical_and(known, source != special)
        columns = ops.where(known, source, self.size)  # one more column takes what does not count
        rows = ops.broadcast_to(ops.arange(batch, dtype="int32")[:, None], (batch, steps))
        places = ops.stack([ops.reshape(rows, (-1,)), ops.reshape(columns, (-1,))], axis=-1)
        ones = ops.ones_like(places[:, 0], dtype="float32")
        return ops.scatter_update(ops.zeros((batch, self.size + 1), "float32"), places, ones)[:, :-1]

    def compute_output_shape(self, inputs_shape, source_shape=None):
        return inputs_shape

    def get_config(self):
        return {**super().get_config(), "specials": self.specials, "scale": self.first_scale}
