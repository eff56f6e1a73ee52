"""Residual networks for a GAN."""

import keras

from keras_blog.layers.spectral_normalization import SpectralNormalization
from keras_blog.models.dcgan import checked_sizes, normalized


def resnet_gan(size=64, channels=3, latent=128, width=64, outputs=1, spectral=True, modulated=False, scale=0.1):
    """A generator and a discriminator of residual blocks, `x + scale f(x)`, with 3x3 windows, upsampling and mean pooling.

    Args:
        size: pixels a side, a power of 2, from 8 to 1024.
        channels: of the images.
        latent: length of the noise.
        width: feature maps at the largest size; they double with each halving, up to 8 times that.
        outputs: of the discriminator: 1 score, or `latent` codes for `OGAN`, times the root of their number: so their mean, the
            score, may be as steep under the spectral normalisation as one output would be.
        spectral: normalise the kernels of the discriminator by `layers.SpectralNormalization`.
        modulated: scale and shift by the noise, by `layers.SelfModulatedBatchNormalization`, in place of constants.
        scale: of the residuals; a small one lets deep networks start near the identity.

    Returns:
        Two functional models, the generator, whose images are from -1 to 1, and the discriminator.

    Raises:
        ValueError: if a number is out of range.

    References:
        Article: kexue.fm 6549
        Paper: Miyato et al., Spectral Normalization for Generative Adversarial Networks, arXiv:1802.05957
    """
    sizes = checked_sizes(size, channels=channels, latent=latent, width=width, outputs=outputs)
    if not 0 < scale <= 1:
        raise ValueError(f"`scale` must be in (0, 1]; received {scale!r}")
    maps = [width * min(2**i, 8) for i in range(len(sizes))]  # from the largest size down to 4x4

    noise = keras.Input((latent,), name="noise")
    x = keras.layers.Reshape((4, 4, maps[-1]))(keras.layers.Dense(16 * maps[-1])(noise))
    for filters in maps[-2::-1]:
        x = keras.layers.UpSampling2D()(keras.layers.Conv2D(filters, 3, padding="same")(x))
        y = x
        for _ in range(2):
            y = keras.layers.ReLU()(normalized(y, noise, modulated))
            y = keras.layers.Conv2D(filters, 3, padding="same")(y)
        x = keras.layers.Add()([x, keras.layers.Rescaling(scale)(y)])
    x = keras.layers.Conv2D(channels, 3, padding="same")(keras.layers.ReLU()(normalized(x, noise, modulated)))
    generator = keras.Model(noise, keras.layers.Activation("tanh", dtype="float32")(x), name="generator")

    constrained = SpectralNormalization if spectral else lambda layer: layer
    images = keras.Input((size, size, channels), name="images")
    x = images
    for filters in maps[1:]:
        x = constrained(keras.layers.Conv2D(filters, 3, padding="same"))(x)
        y = x
        for _ in range(2):
            y = keras.layers.LeakyReLU(negative_slope=0.2)(y)
            y = constrained(keras.layers.Conv2D(filters, 3, padding="same"))(y)
        x = keras.layers.AveragePooling2D(2)(keras.layers.Add()([x, keras.layers.Rescaling(scale)(y)]))
    x = keras.layers.Flatten()(keras.layers.LeakyReLU(negative_slope=0.2)(x))
    x = constrained(keras.layers.Dense(outputs))(x)
    x = keras.layers.Rescaling(outputs**0.5)(x) if outputs > 1 else x
    return generator, keras.Model(images, keras.layers.Activation("linear", dtype="float32")(x), name="discriminator")
