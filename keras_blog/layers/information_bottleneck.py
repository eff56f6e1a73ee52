"""Noise on features, and a price for what they still tell."""

import keras
from keras import ops

from keras_blog.ops import gaussian


@keras.saving.register_keras_serializable("keras_blog")
class InformationBottleneck(keras.layers.Layer):
    r"""Samples features from Gaussians, and adds a multiple of their divergence from the standard normal to the loss.

    That divergence is an upper bound of what the features tell about the input, in nats: the rate. Put the layer between an
    encoder and a classifier, behind `keras.layers.Dense(2 * latent)`.

    Args:
        weight: of the rate in the loss: a number, or a `keras.optimizers.schedules.LearningRateSchedule`. With `target_rate`
            where the multiplier starts.
        target_rate: nats that a sample may tell. Then the multiplier is that of the constraint: it grows while the rate is
            above the target and falls to 0 below.
        ascent: step size of the multiplier, with `target_rate`.
        seed: of the noise.

    Call arguments:
        inputs: means, then as many log variances, shape `(..., 2 * latent)`.
        mask: bool, `(...,)`: steps that are real. The others cost nothing.
        training: whether to add noise and the loss; else the layer gives the means.

    Returns:
        Features, shape `(..., latent)`. `layer.rate` is the rate of the last training batch, the mean over samples (and real
        steps), and `layer.multiplier` what it was multiplied with.

    Raises:
        ValueError: if a number is negative, or a schedule comes with a target.

    Example:
    >>> features = InformationBottleneck(0.1)(ops.convert_to_tensor([[1.0, 2.0, 0.0, 0.0]]))
    >>> ops.convert_to_numpy(features).tolist()
    [[1.0, 2.0]]

    References:
        Article: kexue.fm 6181
        Paper: Alemi et al., Deep Variational Information Bottleneck, arXiv:1612.00410
        Paper: Peng et al., Variational Discriminator Bottleneck, arXiv:1810.00821, eq. 5
    """

    def __init__(self, weight=0.1, target_rate=None, ascent=1e-3, seed=None, **kwargs):
        super().__init__(**kwargs)
        if isinstance(weight, dict):
            weight = keras.saving.deserialize_keras_object(weight)
        scheduled = isinstance(weight, keras.optimizers.schedules.LearningRateSchedule)
        if (scheduled and target_rate is not None) or not (scheduled or (isinstance(weight, (int, float)) and weight >= 0)):
            raise ValueError(f"`weight` must be at least 0, or, without a target, a schedule; received {weight!r}")
        for name, value in (("target_rate", target_rate or 0.0), ("ascent", ascent)):
            if not value >= 0:
                raise ValueError(f"`{name}` must be at least 0; received {value!r}")
        self.weight, self.target_rate, self.ascent, self.seed = weight, target_rate, ascent, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def build(self, input_shape):
        start = self.weight if isinstance(self.weight, (int, float)) else 0.0
        state = {"shape": (), "trainable": False, "dtype": "float32", "autocast": False}
        self.multiplier = self.add_weight(name="multiplier", initializer=keras.initializers.Constant(start), **state)
        self.rate = self.add_weight(name="rate", initializer="zeros", **state)
        self.step = self.add_weight(name="step", shape=(), initializer="zeros", dtype="int32", trainable=False)

    def call(self, inputs, mask=None, training=None):
        mean, log_variance = gaussian.split(inputs)
        if not training:
            return ops.cast(mean, self.compute_dtype)
        rates = gaussian.kl_divergence(mean, log_variance)
        real = ops.ones_like(rates) if mask is None else ops.cast(mask, "float32")
        rate = ops.sum(rates * real) / ops.maximum(ops.sum(real), 1.0)
        self.add_loss(self._multiplier(rate) * rate)
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return ops.cast(gaussian.sample(mean, log_variance, noise), self.compute_dtype)

    def _multiplier(self, rate):
        rate, step = ops.stop_gradient(rate), ops.convert_to_tensor(self.step)
        multiplier = self.multiplier + 0.0  # a copy: on torch the variable itself is changed below
        if callable(self.weight):
            multiplier = ops.cast(self.weight(step), "float32")
        self.rate.assign(rate)
        self.step.assign(step + 1)
        if self.target_rate is None:
            self.multiplier.assign(multiplier)
        else:
            self.multiplier.assign(ops.maximum(multiplier + self.ascent * (rate - self.target_rate), 0.0))
        return multiplier

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // 2)

    def get_config(self):
        weight = keras.saving.serialize_keras_object(self.weight) if callable(self.weight) else self.weight
        own = {"weight": weight, "target_rate": self.target_rate, "ascent": self.ascent, "seed": self.seed}
        return {**super().get_config(), **own}
