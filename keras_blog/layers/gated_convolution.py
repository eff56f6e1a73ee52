"""Gated, dilated, residual convolution along a sequence."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class GatedConvolution(keras.layers.Layer):
    r"""One residual step of a dilated gated convolutional network.

    .. math:: y = x + conv(x) \odot \sigma(gate(x))

    Masked steps are zeros before and after, so padding never reaches a real step. A stack with dilations 1, 2, 4, … sees far
    at the cost of a few matrix products, where a recurrent layer takes a step at a time.

    Args:
        kernel_size: steps that one output sees, a positive odd int.
        dilation_rate: distance of these steps, a positive int.
        dropout: share of the update that is dropped in training, in `[0, 1)`.
        seed: of the dropout.

    Call arguments:
        inputs: shape `(batch, steps, dim)`.
        mask: true at real steps, shape `(batch, steps)`.

    Returns:
        Shape `(batch, steps, dim)`.

    Example:
    >>> layer = GatedConvolution()
    >>> tuple(layer(ops.ones((2, 5, 8))).shape)
    (2, 5, 8)

    References:
        Article: kexue.fm 5409
        Paper: Dauphin et al., Language Modeling with Gated Convolutional Networks, arXiv:1612.08083
    """

    def __init__(self, kernel_size=3, dilation_rate=1, dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("kernel_size", kernel_size), ("dilation_rate", dilation_rate)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"`{name}` must be a positive int; received {value!r}")
        if kernel_size % 2 == 0:
            raise ValueError(f"`kernel_size` must be odd, so that a step is the centre of what it sees; received {kernel_size}")
        self.kernel_size, self.dilation_rate, self.dropout, self.seed = kernel_size, dilation_rate, dropout, seed
        self.supports_masking = True

    def build(self, input_shape):
        dim = input_shape[-1]
        self.convolution = keras.layers.Conv1D(
            2 * dim, self.kernel_size, padding="same", dilation_rate=self.dilation_rate, dtype=self.dtype_policy
        )
        self.convolution.build(input_shape)
        self.drop = keras.layers.Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)

    def call(self, inputs, mask=None, training=None):
        real = 1.0 if mask is None else ops.cast(mask, inputs.dtype)[..., None]
        inputs = inputs * real
        update, gate = ops.split(self.convolution(inputs), 2, axis=-1)
        return (inputs + self.drop(update * ops.sigmoid(gate), training=training)) * real

    def compute_output_shape(self, input_shape):
        return input_shape
