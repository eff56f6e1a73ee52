"""Where spans begin and where they end: two labels a step."""

import keras
from keras import ops

_NEVER = -30.0  # nats: a probability of 1e-13


@keras.saving.register_keras_serializable("keras_blog")
class HalfPointer(keras.layers.Layer):
    """Scores of each step as the begin of a span, and as the last step of one: a convolution, and two sigmoids behind it.

    Unlike the tags of a CRF, begins and ends are decided apart. So spans may overlap and nest, if something else says which
    begin belongs to which end, as a dictionary of names does.

    Args:
        units: size of the convolution.
        kernel_size: steps that it sees.

    Call arguments:
        inputs: features, shape `(batch, steps, dim)`.
        mask: bool, shape `(batch, steps)`, true at real steps; what stands at others changes nothing.

    Returns:
        Logits, shape `(batch, 2, steps)`: begins, then ends; -30 at masked steps. The steps come last, so that
        `losses.MultilabelSoftmax` takes those of a sequence as its classes; labels are 0 or 1, and -1 where it does not matter.

    Example:
    >>> HalfPointer(8)(keras.ops.ones((1, 5, 3))).shape[1:] == (2, 5)
    True

    References:
        Article: kexue.fm 6919
    """

    def __init__(self, units=64, kernel_size=3, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("units", units), ("kernel_size", kernel_size)):
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 65536:
                raise ValueError(f"`{name}` must be an int from 1 to 65536; received {value!r}")
        self.units, self.kernel_size = units, kernel_size
        self.convolution = keras.layers.Conv1D(units, kernel_size, padding="same", activation="relu", name="convolution")
        self.logits = keras.layers.Dense(2, name="logits")
        self.supports_masking = True

    def build(self, input_shape):
        self.convolution.build(input_shape)
        self.logits.build((*input_shape[:2], self.units))

    def call(self, inputs, mask=None):
        if mask is not None:
            inputs = ops.where(mask[..., None], inputs, 0)
        logits = ops.transpose(self.logits(self.convolution(inputs)), (0, 2, 1))  # (b, 2, t)
        return logits if mask is None else ops.where(mask[:, None], logits, ops.cast(_NEVER, logits.dtype))

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return input_shape[0], 2, input_shape[1]
