"""Relativistic GANs: which of the two is more real."""

import math

import keras
from keras import ops

from keras_blog.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable("keras_blog")
class RelativisticGAN(AdversarialLoss):
    r"""The cross-entropy of the question which of a real sample and a fake is real; the generator lowers it with both swapped.

    .. math:: \log(1 + e^{v_f - v_r}) \qquad \log(1 + e^{v_r - v_f})

    The two of a pair are those in the same place of the batch. The optimum is log 2 less the Jensen-Shannon divergence of the
    pairs :math:`p \times q` and :math:`q \times p`, which is what `divergence` gives.

    Args:
        average: compare with the mean score of the other side instead of with one sample, the mean of both questions.

    Example:
    >>> loss = RelativisticGAN()
    >>> print(f"{float(loss.discriminator([1.0], [1.0])[0]):.4f} {float(loss.divergence([80.0], [-80.0])):.4f}")
    0.6931 0.6931

    References:
        Article: kexue.fm 6110
        Paper: Jolicoeur-Martineau, The Relativistic Discriminator, arXiv:1807.00734
    """

    def __init__(self, average=False):
        self.average = bool(average)

    def against(self, real, fake, distance):
        if not self.average:
            return ops.softplus(fake - real)
        real_mean, fake_mean = ops.mean(real, axis=0), ops.mean(fake, axis=0)
        return 0.5 * (ops.softplus(fake_mean - real) + ops.softplus(fake - real_mean))

    def for_generator(self, real, fake):
        return self.against(fake, real, None)

    def of_loss(self, loss):
        return math.log(2.0) - loss

    def get_config(self):
        return {"average": self.average}
