"""The base of the layers that normalise, and then scale and shift by what a condition says."""

import keras
from keras import ops


class ModulatedNormalization(keras.layers.Layer):
    """`normalization` of the inputs, times 1 + gamma, plus beta, both from the condition: `factors(condition)`.

    A subclass sets `self.normalization`, and builds in `build_factors(channels, condition_shape)` what `factors` needs.
    """

    def build(self, inputs_shape, condition_shape):
        if len(inputs_shape) < 2 or inputs_shape[-1] is None:
            raise ValueError(f"`inputs` must have shape (batch, ..., channels); received {tuple(inputs_shape)}")
        self.normalization.build(inputs_shape)
        self.build_factors(inputs_shape[-1], tuple(condition_shape))

    def call(self, inputs, condition, training=False):
        normalized = self.normalize(inputs, training)
        gamma, beta = (
            ops.reshape(part, (-1, *[1] * (len(inputs.shape) - 2), inputs.shape[-1]))
            for part in ops.split(self.factors(condition), 2, axis=-1)
        )
        return normalized * (1 + ops.cast(gamma, normalized.dtype)) + ops.cast(beta, normalized.dtype)

    def normalize(self, inputs, training):
        return self.normalization(inputs, training=training)

    def compute_output_shape(self, inputs_shape, condition_shape):
        return inputs_shape
