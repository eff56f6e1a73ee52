"""Adversarial autoencoder: the game is played on the codes."""

import keras
from keras import ops

from keras_blog.models.encoder_gan import EncoderGAN


@keras.saving.register_keras_serializable("keras_blog")
class AAE(EncoderGAN):
    r"""A GAN with samples and noise swapped: the encoder makes codes, which the discriminator compares with noise.

        aae = models.AAE(generator, encoder, discriminator)
        aae.compile("adam")
        aae.fit(images)  # the noise is drawn; or fit(images, noise)
        codes = aae.encode(images)

    The encoder lowers :math:`-\log D(E(x)) + \lambda \, \mathrm{mean} (x - G(E(x)))^2`, for which any adversarial loss may
    stand, and the generator the second term. So codes fill the space as noise does, and noise makes samples. What is "real" to
    the discriminator is the noise.

    Args:
        generator: functional or Sequential model from noise to samples.
        encoder: such a model from samples to codes of the shape of the noise.
        discriminator: such a model from codes to scores, shape `(batch, ...)`; linear at its end.
        loss: a `losses.AdversarialLoss`, `losses.FGAN("gan")` by default.
        penalty: a `losses.GradientPenalty` of the discriminator, or None.
        reconstruction: :math:`\lambda`, of the mean over the elements of a sample.
        **kwargs: `average` and `seed`, see `GAN`.

    Call arguments:
        inputs: samples.

    Returns:
        Codes.

    Raises:
        ValueError: as in `GAN`; if the encoder does not lead back, or `reconstruction` is not a number of at least 0.

    References:
        Article: kexue.fm 5716
        Paper: Makhzani et al., Adversarial Autoencoders, arXiv:1511.05644
    """

    samples_first = True

    def __init__(self, generator, encoder, discriminator, loss=None, penalty=None, reconstruction=10.0, **kwargs):
        if not isinstance(reconstruction, (int, float)) or not 0 <= reconstruction < float("inf"):
            raise ValueError(f"`reconstruction` must be a number of at least 0; received {reconstruction!r}")
        if kwargs.get("anchor"):
            raise ValueError(f"`anchor` must be 0: the reconstruction is in its place; received {kwargs['anchor']!r}")
        super().__init__(generator, encoder, discriminator, loss, penalty, **kwargs)
        self.reconstruction = float(reconstruction)

    def log_names(self):
        names = super().log_names()
        return [*names[:3], "reconstruction", *names[3:]]

    def call(self, inputs, training=False):
        return self.encoder(inputs, training=training)

    def extra_loss(self, samples, codes, frozen_outputs, fake_outputs, logs, training):
        again = ops.cast(self.generator(codes, training=training), "float32")
        error = ops.square(ops.cast(samples, "float32") - again)
        error = ops.mean(error, axis=tuple(range(1, len(error.shape))))
        logs.append(error)
        return self.reconstruction * error

    def get_config(self):
        return {**super().get_config(), "reconstruction": self.reconstruction}
