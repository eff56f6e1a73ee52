"""Adversarially learned inference: the game is played on samples with their codes."""

import math

import keras
from keras import ops

from keras_blog.models.encoder_gan import EncoderGAN


@keras.saving.register_keras_serializable("keras_blog")
class ALI(EncoderGAN):
    r"""A GAN of pairs: real samples with the codes that an encoder gives, noise with the samples that the generator gives.

    The discriminator sees a sample and a code. Where it cannot tell the pairs apart, encoder and generator undo each other,
    though no error of a reconstruction was ever taken.

    Each side wants its pairs to be taken for those of the other, the game of the paper: the loss of the discriminator with the
    labels swapped. With `min_max=False`, as 5716 derives it, both lower :math:`-\log D` of their own pairs, with the same sign:
    :math:`-E_{x, E(x)} \log D - E_{G(z), z} \log D`. Then the encoder helps the discriminator, and only the generator plays
    against it; on linear networks and Gaussians we saw that diverge where the other converged, for three seeds of three.

    Args:
        generator: functional or Sequential model from noise to samples.
        encoder: such a model from samples to codes of the shape of the noise.
        discriminator: functional model from `[samples, codes]` to scores, shape `(batch, ...)`; linear at its end.
        loss: a `losses.AdversarialLoss`, `losses.FGAN("gan")` by default.
        penalty: a `losses.GradientPenalty` of the discriminator, in sample and code, or None.
        min_max: whether encoder and generator play against the discriminator, both.
        **kwargs: see `GAN`.

    Call arguments:
        inputs: noise.

    Returns:
        Samples.

    Raises:
        ValueError: as in `GAN`; if the encoder does not lead back, or the discriminator does not take samples and codes.

    References:
        Article: kexue.fm 5716
        Paper: Dumoulin et al., Adversarially Learned Inference, arXiv:1606.00704
        Paper: Donahue, Krähenbühl, Darrell, Adversarial Feature Learning, arXiv:1605.09782
    """

    def __init__(self, generator, encoder, discriminator, loss=None, penalty=None, min_max=True, **kwargs):
        super().__init__(generator, encoder, discriminator, loss, penalty, **kwargs)
        shapes = [tuple(x.shape[1:]) for x in discriminator.inputs]
        wanted = [tuple(x.shape[1:]) for x in (generator.outputs[0], generator.inputs[0])]
        if shapes != wanted:
            raise ValueError(f"`discriminator` must take samples and codes of shapes {wanted}; received one of {shapes}")
        self.min_max = bool(min_max)

    def sides(self, noise, samples, made, training):
        """Pairs as rows, so that penalties and distances are those of the pair."""
        return _joined(samples, self.encoder(samples, training=training)), _joined(made, noise)

    def rows(self, pairs):
        shape, codes = (x.shape[1:] for x in self.discriminator.inputs)
        length = math.prod(shape)
        return [ops.reshape(pairs[:, :length], (-1, *shape)), ops.reshape(pairs[:, length:], (-1, *codes))]

    def generator_loss(self, real, fake, real_scores, fake_scores, training):
        encoded = self.scores(self.held_discriminator(real, training))
        if self.min_max:
            distance = self.adversarial_loss.distance(ops.stop_gradient(fake), ops.stop_gradient(real))
            return self.adversarial_loss.discriminator(fake_scores, encoded, distance)
        ours = self.adversarial_loss.generator(ops.stop_gradient(fake_scores), encoded)
        return ours + self.adversarial_loss.generator(ops.stop_gradient(real_scores), fake_scores)

    def get_config(self):
        return {**super().get_config(), "min_max": self.min_max}


def _joined(samples, codes):
    parts = [ops.reshape(ops.cast(x, "float32"), (-1, math.prod(x.shape[1:]))) for x in (samples, codes)]
    return ops.concatenate(parts, axis=1)
