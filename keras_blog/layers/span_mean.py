"""A span of steps as one vector."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class SpanMean(keras.layers.Layer):
    """The mean of the features of the steps from `start` to `end`, exclusive.

    Call arguments:
        inputs: features, shape `(batch, steps, dim)`.
        spans: ints `(start, end)`, shape `(batch, 2)`.

    Returns:
        Shape `(batch, dim)`; 0 for an empty span.

    Example:
    >>> features = keras.ops.reshape(keras.ops.arange(4.0), (1, 4, 1))
    >>> print(SpanMean()(features, keras.ops.convert_to_tensor([[1, 3]])).shape[1:] == (1,))
    True

    References:
        Article: kexue.fm 6919
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, inputs_shape, spans_shape=None):
        pass

    def call(self, inputs, spans):
        inside = ops.cast(inside_spans(spans, ops.shape(inputs)[1]), inputs.dtype)  # (b, t)
        total = ops.sum(inputs * inside[..., None], axis=1)
        return total / ops.maximum(ops.sum(inside, axis=1, keepdims=True), 1)

    def compute_mask(self, inputs, spans=None):
        return None

    def compute_output_shape(self, inputs_shape, spans_shape=None):
        return inputs_shape[0], inputs_shape[2]


def inside_spans(spans, steps):
    """Which steps are inside the span of their row, bool `(batch, steps)`."""
    at = ops.arange(steps, dtype="int32")
    spans = ops.cast(spans, "int32")
    return ops.logical_and(at >= spans[:, :1], at < spans[:, 1:])
