"""A sample of a categorical distribution, through which gradients pass."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class GumbelSoftmaxSampling(keras.layers.Layer):
    r"""Draws a relaxed one-hot vector in training, :math:`\mathrm{softmax}((l + g) / \tau)` with Gumbel noise `g`.

    Otherwise it gives the most probable class, one-hot. A temperature that falls is a schedule; the steps are counted in a
    weight, so a saved model goes on where it was. The divergence from uniform classes, which the published code lacks the
    constant of, is `ops.categorical.kl_divergence`.

    Args:
        temperature: positive, or a `keras.optimizers.schedules.LearningRateSchedule`.
        hard: whether the sample is one-hot, with the gradient of the relaxed one (straight through).
        seed: of the noise.

    Call arguments:
        inputs: scores, shape `(..., classes)`.
        training: whether to draw.

    Returns:
        The same shape, sum 1 on the last axis.

    Raises:
        ValueError: if the temperature is not positive.

    Example:
    >>> ops.convert_to_numpy(GumbelSoftmaxSampling()(ops.convert_to_tensor([[0.0, 3.0, 1.0]]))).tolist()
    [[0.0, 1.0, 0.0]]

    References:
        Article: kexue.fm 5253
        Paper: Jang, Gu, Poole, Categorical Reparameterization with Gumbel-Softmax, arXiv:1611.01144
    """

    def __init__(self, temperature=1.0, hard=False, seed=None, **kwargs):
        super().__init__(**kwargs)
        if isinstance(temperature, dict):
            temperature = keras.saving.deserialize_keras_object(temperature)
        scheduled = isinstance(temperature, keras.optimizers.schedules.LearningRateSchedule)
        if not scheduled and not (isinstance(temperature, (int, float)) and temperature > 0):
            raise ValueError(f"`temperature` must be positive, or a schedule of keras.optimizers; received {temperature!r}")
        self.temperature, self.hard, self.seed = temperature, hard, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def build(self, input_shape):
        self.step = self.add_weight(name="step", shape=(), initializer="zeros", dtype="int32", trainable=False)

    def call(self, inputs, training=None):
        logits = ops.cast(inputs, "float32")
        if not training:
            return ops.one_hot(ops.argmax(logits, axis=-1), logits.shape[-1], dtype=self.compute_dtype)
        step = ops.convert_to_tensor(self.step)
        temperature = self.temperature(step) if callable(self.temperature) else self.temperature
        self.step.assign(step + 1)
        uniform = keras.random.uniform(ops.shape(logits), minval=1e-30, seed=self.seed_generator, dtype="float32")
        noise = -ops.log(ops.maximum(-ops.log(uniform), 1e-30))
        soft = ops.softmax((logits + noise) / temperature, axis=-1)
        if self.hard:
            one = ops.one_hot(ops.argmax(soft, axis=-1), logits.shape[-1], dtype="float32")
            soft = soft + ops.stop_gradient(one - soft)
        return ops.cast(soft, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        temperature = self.temperature
        if callable(temperature):
            temperature = keras.saving.serialize_keras_object(temperature)
        return {**super().get_config(), "temperature": temperature, "hard": self.hard, "seed": self.seed}
