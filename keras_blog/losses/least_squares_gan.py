"""The least-squares loss of a GAN."""

import math

import keras
from keras import ops

from keras_blog.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable("keras_blog")
class LeastSquaresGAN(AdversarialLoss):
    r"""Scores are regressed to one label at real samples, another at fakes, a third by the generator.

    .. math:: \frac{1}{2} (v_r - b)^2 + \frac{1}{2} (v_f - a)^2 \qquad \frac{1}{2} (v_f - c)^2

    `divergence` is :math:`\int (p - q)^2 / (p + q)`, which is 2 where p and q have nothing in common. With b - c = 1 and
    b - a = 2 the generator lowers the Pearson divergence between p + q and 2q.

    Args:
        a: label of fakes.
        b: label of real samples, over that of fakes.
        c: what the generator wants, over the label of fakes.

    Raises:
        ValueError: if b or c is not over a.

    Example:
    >>> loss = LeastSquaresGAN()
    >>> float(loss.divergence([1.0], [0.0]))
    2.0

    References:
        Article: kexue.fm 7210
        Paper: Mao et al., Least Squares Generative Adversarial Networks, arXiv:1611.04076
    """

    def __init__(self, a=0.0, b=1.0, c=1.0):
        if not all(math.isfinite(value) for value in (a, b, c)) or min(b, c) <= a:
            raise ValueError(f"`b` and `c` must be over `a`; received a={a}, b={b}, c={c}")
        self.a, self.b, self.c = float(a), float(b), float(c)

    def real_term(self, scores):
        return 0.5 * ops.square(scores - self.b)

    def fake_term(self, scores):
        return 0.5 * ops.square(scores - self.a)

    def for_generator(self, real, fake):
        return 0.5 * ops.square(fake - self.c)

    def of_loss(self, loss):
        return 2.0 - 8.0 * loss / (self.b - self.a) ** 2

    def get_config(self):
        return {"a": self.a, "b": self.b, "c": self.c}
