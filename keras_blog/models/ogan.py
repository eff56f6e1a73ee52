"""O-GAN: the discriminator is an encoder as well."""

import keras
import numpy as np
from keras import ops

from keras_blog.models.gan import GAN
from keras_blog.ops.correlation import pearson_correlation, standardize


@keras.saving.register_keras_serializable("keras_blog")
class OGAN(GAN):
    r"""A GAN whose discriminator gives a code in place of a score: its mean is the score, the rest finds the noise again.

    A vector z is its mean, its scale and its direction, :math:`N(z) = (z - \mathrm{avg}) / \mathrm{std}`. The mean of the code
    :math:`E(x)` plays the game, with any adversarial loss; beside it both players raise the correlation
    :math:`\rho(z, E(G(z)))`, which sees neither mean nor scale. So :math:`N(E(x))` is a code of x, and :math:`G(N(E(x)))` a
    reconstruction, though none was trained. (A squared distance in place of the correlation would fix mean and scale as well,
    and leave nothing to play with.)

    Args:
        generator: functional or Sequential model from noise, shape `(batch, latent)`, to samples.
        discriminator: such a model from samples to codes, shape `(batch, latent)`; linear at its end.
        loss: see `GAN`; the article plays with a relative of `losses.QuadraticPotential`.
        correlation: weight of the correlation, .5 in the article's code at 128 pixels, 1 at 256.
        **kwargs: see `GAN`.

    Call arguments:
        inputs: noise.

    Returns:
        Samples.

    Raises:
        ValueError: as in `GAN`; if noise and codes are not of one length, 3 at least.

    References:
        Article: kexue.fm 6409
        Paper: Su, O-GAN: Extremely Concise Approach for Auto-Encoding Generative Adversarial Networks, arXiv:1903.01931
    """

    def __init__(self, generator, discriminator, loss=None, correlation=0.5, **kwargs):
        if not isinstance(correlation, (int, float)) or not 0 <= correlation < float("inf"):
            raise ValueError(f"`correlation` must be a number of at least 0; received {correlation!r}")
        super().__init__(generator, discriminator, loss, **kwargs)
        shapes = [tuple(shape) for shape in (generator.inputs[0].shape[1:], discriminator.outputs[0].shape[1:])]
        if shapes[0] != shapes[1] or len(shapes[0]) != 1 or shapes[0][0] < 3:  # two numbers of it are mean and scale
            raise ValueError(f"`discriminator` must give codes of the length of the noise, 3 at least; received {shapes}")
        self.correlation = float(correlation)

    def log_names(self):
        names = super().log_names()
        return [*names[:3], "correlation", *names[3:]]

    def scores(self, outputs):
        return ops.mean(ops.cast(outputs, "float32"), axis=-1)

    def extra_loss(self, noise, fake, frozen_outputs, fake_outputs, logs, training):
        encoder, generator = (pearson_correlation(noise, outputs) for outputs in (frozen_outputs, fake_outputs))
        logs.append(encoder)
        return -self.correlation * (encoder + generator)

    def encode(self, samples, batch_size=256):
        """Codes :math:`N(E(x))`, NumPy, shape `(count, latent)`: each of mean 0 and variance 1."""
        codes = [self.discriminator(samples[i : i + batch_size]) for i in range(0, len(samples), batch_size)]
        return np.concatenate([ops.convert_to_numpy(ops.stop_gradient(standardize(code))) for code in codes])

    def reconstruct(self, samples, scale=1.0, averaged=True):
        """Samples from the codes of samples, NumPy; the published code has a scale of .9, towards the usual."""
        return self.decode(np.float32(scale) * self.encode(samples), averaged)

    def interpolate(self, first, second, count=9, averaged=True):
        """From each of `first` to that of `second`, NumPy, shape `(samples, count, ...)`, on a circle of codes.

        The codes :math:`z_1 \\cos \\theta + z_2 \\sin \\theta` stay as long as noise is; on a straight line they would not.
        """
        if len(first) != len(second) or count < 2:
            raise ValueError(f"`second` must hold a sample for each of `first`; received {len(first)} and {len(second)}")
        angles = np.linspace(0, np.pi / 2, count)[:, None]
        starts, ends = self.encode(first)[:, None], self.encode(second)[:, None]
        codes = (np.cos(angles) * starts + np.sin(angles) * ends).astype("float32")
        samples = self.decode(codes.reshape(-1, codes.shape[-1]), averaged)
        return samples.reshape(len(first), count, *samples.shape[1:])

    def get_config(self):
        return {**super().get_config(), "correlation": self.correlation}
