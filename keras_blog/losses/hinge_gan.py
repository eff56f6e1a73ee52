"""The hinge loss of a GAN."""

import keras
from keras import ops

from keras_blog.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable("keras_blog")
class HingeGAN(AdversarialLoss):
    r"""The discriminator wants a score over 1 at real samples and under -1 at fakes; the generator raises the score.

    .. math:: \max(0, 1 - v_r) + \max(0, 1 + v_f) \qquad -v_f

    Its optimum is two minus twice the total variation :math:`\frac{1}{2} \int |p - q|`, which `divergence` gives.

    Example:
    >>> loss = HingeGAN()
    >>> float(loss.divergence([2.0, 1.0], [-1.0, -3.0]))  # told apart by the margin: all
    1.0

    References:
        Paper: Lim, Ye, Geometric GAN, arXiv:1705.02894
    """

    def real_term(self, scores):
        return ops.relu(1.0 - scores)

    def fake_term(self, scores):
        return ops.relu(1.0 + scores)

    def for_generator(self, real, fake):
        return -fake

    def of_loss(self, loss):
        return 1.0 - 0.5 * loss
