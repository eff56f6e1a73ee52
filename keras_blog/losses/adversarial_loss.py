"""What every adversarial loss is: two losses of scores, and the divergence that the better of them measures."""

import keras
from keras import ops


class AdversarialLoss:
    """A loss for each of the two players of a GAN; scores are high at real samples, in every subclass.

    A subclass of two terms defines `real_term(scores)` and `fake_term(scores)`, of which the discriminator lowers the sum, and
    the generator `real_term` of its own samples: it wants them taken for real. One that needs pairs of scores overrides
    `against` and `for_generator`.

    All functions take scores of shape `(batch, ...)`, say `(batch,)`, `(batch, 1)` or a map of scores, and give one value a
    sample, in float32 at least: the mean over the other axes. Weight them by the sample, then take the mean.
    """

    def discriminator(self, real_scores, fake_scores, distance=None):
        """What the discriminator lowers, shape `(batch,)`; `distance` is that of the samples, see `distance`."""
        real, fake = _checked(real_scores, fake_scores)
        return _mean(self.against(real, fake, distance))

    def generator(self, real_scores, fake_scores):
        """What the generator lowers, shape `(batch,)`."""
        real, fake = _checked(real_scores, fake_scores)
        return _mean(self.for_generator(real, fake))

    def divergence(self, real_scores, fake_scores, distance=None):
        """How far apart the two sets of samples are: a scalar, 0 if equal. The optimal scores reach it."""
        return self.of_loss(ops.mean(self.discriminator(real_scores, fake_scores, distance)))

    def distance(self, real, fake):
        """The distance of the samples, shape `(batch,)`, for a loss that looks at it; None for others."""
        return None

    def against(self, real, fake, distance):
        return self.real_term(real) + self.fake_term(fake)

    def for_generator(self, real, fake):
        return self.real_term(fake)

    def of_loss(self, loss):
        """The divergence, where `loss` is the least loss of the discriminator."""
        return -loss

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**{key: keras.saving.deserialize_keras_object(value) for key, value in config.items()})


def _checked(real, fake):
    real, fake = ops.convert_to_tensor(real), ops.convert_to_tensor(fake)
    if len(real.shape) == 0 or tuple(real.shape) != tuple(fake.shape):
        raise ValueError(
            f"`real_scores` and `fake_scores` must have one shape, (batch, ...); received {tuple(real.shape)} and "
            f"{tuple(fake.shape)}"
        )
    dtype = keras.backend.result_type(real.dtype, fake.dtype, "float32")
    return ops.cast(real, dtype), ops.cast(fake, dtype)


def _mean(values):
    return values if len(values.shape) == 1 else ops.mean(values, axis=tuple(range(1, len(values.shape))))
