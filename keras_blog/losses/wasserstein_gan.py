"""The Wasserstein loss of a GAN."""

import keras

from keras_blog.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable("keras_blog")
class WassersteinGAN(AdversarialLoss):
    r"""The discriminator, a critic, raises its score at real samples and lowers it at fakes; the generator raises that.

    .. math:: v_f - v_r \qquad -v_f

    It has no optimum without a constraint on the critic: `layers.SpectralNormalization`, or a penalty as
    `losses.WassersteinDivergence`. `divergence` is the gap of the mean scores; for a critic of slope 1 it is a lower bound of
    the Wasserstein distance, and reaches it.

    Published code has the sign both ways around. Here scores are high at real samples, and both players lower their loss.

    Example:
    >>> loss = WassersteinGAN()
    >>> float(loss.divergence([3.0, 1.0], [0.0, 1.0]))
    1.5

    References:
        Article: kexue.fm 6139
        Paper: Arjovsky, Chintala, Bottou, Wasserstein GAN, arXiv:1701.07875
    """

    def real_term(self, scores):
        return -scores

    def fake_term(self, scores):
        return scores
