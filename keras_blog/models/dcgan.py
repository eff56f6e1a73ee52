"""The networks of DCGAN, with or without self-modulation, from 8 pixels up."""

import keras

from keras_blog.layers.phased_conv2d import PhasedConv2D
from keras_blog.layers.phased_conv2d_transpose import PhasedConv2DTranspose
from keras_blog.layers.self_modulated_batch_normalization import SelfModulatedBatchNormalization
from keras_blog.layers.spectral_normalization import SpectralNormalization


def dcgan(size=64, channels=3, latent=128, width=64, outputs=1, spectral=True, modulated=False):
    """A generator of transposed convolutions and a discriminator of strided ones, 4x4 windows, without pooling.

        gan = models.GAN(*models.dcgan(32), losses.HingeGAN())
        gan = models.OGAN(*models.dcgan(32, latent=64, outputs=64), losses.HingeGAN())

    The generator goes from 4x4 pixels to `size`, with batch normalisation and ReLU, and ends in tanh: images are from -1 to 1.
    The discriminator goes back, with leaky ReLU, and ends in one dense layer over all its 4x4 features. It has no batch
    normalisation, so every penalty may be taken of it.

    Args:
        size: pixels a side, a power of 2, from 8 to 1024.
        channels: of the images.
        latent: length of the noise.
        width: feature maps at the largest size; they double with each halving, up to 8 times that.
        outputs: of the discriminator: 1 score, or `latent` codes for `OGAN`, times the root of their number: so their mean, the
            score, may be as steep under the spectral normalisation as one output would be.
        spectral: normalise the kernels of the discriminator by `layers.SpectralNormalization`.
        modulated: scale and shift by the noise, by `layers.SelfModulatedBatchNormalization`, in place of constants.

    Returns:
        Two functional models, the generator and the discriminator.

    Raises:
        ValueError: if a number is out of range.

    References:
        Article: kexue.fm 6549
        Paper: Radford, Metz, Chintala, Unsupervised Representation Learning with DCGAN, arXiv:1511.06434
    """
    sizes = checked_sizes(size, channels=channels, latent=latent, width=width, outputs=outputs)
    normal = keras.initializers.RandomNormal(stddev=0.02)
    spread = {"padding": "same", "strides": 2, "kernel_initializer": normal}
    maps = [width * min(2**i, 8) for i in range(len(sizes))]  # from the largest size down to 4x4

    noise = keras.Input((latent,), name="noise")
    x = keras.layers.Dense(16 * maps[-1], kernel_initializer=normal, use_bias=False)(noise)
    x = keras.layers.Reshape((4, 4, maps[-1]))(x)
    for filters in maps[-2::-1]:
        x = keras.layers.ReLU()(normalized(x, noise, modulated))
        x = PhasedConv2DTranspose(filters, 4, use_bias=False, **spread)(x)
    x = keras.layers.ReLU()(normalized(x, noise, modulated))
    x = keras.layers.Conv2D(channels, 3, padding="same", kernel_initializer=normal)(x)
    generator = keras.Model(noise, keras.layers.Activation("tanh", dtype="float32")(x), name="generator")

    constrained = SpectralNormalization if spectral else lambda layer: layer
    images = keras.Input((size, size, channels), name="images")
    x = images
    for filters in maps[1:]:
        x = constrained(PhasedConv2D(filters, 4, **spread))(x)
        x = keras.layers.LeakyReLU(negative_slope=0.2)(x)
    x = constrained(keras.layers.Dense(outputs, kernel_initializer=normal))(keras.layers.Flatten()(x))
    x = keras.layers.Rescaling(outputs**0.5)(x) if outputs > 1 else x
    return generator, keras.Model(images, keras.layers.Activation("linear", dtype="float32")(x), name="discriminator")


def selfmod(size=64, channels=3, latent=128, width=64, outputs=1, spectral=True):
    """The networks of `dcgan` with a self-modulated generator; see there.

    References:
        Article: kexue.fm 6549
        Paper: Chen et al., On Self Modulation for Generative Adversarial Networks, arXiv:1810.01365
    """
    return dcgan(size, channels, latent, width, outputs, spectral, modulated=True)


def normalized(x, noise, modulated):
    """Batch normalisation of a generator, by the noise or by constants."""
    if modulated:
        return SelfModulatedBatchNormalization(momentum=0.9)(x, noise)
    return keras.layers.BatchNormalization(momentum=0.9)(x)


def checked_sizes(size, **numbers):
    """The sides of the feature maps, from `size` down to 4; shared by the builders."""
    sizes = [2**i for i in range(2, 11)]
    if size not in sizes[1:]:
        raise ValueError(f"`size` must be one of {sizes[1:]}; received {size!r}")
    for name, value in numbers.items():
        if not isinstance(value, int) or not 1 <= value <= 65536:
            raise ValueError(f"`{name}` must be an int from 1 to 65536; received {value!r}")
    return sizes[: sizes.index(size) + 1][::-1]
