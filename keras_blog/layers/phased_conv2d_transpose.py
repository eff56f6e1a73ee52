"""Transposed convolution of twice the size, as an ordinary one."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class PhasedConv2DTranspose(keras.layers.Conv2DTranspose):
    """Keras's `Conv2DTranspose`, the same numbers and weights, by ordinary convolutions where the size doubles.

    With windows of 4x4, strides of 2 and "same" padding each output sees 2x2 inputs, by one of four kernels: even or odd, down
    and across. So one convolution of 2x2 windows gives all four, which are put in turn. It is for the CPU: there XLA takes ten
    times as long for the gradient of a transposed kernel as for that of an ordinary one. With other windows it is Keras's own.

    Args:
        filters: as all others, see `keras.layers.Conv2DTranspose`.

    Call arguments:
        inputs: shape `(batch, height, width, channels)`.

    Returns:
        Shape `(batch, 2 height, 2 width, filters)`.

    References:
        Article: kexue.fm 6549
    """

    def call(self, inputs):
        if not self._doubles():
            return super().call(inputs)
        outputs = doubled(inputs, self.kernel)
        if self.use_bias:
            outputs = outputs + ops.cast(self.bias, outputs.dtype)
        return outputs if self.activation is None else self.activation(outputs)

    def _doubles(self):
        options = (tuple(self.kernel_size), tuple(self.strides), tuple(self.dilation_rate), self.padding, self.data_format)
        return options == ((4, 4), (2, 2), (1, 1), "same", "channels_last") and self.output_padding is None


def doubled(inputs, kernel):
    """Transposed convolution, 4x4 windows and strides of 2, of inputs `(b, h, w, c)` by a kernel `(4, 4, filters, c)`."""
    filters, channels = kernel.shape[2:]
    kernel = ops.reshape(ops.flip(ops.convert_to_tensor(kernel), axis=(0, 1)), (2, 2, 2, 2, filters, channels))
    kernel = ops.reshape(ops.transpose(kernel, (0, 2, 5, 1, 3, 4)), (2, 2, channels, 4 * filters))
    phases = ops.conv(
        ops.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0))), kernel, padding="valid"
    )  # (b, h + 1, w + 1, 4 filters)
    rows = []
    for i, down in enumerate((slice(None, -1), slice(1, None))):
        row = [phases[:, down, across, (2 * i + j) * filters : (2 * i + j + 1) * filters]
               for j, across in enumerate((slice(None, -1), slice(1, None)))]  # fmt: skip
        rows.append(ops.stack(row, axis=3))  # (b, h, w, 2, filters)
    height, width = ops.shape(inputs)[1:3]
    return ops.reshape(ops.stack(rows, axis=2), (-1, 2 * height, 2 * width, filters))
