"""Penalties on the slope of a critic."""

import math

import keras
from keras import ops

from keras_blog.ops.input_gradient import input_gradient

_PLACES = ("real", "fake", "both", "interpolates", "real_real", "mixed")


@keras.saving.register_keras_serializable("keras_blog")
class GradientPenalty:
    r""":math:`k \, | \|\nabla_x T(x)\| - c |^p` of a critic T, one value a sample.

    The norm is over all axes of a sample, in float32. At a gradient of 0 the penalty and its gradients are finite for every p.

    Args:
        weight: k, not negative.
        power: p, at least 1.
        center: c, not negative; with c = 0 the loss plus penalty is a divergence for every k > 0 and p > 1; with c = 1 not.
        at: the samples: "real", "fake", "both" (the mean of their penalties), "interpolates" (uniform on the lines between
            real and fake), "real_real" (between each real sample and the next), or "mixed" (real or fake, by a coin).

    Call arguments:
        function: the critic, from samples to scores, without writing state. One score must depend on one sample.
        real: shape `(batch, ...)`.
        fake: the same shape.
        seed: int or `keras.random.SeedGenerator`, for the places that are drawn.

    Returns:
        Shape `(batch,)`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
    >>> penalty = GradientPenalty(weight=2.0, power=6.0)
    >>> slope_2 = lambda x: 2.0 * x[:, 0]
    >>> [float(value) for value in penalty(slope_2, [[1.0, 5.0]], [[2.0, 3.0]])]  # 2 * 2 ** 6
    [128.0]

    References:
        Article: kexue.fm 6139
        Paper: Wu et al., Wasserstein Divergence for GANs, arXiv:1712.01026
    """

    def __init__(self, weight=10.0, power=2.0, center=0.0, at="both"):
        for name, value, least in (("weight", weight, 0), ("power", power, 1), ("center", center, 0)):
            if not (isinstance(value, (int, float)) and math.isfinite(value) and value >= least):
                raise ValueError(f"`{name}` must be a number of at least {least}; received {value!r}")
        if at not in _PLACES:
            raise ValueError(f"`at` must be one of {list(_PLACES)}; received {at!r}")
        self.weight, self.power, self.center, self.at = float(weight), float(power), float(center), at

    def __call__(self, function, real, fake, seed=None):
        real, fake = ops.convert_to_tensor(real), ops.convert_to_tensor(fake)
        if len(real.shape) < 2 or tuple(real.shape) != tuple(fake.shape):
            raise ValueError(
                f"`real` and `fake` must have one shape, (batch, ...); received {tuple(real.shape)} and {tuple(fake.shape)}"
            )
        return self.of_gradient(input_gradient(function, self.points(real, fake, seed)))

    def points(self, real, fake, seed=None):
        """Where the slope is taken, without a gradient; for "both" the batch is doubled."""
        if self.at == "both":
            return ops.stop_gradient(ops.concatenate([real, fake], axis=0))
        if self.at in ("real", "fake"):
            return ops.stop_gradient(real if self.at == "real" else fake)
        share = keras.random.uniform((ops.shape(real)[0], *[1] * (len(real.shape) - 1)), seed=seed, dtype=real.dtype)
        if self.at == "mixed":
            share = ops.cast(share < 0.5, real.dtype)
        other = ops.roll(real, 1, axis=0) if self.at == "real_real" else fake
        return ops.stop_gradient(share * real + (1.0 - share) * other)

    def of_gradient(self, gradient):
        """The penalty of slopes at `points`, shape `(batch,)`."""
        squares = ops.square(ops.cast(gradient, "float32"))
        norm = ops.sum(squares, axis=tuple(range(1, len(squares.shape))))  # squared
        if self.center == 0 and self.power >= 2:
            values = self.weight * norm ** (self.power / 2)
        else:
            positive = norm > 0  # the root has no slope at 0: there the norm counts as constant
            norm = ops.where(positive, ops.sqrt(ops.where(positive, norm, 1.0)), 0.0)
            distance = ops.abs(norm - self.center)
            values = self.weight * (distance if self.power == 1 else distance**self.power)
        return ops.mean(ops.reshape(values, (2, -1)), axis=0) if self.at == "both" else values

    def get_config(self):
        return {"weight": self.weight, "power": self.power, "center": self.center, "at": self.at}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    @staticmethod
    def check(critic):
        """Refuse a critic in which the scores of a batch depend on each other.

        Raises:
            ValueError: if it has a BatchNormalization.
        """
        mixing = [v.path for v in critic.non_trainable_variables if v.name == "moving_mean"]
        if mixing:
            raise ValueError(
                "`critic` must treat each sample by itself, or the penalty is not one of its slope; received one with batch "
                f"normalisation, {mixing[0]}. Take LayerNormalization, GroupNormalization or layers.SpectralNormalization"
            )


def WassersteinDivergence(k=2.0, p=6.0, at="both"):
    r"""The penalty that makes `WassersteinGAN` a divergence: :math:`k \|\nabla_x T\|^p`, zero-centred.

    With p = 6 the pull towards the equilibrium vanishes near it, with p = 2 it does not: see the recipe `dirac`.

    Args:
        k: weight; the article takes 2, the authors' published code 10.
        p: power, 6 in the article.
        at: see `GradientPenalty`; "both" is the article's fourth choice.

    Returns:
        A `GradientPenalty`.

    References:
        Article: kexue.fm 6139
        Paper: Wu et al., Wasserstein Divergence for GANs, arXiv:1712.01026
    """
    return GradientPenalty(k, p, at=at)


def R1(gamma=10.0):
    r"""Penalty :math:`\frac{\gamma}{2} \|\nabla_x T\|^2` at real samples, a `GradientPenalty`.

    References:
        Paper: Mescheder, Geiger, Nowozin, Which Training Methods for GANs do actually Converge?, arXiv:1801.04406
    """
    return GradientPenalty(gamma / 2, at="real")


def R2(gamma=10.0):
    r"""Penalty :math:`\frac{\gamma}{2} \|\nabla_x T\|^2` at fakes, a `GradientPenalty`; see `R1`."""
    return GradientPenalty(gamma / 2, at="fake")


def ZeroCentered(weight=10.0, at="interpolates"):
    r"""Penalty :math:`k \|\nabla_x T\|^2`, a `GradientPenalty`."""
    return GradientPenalty(weight, at=at)


def OneCentered(weight=10.0, at="interpolates"):
    r"""Penalty :math:`k (\|\nabla_x T\| - 1)^2` of WGAN-GP, a `GradientPenalty`. It need not converge: see the recipe `dirac`.

    References:
        Article: kexue.fm 6139
        Paper: Gulrajani et al., Improved Training of Wasserstein GANs, arXiv:1704.00028
    """
    return GradientPenalty(weight, center=1.0, at=at)
