"""Convolutions that halve or double an image, with gradients of gradients that are quick on a CPU."""

import keras
from keras import ops

if keras.config.backend() == "torch":
    import torch


def halved(inputs, kernel):
    r"""Convolution with windows of 4x4, strides of 2 and "same" padding.

    It is linear in the image and in the kernel, so its gradients are two more such forms, `doubled` in the image and one in
    the kernel, and the gradients of each of the three are the other two. XLA does not see that: left to itself, it finds the
    gradient of `doubled` by the kernel in ten times as long, and with it what a penalty on a slope asks of a discriminator.
    PyTorch does, and takes our order of the axes as it lies, where Keras copies to another, back, and cuts off a border.

    Args:
        inputs: floats, shape `(batch, height, width, channels)`, both sides even.
        kernel: shape `(4, 4, channels, filters)`.

    Returns:
        Shape `(batch, height / 2, width / 2, filters)`.

    Example:
    >>> ops.convert_to_numpy(halved(ops.ones((1, 4, 4, 1)), ops.ones((4, 4, 1, 1))))[0, :, :, 0].tolist()
    [[9.0, 9.0], [9.0, 9.0]]

    References:
        Article: kexue.fm 6549
    """
    return (_torch("conv2d") if keras.config.backend() == "torch" else _halved)(*_tensors(inputs, kernel))


def doubled(inputs, kernel):
    """Transposed convolution with windows of 4x4, strides of 2 and "same" padding: the gradient of `halved` in the image.

    Args:
        inputs: floats, shape `(batch, height, width, channels)`.
        kernel: shape `(4, 4, filters, channels)`.

    Returns:
        Shape `(batch, 2 height, 2 width, filters)`.

    Example:
    >>> ops.convert_to_numpy(doubled(ops.ones((1, 1, 2, 1)), ops.ones((4, 4, 1, 1))))[0, :, :, 0].tolist()
    [[1.0, 2.0, 2.0, 1.0], [1.0, 2.0, 2.0, 1.0]]

    References:
        Article: kexue.fm 6549
    """
    return (_torch("conv_transpose2d") if keras.config.backend() == "torch" else _doubled)(*_tensors(inputs, kernel))


def _tensors(inputs, kernel):
    inputs, kernel = ops.convert_to_tensor(inputs), ops.convert_to_tensor(kernel)
    return inputs, ops.reshape(kernel, kernel.shape)  # TensorFlow's gradients of one's own take no variable


def _torch(name):
    function = getattr(torch.nn.functional, name)

    def call(inputs, kernel):
        inputs, kernel = inputs.permute(0, 3, 1, 2), kernel.permute(3, 2, 0, 1)
        return function(inputs, kernel, stride=2, padding=1).permute(0, 2, 3, 1)

    return call


@ops.custom_gradient
def _halved(large, kernel):
    def gradient(*arguments, upstream=None):
        (small,) = arguments if upstream is None else (upstream,)
        return _doubled(small, kernel), _kernel(large, small)

    return ops.conv(large, kernel, 2, "same"), gradient


@ops.custom_gradient
def _doubled(small, kernel):
    def gradient(*arguments, upstream=None):
        (large,) = arguments if upstream is None else (upstream,)
        return _halved(large, kernel), _kernel(large, small)

    return ops.conv_transpose(small, kernel, 2, "same"), gradient


@ops.custom_gradient
def _kernel(large, small):
    """What a kernel gathers, shape `(4, 4, channels of large, channels of small)`: the batch takes the place of channels."""

    def gradient(*arguments, upstream=None):
        (kernel,) = arguments if upstream is None else (upstream,)
        return _doubled(small, kernel), _halved(large, kernel)

    image = ops.transpose(ops.pad(large, ((0, 0), (1, 1), (1, 1), (0, 0))), (3, 1, 2, 0))
    windows = ops.conv(image, ops.transpose(small, (1, 2, 0, 3)), padding="valid", dilation_rate=2)
    return ops.transpose(windows, (1, 2, 0, 3)), gradient
