"""Convolution to half the size, with quick gradients of gradients."""

import keras

from keras_blog.ops.phases import halved


@keras.saving.register_keras_serializable("keras_blog")
class PhasedConv2D(keras.layers.Conv2D):
    """Keras's `Conv2D`, the same numbers and weights, with quick gradients where the size halves.

    That is with windows of 4x4, strides of 2 and "same" padding, at even sizes; with others it is Keras's own. It is for
    penalties on a slope on the CPU: there XLA takes ten times as long for the gradient of the gradient of a strided kernel.

    Args:
        filters: as all others, see `keras.layers.Conv2D`.

    Call arguments:
        inputs: shape `(batch, height, width, channels)`.

    Returns:
        Shape `(batch, height / 2, width / 2, filters)`.

    References:
        Article: kexue.fm 6549
    """

    def convolution_op(self, inputs, kernel):
        return halved(inputs, kernel) if self._halves(inputs) else super().convolution_op(inputs, kernel)

    def _halves(self, inputs):
        options = (tuple(self.kernel_size), tuple(self.strides), tuple(self.dilation_rate), self.padding, self.data_format)
        even = all(isinstance(side, int) and side % 2 == 0 for side in inputs.shape[1:3])
        return even and self.groups == 1 and options == ((4, 4), (2, 2), (1, 1), "same", "channels_last")
