"""GAN-QP: a loss that needs no Lipschitz constraint, for it looks at the distance of the samples."""

import math

import keras
from keras import ops

from keras_blog.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable("keras_blog")
class QuadraticPotential(AdversarialLoss):
    r"""The gap of the scores of a pair, with a price on its square that is lower for samples far apart.

    .. math:: -(v_r - v_f) + \frac{(v_r - v_f)^2}{2 \lambda d(x_r, x_f)} \qquad v_r - v_f

    A pair reaches at most :math:`\lambda d / 2`, where the gap is :math:`\lambda d`. Distances under `least` count as it.

    Args:
        weight: :math:`\lambda`.
        order: 1 or 2: d is the mean over the entries of :math:`|x_r - x_f|`, or the root of the mean of its square.
        least: positive; a generator that hits a sample exactly would divide by 0.

    Raises:
        ValueError: if a number is not positive, or the distance is not given.

    Example:
    >>> loss = QuadraticPotential(weight=2.0)
    >>> float(loss.divergence([6.0], [0.0], distance=[3.0]))  # weight * distance / 2
    3.0

    References:
        Article: kexue.fm 6163
        Paper: Su, GAN-QP: A Novel GAN Framework without Gradient Vanishing and Lipschitz Constraint, arXiv:1811.07296
    """

    def __init__(self, weight=10.0, order=1, least=1e-6):
        if not (math.isfinite(weight) and weight > 0 and least > 0 and order in (1, 2)):
            raise ValueError(
                f"`weight` and `least` must be positive and `order` 1 or 2; received {weight!r}, {least!r} and {order!r}"
            )
        self.weight, self.order, self.least = float(weight), order, float(least)

    def distance(self, real, fake):
        difference = ops.stop_gradient(ops.cast(real, "float32") - ops.cast(fake, "float32"))
        axes = tuple(range(1, len(difference.shape)))
        return ops.mean(ops.abs(difference), axes) if self.order == 1 else ops.sqrt(ops.mean(ops.square(difference), axes))

    def against(self, real, fake, distance):
        if distance is None:
            raise ValueError("`distance` must be `distance(real, fake)` of the samples, shape (batch,); received None")
        gap = real - fake
        distance = ops.maximum(ops.cast(ops.convert_to_tensor(distance), gap.dtype), self.least)
        return ops.square(gap) / (2.0 * self.weight * ops.reshape(distance, (-1, *[1] * (len(gap.shape) - 1)))) - gap

    def for_generator(self, real, fake):
        return real - fake

    def get_config(self):
        return {"weight": self.weight, "order": self.order, "least": self.least}
